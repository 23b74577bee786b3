//! The page: the one inside the binary, or for development the one in a folder.

mod csp;
mod embedded;
mod folder;

use crate::args::Config;
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The file in which a reader's code runs, in a frame of its own at `/sandbox`.
const SANDBOX: &str = "sandbox.html";

/// The page's own addresses, beside `/s/{session}`, `/course/{lesson}` and `/challenges/{challenge}`.
const OWN: [&str; 6] = ["", "course", "challenges", "receipt", "recording", "index.html"];

/// Serves the page at its own addresses, the sandbox, and the page's files; anything else is not found.
pub(crate) fn router(config: &Config) -> Router {
    let router = match &config.page {
        Some(folder) => folder::router(folder.clone()),
        None => embedded::router(),
    };
    router.layer(axum::middleware::map_response(with_strict_headers))
}

async fn with_strict_headers(mut response: Response) -> Response {
    const STRICT: [(HeaderName, &str); 3] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let headers = response.headers_mut();
    headers.extend(STRICT.map(|(name, value)| (name, HeaderValue::from_static(value))));
    // The page itself says which scripts stand inside it; nothing else needs one.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| csp::policy(""));
    response
}

/// The page's own addresses lead to it; it sorts out which view to show. Any other is a file's name.
fn file_at(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/')?;
    let one_of_many = |prefix: &str| path.strip_prefix(prefix).is_some_and(|id| !id.is_empty() && !id.contains('/'));
    if OWN.contains(&path) || ["s/", "course/", "challenges/"].into_iter().any(one_of_many) {
        return Some("index.html");
    }
    Some(if path == "sandbox" { SANDBOX } else { path })
}

/// Whether the client holds what has this tag.
pub(crate) fn is_current(headers: &HeaderMap, tag: &str) -> bool {
    let held = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut held = held.flat_map(|line| line.split(',')).map(|held| held.trim().trim_start_matches("W/"));
    held.any(|held| held == tag || held == "*")
}

/// Whether a person is to read the answer.
fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    accepted.flat_map(|line| line.split(',')).any(|item| item.trim().starts_with("text/html"))
}

fn not_found() -> Response {
    let text = "There is nothing at this address. The playground is at /\n";
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-cache")], text).into_response()
}
