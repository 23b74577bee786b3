//! `POST /api/sessions` and `GET /api/sessions/{session}`.

use super::body::{NO_STORE, read_body};
use super::error::ApiError;
use crate::base_path::BasePath;
use crate::client::ClientAddress;
use crate::limits::Rated;
use crate::registry::{CreateError, Found};
use crate::state::AppState;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
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
    /// The name by which the session was found.
    id: String,
    /// `None` for a watch-only name.
    #[serde(skip_serializing_if = "Option::is_none")]
    lab: Option<String>,
    observe: String,
    /// The name with which one can only watch and export.
    watch: String,
}

impl SessionBody {
    fn new(Found { session, watch_only }: &Found, base: &BasePath) -> Self {
        let id = if *watch_only { session.watch_name() } else { session.id() };
        Self {
            id: id.to_string(),
            lab: (!watch_only).then(|| base.url(&format!("/lab/{id}"))),
            observe: base.url(&format!("/api/sessions/{id}/observe")),
            watch: session.watch_name().to_string(),
        }
    }
}

async fn create_session(
    State(app): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if app.shutdown.is_draining() {
        return Err(ApiError::Draining);
    }
    read_body(&headers, body, MAX_BODY, &app.memory).await?;
    app.clients.spend(client, Rated::Sessions)?;
    let created = app.registry.create(client.limit_key(), app.clients.most_sessions(client)).await;
    let session = created.map_err(|error| match error {
        CreateError::Full(limit) => ApiError::TooManySessions(limit),
        CreateError::Client(over) => {
            app.clients.notice(&over);
            ApiError::OverLimit(over)
        }
        CreateError::NoRandomness => ApiError::NoRandomness,
        CreateError::NoRedis => ApiError::NoRedis,
    })?;
    let base = &app.config.base_path;
    let location = [(header::LOCATION, base.url(&format!("/api/sessions/{}", session.id())))];
    let body = SessionBody::new(&Found { session, watch_only: false }, base);
    Ok((StatusCode::CREATED, location, NO_STORE, Json(body)).into_response())
}

async fn show_session(
    State(app): State<AppState>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::SessionUnknown)?;
    let found = app.registry.find_to_watch(&name).await?;
    Ok((NO_STORE, Json(SessionBody::new(&found, &app.config.base_path))).into_response())
}
