//! `/api/course` and the routes below it.

use super::error::ApiError;
use crate::assets::is_current;
use crate::course::library::{CachedFile, Course};
use crate::state::AppState;
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::collections::BTreeMap;

pub(super) fn routes() -> Router<AppState> {
    let lesson = async |app, id, headers| named(app, id, headers, "lesson", |course| &course.lessons).await;
    let task = async |app, id, headers| named(app, id, headers, "challenge", |course| &course.tasks).await;
    let solution = async |app, id, headers| named(app, id, headers, "challenge", |course| &course.solutions).await;
    let asset = async |app, id, headers| named(app, id, headers, "picture", |course| &course.assets).await;
    Router::new()
        .route("/course", get(outline))
        .route("/course/glossary", get(glossary))
        .route("/course/lessons/{id}", get(lesson))
        .route("/course/challenges/{id}", get(task))
        .route("/course/challenges/{id}/solution", get(solution))
        .route("/course/assets/{name}", get(asset))
}

async fn outline(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let course = app.library.course().await.map_err(ApiError::CourseBroken)?;
    Ok(answer(&course.outline, &headers))
}

async fn glossary(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let course = app.library.course().await.map_err(ApiError::CourseBroken)?;
    let file = course.glossary.as_ref().ok_or(ApiError::NotInCourse("glossary"))?;
    Ok(answer(file, &headers))
}

async fn named(
    State(app): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    what: &'static str,
    files: fn(&Course) -> &BTreeMap<String, CachedFile>,
) -> Result<Response, ApiError> {
    let course = app.library.course().await.map_err(ApiError::CourseBroken)?;
    let file = id.ok().and_then(|Path(id)| files(&course).get(&id));
    Ok(answer(file.ok_or(ApiError::NotInCourse(what))?, &headers))
}

fn answer(file: &CachedFile, headers: &HeaderMap) -> Response {
    let caching = [(header::ETAG, file.tag.as_str()), (header::CACHE_CONTROL, "no-cache")];
    match is_current(headers, &file.tag) {
        true => (StatusCode::NOT_MODIFIED, caching).into_response(),
        false => (caching, [(header::CONTENT_TYPE, file.media_type)], file.bytes.clone()).into_response(),
    }
}
