//! The course: `/api/course` and what lies below it, read on first use and kept as it is sent.

mod author;

pub use author::{BeginError, Checked, begin, check};

use crate::app::App;
use crate::assets::is_current;
use crate::error::ApiError;
use crate::{hop, lab};
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use curriculum::challenge::Challenge;
use curriculum::given;
use curriculum::load::{Asset, Lab, Loaded, Problem, Source, load};
use observation::SessionId;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::OnceCell;

/// A course that cannot be served. Its text has a line for each problem.
#[derive(Debug, Error)]
#[error("there is something wrong with the course in {}; put it right, or leave --course out\n{}", .0.display(), lines(.1))]
pub struct CourseError(PathBuf, Arc<[Problem]>);

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

/// Where the course is, once somebody has asked for it.
#[derive(Debug)]
pub(crate) struct Shelf {
    source: Source,
    kept: OnceCell<Result<Arc<Kept>, Arc<[Problem]>>>,
}

/// A course as it is sent.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Names it in receipts.
    pub(crate) id: String,
    pub(crate) challenges: BTreeMap<String, Challenge>,
    outline: Sent,
    lessons: BTreeMap<String, Sent>,
    tasks: BTreeMap<String, Sent>,
    solutions: BTreeMap<String, Sent>,
    assets: BTreeMap<String, Sent>,
}

#[derive(Debug)]
struct Sent {
    media_type: &'static str,
    /// An entity tag, with its quotes.
    tag: String,
    bytes: Bytes,
}

impl Shelf {
    pub(crate) fn embedded() -> Self {
        Self { source: Source::Embedded, kept: OnceCell::new() }
    }

    /// Reads a folder at once: what is wrong with it is to be known before anybody asks.
    pub(crate) async fn of_folder(folder: PathBuf) -> Result<Self, CourseError> {
        let shelf = Self { source: Source::Folder(folder.clone()), kept: OnceCell::new() };
        match shelf.read().await {
            Ok(_) => Ok(shelf),
            Err(problems) => Err(CourseError(folder, problems)),
        }
    }

    /// The course; reading it takes a moment the first time.
    pub(crate) async fn course(&self) -> Result<Arc<Kept>, ApiError> {
        self.read().await.map_err(ApiError::CourseBroken)
    }

    /// The query that a lab's URL means: `challenge=NAME` stands for that challenge's settings in `session`, so that what is to be
    /// found out does not stand in the URL. Any other query means itself.
    pub(crate) async fn query(&self, query: Option<String>, session: &SessionId) -> Option<String> {
        let Some(name) = query.as_deref().and_then(|query| query.strip_prefix("challenge=")) else { return query };
        let kept = self.course().await.ok();
        let challenge = kept.as_ref().and_then(|kept| kept.challenges.get(name));
        let means = challenge.map(|challenge| given::settings(challenge, &given::given(challenge, session)));
        // One that there is not is an unknown setting, and refused as such.
        means.or(query)
    }

    async fn read(&self) -> Result<Arc<Kept>, Arc<[Problem]>> {
        let source = self.source.clone();
        let read = || tokio::task::spawn_blocking(move || loaded(&source).map(|loaded| Arc::new(Kept::of(loaded))));
        let kept = self.kept.get_or_init(async || match read().await {
            Ok(read) => read.map_err(Arc::from),
            Err(error) => Err(Arc::from([never_read(&error)])),
        });
        kept.await.clone()
    }
}

/// Reads a course, with what this relay knows of queries and middleboxes.
fn loaded(source: &Source) -> Result<Loaded, Vec<Problem>> {
    load(source, &Lab { query: &lab::check_query, via: &hop::check_box })
}

fn never_read(error: &tokio::task::JoinError) -> Problem {
    let (what, todo) = (format!("reading the course failed: {error}"), "That is a fault of this relay’s.".to_owned());
    Problem { file: "course.toml".to_owned(), line: None, what, todo }
}

impl Kept {
    fn of(loaded: Loaded) -> Self {
        let Loaded { course, lessons, challenges, solutions, assets, wrong: _ } = loaded;
        Self {
            outline: Sent::json(&course),
            lessons: lessons.iter().map(|(id, lesson)| (id.clone(), Sent::json(lesson))).collect(),
            tasks: challenges.iter().map(|(id, challenge)| (id.clone(), Sent::json(challenge))).collect(),
            solutions: solutions.iter().map(|(id, solution)| (id.clone(), Sent::json(solution))).collect(),
            assets: assets.into_iter().map(|(name, asset)| (name, Sent::asset(asset))).collect(),
            id: course.id,
            challenges,
        }
    }
}

impl Sent {
    fn json(value: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(value).expect("plain data becomes JSON");
        Self::new("application/json", bytes)
    }

    fn asset(asset: Asset) -> Self {
        Self::new(asset.media_type, asset.bytes)
    }

    fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&bytes)[..12]));
        Self { media_type, tag, bytes: bytes.into() }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let kept = [
            (header::ETAG, self.tag.as_str()),
            (header::CACHE_CONTROL, "no-cache"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        match is_current(headers, &self.tag) {
            true => (StatusCode::NOT_MODIFIED, kept).into_response(),
            false => (kept, [(header::CONTENT_TYPE, self.media_type)], self.bytes.clone()).into_response(),
        }
    }
}

/// The addresses, to be put under those of the API.
pub(crate) fn routes() -> Router<App> {
    let lesson = async |app, id, headers| named(app, id, headers, "lesson", |kept| &kept.lessons).await;
    let task = async |app, id, headers| named(app, id, headers, "challenge", |kept| &kept.tasks).await;
    let solution = async |app, id, headers| named(app, id, headers, "challenge", |kept| &kept.solutions).await;
    let asset = async |app, id, headers| named(app, id, headers, "picture", |kept| &kept.assets).await;
    Router::new()
        .route("/course", get(outline))
        .route("/course/lessons/{id}", get(lesson))
        .route("/course/challenges/{id}", get(task))
        .route("/course/challenges/{id}/solution", get(solution))
        .route("/course/assets/{name}", get(asset))
}

async fn outline(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    Ok(app.shelf.course().await?.outline.answer(&headers))
}

async fn named(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    what: &'static str,
    shelf: fn(&Kept) -> &BTreeMap<String, Sent>,
) -> Result<Response, ApiError> {
    let kept = app.shelf.course().await?;
    let sent = id.ok().and_then(|Path(id)| shelf(&kept).get(&id));
    Ok(sent.ok_or(ApiError::NotInCourse(what))?.answer(&headers))
}
