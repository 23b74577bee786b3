//! What a URL in the connect bar leads to, judged before anything is connected.

use super::route::{Route, Through, page_is_secure};
use observation::SessionId;
use observation::page::Fingerprint;
use web_sys::Url;

/// A URL that may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// This session's lab, straight or over a box: the relay will show the wire.
    Lab(Fingerprint),
    /// Another server, by way of the relay, which will show the wire too.
    Relayed(Fingerprint),
    /// Any other server: only what JavaScript sees can be shown.
    Elsewhere,
}

/// Judges `url`.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn judge(url: &str, session: Option<&SessionId>) -> Result<Target, String> {
    if url.trim().is_empty() {
        return Err("Type a WebSocket URL, such as ws://127.0.0.1:8080/echo".into());
    }
    let parsed = Url::new(url.trim())
        .map_err(|_| "This is no URL. A WebSocket URL looks like ws://host/path or wss://host/path.".to_owned())?;
    match parsed.protocol().as_str() {
        "ws:" | "wss:" => {}
        other => {
            let scheme = other.trim_end_matches(':');
            return Err(format!("A WebSocket URL begins with ws:// or wss://, and this one with {scheme}:"));
        }
    }
    if parsed.hash() != "" || url.contains('#') {
        return Err("A WebSocket URL has no fragment: leave out the # and what follows it.".into());
    }
    let window = leptos::prelude::window();
    if parsed.protocol() == "ws:" && page_is_secure() {
        let local = matches!(parsed.hostname().as_str(), "localhost" | "127.0.0.1" | "[::1]");
        if !local {
            return Err("This page came over https, so the browser lets it open wss:// only.".into());
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

/// The way of what stands in a URL field; `None` if it leads elsewhere, or nowhere.
pub fn route(url: &str, session: Option<&SessionId>) -> Option<Route> {
    Route::of(&Url::new(url.trim()).ok()?, session?)
}

/// The address of a session's playground.
pub fn session_url(session: &SessionId) -> String {
    format!("{}/s/{session}", origin())
}

/// The address at which a new session begins with the setup in `fragment`.
pub fn setup_url(fragment: &str) -> String {
    format!("{}/{fragment}", origin())
}

fn origin() -> String {
    leptos::prelude::window().location().origin().unwrap_or_default()
}

/// The subprotocols in a comma-separated list.
///
/// # Errors
/// What the browser would throw at, said before it does.
pub fn subprotocols(list: &str) -> Result<Vec<String>, String> {
    wire::handshake::request::subprotocols(list).ok_or_else(|| {
        "Subprotocols are names without spaces, parted by commas, each only once: chat.v2, chat.v1".to_owned()
    })
}
