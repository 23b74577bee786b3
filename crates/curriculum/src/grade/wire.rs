//! Conditions on what crossed the wire.

use super::Finding;
use super::evidence::{self, Connection, Evidence};
use crate::check::{CloseFrame, Frames, Message, Subprotocol, Times};
use crate::values::{ValueSpec, Values, fill, fill_json};
use observation::event::Cause;
use observation::{Event, MessageKind, Party};
use std::collections::{BTreeMap, HashSet};
use wire::close::ClosePayload;
use wire::handshake::head::RequestHead;
use wire::opcode::Opcode;

/// The first bytes of images, from the specifications of the formats.
const IMAGES: [&[u8]; 4] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF"];

pub(super) fn connected(evidence: &Evidence<'_>, times: Times) -> Finding {
    let count = u32::try_from(evidence.opened().count()).unwrap_or(u32::MAX);
    let at = evidence.opened().last().and_then(|connection| Some(connection.opening?.0));
    let enough = count >= times.at_least.unwrap_or(1);
    if enough && times.at_most.is_none_or(|most| count <= most) {
        return Finding::met(format!("You opened {}.", connections(count)), at);
    }
    let refused = evidence.connections.iter().rev().find_map(|connection| match connection.end {
        Some((at, Event::Refusal(refusal), _)) => Some((at, refusal)),
        _ => None,
    });
    match refused {
        Some((at, refusal)) if count == 0 => {
            Finding::unmet(format!("The server refused the handshake: {}", sentence(&refusal.explanation)), Some(at))
        }
        _ if count == 0 => Finding::unmet("No connection has reached the lab yet.", None),
        _ => Finding::unmet(format!("You opened {}.", connections(count)), at),
    }
}

pub(super) fn subprotocol(evidence: &Evidence<'_>, wanted: &Subprotocol, values: &Values) -> Finding {
    let Some((at, opening, _)) = evidence.opened().last().and_then(|connection| connection.opening) else {
        return Finding::unmet("No connection has opened yet.", None);
    };
    let offered = offered(&opening.request);
    let agreed = opening.subprotocol.as_deref();
    let said = match agreed {
        Some(agreed) => format!("You offered {}; the server chose {agreed}.", list(&offered)),
        None => format!("You offered {}; the server chose none.", list(&offered)),
    };
    let wanted_offers = wanted.offered.iter().map(|name| fill(name, values));
    let is_agreed = |wanted: &String| agreed == Some(fill(wanted, values).as_str());
    if wanted_offers.eq(offered.iter().cloned()) && wanted.agreed.as_ref().is_none_or(is_agreed) {
        Finding::met(said, Some(at))
    } else {
        Finding::unmet(said, Some(at))
    }
}

fn offered(request: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(request);
    let over_h2 = request.starts_with(b":");
    // HTTP/2 fields are recorded in the same form as header lines.
    let known = over_h2 || RequestHead::parse(request).is_ok();
    let lines = text.lines().filter(|_| known).filter_map(|line| line.split_once(':'));
    let values = lines.filter(|(name, _)| name.trim().eq_ignore_ascii_case("sec-websocket-protocol"));
    values.flat_map(|(_, value)| value.split(',')).map(|name| name.trim().to_owned()).collect()
}

pub(super) fn message(
    evidence: &Evidence<'_>,
    wanted: &Message,
    specs: &BTreeMap<String, ValueSpec>,
    values: &Values,
) -> Finding {
    let on = |connection: &'_ Connection<'_>| filled(wanted, specs, &connection.with_received(values));
    if !wanted.on_each {
        let found = evidence.connections.iter().flat_map(|connection| {
            let wanted = on(connection);
            connection.messages.iter().filter(move |message| fits(message, &wanted))
        });
        return counted(found.collect(), evidence.messages(), wanted);
    }
    let mut last = Finding::unmet("No connection has opened yet.", None);
    for (index, connection) in evidence.opened().enumerate() {
        let on = on(connection);
        let found = connection.messages.iter().filter(|message| fits(message, &on));
        let finding = counted(found.collect(), connection.messages.iter(), wanted);
        let found = format!("On connection {}: {}", index + 1, finding.found);
        last = Finding { found, ..finding };
        if !last.met {
            break;
        }
    }
    last
}

/// `wanted` with its placeholders filled in.
pub(super) fn filled(wanted: &Message, specs: &BTreeMap<String, ValueSpec>, values: &Values) -> Message {
    let filled = |text: &Option<String>| text.as_ref().map(|text| fill(text, values));
    Message {
        is: filled(&wanted.is),
        is_hex: filled(&wanted.is_hex).map(|hex| normalized_hex(&hex)),
        bytes: filled(&wanted.bytes).map(|hex| normalized_hex(&hex)),
        json: wanted.json.as_ref().map(|json| fill_json(json, specs, values)),
        ..wanted.clone()
    }
}

