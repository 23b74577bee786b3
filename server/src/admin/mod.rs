//! `--admin-listen`: what an operator asks for, on a listener of its own. Its connections have their own limit, so probes get an
//! answer when visitors use all of the relay's connections.

mod listener;
mod sessions;
mod snapshot;

pub(crate) use listener::serve;

use crate::hosts;
use crate::metrics::Format;
use crate::state::AppState;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::net::SocketAddr;

/// Only programs and operators ask here, so the answers are plain text.
fn router(app: AppState, address: SocketAddr) -> Router {
    let known = (app.clone(), hosts::is_loopback(address));
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .merge(sessions::routes())
        .fallback(async || (StatusCode::NOT_FOUND, "Here are /healthz, /readyz, /metrics and /sessions.\n"))
        .with_state(app)
        .layer(from_fn_with_state(known, answer_known_hosts))
}

/// Whether a load balancer should send visitors here, with the reasons if not.
async fn ready(State(app): State<AppState>) -> Response {
    let reasons = app.not_ready();
    if reasons.is_empty() {
        return "ready\n".into_response();
    }
    let lines: String = reasons.into_iter().map(|reason| format!("{reason}\n")).collect();
    (StatusCode::SERVICE_UNAVAILABLE, lines).into_response()
}

async fn metrics(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let format = Format::accepted(accept);
    match app.metrics.text(Box::new(snapshot::Snapshot(app.clone())), format) {
        Ok(text) => ([(header::CONTENT_TYPE, format.content_type())], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            (StatusCode::INTERNAL_SERVER_ERROR, "The metrics cannot be written. The log has details.\n").into_response()
        }
    }
}

/// Refuses a page that has made its own name lead here (DNS rebinding).
async fn answer_known_hosts(
    State((app, is_loopback)): State<(AppState, bool)>,
    request: Request,
    next: Next,
) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if host.is_empty() || app.hosts.knows(host, is_loopback) {
        return next.run(request).await;
    }
    let words =
        "The admin listener does not answer to this host name. Use its address, or list the name with --host.\n";
    (StatusCode::MISDIRECTED_REQUEST, words).into_response()
}
