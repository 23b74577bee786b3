//! The page: the one inside the binary, or one in a folder for development.

mod csp;
mod embedded;
mod folder;
mod index;
mod paths;

pub(crate) use paths::{is_current, not_found};

use crate::args::Config;
use axum::Router;
use axum::http::header;
use axum::response::Response;
use index::Site;

/// Serves the page at its own URLs, the sandbox, and the page's files. Any other URL gets a 404.
pub(crate) fn router(config: &Config) -> Router {
    let site = Site::new(config);
    let router = match &config.page {
        Some(folder) => folder::router(folder.clone(), site),
        None => embedded::router(site),
    };
    router.layer(axum::middleware::map_response(with_policy))
}

/// The page's own policy lists its inline scripts. No other file needs one.
async fn with_policy(mut response: Response) -> Response {
    response.headers_mut().entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| csp::policy("", csp::ALONE));
    response
}
