//! How browsers reacted to each behavior of the relay when it was recorded, to compare with what a browser does now.

use serde::{Deserialize, Serialize};

/// `GET /api/behaviours/reactions` has a list of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    pub name: String,
    /// The major version.
    pub version: u32,
    pub reactions: Vec<Reaction>,
}

/// One connection of a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The behavior settings, as in the URL.
    pub query: String,
    /// The subprotocols that the page offered.
    #[serde(default)]
    pub subprotocols: Vec<String>,
    /// The events that JavaScript received.
    pub script: Vec<String>,
    /// What the wire carried after the deliberate act.
    pub wire: Vec<String>,
    /// What the console said; empty for nothing.
    pub console: String,
}

/// Settings whose value is a text. It makes no difference to what a browser does.
const TEXTS: [&str; 6] = ["location", "body", "greet", "push", "ping-payload", "close-reason"];

impl Browser {
    /// The reaction to the same settings as those of a connection. `what` names the deliberate act, and `request` is the
    /// connection's opening handshake. `None` if no connection with these settings was recorded.
    #[must_use]
    pub fn reaction(&self, what: &str, request: &[u8]) -> Option<&Reaction> {
        let fault = format!("fault={what}");
        if let Some(found) = self.reactions.iter().find(|reaction| reaction.query == fault) {
            return Some(found);
        }
        let head = String::from_utf8_lossy(request);
        let query = head.split_once('?')?.1.split_ascii_whitespace().next()?;
        let asked: Vec<_> = query.split('&').map(name_and_value).collect();
        let offers = head.to_ascii_lowercase().contains("sec-websocket-protocol:");
        let is_asked = |item: &str| asked.iter().any(|setting| is_alike(name_and_value(item), *setting));
        let fits = |reaction: &&Reaction| {
            let names_it = reaction.query.split('&').any(|item| name_and_value(item).0 == what);
            names_it && reaction.query.split('&').all(is_asked) && reaction.subprotocols.is_empty() != offers
        };
        self.reactions.iter().filter(fits).max_by_key(|reaction| reaction.query.split('&').count())
    }
}

fn name_and_value(item: &str) -> (&str, &str) {
    item.split_once('=').unwrap_or((item, ""))
}

/// Whether a browser reacts in the same way to both settings: times, sizes and counts may differ, a status may not.
fn is_alike((name, value): (&str, &str), (other, its_value): (&str, &str)) -> bool {
    let is_number = |value: &str| name != "refuse" && value.starts_with(|c: char| c.is_ascii_digit());
    name == other && (value == its_value || TEXTS.contains(&name) || (is_number(value) && is_number(its_value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(what: &str, query: &str) -> Option<String> {
        let queries = ["refuse=503", "idle=1s", "idle=1s&idle-end=drop", "fault=rsv1", "subprotocol=none"];
        let reaction = |query: &str| Reaction {
            query: query.to_owned(),
            subprotocols: if query == "subprotocol=none" { vec!["chat".to_owned()] } else { Vec::new() },
            script: Vec::new(),
            wire: Vec::new(),
            console: String::new(),
        };
        let browser = Browser { name: "Firefox".to_owned(), version: 153, reactions: queries.map(reaction).into() };
        let offer = if query.contains("subprotocol") { "Sec-WebSocket-Protocol: chat\r\n" } else { "" };
        let request = format!("GET /lab/x?{query} HTTP/1.1\r\nHost: h\r\n{offer}\r\n");
        browser.reaction(what, request.as_bytes()).map(|reaction| reaction.query.clone())
    }

    #[test]
    fn the_most_specific_recorded_settings_are_found() {
        assert_eq!(found("rsv1", "deflate=off&fault=rsv1@2").as_deref(), Some("fault=rsv1"));
        assert_eq!(found("refuse", "refuse=503").as_deref(), Some("refuse=503"));
        assert_eq!(found("refuse", "refuse=502"), None);
        assert_eq!(found("idle", "idle=30s").as_deref(), Some("idle=1s"));
        assert_eq!(found("idle", "idle=30s&idle-end=drop").as_deref(), Some("idle=1s&idle-end=drop"));
        assert_eq!(found("idle", "idle=30s&idle-end=reset").as_deref(), Some("idle=1s"));
        assert_eq!(found("subprotocol", "subprotocol=none").as_deref(), Some("subprotocol=none"));
        assert_eq!(found("pause", "deflate=off"), None);
    }
}
