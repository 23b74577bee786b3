//! The page from a folder, read again for each request, for development.

use super::index::{Site, with_head};
use super::paths::{SANDBOX, file_at, not_found, wants_html};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use std::path::PathBuf;
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// The page of one relay.
#[derive(Clone)]
struct Page {
    folder: PathBuf,
    files: ServeDir,
    site: Site,
}

pub(super) fn router(folder: PathBuf, site: Site) -> Router {
    let files = ServeDir::new(&folder).append_index_html_on_directories(false);
    let page = Page { folder, files, site };
    Router::new().fallback(move |request: Request| answer(page.clone(), request))
}

async fn answer(page: Page, mut request: Request) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match file_at(request.uri().path()) {
        Some("index.html") if reads => {
            let (path, link) = (request.uri().path().to_owned(), page.site.discovery(&request));
            page.index(&path, link).await
        }
        Some("index.html") => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response(),
        Some(SANDBOX) => {
            let policy = page.site.sandbox(request.uri().query());
            *request.uri_mut() = Uri::from_static("/sandbox.html");
            let mut response = page.file(request).await;
            // A browser updates its cached headers from a 304 response.
            if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
                response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            }
            response
        }
        _ => page.file(request).await,
    }
}

impl Page {
    /// index.html at `path`, with `link` in its head.
    async fn index(&self, path: &str, link: Option<String>) -> Response {
        let Ok(html) = tokio::fs::read_to_string(self.folder.join("index.html")).await else {
            return not_found(&self.site.base);
        };
        let html = self.site.html(&html);
        let policy = self.site.policies(&html).at(path).clone();
        let html = link.map_or_else(|| html.clone(), |link| with_head(&html, &link));
        ([(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, NO_CACHE)], Html(html)).into_response()
    }

    async fn file(self, request: Request) -> Response {
        let for_a_person = wants_html(request.headers());
        let Ok(response) = self.files.clone().oneshot(request).await;
        if response.status().is_client_error() {
            // The page itself explains a 404 to a person.
            return match for_a_person {
                true => (StatusCode::NOT_FOUND, self.index("", None).await).into_response(),
                false => not_found(&self.site.base),
            };
        }
        let mut response = response.map(axum::body::Body::new);
        response.headers_mut().insert(header::CACHE_CONTROL, NO_CACHE);
        response
    }
}

const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
