//! Whether a row has what a filter asks for.

use super::term::{Condition, Number, Term, Text};
use crate::lab::{Record, decoded};
use observation::page::PageAct;
use observation::sequence::{Row, RowKey};
use observation::{Event, Frame, JsonPath, Party, aftermath};
use regex_lite::Regex;
use serde_json::Value;
use wire::mask::MaskingKey;

/// The most bytes of JSON that are read for each row.
const MAX_JSON: usize = 256 << 10;

pub(super) fn matches(terms: &[Term], record: &Record, row: &Row) -> bool {
    let observation = record.observation(row.key);
    let seen = Seen { record, row, event: observation.map(|seen| &seen.event) };
    terms.iter().all(|term| seen.fits(&term.condition) != term.excludes)
}

#[derive(Clone, Copy)]
struct Seen<'r> {
    record: &'r Record,
    row: &'r Row,
    event: Option<&'r Event>,
}

impl<'r> Seen<'r> {
    fn frame(self) -> Option<&'r Frame> {
        match self.event {
            Some(Event::Frame(frame)) => Some(frame),
            _ => None,
        }
    }

    fn fits(self, condition: &Condition) -> bool {
        let Self { record, row, event } = self;
        let frame = self.frame();
        match condition {
            Condition::Opcode(name) => frame.is_some_and(|frame| frame.opcode().name() == name),
            Condition::From(party) => match row.key {
                RowKey::Request(_) | RowKey::Tunnel(_) => *party == Party::Client,
                RowKey::Records(_) => matches!(event, Some(Event::Records(it)) if it.from == *party),
                RowKey::Response(_) => *party == Party::Server,
                _ => frame.is_some_and(|frame| frame.from == *party),
            },
            Condition::Kind(kind) => frame.and_then(|frame| frame.position).is_some_and(|at| at.kind == *kind),
            Condition::Connection(number) => {
                record.observation(row.key).is_some_and(|seen| seen.connection.0 == *number)
            }
            Condition::Size(Number { least, most }) => {
                frame.is_some_and(|frame| (*least..=*most).contains(&frame.content_bytes()))
            }
            Condition::After(us) => self.time_us().is_some_and(|at| at >= *us),
            Condition::Before(us) => self.time_us().is_some_and(|at| at < *us),
            Condition::Json(path, value) => frame.is_some_and(|frame| json_is(frame, path, value.as_ref())),
            Condition::Field(name, value) => decoded::has_field(record, row.key, name, value.as_deref()),
            Condition::Wrong => match event {
                Some(Event::Frame(frame)) => !frame.violations.is_empty(),
                Some(Event::Refusal(_)) => matches!(row.key, RowKey::Response(_)),
                Some(Event::Closed(closed)) => !closed.clean,
                _ => false,
            },
            // A deliberate opening shows in its response.
            Condition::Deliberate => {
                event.filter(|event| !aftermath::deliberate(event).is_empty()).is_some_and(|event| match row.key {
                    RowKey::Request(_) => matches!(event, Event::Asked(_)),
                    RowKey::Opened(_) => false,
                    _ => true,
                })
            }
            Condition::Compressed => frame.is_some_and(|frame| frame.inflated.is_some()),
            Condition::Fragmented => {
                frame.and_then(|frame| frame.position).is_some_and(|at| at.fragment > 1 || !at.last)
            }
            Condition::Intercepted => {
                matches!(event, Some(Event::Act(act)) if act.intercepted.is_some() || act.handshake.is_some())
            }
            Condition::Noted => self.record.note(row.key).is_some(),
            Condition::Text(text) => self.contains(text),
        }
    }

    /// Microseconds since the connection began.
    fn time_us(self) -> Option<u64> {
        let seen = self.record.observation(self.row.key)?;
        Some(seen.at_us.saturating_sub(self.record.began_us(seen.connection)?))
    }

    fn contains(self, text: &Text) -> bool {
        let head = match (&self.row.key, self.event) {
            (RowKey::Request(_), Some(Event::Asked(asked))) => &asked.request[..],
            (RowKey::Request(_), Some(Event::Opening(opening))) => &opening.request,
            (RowKey::Response(_), Some(Event::Opening(opening))) => &opening.response,
            (RowKey::Request(_), Some(Event::Refusal(refusal))) => &refusal.request,
            (RowKey::Response(_), Some(Event::Refusal(refusal))) => &refusal.response,
            _ => &[],
        };
        let in_page = || {
            self.record.events(&self.row.page).any(|event| match &event.act {
                PageAct::Sent(payload) | PageAct::Received(payload) => text.is_in(payload.preview.as_bytes()),
                PageAct::Constructed { url, .. } => text.is_in(url.as_bytes()),
                _ => false,
            })
        };
        let in_note = || self.record.note(self.row.key).is_some_and(|note| text.is_in(note.as_bytes()));
        self.frame().is_some_and(|frame| text.is_in_frame(frame)) || text.is_in(head) || in_page() || in_note()
    }
}

impl Text {
    fn is_in(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Word(word) => {
                bytes.windows(word.len().max(1)).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
            }
            Self::Regex(regex) => regex_is_in(regex, bytes),
        }
    }

    /// Whether the recorded content contains it. It unmasks while it searches, since a filter looks at every frame.
    fn is_in_frame(&self, frame: &Frame) -> bool {
        if let Some(inflated) = &frame.inflated {
            return self.is_in(&inflated.payload);
        }
        let (Some(key), Self::Word(word)) = (frame.masking_key.map(MaskingKey), self) else {
            return if frame.masking_key.is_some() { self.is_in(&frame.content()) } else { self.is_in(&frame.payload) };
        };
        let fits = |(at, masked): (usize, &[u8])| {
            let plain = masked.iter().enumerate().map(|(n, byte)| byte ^ key.at((at + n) as u64));
            plain.zip(word.bytes()).all(|(byte, wanted)| byte.eq_ignore_ascii_case(&wanted))
        };
        frame.payload.windows(word.len().max(1)).enumerate().any(fits)
    }
}

/// In bytes that are not UTF-8, a regular expression finds nothing.
fn regex_is_in(regex: &Regex, bytes: &[u8]) -> bool {
    !bytes.is_empty() && std::str::from_utf8(bytes).is_ok_and(|text| regex.is_match(text))
}

fn json_is(frame: &Frame, path: &JsonPath, wanted: Option<&Value>) -> bool {
    let content = frame.content();
    // Other content is told by its first byte.
    let may_be = content.len() <= MAX_JSON
        && content.trim_ascii_start().first().is_some_and(|byte| b"{[\"-0123456789tfn".contains(byte));
    let json = may_be.then(|| serde_json::from_slice::<Value>(&content).ok()).flatten();
    let found = json.as_ref().and_then(|json| path.of(json));
    found.is_some_and(|found| wanted.is_none_or(|wanted| found == wanted))
}