/// Whether there are as many messages as wanted. `found` are those of `all` that match.
fn counted<'m>(
    mut found: Vec<&'m evidence::Message>,
    all: impl Iterator<Item = &'m evidence::Message>,
    wanted: &Message,
) -> Finding {
    if let Some(field) = &wanted.distinct {
        let mut known = HashSet::new();
        found.retain(|message| message.field(field).is_some_and(|value| known.insert(value.to_string())));
    }
    if let Some(field) = &wanted.ascending {
        let mut last = None;
        found.retain(|message| {
            let number = message.field(field).and_then(serde_json::Value::as_f64);
            let counts = number.is_some_and(|number| last.is_none_or(|last| number > last));
            last = if counts { number } else { last };
            counts
        });
    }
    let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
    let at_least = wanted.at_least.unwrap_or(u32::from(wanted.at_most != Some(0)));
    let who = who(wanted.from);
    let matching = if describes_any(wanted) { "" } else { "matching " };
    if count < at_least {
        let last = all.filter(|message| message.from == wanted.from).last();
        let (said, at) = match last {
            _ if count > 0 => (format!("{who} sent {count} of {at_least} {matching}messages."), found.last().copied()),
            Some(last) => {
                (format!("The last message {} sent was {}.", in_sentence(wanted.from), last.words()), Some(last))
            }
            None => (format!("{} not sent any messages yet.", have(wanted.from)), None),
        };
        return Finding::unmet(said, at.map(|message| message.at));
    }
    if let Some(most) = wanted.at_most.filter(|most| count > *most) {
        let at = found.get(most as usize).map(|message| message.at);
        return Finding::unmet(format!("{who} sent {count} {matching}{}; the limit is {most}.", messages(count)), at);
    }
    match found.first() {
        Some(first) if count == 1 => Finding::met(format!("{who} sent {}.", first.words()), Some(first.at)),
        Some(first) => Finding::met(format!("{who} sent {count} {matching}messages."), Some(first.at)),
        None => Finding::met(format!("{who} sent no {matching}messages."), None),
    }
}

/// Whether every message of its sender matches.
fn describes_any(wanted: &Message) -> bool {
    let Message { from, at_least, at_most, on_each, .. } = *wanted;
    *wanted == Message { from, at_least, at_most, on_each, ..Message::any(from) }
}

/// The placeholders in `wanted` are already filled in.
pub(super) fn fits(message: &evidence::Message, wanted: &Message) -> bool {
    let text = || message.text().unwrap_or_default();
    message.from == wanted.from
        && wanted.kind.is_none_or(|kind| message.kind == kind)
        && wanted.is.as_ref().is_none_or(|is| message.kind == MessageKind::Text && one_line(text()) == one_line(is))
        && wanted.is_hex.as_ref().is_none_or(|is| normalized_hex(text()) == *is)
        && wanted.bytes.as_ref().is_none_or(|bytes| hex::encode(&message.content) == *bytes)
        && wanted.json.as_ref().is_none_or(|wanted| message.json().is_some_and(|json| contains_json(json, wanted)))
        && wanted.image.is_none_or(|image| image == is_image(&message.content))
        && wanted.length.is_none_or(|length| message.bytes == length)
}

