//! Whether a connection went to the challenge's address: with its settings, and through its middlebox.

use crate::challenge::Challenge;
use crate::values::{Values, fill};
use observation::{ConnectionNumber, Event, Hop, Intermediary, Transcript};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use wire::handshake::connect::fields;

/// The target that a request must have. Compared after decoding, because clients escape differently.
pub(super) struct Address {
    settings: Vec<(String, String)>,
    via: Option<Via>,
}

/// A middlebox with its settings, as in a URL: `idle-cut,after=5s`.
#[derive(PartialEq, Eq)]
struct Via {
    name: String,
    /// Sorted.
    settings: Vec<String>,
}

impl Address {
    pub(super) fn of(challenge: &Challenge, values: &Values) -> Self {
        let via = challenge.via.as_ref().map(|via| Via::read(&fill(via, values)));
        Self { settings: settings(&challenge.lab_query()), via }
    }

    /// Whether `request`, which reached the lab through `hop`, has this address.
    pub(super) fn fits(&self, request: &[u8], hop: Option<&Hop>, transcript: &Transcript) -> bool {
        let Some(target) = target(request) else { return false };
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let route_fits = match (hop.map(|hop| &hop.middle), &self.via) {
            (None, None) => true,
            // The lab knows only the name of a middlebox. Its settings are in the request on the client side.
            (Some(Intermediary::Box(_)), Some(via)) => {
                let near = hop.and_then(|hop| asked(transcript, hop.other?));
                near.and_then(target_of_box).is_some_and(|near| near == *via)
            }
            // A middlebox in front of TLS has no settings.
            (Some(Intermediary::Tunnel(name)), Some(via)) => via.name == *name && via.settings.is_empty(),
            _ => false,
        };
        route_fits && settings(query) == self.settings
    }
}

impl Via {
    fn read(text: &str) -> Self {
        let mut parts = text.split(',').map(str::to_owned);
        let name = parts.next().unwrap_or_default();
        let mut settings: Vec<_> = parts.collect();
        settings.sort();
        Self { name, settings }
    }
}

fn settings(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// The request that reached the middlebox on its client side.
fn asked(transcript: &Transcript, near: ConnectionNumber) -> Option<&[u8]> {
    match &transcript.get(transcript.connection(near)?.asked?)?.event {
        Event::Asked(asked) => Some(&asked.request),
        _ => None,
    }
}

fn target_of_box(request: &[u8]) -> Option<Via> {
    let target = target(request)?;
    let path = target.split('?').next()?;
    // The relay may be below a path.
    let (_, rest) = path.rsplit_once("/via/")?;
    let (segment, _) = rest.split_once('/')?;
    Some(Via::read(&percent_decode_str(segment).decode_utf8_lossy()))
}

/// The target of a request: the second word of a request line, or a field of HTTP/2.
fn target(request: &[u8]) -> Option<Cow<'_, str>> {
    let target = if request.starts_with(b":") {
        fields(request).find(|(name, _)| *name == b":path")?.1
    } else {
        request.split(|&byte| byte == b'\n').next()?.split(|&byte| byte == b' ').nth(1)?
    };
    Some(String::from_utf8_lossy(target))
}
