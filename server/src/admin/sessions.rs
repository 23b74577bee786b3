//! `GET /sessions` and `DELETE /sessions/{tag}`: what an operator can see of the sessions, and how to end one. Sessions have the tags
//! that the log uses, because their names give access.

use crate::registry::TagError;
use crate::session::{Role, Session, SessionTag};
use crate::state::AppState;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// How many sessions are listed without `limit`.
const LISTED: usize = 100;
/// The largest `limit`.
const MOST_LISTED: usize = 1000;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions", get(list))
        .route("/sessions/{tag}", delete(end))
        .route_layer(from_fn(answer_programs))
}

#[derive(Deserialize)]
struct Limit {
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Listed {
    /// Those with the largest logs come first.
    sessions: Vec<Summary>,
    /// How many are left out.
    more: usize,
}

#[derive(Serialize)]
struct Summary {
    /// The tag.
    session: String,
    age_s: u64,
    /// 0 while a connection or observer is there.
    idle_s: u64,
    connections: usize,
    observers: usize,
    log_bytes: u64,
}

impl Summary {
    fn of(session: &Session) -> Self {
        Self {
            session: SessionTag::of(session.id()).to_string(),
            age_s: session.now_us() / 1_000_000,
            idle_s: session.idle().as_secs(),
            connections: session.present(Role::Connection),
            observers: session.present(Role::Observer),
            log_bytes: session.log_bytes(),
        }
    }
}

async fn list(State(app): State<AppState>, limit: Result<Query<Limit>, QueryRejection>) -> Response {
    let limit = match limit {
        Ok(Query(Limit { limit })) if limit.is_none_or(|limit| limit <= MOST_LISTED) => limit.unwrap_or(LISTED),
        _ => {
            let words = format!("`limit` must be a number from 0 to {MOST_LISTED}.\n");
            return (StatusCode::BAD_REQUEST, words).into_response();
        }
    };
    let mut sessions: Vec<_> = app.registry.all().iter().map(|session| Summary::of(session)).collect();
    sessions.sort_unstable_by_key(|session| (Reverse(session.log_bytes), session.age_s));
    let more = sessions.len().saturating_sub(limit);
    sessions.truncate(limit);
    Json(Listed { sessions, more }).into_response()
}

/// Ends a session. Its connections and observers get a close frame, and whoever is still there after the grace period is cut off.
async fn end(State(app): State<AppState>, Path(tag): Path<String>) -> Response {
    let session = match app.registry.take(&tag) {
        Ok(session) => session,
        Err(error) => {
            let status = match error {
                TagError::Unknown => StatusCode::NOT_FOUND,
                TagError::Ambiguous => StatusCode::CONFLICT,
            };
            return (status, format!("{error}\n")).into_response();
        }
    };
    tracing::info!(session = tag, "the operator ended a session");
    let grace = app.config.shutdown_grace;
    app.shutdown.spawn(async move { session.end(grace).await });
    StatusCode::NO_CONTENT.into_response()
}

/// Refuses web pages: there is no password, so a page that an operator opens could end sessions. RFC 6454 §7 and Fetch Metadata.
async fn answer_programs(request: Request, next: Next) -> Response {
    if is_from_page(request.headers()) {
        let words = "Web pages may not use this. Use a program such as curl, without an `Origin` header.\n";
        return (StatusCode::FORBIDDEN, words).into_response();
    }
    next.run(request).await
}

fn is_from_page(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    // The admin listener has no pages, so every origin is another one.
    headers.contains_key(header::ORIGIN) || sites.any(|site| site != "none" && site != "same-origin")
}
