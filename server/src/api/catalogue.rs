//! What a client can choose from: `/api/behaviours` for a lab connection's query, `/api/routes` for how to reach a server.

use crate::behaviour::Catalogue;
use crate::client::ClientAddress;
use crate::listen::Arrival;
use crate::state::AppState;
use crate::{middlebox, public_url};
use axum::extract::{Extension, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use observation::{Routes, Scheme};
use std::net::SocketAddr;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/behaviours", get(behaviours))
        .route("/behaviours/reactions", get(reactions))
        .route("/routes", get(relay_routes))
}

async fn behaviours() -> Json<Catalogue> {
    Json(Catalogue::new())
}

/// What browsers did about the behaviors, as `cargo xtask docs` recorded it: a list of `observation::reactions::Browser`.
async fn reactions() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], include_str!("../behaviour/reactions.json"))
}

async fn relay_routes(
    State(app): State<AppState>,
    Extension(arrival): Extension<Arrival>,
    Extension(client): Extension<ClientAddress>,
) -> Json<Routes> {
    let config = &app.config;
    let front = arrival.route.front.as_ref();
    let port = |scheme: Scheme, listen: Option<SocketAddr>| {
        if !config.public_url.is_empty() {
            return public_url::port(&config.public_url, scheme);
        }
        match front.and_then(|front| front.scheme.map(|scheme| (scheme, front))) {
            // The relay's own ports are behind the proxy.
            Some((of_client, front)) => (of_client == scheme).then(|| front.port()).flatten(),
            None => listen.map(|listen| listen.port()),
        }
    };
    Json(Routes {
        port: port(Scheme::Http, Some(config.listen)),
        tls_port: port(Scheme::Https, config.tls_listen),
        boxes: middlebox::offers(|index| app.tunnel_ports.get(index).copied()),
        relay_to: config.allowed_servers().map(|allowed| allowed.text().to_owned()).collect(),
        client: Some(client.ip),
        arrived: arrival.route.clone(),
    })
}
