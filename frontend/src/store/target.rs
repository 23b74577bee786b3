//! What a URL in the connect bar leads to, judged before anything is connected.

use observation::SessionId;
use observation::page::Fingerprint;
use web_sys::Url;
use wire::deflate::negotiation::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER,
};

/// A URL that may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// This session's lab: the relay will show the wire.
    Lab(Fingerprint),
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
    let location = window.location();
    if parsed.protocol() == "ws:" && location.protocol().is_ok_and(|page| page == "https:") {
        let local = matches!(parsed.hostname().as_str(), "localhost" | "127.0.0.1" | "[::1]");
        if !local {
            return Err("This page came over https, so the browser lets it open wss:// only.".into());
        }
    }
    let here = location.host().is_ok_and(|host| host == parsed.host());
    let lab = session.is_some_and(|id| parsed.pathname() == format!("/lab/{id}"));
    if !(here && lab) {
        return Ok(Target::Elsewhere);
    }
    Ok(Target::Lab(Fingerprint {
        target: format!("{}{}", parsed.pathname(), parsed.search()),
        origin: location.origin().unwrap_or_default(),
        user_agent: window.navigator().user_agent().unwrap_or_default(),
    }))
}

/// The lab of a session on this page's relay; without compression, so that a beginner can read the bytes.
pub fn lab_url(session: &SessionId) -> String {
    let location = leptos::prelude::window().location();
    let scheme = if location.protocol().is_ok_and(|page| page == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}/lab/{session}?{DEFLATE}=off", location.host().unwrap_or_default())
}

/// The relay's setting that takes or declines an offer of permessage-deflate.
const DEFLATE: &str = "deflate";

/// Whether a lab's URL lets the relay agree on compression. Where it does not say, the relay takes what a browser offers.
pub fn compresses(url: &str) -> bool {
    !query(url).1.any(|setting| setting == (DEFLATE, Some("off")))
}

/// A lab's URL with compression on or off, and whatever else it asks for. What concerns compression alone goes with it: the
/// relay would refuse the contradiction.
pub fn with_compression(url: &str, on: bool) -> String {
    const OF_DEFLATE: [&str; 4] =
        [SERVER_NO_CONTEXT_TAKEOVER, CLIENT_NO_CONTEXT_TAKEOVER, SERVER_MAX_WINDOW_BITS, CLIENT_MAX_WINDOW_BITS];
    let (place, settings) = query(url.trim());
    let mut url = format!("{place}?{DEFLATE}={}", if on { "on" } else { "off" });
    for (name, value) in settings {
        if name == DEFLATE || (!on && OF_DEFLATE.contains(&name)) {
            continue;
        }
        url = url + "&" + name;
        if let Some(value) = value {
            url = url + "=" + value;
        }
    }
    url
}

/// What stands before the query of a URL, and the names in it with their values.
fn query(url: &str) -> (&str, impl Iterator<Item = (&str, Option<&str>)>) {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let pair = |item| str::split_once(item, '=').map_or((item, None), |(name, value)| (name, Some(value)));
    (place, query.split('&').filter(|item| !item.is_empty()).map(pair))
}

/// The address of a session's playground.
pub fn session_url(session: &SessionId) -> String {
    format!("{}/s/{session}", leptos::prelude::window().location().origin().unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_one_setting_among_others() {
        #[track_caller]
        fn check(url: &str, on: bool, expect: &str) {
            assert_eq!(with_compression(url, on), expect);
            assert_eq!(compresses(expect), on);
        }
        check("ws://h/lab/a", true, "ws://h/lab/a?deflate=on");
        check("ws://h/lab/a?", false, "ws://h/lab/a?deflate=off");
        check(" ws://h/lab/a?deflate=off ", true, "ws://h/lab/a?deflate=on");
        check("ws://h/lab/a?x=1=2&deflate=on&&y", false, "ws://h/lab/a?deflate=off&x=1=2&y");
        let narrow = "ws://h/lab/a?deflate=on&server_no_context_takeover&client_max_window_bits=9&x";
        check(narrow, true, narrow);
        check(narrow, false, "ws://h/lab/a?deflate=off&x");
    }

    #[test]
    fn a_url_that_does_not_say_takes_what_is_offered() {
        for url in ["ws://h/lab/a", "ws://h/lab/a?server_max_window_bits=9", "ws://h/lab/a?deflate=on&x"] {
            assert!(compresses(url), "{url}");
        }
        assert!(!compresses("ws://h/lab/a?x&deflate=off"));
    }
}
