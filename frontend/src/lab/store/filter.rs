//! The filter of the sequence: `opcode:ping from:server hello`. All terms must match.

use super::record::Record;
use observation::aftermath;
use observation::page::PageAct;
use observation::sequence::{Row, RowKey};
use observation::{Event, Frame, Party};
use wire::mask::MaskingKey;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    Opcode(String),
    From(Party),
    Connection(u32),
    Violation,
    Deliberate,
    Compressed,
    Text(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(Vec<Term>);

impl Filter {
    /// Reads a filter. An empty filter matches every row.
    ///
    /// # Errors
    /// Which value is wrong, and which values are accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split_whitespace().map(term).collect::<Result<_, _>>().map(Self)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn matches(&self, record: &Record, row: &Row) -> bool {
        self.0.iter().all(|term| fits(term, record, row))
    }
}

fn term(text: &str) -> Result<Term, String> {
    let Some((name, value)) = text.split_once(':') else { return Ok(Term::Text(text.to_ascii_lowercase())) };
    match (name, value) {
        ("opcode", "text" | "binary" | "continuation" | "close" | "ping" | "pong") => {
            Ok(Term::Opcode(value.to_owned()))
        }
        ("from", "browser" | "client") => Ok(Term::From(Party::Client)),
        ("from", "server" | "relay") => Ok(Term::From(Party::Server)),
        ("connection", number) => {
            number.parse().map(Term::Connection).map_err(|_| "connection: needs a number, such as connection:2".into())
        }
        ("is", "wrong") => Ok(Term::Violation),
        ("is", "deliberate") => Ok(Term::Deliberate),
        ("is", "compressed") => Ok(Term::Compressed),
        ("opcode", _) => Err("opcode: must be text, binary, continuation, close, ping or pong".into()),
        ("from", _) => Err("from: must be browser or relay".into()),
        ("is", _) => Err("is: must be wrong, deliberate or compressed".into()),
        // A colon in a text, such as `http://` or `"a":1`.
        _ => Ok(Term::Text(text.to_ascii_lowercase())),
    }
}

fn fits(term: &Term, record: &Record, row: &Row) -> bool {
    let observation = record.observation(row.key);
    let frame = observation.and_then(|seen| match &seen.event {
        Event::Frame(frame) => Some(frame),
        _ => None,
    });
    match term {
        Term::Opcode(name) => frame.is_some_and(|frame| frame.opcode().name() == name),
        Term::From(party) => match row.key {
            RowKey::Request(_) | RowKey::Tunnel(_) => *party == Party::Client,
            RowKey::Records(_) => {
                matches!(observation.map(|seen| &seen.event), Some(Event::Records(it)) if it.from == *party)
            }
            RowKey::Response(_) => *party == Party::Server,
            _ => frame.is_some_and(|frame| frame.from == *party),
        },
        Term::Connection(number) => observation.is_some_and(|seen| seen.connection.0 == *number),
        Term::Violation => match observation.map(|seen| &seen.event) {
            Some(Event::Frame(frame)) => !frame.violations.is_empty(),
            Some(Event::Refusal(_)) => matches!(row.key, RowKey::Response(_)),
            Some(Event::Closed(closed)) => !closed.clean,
            _ => false,
        },
        // A deliberate opening shows in its response.
        Term::Deliberate => {
            let deliberate = observation.filter(|seen| !aftermath::deliberate(&seen.event).is_empty());
            deliberate.is_some_and(|seen| match row.key {
                RowKey::Request(_) => matches!(seen.event, Event::Asked(_)),
                RowKey::Opened(_) => false,
                _ => true,
            })
        }
        Term::Compressed => frame.is_some_and(|frame| frame.inflated.is_some()),
        Term::Text(word) => {
            let in_frame = || frame.is_some_and(|frame| frame_contains(frame, word));
            let in_head = || match (&row.key, observation.map(|seen| &seen.event)) {
                (RowKey::Request(_), Some(Event::Asked(asked))) => contains(&asked.request, word),
                (RowKey::Request(_), Some(Event::Opening(opening))) => contains(&opening.request, word),
                (RowKey::Response(_), Some(Event::Opening(opening))) => contains(&opening.response, word),
                (RowKey::Request(_), Some(Event::Refusal(refusal))) => contains(&refusal.request, word),
                (RowKey::Response(_), Some(Event::Refusal(refusal))) => contains(&refusal.response, word),
                _ => false,
            };
            let in_page = || {
                record.events(&row.page).any(|event| match &event.act {
                    PageAct::Sent(payload) | PageAct::Received(payload) => contains(payload.preview.as_bytes(), word),
                    PageAct::Constructed { url, .. } => contains(url.as_bytes(), word),
                    _ => false,
                })
            };
            in_frame() || in_head() || in_page()
        }
    }
}

