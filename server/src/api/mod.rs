//! The HTTP interface under `/api`.
//!
//! | module | routes |
//! |---|---|
//! | `sessions` | create a session, look one up |
//! | `feed`, `commands` | `/observe`: the WebSocket by which observers read a session's log and send commands |
//! | `rules` | what the relay intercepts |
//! | `script` | what a scripted server of the session says |
//! | `notes` | notes about what was recorded |
//! | `export` | a recorded session as a file; `download` sends it at the client’s pace |
//! | `receipts` | grade an attempt, sign and verify receipts |
//! | `course` | the course as JSON |
//! | `snippets` | code for a connection |
//! | `catalogue` | the settings of behaviours and the routes to a server |
//! | `body`, `changeable`, `error` | reading request bodies; the session of a request that changes it; the JSON of every error |

mod body;
mod catalogue;
mod changeable;
mod commands;
mod course;
mod download;
mod error;
mod export;
mod feed;
mod notes;
mod receipts;
mod rules;
mod script;
mod sessions;
mod snippets;

use crate::state::AppState;
use axum::Router;
use axum::response::{IntoResponse, Response};
use error::ApiError;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .merge(sessions::routes())
        .merge(feed::routes())
        .merge(rules::routes())
        .merge(script::routes())
        .merge(notes::routes())
        .merge(export::routes())
        .merge(receipts::routes())
        .merge(course::routes())
        .merge(snippets::routes())
        .merge(catalogue::routes())
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
}

/// The refusal of a request for a host that the relay is not known by.
pub(crate) fn misdirected(host: String) -> Response {
    ApiError::HostUnknown(host).into_response()
}

/// The refusal of a request from a page of another site.
pub(crate) fn foreign_origin(origin: String) -> Response {
    ApiError::OriginForeign(origin).into_response()
}
