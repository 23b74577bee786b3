//! Puts the routes of all features together.

use crate::state::AppState;
use crate::{api, assets, hop, lab};
use axum::Router;
use axum::routing::get;

pub(crate) fn router(app: AppState) -> Router {
    let page = assets::router(&app.config);
    Router::new()
        .route("/healthz", get(async || "ok"))
        .nest("/api", api::routes())
        .merge(lab::routes())
        .merge(hop::routes())
        .with_state(app)
        .fallback_service(page)
}
