//! Which pages may use what: the `Origin` of a request. RFC 6454 §7.
//!
//! A browser sends it with every WebSocket handshake and with every request that is not a plain `GET` or comes from another site.
//! Programs send none.

use crate::allowed_origin::OPAQUE;
use crate::listen::Arrival;
use crate::state::AppState;
use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use observation::Route;
use url::Url;

/// The longest origin that an error repeats, in characters.
const SHOWN: usize = 100;

/// The origin of a request from a page of another site; `None` if it is from the relay's own page, or from a program, which sends no
/// `Origin`. An opaque origin (`null`) is another site: it can belong to any page.
pub(crate) fn foreign(request: &Request, arrival: &Arrival, app: &AppState) -> Option<String> {
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    let foreign = origins.find(|origin| !origin.to_str().is_ok_and(|origin| is_own(origin, request, arrival, app)))?;
    Some(String::from_utf8_lossy(foreign.as_bytes()).chars().take(SHOWN).collect())
}

/// The same, without the origins that the operator allows. Where pages may be embedded, an opaque origin can be that of an embedded
/// page, in a frame with `sandbox`.
pub(crate) fn refused(request: &Request, arrival: &Arrival, app: &AppState) -> Option<String> {
    let embeds = !app.config.embed_origin.is_empty();
    let allowed = |origin: &HeaderValue| {
        (embeds && origin == OPAQUE) || app.config.allow_origin.iter().any(|allowed| allowed.value() == origin)
    };
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    if origins.all(allowed) { None } else { foreign(request, arrival, app) }
}

/// The host that the client asked for, with a port or without, as the client names it: a proxy in front may have changed `Host`.
pub(crate) fn asked_host(headers: &HeaderMap, uri: &Uri, route: &Route) -> Option<Authority> {
    let front = route.front.as_ref().and_then(|front| front.host.as_deref());
    let named = front.or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()));
    named.and_then(|host| host.parse().ok()).or_else(|| uri.authority().cloned())
}

/// Whether `origin` is a public URL of the relay, or has the host of the request, and a port of the relay: the one that the request
/// came to, as the client names it, or one that the relay listens on.
fn is_own(origin: &str, request: &Request, arrival: &Arrival, app: &AppState) -> bool {
    let asked = asked_host(request.headers(), request.uri(), &arrival.route);
    let (Ok(origin), Some(asked)) = (Url::parse(origin), asked) else { return false };
    if app.config.public_url.iter().any(|url| url.is_origin(&origin)) {
        return true;
    }
    let (Some(host), Some(port)) = (origin.host_str(), origin.port_or_known_default()) else { return false };
    let (scheme, usual) = if arrival.route.is_secure() { ("https", 443) } else { ("http", 80) };
    let is_same = origin.scheme() == scheme && port == asked.port_u16().unwrap_or(usual);
    let is_listening = match origin.scheme() {
        "http" => port == app.config.listen.port(),
        "https" => app.config.tls_listen.is_some_and(|tls| tls.port() == port) || app.tunnel_ports.contains(&port),
        _ => false,
    };
    host.eq_ignore_ascii_case(asked.host()) && (is_same || is_listening)
}

#[cfg(test)]
mod tests {
    use crate::allowed_origin::AllowedOrigin;

    #[test]
    fn an_allowed_origin_is_written_as_browsers_write_it() {
        let written =
            |text: &str| text.parse::<AllowedOrigin>().map(|origin| origin.value().to_str().unwrap().to_owned());
        for (text, origin) in [
            ("https://LMS.example", "https://lms.example"),
            ("https://lms.example:443/", "https://lms.example"),
            ("http://lms.example:8080", "http://lms.example:8080"),
            ("null", "null"),
        ] {
            assert_eq!(written(text).as_deref(), Ok(origin));
        }
        for wrong in [
            "",
            "*",
            "lms.example",
            "https://lms.example/path",
            "https://lms.example/?a",
            "ws://lms.example",
            "file:///a",
        ] {
            assert!(written(wrong).is_err(), "{wrong}");
        }
    }
}
