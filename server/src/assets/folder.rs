//! The page from a folder, read anew for each request, for working on it.

use super::{csp, not_found, wants_html};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use std::path::{Path, PathBuf};
use tower::ServiceExt;
use tower_http::services::ServeDir;

pub(super) fn router(folder: PathBuf) -> Router {
    let files = ServeDir::new(&folder).append_index_html_on_directories(false);
    let root = folder.clone();
    let index = move || {
        let root = root.clone();
        async move { page(&root).await }
    };
    Router::new()
        .route("/", get(index.clone()))
        .route("/index.html", get(index.clone()))
        .route("/recording", get(index.clone()))
        .route("/s/{session}", get(index))
        .fallback(move |request: Request| file(files.clone(), folder.clone(), request))
}

async fn page(folder: &Path) -> Response {
    let Ok(html) = tokio::fs::read_to_string(folder.join("index.html")).await else { return not_found() };
    let policy = csp::policy(&html);
    ([(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, NO_CACHE)], Html(html)).into_response()
}

async fn file(files: ServeDir, folder: PathBuf, request: Request) -> Response {
    let for_a_person = wants_html(request.headers());
    let Ok(response) = files.oneshot(request).await;
    if response.status().is_client_error() {
        // The page says so in its own words to whoever looks at it.
        return match for_a_person {
            true => (StatusCode::NOT_FOUND, page(&folder).await).into_response(),
            false => not_found(),
        };
    }
    let mut response = response.map(axum::body::Body::new);
    response.headers_mut().insert(header::CACHE_CONTROL, NO_CACHE);
    response
}

const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
