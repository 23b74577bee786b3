//! Compares what arrived with what a step expects.

use crate::json;
use crate::model::{Content, ExpectedClose, ExpectedFrame, Unexpected, What};
use crate::quote;
use wire::close::ClosePayload;
use wire::header::FrameHeader;
use wire::message::MessageKind;
use wire::opcode::Opcode;

/// Something that arrived from the server.
#[derive(Clone, Copy, Debug)]
pub enum Arrival<'a> {
    /// A whole message, inflated. It follows the frame that completes it.
    Message(MessageKind, &'a [u8]),
    /// A whole frame with its unmasked payload, inflated if it is compressed.
    Frame(&'a FrameHeader, &'a [u8]),
    /// The TCP connection has ended, before or after a close frame from the server.
    End { after_close: bool },
}

/// What an arrival means for a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is what the step expects.
    Met,
    /// It does not concern the step.
    Skipped,
    /// It fails the step. The text says why.
    Failed(String),
}

impl What {
    /// Compares an arrival. `unexpected` says what happens if it is something else.
    #[must_use]
    pub fn judge(&self, arrival: Arrival<'_>, unexpected: Unexpected) -> Verdict {
        let difference = match (self, arrival) {
            (Self::Message(kind, content), Arrival::Message(found, payload)) => message(*kind, content, found, payload),
            (Self::Ping(payload), Arrival::Frame(header, found)) if header.opcode == Opcode::Ping => {
                control(payload.as_deref(), found)
            }
            (Self::Pong(payload), Arrival::Frame(header, found)) if header.opcode == Opcode::Pong => {
                control(payload.as_deref(), found)
            }
            (Self::Close(close), Arrival::Frame(header, found)) if header.opcode == Opcode::Close => {
                close.difference(found)
            }
            (Self::Frame(frame), Arrival::Frame(header, found)) => frame.difference(header, found),
            (Self::End, Arrival::End { .. }) => None,
            _ => Some(String::new()),
        };
        match difference {
            None => Verdict::Met,
            Some(why) => self.other(arrival, unexpected, &why),
        }
    }

    /// What something else means. `why` is the difference if it is of the expected kind.
    fn other(&self, arrival: Arrival<'_>, unexpected: Unexpected, why: &str) -> Verdict {
        let fails = match arrival {
            Arrival::End { .. } => true,
            Arrival::Frame(header, _) if header.opcode == Opcode::Close => true,
            Arrival::Frame(header, _) if matches!(header.opcode, Opcode::Ping | Opcode::Pong) => {
                // A pong with another payload answers another ping.
                unexpected == Unexpected::FailControl
            }
            // The frames of a message are not compared one by one, unless a frame is expected.
            Arrival::Frame(..) => matches!(self, Self::Frame(_)) && unexpected != Unexpected::Ignore,
            // Its frames were compared already.
            Arrival::Message(..) => !matches!(self, Self::Frame(_)) && unexpected != Unexpected::Ignore,
        };
        if !fails {
            return Verdict::Skipped;
        }
        let came = arrival.describe();
        Verdict::Failed(if why.is_empty() { came } else { format!("{came}: {why}") })
    }

    /// What the step expects, as a noun.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Message(kind, content) => {
                let kind = kind.map_or("a message".to_owned(), |kind| format!("a {} message", kind.name()));
                kind + &content.describe()
            }
            Self::Ping(payload) => described_control("ping", payload.as_deref()),
            Self::Pong(payload) => described_control("pong", payload.as_deref()),
            Self::Close(close) => close.describe(),
            Self::Frame(frame) => frame.describe(),
            Self::End => "the end of the connection without a close frame".to_owned(),
            Self::Silence(time) => format!("nothing for {time:?}"),
        }
    }
}

impl Arrival<'_> {
    /// What arrived, as a noun.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Message(kind, payload) => {
                format!("a {} message of {}, {}", kind.name(), quote::size(payload.len()), quote::bytes(payload))
            }
            Self::Frame(header, payload) if header.opcode == Opcode::Close => {
                let (close, _) = ClosePayload::parse(payload);
                let code = close.code.map_or("without a code".to_owned(), |code| format!("with code {}", code.0));
                let reason = if close.reason.is_empty() {
                    String::new()
                } else {
                    format!(" and reason {}", quote::text(&close.reason))
                };
                format!("a close frame {code}{reason}")
            }
            Self::Frame(header, payload) => {
                let name = quote::opcode(header.opcode);
                format!("a {name} frame of {}, {}", quote::size(payload.len()), quote::bytes(payload))
            }
            Self::End { after_close: true } => "the end of the connection after a close frame".to_owned(),
            Self::End { after_close: false } => {
                "the end of the connection without a close frame, which a browser reports as 1006".to_owned()
            }
        }
    }
}

fn message(kind: Option<MessageKind>, content: &Content, found: MessageKind, payload: &[u8]) -> Option<String> {
    match kind {
        Some(kind) if kind != found => Some(format!("it is {}, not {}", found.name(), kind.name())),
        _ => content.difference(payload),
    }
}

fn control(expected: Option<&[u8]>, found: &[u8]) -> Option<String> {
    let expected = expected.filter(|expected| *expected != found)?;
    Some(format!("its payload is not {}", quote::bytes(expected)))
}

fn described_control(name: &str, payload: Option<&[u8]>) -> String {
    payload.map_or(format!("a {name}"), |payload| format!("a {name} with {}", quote::bytes(payload)))
}

