//! What a client can choose from: `/api/behaviours` for a lab connection's query, `/api/routes` for how to reach a server.

use crate::behaviour::Catalogue;
use crate::middlebox;
use crate::state::AppState;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use observation::Routes;

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

async fn relay_routes(State(app): State<AppState>) -> Json<Routes> {
    let config = &app.config;
    Json(Routes {
        port: config.listen.port(),
        tls_port: config.tls_listen.map(|address| address.port()),
        boxes: middlebox::offers(|index| app.tunnel_ports.get(index).copied()),
        relay_to: config.relay_to.iter().map(|allowed| allowed.text().to_owned()).collect(),
    })
}