/// Without the line end that clients add if they send what a user typed.
fn one_line(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

pub(super) fn is_image(bytes: &[u8]) -> bool {
    let webp = |first: &[u8]| first != b"RIFF" || bytes.get(8..12) == Some(b"WEBP");
    IMAGES.iter().any(|first| bytes.starts_with(first) && webp(first))
}

/// Lowercase and without spaces, for comparing hex.
fn normalized_hex(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Whether `json` equals `wanted`. Objects may have more fields than `wanted`.
pub(super) fn contains_json(json: &serde_json::Value, wanted: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (json, wanted) {
        (Value::Object(fields), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| fields.get(name).is_some_and(|field| contains_json(field, wanted)))
        }
        (Value::Array(items), Value::Array(wanted)) => {
            items.len() == wanted.len() && items.iter().zip(wanted).all(|(item, wanted)| contains_json(item, wanted))
        }
        (Value::Number(number), Value::Number(wanted)) => number.as_f64() == wanted.as_f64(),
        _ => json == wanted,
    }
}

pub(super) fn close_frame(evidence: &Evidence<'_>, wanted: &CloseFrame, values: &Values) -> Finding {
    let wanted_reason = wanted.reason.as_ref().map(|reason| fill(reason, values));
    let who = who(wanted.from);
    // Prefer a close frame with the right code.
    let (mut nearest, mut other) = (None, None);
    for connection in &evidence.connections {
        let close =
            |seen: &&evidence::SeenFrame<'_>| seen.frame.from == wanted.from && seen.frame.opcode() == Opcode::Close;
        let Some(seen) = connection.frames.iter().find(close) else { continue };
        let (close, _) = ClosePayload::parse(&seen.frame.unmasked_payload());
        let (code, reason) = (close.code.map(|code| code.0), close.reason);
        let mut said = match code {
            Some(code) if reason.is_empty() => format!("{who} closed with code {code} and no reason"),
            Some(code) => format!("{who} closed with code {code} and reason “{reason}”"),
            None => format!("{who} closed without a code"),
        };
        let right_code = wanted.code.is_none_or(|wanted| code == Some(wanted));
        let mut met = right_code && wanted_reason.as_ref().is_none_or(|wanted| reason == *wanted);
        if let Some([least, most]) = wanted.waited_ms.filter(|_| met) {
            let mut before = connection.messages.iter().filter(|message| message.at_us <= seen.at_us);
            let last = before.rfind(|message| message.from == wanted.from);
            let waited = last.map(|message| (seen.at_us - message.at_us) / 1000);
            met = waited.is_some_and(|waited| (u64::from(least)..=u64::from(most)).contains(&waited));
            said.push_str(&match waited {
                Some(waited) => format!(", {waited} ms after the last message"),
                None => ", without sending a message first".to_owned(),
            });
        }
        if wanted.unanswered && met {
            let last = connection.messages.iter().rposition(|message| message.from == wanted.from);
            let after = last.map_or(&[][..], |last| &connection.messages[last + 1..]);
            if after.iter().any(|answer| answer.from != wanted.from && answer.at_us <= seen.at_us) {
                met = false;
                said.push_str(", but that message had been answered");
            }
        }
        let finding = Finding { met, found: format!("{said}."), at: Some(seen.at) };
        match finding.met {
            true => return finding,
            false if right_code => nearest = Some(finding),
            false => other = Some(finding),
        }
    }
    let none = || Finding::unmet(format!("{} not sent a close frame yet.", have(wanted.from)), None);
    nearest.or(other).unwrap_or_else(none)
}

pub(super) fn frames(evidence: &Evidence<'_>, wanted: &Frames) -> Finding {
    let counts = |opcode| !matches!(opcode, Opcode::Close | Opcode::Pong | Opcode::Continuation);
    let mut frames = evidence.frames().filter(|seen| seen.frame.from == wanted.from && counts(seen.frame.opcode()));
    let most = wanted.at_most;
    let within = frames.by_ref().take(most as usize).count();
    let said = |count: usize| format!("{} sent {count} messages and pings", who(wanted.from));
    match frames.next() {
        Some(first) => {
            Finding::unmet(format!("{}; the limit is {most}.", said(within + 1 + frames.count())), Some(first.at))
        }
        None => Finding::met(format!("{}.", said(within)), None),
    }
}

pub(super) fn closed_cleanly(evidence: &Evidence<'_>, wanted: bool) -> Finding {
    let end = evidence.connections.iter().rev().find_map(|connection| match connection.end {
        Some((at, Event::Closed(closed), _)) => Some((at, closed, connection.ended_by_command)),
        _ => None,
    });
    let Some((at, closed, by_command)) = end else {
        return Finding::unmet("No connection has ended yet.", None);
    };
    if by_command {
        return Finding::unmet("An observer’s command ended the connection. It counts for neither side.", Some(at));
    }
    if closed.cause == Cause::RelayLost {
        let said = "The relay that had the connection is gone, so how it ended is unknown. Try again.";
        return Finding::unmet(said, Some(at));
    }
    let said = match (closed.clean, closed.first) {
        (true, _) => "The closing handshake is complete.",
        (false, None) => "The connection ended without a close frame.",
        (false, Some(_)) => "One side sent a close frame, but the other did not answer.",
    };
    Finding { met: closed.clean == wanted, found: said.to_owned(), at: Some(at) }
}

/// The client is the learner's own code.
fn who(party: Party) -> &'static str {
    match party {
        Party::Client => "You",
        Party::Server => "The server",
    }
}

fn in_sentence(party: Party) -> &'static str {
    match party {
        Party::Client => "you",
        Party::Server => "the server",
    }
}

fn have(party: Party) -> &'static str {
    match party {
        Party::Client => "You have",
        Party::Server => "The server has",
    }
}

fn messages(count: u32) -> &'static str {
    if count == 1 { "message" } else { "messages" }
}

fn connections(count: u32) -> String {
    if count == 1 { "1 connection".to_owned() } else { format!("{count} connections") }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "no subprotocol".to_owned() } else { names.join(", ") }
}

fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}
