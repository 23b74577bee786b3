//! What a row says of its message.

use super::choices;
use super::source::Source;
use crate::lab::Record;
use crate::ui::format;
use decode::{Format, Limits, Why};
use observation::MessageKind;
use observation::sequence::RowKey;

/// JSON up to this length is shown as it is.
const SHORT: usize = 80;

/// The summary of a message in one frame. `None` for others, for plain text and bytes, and for what is only a guess.
pub(super) fn text(record: &Record, key: RowKey) -> Option<String> {
    let RowKey::Frame(seq) = key else { return None };
    let seen = record.observation(key)?;
    let frame = record.transcript.frame(seq)?;
    let position = frame.position.filter(|at| at.fragment == 1 && at.last)?;
    let payload = frame.content();
    let is_short = payload.len() <= SHORT;
    let of = (seen.connection, frame.from, position.kind);
    let source = Source::of(record, of, seq, payload, frame.content_truncated());
    let decoded = choices::decode(&source, Limits::ROW);
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
