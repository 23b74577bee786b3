//! `POST /api/sessions` and `GET /api/sessions/{session}`.

use super::body::{NO_STORE, read_body};
use super::error::ApiError;
use crate::registry::CreateError;
use crate::state::AppState;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;

/// The largest body of `POST /api/sessions`, in bytes. The relay ignores its content.
const MAX_BODY: usize = 1024;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/sessions", post(create_session)).route("/sessions/{session}", get(show_session))
}

/// A session and its URLs.
#[derive(Serialize)]
struct SessionBody {
    id: String,
    lab: String,
    observe: String,
}

impl SessionBody {
    fn new(id: &observation::SessionId) -> Self {
        Self { id: id.to_string(), lab: format!("/lab/{id}"), observe: format!("/api/sessions/{id}/observe") }
    }
}

async fn create_session(State(app): State<AppState>, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    read_body(&headers, body, MAX_BODY).await?;
    let session = app.registry.create().map_err(|error| match error {
        CreateError::Full(limit) => ApiError::TooManySessions(limit),
        CreateError::NoRandomness => ApiError::NoRandomness,
    })?;
    let location = [(header::LOCATION, format!("/api/sessions/{}", session.id()))];
    Ok((StatusCode::CREATED, location, NO_STORE, Json(SessionBody::new(session.id()))).into_response())
}

async fn show_session(
    State(app): State<AppState>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::SessionUnknown)?;
    let session = app.registry.find(&name).ok_or(ApiError::SessionUnknown)?;
    Ok((NO_STORE, Json(SessionBody::new(session.id()))).into_response())
}
