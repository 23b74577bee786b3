//! Whose the lifelines are.

use crate::lab::Record;
use observation::sequence::RowKey;

/// By what a relay to another server is called; a middlebox has a name of its own.
const RELAY: &str = "Relay";

/// What stands in between for some rows, by name; `None` if nothing does.
pub(super) fn middle(record: &Record, rows: impl Iterator<Item = RowKey>) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for key in rows {
        let connection = record.observation(key).and_then(|seen| record.transcript.connection(seen.connection));
        let Some(hop) = connection.and_then(|connection| connection.hop.as_ref()) else { continue };
        let name = hop.middle.name().unwrap_or(RELAY);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// What is beyond it.
pub(super) fn server(middle: Option<&str>) -> &'static str {
    match middle {
        Some(RELAY) => "Server",
        Some(several) if several.split(", ").any(|name| name == RELAY) => "Relay or server",
        _ => RELAY,
    }
}