/// Whether the recorded content contains `word`. It unmasks while it searches, since a filter looks at every frame.
fn frame_contains(frame: &Frame, word: &str) -> bool {
    if let Some(inflated) = &frame.inflated {
        return contains(&inflated.payload, word);
    }
    let Some(key) = frame.masking_key.map(MaskingKey) else { return contains(&frame.payload, word) };
    let fits = |(at, masked): (usize, &[u8])| {
        let plain = masked.iter().enumerate().map(|(n, byte)| byte ^ key.at((at + n) as u64));
        plain.zip(word.bytes()).all(|(byte, wanted)| byte.eq_ignore_ascii_case(&wanted))
    };
    frame.payload.windows(word.len()).enumerate().any(fits)
}

/// Ignores the case of ASCII letters.
fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::sequence::PageSide;
    use observation::{ConnectionNumber, Deliberate, FeedMessage, Observation, Origin, Seq};
    use wire::header::FrameHeader;
    use wire::opcode::Opcode;

    fn record() -> Record {
        let frame = |seq, opcode, payload: &[u8], connection| Observation {
            seq: Seq(seq),
            at_us: seq,
            connection: ConnectionNumber(connection),
            event: Event::Frame(Frame::new(
                if seq == 1 { wire::Sender::Client } else { wire::Sender::Server },
                &FrameHeader::unmasked(true, opcode, payload.len() as u64),
                payload.to_vec(),
                payload.len() as u64,
            )),
        };
        let mut items = vec![
            frame(1, Opcode::Text, b"Hello", 1),
            frame(2, Opcode::Text, b"Hello", 1),
            frame(3, Opcode::Ping, b"", 2),
        ];
        if let Event::Frame(ping) = &mut items[2].event {
            let (what, explanation) = ("ping-every".into(), "a heartbeat".into());
            ping.deliberate = Some(Deliberate { by: Origin::Behaviour, what, explanation, rule: None });
        }
        let mut record = Record::default();
        record.take_in(crate::lab::store::record::Incoming::Feed(FeedMessage::Observations(items)));
        record
    }

    fn through(filter: &str) -> Vec<u64> {
        let (record, filter) = (record(), Filter::parse(filter).expect("a filter"));
        let row = |seq| Row { key: RowKey::Frame(Seq(seq)), page: PageSide::Nothing };
        (1..=3).filter(|&seq| filter.matches(&record, &row(seq))).collect()
    }

    #[test]
    fn every_term_must_fit() {
        assert_eq!(through(""), [1, 2, 3]);
        assert_eq!(through("hello"), [1, 2]);
        assert_eq!(through("from:server"), [2, 3]);
        assert_eq!(through("from:browser hello"), [1]);
        assert_eq!(through("opcode:ping"), [3]);
        assert_eq!(through("connection:2"), [3]);
        assert_eq!(through("is:wrong"), [0; 0]);
        assert_eq!(through("is:deliberate"), [3]);
        assert_eq!(through("is:deliberate from:browser"), [0; 0]);
        assert_eq!(through("opcode:ping hello"), [0; 0]);
    }

    #[test]
    fn what_is_no_filter_is_said() {
        assert!(Filter::parse("opcode:pang").is_err_and(|said| said.contains("text, binary")));
        assert!(Filter::parse("is:right").is_err_and(|said| said.contains("wrong")));
        assert!(Filter::parse("http://x \"a\":1").is_ok());
    }
}
