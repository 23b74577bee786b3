//! What a row says of its message.

use super::choices;
use super::source::Source;
use crate::lab::Record;
use crate::ui::format;
use decode::{Decoded, Format, Limits, Why};
use observation::sequence::RowKey;
use observation::{Frame, MessageKind, Position};

/// JSON up to this length is shown as it is.
const SHORT: u64 = 80;

/// The summary of a message in one frame. `None` for others, for plain text and bytes, and for what is only a guess.
pub(super) fn text(record: &Record, key: RowKey) -> Option<String> {
    let (frame, position, decoded) = decoded(record, key)?;
    let is_short = frame.content_bytes() <= SHORT;
    let is_worse = match decoded.format {
        Format::Json => is_short && position.kind == MessageKind::Text,
        Format::Protobuf => decoded.why == Why::Shape && choices::types().is_none(),
        _ => false,
    };
    if decoded.summary.is_empty() || is_worse {
        return None;
    }
    Some(match position.kind {
        // The row of a text has its size elsewhere.
        MessageKind::Text => decoded.summary,
        MessageKind::Binary => format!("{} · {}", decoded.summary, format::bytes(frame.content_bytes())),
    })
}

/// Whether a message in one frame has a field of this name with this value, or any, at any depth. Both are in lower case.
pub(super) fn has_field(record: &Record, key: RowKey, name: &str, value: Option<&str>) -> bool {
    decoded(record, key).is_some_and(|(.., decoded)| decoded.root.has(name, value))
}

/// A message in one frame, decoded.
fn decoded(record: &Record, key: RowKey) -> Option<(&Frame, Position, Decoded)> {
    let RowKey::Frame(seq) = key else { return None };
    let seen = record.observation(key)?;
    let frame = record.transcript.frame(seq)?;
    let position = frame.position.filter(|at| at.fragment == 1 && at.last)?;
    let of = (seen.connection, frame.from, position.kind);
    let source = Source::of(record, of, seq, frame.content(), frame.content_truncated());
    Some((frame, position, choices::decode(&source, Limits::ROW)))
}
