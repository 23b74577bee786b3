//! Puts the routes of all features together, behind the check of the host name.

mod host_check;
mod origin_check;
mod refusals;

use crate::base_path::BasePath;
use crate::embed::{oembed, opaque};
use crate::listen::Arrival;
use crate::state::AppState;
use crate::{admission, api, assets, hop, lab};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{Redirect, Response};
use axum::routing::{any, get};

pub(crate) fn router(app: AppState) -> Router {
    let page = assets::router(&app.config);
    let base = app.config.base_path.clone();
    let handshakes = lab::routes().merge(hop::routes());
    let handshakes = handshakes.layer(from_fn_with_state(app.clone(), admission::admit_handshakes));
    let site = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/oembed", get(oembed::oembed))
        .nest("/api", origin_check::guarded(api::routes(), &app))
        .fallback_service(page)
        .layer(map_response(with_strict_headers))
        .layer(from_fn_with_state(app.clone(), with_hsts));
    let site = if app.config.embed_origin.is_empty() { site } else { site.layer(from_fn(opaque::allow)) };
    let site = site
        // A lab connection shows exactly what the relay sent, so nothing is added to its responses here. The text of a refusal
        // has `nosniff` from the start.
        .merge(handshakes)
        .with_state(app.clone())
        .layer(from_fn_with_state(app.clone(), host_check::answer_known_hosts))
        .layer(from_fn_with_state(app, refusals::count));
    if base.is_root() { site } else { below(&base, site) }
}

/// The site below `base`. Its handlers see paths without `base`; what is recorded of a request has the whole path.
fn below(base: &BasePath, site: Router) -> Router {
    let entrance = base.to_string();
    let elsewhere = base.clone();
    Router::new()
        .route(base.prefix(), any(async move |request: Request| to_entrance(&entrance, request.uri())))
        .fallback(async move || assets::not_found(&elsewhere))
        .layer(map_response(with_strict_headers))
        .nest_service(&base.to_string(), site)
}

/// Only below its slash do relative URLs lead into the site.
fn to_entrance(entrance: &str, asked: &Uri) -> Redirect {
    let query = asked.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::temporary(&format!("{entrance}{query}"))
}

/// `Strict-Transport-Security`, if the operator wants it. A browser applies it to every port of the host, and can then no longer
/// use http and ws, which the relay offers in addition. RFC 6797 §7.2: never over http.
async fn with_hsts(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let is_secure = request.extensions().get::<Arrival>().is_some_and(|arrival| arrival.route.tls.is_some());
    let mut response = next.run(request).await;
    if let Some(seconds) = app.config.operation.hsts.filter(|_| is_secure && !response.status().is_informational())
        && let Ok(value) = HeaderValue::from_str(&format!("max-age={seconds}"))
    {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// What a browser must not do with any response.
async fn with_strict_headers(mut response: Response) -> Response {
    const STRICT: [(HeaderName, HeaderValue); 3] = [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    ];
    /// For everything that is not part of the page. Pictures of a course may have styles inside.
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    // The handshake of the feed is not a document.
    if response.status().is_informational() {
        return response;
    }
    let headers = response.headers_mut();
    for (name, value) in STRICT {
        headers.insert(name, value);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(POLICY);
    response
}
