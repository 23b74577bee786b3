//! The page: the one inside the binary, or one in a folder for development.

mod csp;
mod embedded;
mod folder;
mod paths;

pub(crate) use paths::is_current;

use crate::args::Config;
use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// Serves the page at its own URLs, the sandbox, and the page's files. Any other URL gets a 404.
pub(crate) fn router(config: &Config) -> Router {
    let router = match &config.page {
        Some(folder) => folder::router(folder.clone()),
        None => embedded::router(),
    };
    router.layer(axum::middleware::map_response(with_strict_headers))
}

async fn with_strict_headers(mut response: Response) -> Response {
    const STRICT: [(HeaderName, &str); 3] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let headers = response.headers_mut();
    headers.extend(STRICT.map(|(name, value)| (name, HeaderValue::from_static(value))));
    // The page's own policy lists its inline scripts; nothing else needs one.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| csp::policy(""));
    response
}
