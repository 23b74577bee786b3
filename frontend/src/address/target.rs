//! Where a URL leads, checked before the page connects.

use super::route::{Route, Through, page_is_secure};
use observation::SessionId;
use observation::page::Fingerprint;
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

/// Checks `url`.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn judge(url: &str, session: Option<&SessionId>) -> Result<Target, String> {
    if url.trim().is_empty() {
        return Err("Type a WebSocket URL, such as ws://127.0.0.1:8080/echo".into());
    }
    let parsed = Url::new(url.trim()).map_err(|_| {
        "This is not a valid URL. A WebSocket URL looks like ws://host/path or wss://host/path.".to_owned()
    })?;
    match parsed.protocol().as_str() {
        "ws:" | "wss:" => {}
        other => {
            let scheme = other.trim_end_matches(':');
            return Err(format!("This URL starts with {scheme}:. A WebSocket URL starts with ws:// or wss://."));
        }
    }
    if parsed.hash() != "" || url.contains('#') {
        return Err("A WebSocket URL cannot have a fragment. Remove the # and everything after it.".into());
    }
    let window = leptos::prelude::window();
    if parsed.protocol() == "ws:" && page_is_secure() {
        let local = matches!(parsed.hostname().as_str(), "localhost" | "127.0.0.1" | "[::1]");
        if !local {
            return Err("This page was loaded over https, so the browser allows only wss:// URLs.".into());
        }
    }
    let Some(route) = session.and_then(|id| Route::of(&parsed, id)) else { return Ok(Target::Elsewhere) };
    let fingerprint = Fingerprint {
        target: format!("{}{}", parsed.pathname(), parsed.search()),
        origin: window.location().origin().unwrap_or_default(),
        user_agent: window.navigator().user_agent().unwrap_or_default(),
    };
    Ok(if route.through == Through::Relay { Target::Relayed(fingerprint) } else { Target::Lab(fingerprint) })
}

/// The route of a URL; `None` if it is invalid or does not lead to this session.
pub fn route(url: &str, session: Option<&SessionId>) -> Option<Route> {
    Route::of(&Url::new(url.trim()).ok()?, session?)
}

/// The address of a session's playground.
pub fn session_url(session: &SessionId) -> String {
    format!("{}/s/{session}", origin())
}

/// The address that opens a new session with the setup in `fragment`.
pub fn setup_url(fragment: &str) -> String {
    format!("{}/{fragment}", origin())
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
