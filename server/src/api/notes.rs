//! `PUT` and `DELETE /api/sessions/{session}/notes/{observation}`: notes about what was recorded. Observers read them in the log.

use super::body::read_body;
use super::changeable::session_to_change;
use super::error::ApiError;
use crate::client::ClientAddress;
use crate::session::NoteError;
use crate::state::AppState;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::put;
use observation::Seq;
use observation::note::{MAX_NOTE, Note};

type Names = Result<Path<(String, u64)>, PathRejection>;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/sessions/{session}/notes/{observation}", put(pin).delete(remove))
}

/// Pins the note in the body, which is plain text. It replaces the one that is there.
async fn pin(
    State(app): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    names: Names,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let Path((name, about)) = names.map_err(|_| ApiError::NotFound)?;
    let session = session_to_change(&app, client, &name).await?;
    let body = read_body(&headers, body, MAX_NOTE, &app.memory).await?;
    let text = str::from_utf8(&body.bytes).map_err(|_| NoteError::Malformed)?.trim();
    if text.is_empty() {
        return Err(NoteError::Empty.into());
    }
    session.pin(Note { about: Seq(about), text: text.to_owned() }).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(app): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    names: Names,
) -> Result<StatusCode, ApiError> {
    let Path((name, about)) = names.map_err(|_| ApiError::NotFound)?;
    session_to_change(&app, client, &name).await?.pin(Note { about: Seq(about), text: String::new() }).await?;
    Ok(StatusCode::NO_CONTENT)
}
