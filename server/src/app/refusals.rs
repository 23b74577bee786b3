//! Counts every refused request, and says in the log which limits were hit.

use crate::client::ClientAddress;
use crate::lab;
use crate::listen::Arrival;
use crate::metrics::RefusalReason;
use crate::session::SessionTag;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use observation::SessionId;

pub(super) async fn count(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let origin = request.extensions().get::<Arrival>().map(|arrival| (arrival.id, arrival.peer));
    let client = request.extensions().get::<ClientAddress>().map(|client| client.ip);
    let uri = request.uri().clone();
    let response = next.run(request).await;
    let Some(&RefusalReason(reason)) = response.extensions().get() else { return response };
    app.metrics.refused(reason);
    let Some((connection, peer)) = origin else { return response };
    let status = response.status().as_u16();
    let tag = || session_in(uri.path()).map_or_else(|| "none".to_owned(), |id| SessionTag::of(&id).to_string());
    if !is_limit(response.status()) {
        tracing::debug!(%connection, %peer, session = tag(), ?client, reason, status, "refused a request");
    } else if let Some(left_out) = app.metrics.limit_line(reason) {
        tracing::info!(%connection, %peer, session = tag(), ?client, reason, status, left_out, "a limit was reached");
    }
    response
}

/// Whether the same request could succeed later.
fn is_limit(status: StatusCode) -> bool {
    matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
}

/// The session that a path names.
fn session_in(path: &str) -> Option<SessionId> {
    let in_api = || path.strip_prefix("/api/sessions/")?.split('/').next();
    SessionId::parse(lab::session_in(path).or_else(in_api)?)
}
