//! Where a URL leads, checked before the page connects.

use super::route::{Route, Through, page_is_secure};
use crate::site;
use observation::SessionId;
use observation::page::Fingerprint;
use std::net::Ipv4Addr;
use web_sys::Url;

/// A URL that may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// This session's lab, directly or through a middlebox: the relay shows the wire.
    Lab(Fingerprint),
    /// Another server through the relay, which shows the wire.
    Relayed(Fingerprint),
    /// Any other server: the page can show only what JavaScript sees.
    Elsewhere,
}

/// The URL that `new WebSocket` connects to if it is given `text`: absolute, with `ws:` or `wss:`. A URL that has one of these
/// already stays as it was typed. WebSockets Standard, §3.1.
///
/// # Errors
/// What is wrong with `text`, and what to write instead.
pub fn resolve(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("Type a WebSocket URL, such as ws://127.0.0.1:8080/echo".into());
    }
    let base = leptos::prelude::document().base_uri().ok().flatten().unwrap_or_default();
    let parsed = Url::new_with_base(text, &base).map_err(|_| {
        "This is not a valid URL. A WebSocket URL looks like ws://host/path or wss://host/path.".to_owned()
    })?;
    if parsed.hash() != "" || text.contains('#') {
        return Err("A WebSocket URL cannot have a fragment. Remove the # and everything after it.".into());
    }
    let href = parsed.href();
    match parsed.protocol().as_str() {
        "ws:" | "wss:" => Ok(text.to_owned()),
        "http:" | "https:" => Ok(href.replacen("http", "ws", 1)),
        other => Err(format!(
            "This URL starts with {other}. A WebSocket URL starts with ws:// or wss://. \
             http:// and https:// mean the same, and {} is a path on this server.",
            site::path("/echo")
        )),
    }
}

/// Checks `url`.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn judge(url: &str, session: Option<&SessionId>) -> Result<Target, String> {
    let parsed = Url::new(&resolve(url)?).map_err(|_| "This is not a valid URL.".to_owned())?;
    let window = leptos::prelude::window();
    if parsed.protocol() == "ws:" && page_is_secure() && !may_be_local(&parsed.hostname()) {
        return Err("This page was loaded over https, so the browser allows only wss:// URLs.".into());
    }
    let Some(route) = session.and_then(|id| Route::of(&parsed, id)) else { return Ok(Target::Elsewhere) };
    let fingerprint = Fingerprint {
        target: format!("{}{}", parsed.pathname(), parsed.search()),
        // That of the document, which is opaque in some frames, and not that of its URL.
        origin: window.origin(),
        user_agent: window.navigator().user_agent().unwrap_or_default(),
    };
    Ok(if route.through == Through::Relay { Target::Relayed(fingerprint) } else { Target::Lab(fingerprint) })
}

/// Whether a browser may treat this host as local, and so allow `ws:` from a page on https. Only the browser decides.
fn may_be_local(host: &str) -> bool {
    let name = host.rsplit('.').next();
    let private = match host.parse::<Ipv4Addr>() {
        Ok(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Err(_) => false,
    };
    private || host.starts_with('[') || matches!(name, Some("localhost" | "local"))
}

/// The route of a URL; `None` if it is invalid or does not lead to this session.
pub fn route(url: &str, session: Option<&SessionId>) -> Option<Route> {
    Route::of(&Url::new(&resolve(url).ok()?).ok()?, session?)
}

/// The address of a session's playground.
pub fn session_url(session: &SessionId) -> String {
    format!("{}{}", origin(), site::path(&format!("/s/{session}")))
}

/// The address that opens a new session with the setup in `fragment`.
pub fn setup_url(fragment: &str) -> String {
    format!("{}{}", origin(), site::path(&format!("/{fragment}")))
}

fn origin() -> String {
    leptos::prelude::window().location().origin().unwrap_or_default()
}

/// The subprotocols in a comma-separated list.
///
/// # Errors
/// What the browser would reject, before it does.
pub fn subprotocols(list: &str) -> Result<Vec<String>, String> {
    wire::handshake::request::subprotocols(list).ok_or_else(|| {
        "Subprotocols must be names without spaces, separated by commas, each only once: chat.v2, chat.v1".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::may_be_local;

    #[test]
    fn hosts_on_this_machine_or_network_are_left_to_the_browser() {
        for local in ["localhost", "a.localhost", "printer.local", "127.0.0.1", "192.168.1.2", "10.1.1.1", "[::1]"] {
            assert!(may_be_local(local), "{local}");
        }
        for public in ["echo.example", "192.0.2.1", "localhost.example", "local.example", ""] {
            assert!(!may_be_local(public), "{public}");
        }
    }
}
