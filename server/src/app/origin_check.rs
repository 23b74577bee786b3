//! Refuses requests to the API from pages of other sites, and lets the sites that the operator allows read the answers.

use crate::args::Config;
use crate::listen::Arrival;
use crate::state::AppState;
use crate::{api, origin};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Puts the check in front of the routes of the API.
pub(super) fn guarded(routes: Router<AppState>, app: &AppState) -> Router<AppState> {
    let routes = routes.layer(from_fn_with_state(app.clone(), answer_own_pages));
    if app.config.allow_origin.is_empty() { routes } else { routes.layer(readable(&app.config)) }
}

async fn answer_own_pages(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let arrival = request.extensions().get::<Arrival>();
    match arrival.and_then(|arrival| origin::refused(&request, arrival, &app)) {
        Some(origin) => api::foreign_origin(origin),
        None => next.run(request).await,
    }
}

/// Lets pages of the allowed sites read what they asked for. Fetch standard, §3.2.
fn readable(config: &Config) -> CorsLayer {
    let origins = config.allow_origin.iter().map(|origin| origin.value().clone());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE])
        .expose_headers([header::LOCATION, header::RETRY_AFTER])
}
