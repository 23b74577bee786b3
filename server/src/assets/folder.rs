//! The page from a folder, read again for each request, for development.

use super::csp;
use super::paths::{SANDBOX, file_at, not_found, wants_html};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use std::path::{Path, PathBuf};
use tower::ServiceExt;
use tower_http::services::ServeDir;

pub(super) fn router(folder: PathBuf) -> Router {
    let files = ServeDir::new(&folder).append_index_html_on_directories(false);
    Router::new().fallback(move |request: Request| answer(files.clone(), folder.clone(), request))
}

async fn answer(files: ServeDir, folder: PathBuf, mut request: Request) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match file_at(request.uri().path()) {
        Some("index.html") if reads => page(&folder).await,
        Some("index.html") => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response(),
        Some(SANDBOX) => {
            *request.uri_mut() = Uri::from_static("/sandbox.html");
            let mut response = file(files, folder, request).await;
            // A browser updates its cached headers from a 304 response.
            if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
                response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, csp::SANDBOX);
            }
            response
        }
        _ => file(files, folder, request).await,
    }
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
        // The page itself explains a 404 to a person.
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
