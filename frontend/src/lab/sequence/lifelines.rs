//! The names of the lifelines.

use crate::lab::Record;
use observation::sequence::RowKey;

/// The name of the relay between client and another server. A middlebox has its own name.
const RELAY: &str = "Relay";

/// The name of what is between client and server for these rows; `None` if nothing is.
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

/// The name of the server. In an imported file, it is not the relay.
pub(super) fn server(middle: Option<&str>, is_imported: bool) -> &'static str {
    match middle {
        _ if is_imported => "Server",
        Some(RELAY) => "Server",
        Some(several) if several.split(", ").any(|name| name == RELAY) => "Relay or server",
        _ => RELAY,
    }
}
