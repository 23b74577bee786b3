//! Values that every session gets its own of, so that an answer is worked out and not copied. They are derived from the
//! session's name: page and relay come to the same ones, and nobody has to keep them.
//!
//! Texts of a challenge hold them as `{{name}}`, and what can be worked out of them as `{{accept:key}}` (the accept value of a
//! given key), `{{frame:text:mask}}` (a client's masked text frame in hex, with four given bytes as masking key),
//! `{{length:text}}` (its bytes in UTF-8) and `{{sum:bytes}}` (of bytes, in decimal).

use crate::challenge::Challenge;
use data_encoding::BASE64;
use observation::SessionId;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

/// How a value is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Given {
    /// 16 bytes in base64, as a `Sec-WebSocket-Key` is.
    Key,
    /// A whole number.
    Number { from: u32, to: u32 },
    /// One of these.
    OneOf { values: Vec<String> },
    /// Words parted by spaces.
    Words { count: u8 },
    /// Bytes in hex.
    Bytes { count: u8 },
    /// A masked text frame of a client's, in hex; its payload is the given words of that name.
    Frame { text: String },
}

/// Given values by name, all of them harmless in HTML, JSON and URLs but for the `+`, `/` and `=` of base64.
pub type Values = BTreeMap<String, String>;

const WORDS: [&str; 32] = [
    "amber", "anchor", "basil", "bridge", "candle", "cedar", "copper", "coral", "desert", "ember", "falcon", "forest",
    "garden", "granite", "harbour", "island", "jasmine", "lantern", "maple", "meadow", "nutmeg", "ocean", "orchid",
    "pepper", "quartz", "river", "saffron", "silver", "thunder", "velvet", "willow", "zephyr",
];

/// What `session` gets for `challenge`.
#[must_use]
pub fn given(challenge: &Challenge, session: &SessionId) -> Values {
    let id = &challenge.summary.id;
    let mut values = Values::new();
    // A frame is made of words, so those come first.
    let (frames, others): (Vec<_>, Vec<_>) =
        challenge.given.iter().partition(|(_, given)| matches!(given, Given::Frame { .. }));
    for (name, given) in others.into_iter().chain(frames) {
        let mut chance = Chance::of(&[&session.to_string(), id, name]);
        let value = match given {
            Given::Key => BASE64.encode(&chance.bytes(16)),
            Given::Number { from, to } => (from + chance.below(to.saturating_sub(*from).saturating_add(1))).to_string(),
            Given::OneOf { values } => {
                let index = chance.below(u32::try_from(values.len()).unwrap_or(1));
                values.get(index as usize).cloned().unwrap_or_default()
            }
            Given::Words { count } => {
                let words: Vec<_> = (0..*count).map(|_| WORDS[chance.below(WORDS.len() as u32) as usize]).collect();
                words.join(" ")
            }
            Given::Bytes { count } => hex::encode(chance.bytes(usize::from(*count))),
            Given::Frame { text } => {
                let key: [u8; 4] = chance.bytes(4).try_into().unwrap_or_default();
                hex::encode(client_frame(values.get(text).map_or("", String::as_str), MaskingKey(key)))
            }
        };
        values.insert(name.clone(), value);
    }
    values
}

/// Those of them that a learner is shown: the ones that the task names. The others are to be found out.
#[must_use]
pub fn shown(challenge: &Challenge, session: &SessionId) -> Values {
    let mut values = given(challenge, session);
    values.retain(|name, _| names(&challenge.task).any(|named| named == name));
    values
}

/// `text` with every `{{…}}` that has a value replaced.
#[must_use]
pub fn fill(text: &str, values: &Values) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find("{{") {
        let Some(length) = rest[begin..].find("}}") else { break };
        let (before, inside) = (&rest[..begin], &rest[begin + 2..begin + length]);
        filled.push_str(before);
        match value(inside.trim(), values) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&rest[begin..begin + length + 2]),
        }
        rest = &rest[begin + length + 2..];
    }
    filled.push_str(rest);
    filled
}

/// The same for each text inside a JSON value.
pub(crate) fn fill_json(json: &serde_json::Value, values: &Values) -> serde_json::Value {
    use serde_json::Value;
    match json {
        Value::String(text) => {
            let filled = fill(text, values);
            // `"{{count}}"` alone, of something that is a number, is one.
            match filled.parse::<u32>() {
                Ok(number) if text.starts_with("{{") => number.into(),
                _ => filled.into(),
            }
        }
        Value::Array(items) => items.iter().map(|item| fill_json(item, values)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), fill_json(value, values)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// The names that a text's placeholders need, for whoever checks that they are given.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim())).flat_map(|inside| {
        let mut parts = inside.split(':');
        // What is worked out begins with what is done.
        let first = parts.next().filter(|_| !inside.contains(':'));
        first.into_iter().chain(parts)
    })
}

/// What can be worked out of given values. Whoever adds to it adds to the documentation of this module.
pub const DERIVED: [&str; 4] = ["accept", "frame", "length", "sum"];

fn value(inside: &str, values: &Values) -> Option<String> {
    let parts: Vec<_> = inside.split(':').collect();
    let of = |name: &str| values.get(name);
    match parts[..] {
        [name] => of(name).cloned(),
        ["accept", key] => Some(wire::handshake::accept::Derivation::from_key(of(key)?).accept),
        ["length", text] => Some(of(text)?.len().to_string()),
        ["sum", bytes] => Some(hex::decode(of(bytes)?).ok()?.into_iter().map(u32::from).sum::<u32>().to_string()),
        ["frame", text, mask] => {
            let key: [u8; 4] = hex::decode(of(mask)?).ok()?.try_into().ok()?;
            Some(hex::encode(client_frame(of(text)?, MaskingKey(key))))
        }
        _ => None,
    }
}

fn client_frame(text: &str, key: MaskingKey) -> Vec<u8> {
    let header = FrameHeader { masking_key: Some(key), ..FrameHeader::unmasked(true, Opcode::Text, text.len() as u64) };
    let mut frame = header.encode().to_vec();
    let mut payload = text.as_bytes().to_vec();
    key.apply(&mut payload, 0);
    frame.extend(payload);
    frame
}

/// Bits that look random and are the same for the same names: SHA-1 in counter mode.
struct Chance {
    seed: [u8; 20],
    counter: u32,
    rest: Vec<u8>,
}

impl Chance {
    fn of(names: &[&str]) -> Self {
        let mut hash = Sha1::new();
        for name in names {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name.as_bytes());
        }
        Self { seed: hash.finalize().into(), counter: 0, rest: Vec::new() }
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.rest.len() < count {
            let block: [u8; 20] =
                Sha1::new().chain_update(self.seed).chain_update(self.counter.to_be_bytes()).finalize().into();
            self.counter += 1;
            self.rest.extend(block);
        }
        self.rest.drain(..count).collect()
    }

    /// 0 to `limit` - 1; for the small limits here as good as even.
    fn below(&mut self, limit: u32) -> u32 {
        let bytes: [u8; 4] = self.bytes(4).try_into().unwrap_or_default();
        u32::from_be_bytes(bytes) % limit.max(1)
    }
}
