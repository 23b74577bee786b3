//! `GET`, `PUT` and `DELETE /api/sessions/{session}/script`: what a scripted server of the session says.

use super::body::{NO_STORE, read_body};
use super::changeable::session_to_change;
use super::error::ApiError;
use crate::behaviour::script::MAX_SESSION_JSON;
use crate::client::ClientAddress;
use crate::registry::Found;
use crate::state::AppState;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

type Name = Result<Path<String>, PathRejection>;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/sessions/{session}/script", get(show).put(set).delete(remove))
}

/// The script, also for those who may only watch.
async fn show(State(app): State<AppState>, name: Name) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::SessionUnknown)?;
    let Found { session, .. } = app.registry.find_to_watch(&name).await?;
    let script = session.script().ok_or(ApiError::NoScript)?;
    let json = script.source().to_owned();
    Ok((NO_STORE, [(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// Sets the script that new connections with `script=session` follow.
async fn set(
    State(app): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    name: Name,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::SessionUnknown)?;
    let session = session_to_change(&app, client, &name).await?;
    let body = read_body(&headers, body, MAX_SESSION_JSON, &app.memory).await?;
    session.set_script(&body.bytes, &app.memory)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(app): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    name: Name,
) -> Result<StatusCode, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::SessionUnknown)?;
    session_to_change(&app, client, &name).await?.remove_script();
    Ok(StatusCode::NO_CONTENT)
}
