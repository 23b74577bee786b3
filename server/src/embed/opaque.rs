//! Embedded pages in a frame with `sandbox="allow-scripts"` and without `allow-same-origin`. Such a page has an opaque origin, so to
//! the browser its own relay is another site: the page's modules and the API need a permission (CORS).

use crate::allowed_origin::OPAQUE;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Lets pages with an opaque origin read the response. Nothing here depends on cookies, so such a page learns no more than a program
/// on the visitor's machine could.
pub(crate) async fn allow(request: Request, next: Next) -> Response {
    let is_opaque = request.headers().get(header::ORIGIN) == Some(&OPAQUE);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if is_opaque {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, OPAQUE);
    }
    response
}
