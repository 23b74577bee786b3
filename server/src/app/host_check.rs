//! Refuses requests for a host that the relay is not known by, on every entrance.

use crate::lab::{self, HandshakeRefusal};
use crate::legs::Between;
use crate::listen::Arrival;
use crate::state::AppState;
use crate::{api, hosts};
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

/// The longest host name that an error repeats, in characters.
const SHOWN: usize = 100;

/// Refuses requests for a host that the relay is not known by. RFC 9110 §7.4.
pub(super) async fn answer_known_hosts(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let Some(arrival) = request.extensions().get::<Arrival>() else { return next.run(request).await };
    let Some(host) = unknown_host(&app, arrival, &request) else { return next.run(request).await };
    let path = request.uri().path();
    if path.starts_with("/api/") {
        return super::with_strict_headers(api::misdirected(host)).await;
    }
    let refused = HandshakeRefusal::misdirected(&host);
    let (response, sent) = refused.answer(arrival, request.method()).await;
    if let Some(name) = lab::session_in(path)
        && let Ok(session) = app.registry.find(name).await
    {
        refused.record(&session, session.now_us(), arrival.clone(), sent);
    }
    response
}

/// The first host in the request that the relay does not know.
fn unknown_host(app: &AppState, arrival: &Arrival, request: &Request) -> Option<String> {
    let listener = if arrival.route.tls.is_some() { app.config.tls_listen } else { Some(app.config.listen) };
    let through = match app.legs.between(arrival.peer) {
        // The client's own request to the middlebox was checked, and the middlebox may change `Host`.
        Some(Between::Middlebox) => return None,
        Some(Between::Tunnel) => app.config.box_listen,
        None => None,
    };
    let is_loopback = listener.into_iter().chain(through).any(hosts::is_loopback);
    let shown = |host: String| host.chars().take(SHOWN).collect();
    // A trusted proxy may send any `Host`, and says which one its client sent.
    if let Some(host) = arrival.route.front.as_ref().and_then(|front| front.host.clone()) {
        return (!app.hosts.knows(&host, is_loopback)).then(|| shown(host));
    }
    let target = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let headers = request.headers().get_all(header::HOST).iter();
    let named = headers.map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    // A request without any host is not from a browser.
    let mut hosts = target.into_iter().chain(named).filter(|host| !host.is_empty());
    hosts.find(|host| !app.hosts.knows(host, is_loopback)).map(shown)
}
