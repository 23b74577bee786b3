//! Whether a frame, message or handshake is what a rule or a script asks for.

use super::conversation::Conversation;
use super::pattern;
use super::unit::Unit;
use observation::rule::{FieldIs, HandshakePart, JsonIs, When};
use observation::{JsonPath, MessageKind, Party};
use regex::Regex;
use serde_json::Value;
use wire::opcode::Opcode;

const MAX_TEXT: usize = 1000;
/// The longest name of a decoded field, in bytes.
const MAX_NAME: usize = 200;

/// The compiled form of [`When`], except for what depends on the connection only.
#[derive(Debug)]
pub(crate) struct Condition {
    /// If it is about a handshake and not about frames.
    handshake: Option<HandshakePart>,
    from: Option<Party>,
    /// 0–15.
    opcode: Option<u8>,
    bytes: std::ops::RangeInclusive<u64>,
    text: Option<String>,
    regex: Option<Regex>,
    json: Option<(JsonPath, Option<Value>)>,
    /// The name and the value of a decoded field, in lower case.
    field: Option<(String, Option<String>)>,
    kind: Option<MessageKind>,
}

impl Condition {
    pub(crate) fn new(when: &When) -> Result<Self, String> {
        let When { handshake, from, opcode, kind, min_bytes, max_bytes, text, regex, json, field, .. } = when;
        if let Some(part) = handshake {
            check_handshake(*part, when)?;
        }
        if let Some(opcode) = opcode.filter(|opcode| *opcode > 0xF) {
            return Err(format!("an opcode is from 0 to 15, and this one is {opcode}"));
        }
        let bytes = min_bytes.unwrap_or(0)..=max_bytes.unwrap_or(u64::MAX);
        if bytes.is_empty() {
            return Err("`min_bytes` is larger than `max_bytes`, so the rule would never act".to_owned());
        }
        if text.as_ref().is_some_and(|text| text.is_empty() || text.len() > MAX_TEXT) {
            return Err(format!("`text` has from 1 to {MAX_TEXT} bytes"));
        }
        if let Some(FieldIs { name, is }) = field {
            if name.is_empty() || name.len() > MAX_NAME {
                return Err(format!("the `name` of a field has from 1 to {MAX_NAME} bytes, such as `event`"));
            }
            if let Some(is) = is.as_ref().filter(|is| is.len() > MAX_TEXT) {
                return Err(format!(
                    "the value of a field has at most {MAX_TEXT} bytes, and this one has {}",
                    is.len()
                ));
            }
        }
        let json = json.as_ref().map(|JsonIs { path, is }| {
            let path = JsonPath::parse(path).map_err(|error| error.to_string())?;
            Ok::<_, String>((path, is.clone()))
        });
        Ok(Self {
            handshake: *handshake,
            from: *from,
            opcode: *opcode,
            bytes,
            text: text.clone(),
            regex: regex.as_deref().map(pattern::compile).transpose()?,
            json: json.transpose()?,
            field: field
                .as_ref()
                .map(|field| (field.name.to_lowercase(), field.is.as_ref().map(|is| is.to_lowercase()))),
            kind: *kind,
        })
    }

    pub(crate) fn patterns(&self) -> usize {
        usize::from(self.regex.is_some())
    }

    /// Whether messages have to be decoded.
    pub(crate) fn decodes(&self) -> bool {
        self.field.is_some()
    }

    /// Whether the rule can apply to a frame that this end sends.
    pub(crate) fn may_be_from(&self, from: Party) -> bool {
        self.handshake.is_none() && self.from.is_none_or(|only| only == from)
    }

    /// Whether it holds for this part of a handshake. `head` is as it is recorded.
    pub(crate) fn holds_for_head(&self, part: HandshakePart, head: &[u8]) -> bool {
        self.handshake == Some(part) && self.holds_for_content(head)
    }

    /// Whether they hold for a message of the connection `about`.
    pub(crate) fn holds(&self, unit: &Unit, about: &Conversation) -> bool {
        let Self { handshake, from, opcode, bytes: _, text: _, regex: _, json, field, kind } = self;
        let kind_of = |unit: &Unit| match unit.opcode {
            Opcode::Text => Some(MessageKind::Text),
            Opcode::Binary => Some(MessageKind::Binary),
            _ => None,
        };
        handshake.is_none()
            && from.is_none_or(|from| from == unit.from.into())
            && match opcode {
                Some(opcode) => *opcode == unit.opcode.nibble(),
                None => kind_of(unit).is_some(),
            }
            && kind.is_none_or(|kind| kind_of(unit) == Some(kind))
            && self.holds_for_content(&unit.content)
            && json.as_ref().is_none_or(|(path, is)| {
                let found = unit.json().and_then(|json| path.of(json));
                found.is_some_and(|found| is.as_ref().is_none_or(|is| is == found))
            })
            && field
                .as_ref()
                .is_none_or(|(name, is)| !unit.opcode.is_control() && unit.decoded(about).root.has(name, is.as_deref()))
    }

    fn holds_for_content(&self, content: &[u8]) -> bool {
        let Self { bytes, text, regex, .. } = self;
        bytes.contains(&(content.len() as u64))
            && text.as_ref().is_none_or(|text| contains(content, text.as_bytes()))
            && regex
                .as_ref()
                .is_none_or(|regex| pattern::searched(content).is_some_and(|content| regex.is_match(content)))
    }
}

/// A rule for a handshake takes only conditions that a handshake can meet.
fn check_handshake(part: HandshakePart, when: &When) -> Result<(), String> {
    if when.opcode.is_some() || when.kind.is_some() || when.json.is_some() || when.field.is_some() {
        return Err(
            "a handshake has no `opcode`, `kind`, `json` or `field`; with `handshake`, use `text`, `regex`, the sizes, `subprotocol` or `connection`"
                .to_owned(),
        );
    }
    let sender = match part {
        HandshakePart::Request => Party::Client,
        HandshakePart::Response => Party::Server,
    };
    match when.from {
        Some(from) if from != sender => Err(format!("a {} never comes from that end; leave out `from`", part.name())),
        _ => Ok(()),
    }
}

/// Whether `text` occurs in `content`.
fn contains(content: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(content, text).is_some()
}