impl Content {
    /// Why a payload is not as expected; `None` if it is.
    fn difference(&self, payload: &[u8]) -> Option<String> {
        if let Some(equals) = &self.equals
            && equals.bytes() != payload
        {
            return Some(unequal(equals.bytes(), payload));
        }
        let text = std::str::from_utf8(payload);
        let needs_text = self.contains.is_some() || self.matches.is_some() || !self.json.is_empty();
        let text = match text {
            Ok(text) => text,
            Err(_) if needs_text => return Some("it is not UTF-8".to_owned()),
            Err(_) => return None,
        };
        if let Some(part) = self.contains.as_deref().filter(|part| !text.contains(part)) {
            return Some(format!("it does not contain {}", quote::text(part)));
        }
        if let Some(pattern) = self.matches.as_ref().filter(|pattern| !pattern.is_match(text)) {
            return Some(format!("it does not match {}", quote::text(pattern.as_str())));
        }
        if self.json.is_empty() {
            return None;
        }
        match serde_json::from_str(text) {
            Err(error) => Some(format!("it is not valid JSON ({error})")),
            Ok(document) => self.json.iter().find_map(|expected| json::difference(expected, &document)),
        }
    }

    fn describe(&self) -> String {
        let equals = self.equals.as_ref().map(|equals| format!("equal to {}", quote::bytes(equals.bytes())));
        let contains = self.contains.as_ref().map(|part| format!("that contains {}", quote::text(part)));
        let matches = self.matches.as_ref().map(|pattern| format!("that matches {}", quote::text(pattern.as_str())));
        let json = self.json.iter().map(|json| match &json.equals {
            None => format!("in which `{}` selects a value", json.path),
            Some(equals) => format!("in which `{}` is {}", json.path, quote::text(&equals.to_string())),
        });
        let all: Vec<_> = [equals, contains, matches].into_iter().flatten().chain(json).collect();
        if all.is_empty() { String::new() } else { format!(" {}", all.join(" and ")) }
    }
}

/// Where two payloads differ.
fn unequal(expected: &[u8], found: &[u8]) -> String {
    let at = expected.iter().zip(found).take_while(|(one, other)| one == other).count();
    let quoted = quote::bytes(expected);
    match (expected.len(), found.len()) {
        (one, other) if one == other => format!("it differs from {quoted} at byte {at}"),
        (expected, _) => {
            format!("it is not equal to {quoted}, which has {} and differs at byte {at}", quote::size(expected))
        }
    }
}

impl ExpectedClose {
    fn difference(&self, payload: &[u8]) -> Option<String> {
        let (close, _) = ClosePayload::parse(payload);
        let code = close.code.map_or(1005, |code| code.0);
        match (self.code, &self.reason) {
            (Some(expected), _) if expected != code => Some(format!("the code is not {expected}")),
            (_, Some(expected)) if *expected != close.reason => {
                Some(format!("the reason is not {}", quote::text(expected)))
            }
            _ => None,
        }
    }

    fn describe(&self) -> String {
        let code = self
            .code
            .map(|code| if code == 1005 { " without a code".to_owned() } else { format!(" with code {code}") });
        let reason = self.reason.as_ref().map(|reason| format!(" and reason {}", quote::text(reason)));
        format!("a close frame{}{}", code.unwrap_or_default(), reason.unwrap_or_default())
    }
}

impl ExpectedFrame {
    fn difference(&self, header: &FrameHeader, payload: &[u8]) -> Option<String> {
        let number = |name: &str, expected: Option<u64>, found: u64| {
            expected.filter(|expected| *expected != found).map(|expected| format!("{name} is {found}, not {expected}"))
        };
        let bit = |name: &str, expected: Option<bool>, found: bool| number(name, expected.map(u64::from), found.into());
        let rsv = header.rsv;
        number("the opcode", self.opcode.map(u64::from), header.opcode.nibble().into())
            .or_else(|| bit("FIN", self.fin, header.fin))
            .or_else(|| bit("RSV1", self.rsv1, rsv.rsv1))
            .or_else(|| bit("RSV2", self.rsv2, rsv.rsv2))
            .or_else(|| bit("RSV3", self.rsv3, rsv.rsv3))
            .or_else(|| bit("MASK", self.masked, header.masking_key.is_some()))
            .or_else(|| {
                number(
                    "the size of the length field",
                    self.length_bits.map(u64::from),
                    header.length.form.bits().into(),
                )
            })
            .or_else(|| number("the length", self.length, header.length.bytes))
            .or_else(|| self.content.difference(payload))
    }

    fn describe(&self) -> String {
        let bit = |name: &str, value: Option<bool>| value.map(|value| format!("{name} {}", u8::from(value)));
        let all: Vec<_> = [
            bit("FIN", self.fin),
            bit("RSV1", self.rsv1),
            bit("RSV2", self.rsv2),
            bit("RSV3", self.rsv3),
            bit("MASK", self.masked),
            self.length_bits.map(|bits| format!("a length of {bits} bits")),
            self.length.map(|length| format!("length {length}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let name = self
            .opcode
            .map_or("a frame".to_owned(), |nibble| format!("a {} frame", quote::opcode(Opcode::from_nibble(nibble))));
        let with = if all.is_empty() { String::new() } else { format!(" with {}", all.join(", ")) };
        name + &with + &self.content.describe()
    }
}
