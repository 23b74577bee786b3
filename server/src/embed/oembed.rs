//! `/oembed`: a site that gets a URL of this site learns here how to embed what is there (oembed.com).

use crate::course::library::Course;
use crate::listen::Arrival;
use crate::origin::asked_host;
use crate::state::AppState;
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;
use thiserror::Error;
use url::Url;

/// How long a consumer may keep the answer, in seconds.
const CACHE_AGE: u32 = 86_400;
/// The width without `maxwidth`, in CSS pixels.
const WIDTH: u32 = 800;

/// What the frame may do. Without `allow-same-origin`, progress is not stored.
const SANDBOX: &str = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads";

/// Why there is no answer. The message says what to do.
#[derive(Debug, Error)]
enum Fault {
    #[error("this relay lets no other site embed its pages; its operator can list sites with --embed-origin")]
    NotAllowed,
    #[error("the parameter url is missing; give the URL of a page of this site, percent-encoded")]
    NoUrl,
    #[error("the only format is json")]
    Format,
    #[error("{0} must be a number of CSS pixels, such as 600")]
    Size(&'static str),
    #[error(
        "nothing to embed is at this URL; give the URL of a piece of a lesson, of a challenge or of the playground, at this site"
    )]
    Nothing,
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotAllowed | Self::Nothing => StatusCode::NOT_FOUND,
            Self::NoUrl | Self::Size(_) => StatusCode::BAD_REQUEST,
            Self::Format => StatusCode::NOT_IMPLEMENTED,
        };
        (status, format!("{self}\n")).into_response()
    }
}

/// oembed.com, §2.3.
#[derive(Serialize)]
struct Rich {
    r#type: &'static str,
    version: &'static str,
    title: String,
    provider_name: &'static str,
    provider_url: String,
    cache_age: u32,
    html: String,
    width: u32,
    height: u32,
}

pub(crate) async fn oembed(
    State(app): State<AppState>,
    Extension(arrival): Extension<Arrival>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let host = asked_host(&headers, &uri, &arrival.route);
    answer(&app, uri.query().unwrap_or_default(), host.as_ref()).await.into_response()
}

/// `host` is the one that the request came to.
async fn answer(app: &AppState, query: &str, host: Option<&Authority>) -> Result<Response, Fault> {
    if app.config.embed_origin.is_empty() {
        return Err(Fault::NotAllowed);
    }
    let asked = Asked::read(query)?;
    let url = Url::parse(&asked.url).map_err(|_| Fault::Nothing)?;
    let is_public = app.config.public_url.iter().any(|public| public.is_origin(&url));
    if !is_public && !host.is_some_and(|host| is_at(&url, host)) {
        return Err(Fault::Nothing);
    }
    let course = app.library.course().await.ok();
    let base = &app.config.base_path;
    let path = base.strip(url.path()).ok_or(Fault::Nothing)?;
    let piece = Piece::at(path, url.fragment(), course.as_deref()).ok_or(Fault::Nothing)?;
    let origin = url.origin().ascii_serialization();
    let (width, height) = (smaller(WIDTH, asked.width), smaller(piece.height, asked.height));
    let src = format!("{origin}{}", base.url(&piece.path));
    let html = format!(
        "<iframe src=\"{}\" title=\"{}\" width=\"{width}\" height=\"{height}\" style=\"border: 0; max-width: 100%\" loading=\"lazy\" \
         sandbox=\"{SANDBOX}\" allow=\"clipboard-write\"></iframe>",
        escaped(&src),
        escaped(&piece.title)
    );
    let rich = Rich {
        r#type: "rich",
        version: "1.0",
        title: piece.title,
        provider_name: "Framescope",
        provider_url: format!("{origin}{base}"),
        cache_age: CACHE_AGE,
        html,
        width,
        height,
    };
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(rich)).into_response())
}

/// The parameters of a request. Unknown ones are ignored, as the specification says.
struct Asked {
    url: String,
    width: Option<u32>,
    height: Option<u32>,
}

impl Asked {
    fn read(query: &str) -> Result<Self, Fault> {
        let value = |name: &str| {
            let mut items = form_urlencoded::parse(query.as_bytes());
            items.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
        };
        if value("format").is_some_and(|format| format != "json") {
            return Err(Fault::Format);
        }
        let pixels = |name: &'static str| match value(name) {
            None => Ok(None),
            Some(text) => text.parse().ok().filter(|pixels| *pixels > 0).map(Some).ok_or(Fault::Size(name)),
        };
        let (width, height) = (pixels("maxwidth")?, pixels("maxheight")?);
        Ok(Self { url: value("url").ok_or(Fault::NoUrl)?, width, height })
    }
}

fn smaller(usual: u32, most: Option<u32>) -> u32 {
    most.map_or(usual, |most| most.min(usual))
}

/// Whether `url` has that host and port. The scheme does not matter: a proxy that is not trusted may have changed it.
fn is_at(url: &Url, host: &Authority) -> bool {
    let asked = Url::parse(&format!("{}://{host}", url.scheme()));
    let place = |url: &Url| (url.host_str().map(str::to_owned), url.port_or_known_default());
    matches!(url.scheme(), "http" | "https") && asked.is_ok_and(|asked| place(&asked) == place(url))
}

/// Something that can be embedded.
struct Piece {
    /// Where it is alone on a page, with its fragment.
    path: String,
    title: String,
    /// A height at which it is usable at once. The page tells its own height.
    height: u32,
}

impl Piece {
    /// What the URL with this path and fragment shows.
    fn at(path: &str, fragment: Option<&str>, course: Option<&Course>) -> Option<Self> {
        match path.strip_prefix('/')?.split('/').collect::<Vec<_>>()[..] {
            [""] | ["embed", "playground"] => {
                let setup = fragment.filter(|fragment| fragment.starts_with("play?"));
                let setup = setup.map(|setup| format!("#{setup}")).unwrap_or_default();
                let path = format!("/embed/playground{setup}");
                Some(Self { path, title: "WebSocket playground".to_owned(), height: 640 })
            }
            ["challenges", id] | ["embed", "challenge", id] => {
                let title = course?.challenges.get(id)?.summary.title.clone();
                Some(Self { path: format!("/embed/challenge/{id}"), title, height: 900 })
            }
            ["course", lesson] => Self::of_lesson(lesson, fragment?, course?),
            ["embed", "lesson", lesson, piece] => Self::of_lesson(lesson, piece, course?),
            _ => None,
        }
    }

    fn of_lesson(lesson: &str, piece: &str, course: &Course) -> Option<Self> {
        let known = course.summaries.get(lesson).filter(|known| known.pieces.iter().any(|known| known.id == piece))?;
        Some(Self { path: format!("/embed/lesson/{lesson}/{piece}"), title: known.title.clone(), height: 520 })
    }
}

/// A text as the value of an attribute in double quotes.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"']) {
        return text.into();
    }
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").into()
}

/// The element of a page through which a consumer finds `/oembed`; `None` for a page that cannot be embedded.
pub(crate) fn discovery(base: &crate::BasePath, path: &str, origin: &str) -> Option<String> {
    let embeds = path == "/" || path.starts_with("/challenges/") || path.starts_with("/embed/");
    let url = format!("{origin}{}", base.url(path));
    let url: String = form_urlencoded::byte_serialize(url.as_bytes()).collect();
    let href = base.url("/oembed");
    embeds.then(|| {
        format!("<link rel=alternate type=\"application/json+oembed\" title=Framescope href=\"{href}?format=json&amp;url={url}\">")
    })
}
