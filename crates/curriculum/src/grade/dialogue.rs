//! Conditions on who says what when: order, acknowledgements, and reports about an inner stream.

use super::Finding;
use super::evidence::{Connection, Evidence, Message};
use super::wire::{contains_json, filled, fits};
use crate::check::{Acknowledged, After, Inner};
use crate::values::{ValueSpec, Values};
use observation::{MessageKind, Party};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use wire::decoder::Decoder;
use wire::header::FrameHeader;
use wire::opcode::Opcode;

pub(super) fn after(
    evidence: &Evidence<'_>,
    wanted: &After,
    specs: &BTreeMap<String, ValueSpec>,
    values: &Values,
) -> Finding {
    let earliest = |wanted: &crate::check::Message| {
        let wanted = filled(wanted, specs, values);
        evidence.messages().filter(|message| fits(message, &wanted)).min_by_key(|message| message.at.seq)
    };
    let (first, then) = (earliest(&wanted.first), earliest(&wanted.then));
    let (first, then) = match (first, then) {
        (Some(first), Some(then)) => (first, then),
        (None, Some(then)) => return Finding::unmet("This message came without the one before it.", Some(then.at)),
        (Some(first), None) => return Finding::unmet("The second of the two messages is missing.", Some(first.at)),
        (None, None) => return Finding::unmet("Both messages are missing.", None),
    };
    if then.at.seq < first.at.seq {
        return Finding::unmet("The two messages came in the wrong order.", Some(then.at));
    }
    let apart = then.at_us.saturating_sub(first.at_us) / 1000;
    let least = wanted.at_least_ms.unwrap_or(0);
    if apart < u64::from(least) {
        return Finding::unmet(format!("You waited {apart} ms. Wait at least {least} ms."), Some(then.at));
    }
    if let Some(most) = wanted.at_most_ms.filter(|most| apart > u64::from(*most)) {
        return Finding::unmet(format!("You waited {apart} ms. Wait at most {most} ms."), Some(then.at));
    }
    Finding::met(format!("The second message came {apart} ms after the first."), Some(then.at))
}

pub(super) fn acknowledged(evidence: &Evidence<'_>, wanted: &Acknowledged) -> Finding {
    let mut all: Vec<_> = evidence.messages().collect();
    all.sort_by_key(|message| message.at.seq);
    let (mut acknowledged, mut sent) = (HashSet::new(), Vec::new());
    for message in all {
        match message.from {
            Party::Client => {
                let Some(id) = message.field(&wanted.id).map(Value::to_string) else { continue };
                if acknowledged.contains(&id) {
                    let said = format!("You sent {id} again, although the server had acknowledged it.");
                    return Finding::unmet(said, Some(message.at));
                }
                sent.push((id, message.at));
            }
            Party::Server => acknowledged.extend(message.field(&wanted.by).map(Value::to_string)),
        }
    }
    if let Some((id, at)) = sent.iter().find(|(id, _)| !acknowledged.contains(id)) {
        return Finding::unmet(format!("The server has not acknowledged {id}. Send it again."), Some(*at));
    }
    let ids: HashSet<_> = sent.iter().map(|(id, _)| id).collect();
    let at = sent.last().map(|(_, at)| *at);
    let said = format!("The server has acknowledged {} of {} messages.", ids.len(), wanted.at_least);
    if ids.len() >= wanted.at_least as usize { Finding::met(said, at) } else { Finding::unmet(said, at) }
}

/// What the client reported about the inner stream of the newest connection.
pub(super) fn inner(evidence: &Evidence<'_>, wanted: Inner) -> Finding {
    let Some(connection) = evidence.opened().next_back() else {
        return Finding::unmet("No connection has opened yet.", None);
    };
    let chunks = || connection.messages.iter().filter(|it| it.from == Party::Server && it.kind == MessageKind::Binary);
    if let Some(cut) = chunks().find(|message| (message.content.len() as u64) < message.bytes) {
        return Finding::unmet(
            "The relay did not keep all bytes of this message, so it cannot grade it.",
            Some(cut.at),
        );
    }
    let frames = frames(chunks().flat_map(|message| message.content.iter().copied()).collect());
    let (name, expected): (_, Vec<_>) = match wanted {
        Inner::Frames => ("frame", frames.iter().map(|(header, payload)| frame(header, payload)).collect()),
        Inner::Messages => ("message", messages(&frames)),
    };
    let all = expected.len();
    let reports: Vec<_> = reports(connection, name).collect();
    for (index, expected) in expected.iter().enumerate() {
        let number = index as u64 + 1;
        let Some((message, report)) = reports.iter().find(|(_, report)| report[name].as_u64() == Some(number)) else {
            let said = format!("You have reported {index} of {all} {name}s.");
            return Finding::unmet(said, reports.last().map(|(message, _)| message.at));
        };
        let fields = expected.as_object().into_iter().flatten();
        let wrong = fields
            .into_iter()
            .find(|(field, value)| !report.get(field.as_str()).is_some_and(|reported| contains_json(reported, value)));
        if let Some((field, value)) = wrong {
            let reported = report.get(field.as_str()).map_or_else(|| "nothing".to_owned(), Value::to_string);
            let said = format!("`{field}` of {name} {number} is {value}. You reported {reported}.");
            return Finding::unmet(said, Some(message.at));
        }
    }
    let at = reports.last().map(|(message, _)| message.at);
    match reports.len() {
        _ if frames.is_empty() => Finding::unmet("The server has not sent an inner stream yet.", None),
        _ if all == 0 => Finding::unmet("No message of the stream is complete yet.", None),
        reported if reported > all => {
            Finding::unmet(format!("You reported {reported} {name}s. The stream has {all}."), at)
        }
        _ => Finding::met(format!("You reported all {all} {name}s."), at),
    }
}

/// The JSON messages of the client with a field of this name.
fn reports<'a>(connection: &'a Connection<'_>, name: &'a str) -> impl Iterator<Item = (&'a Message, &'a Value)> {
    let from_client = connection.messages.iter().filter(|message| message.from == Party::Client);
    from_client
        .filter_map(move |message| Some((message, message.json()?)))
        .filter(move |(_, json)| json.get(name).is_some())
}

/// The complete frames of a stream, unmasked.
fn frames(mut stream: Vec<u8>) -> Vec<(FrameHeader, Vec<u8>)> {
    let (mut decoder, mut rest) = (Decoder::default(), stream.as_mut_slice());
    let mut frames = Vec::new();
    while let Some((header, bytes)) = decoder.whole(&mut rest) {
        frames.push((header, bytes[header.len()..].to_vec()));
    }
    frames
}

fn frame(header: &FrameHeader, payload: &[u8]) -> Value {
    json!({
        "opcode": header.opcode.nibble(),
        "masked": header.masking_key.is_some(),
        "length": payload.len(),
        "sum": sum(payload),
    })
}

/// The messages that the data frames make up.
fn messages(frames: &[(FrameHeader, Vec<u8>)]) -> Vec<Value> {
    let (mut messages, mut is_text, mut content) = (Vec::new(), false, Vec::new());
    for (header, payload) in frames.iter().filter(|(header, _)| !header.opcode.is_control()) {
        if header.opcode != Opcode::Continuation {
            (is_text, content) = (header.opcode == Opcode::Text, Vec::new());
        }
        content.extend_from_slice(payload);
        if header.fin {
            messages.push(match is_text {
                true => json!({ "text": String::from_utf8_lossy(&content) }),
                false => json!({ "length": content.len(), "sum": sum(&content) }),
            });
        }
    }
    messages
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte)).sum()
}
