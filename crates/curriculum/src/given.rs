//! Values that every session gets its own of, so that an answer is worked out and not copied. They are derived from the
//! session's name: page and relay come to the same ones, and nobody has to keep them.
//!
//! Texts of a challenge hold them as placeholders: `{{name}}`, and what can be worked out of them as `{{accept:key}}` (the accept
//! value of a given key), `{{frame:text:mask}}` (a client's masked text frame in hex, with four given bytes as masking key),
//! `{{length:text}}` (its bytes in UTF-8) and `{{sum:bytes}}` (of bytes, in decimal). A placeholder stands in one line and has no
//! other braces in it; whatever else looks like one is text.

use crate::challenge::Challenge;
use data_encoding::BASE64;
use observation::SessionId;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use std::ops::Range;
use wire::handshake::accept::{Derivation, is_key};
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

/// Given values by name. All are harmless in HTML and JSON, and in URLs but for the spaces of words and the `+`, `/` and `=` of
/// base64: what an author may choose (`one-of`) is checked when the course is read.
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

/// The lab's settings of `challenge` with these values. Filled in piece by piece: a value may have a `+` or `&` in it.
#[must_use]
pub fn settings(challenge: &Challenge, values: &Values) -> String {
    if !has_placeholder(&challenge.query) {
        return challenge.query.clone();
    }
    let settings = form_urlencoded::parse(challenge.query.as_bytes());
    let filled = settings.map(|(name, value)| (name.into_owned(), fill(&value, values)));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(filled).finish()
}

/// `text` with every `{{…}}` that has a value replaced.
#[must_use]
pub fn fill(text: &str, values: &Values) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut done = 0;
    for placeholder in placeholders(text) {
        if let Some(value) = value(placeholder.inside, values) {
            filled.push_str(&text[done..placeholder.at.start]);
            filled.push_str(&value);
            done = placeholder.at.end;
        }
    }
    filled.push_str(&text[done..]);
    filled
}

/// The same for each text inside a JSON value. One that is nothing but a placeholder for a number becomes a number.
pub(crate) fn fill_json(
    json: &serde_json::Value,
    given: &BTreeMap<String, Given>,
    values: &Values,
) -> serde_json::Value {
    use serde_json::Value;
    match json {
        Value::String(text) => {
            let filled = fill(text, values);
            match filled.parse::<u32>() {
                Ok(number) if is_number(text, given) => number.into(),
                _ => filled.into(),
            }
        }
        Value::Array(items) => items.iter().map(|item| fill_json(item, given, values)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (fill(name, values), fill_json(value, given, values)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Whether `text` is one placeholder and what it stands for is a number.
fn is_number(text: &str, given: &BTreeMap<String, Given>) -> bool {
    placeholders(text).next().is_some_and(|placeholder| {
        let is_all = placeholder.at == (0..text.len());
        is_all
            && match placeholder.inside.split_once(':') {
                Some((derived, _)) => matches!(derived, "length" | "sum"),
                None => matches!(given.get(placeholder.inside), Some(Given::Number { .. })),
            }
    })
}

/// A `{{…}}` in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder<'t> {
    /// Where it stands, braces included.
    pub at: Range<usize>,
    /// What is in it, without the spaces around it.
    pub inside: &'t str,
}

impl<'t> Placeholder<'t> {
    /// What is worked out, as in [`DERIVED`]; `None` where a value is meant as it is.
    #[must_use]
    pub fn derived(&self) -> Option<&'t str> {
        self.inside.split_once(':').map(|(derived, _)| derived)
    }

    /// The given values that it needs.
    pub fn names(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        self.inside.split(':').skip(usize::from(self.derived().is_some()))
    }

    /// What it stands for; `None` if that cannot be known of these values.
    #[must_use]
    pub fn value(&self, values: &Values) -> Option<String> {
        value(self.inside, values)
    }
}

/// All placeholders of a text, in their order.
pub fn placeholders(text: &str) -> impl Iterator<Item = Placeholder<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let begin = from + text[from..].find("{{")?;
            let rest = &text[begin + 2..];
            let length = rest.find(['{', '}', '\n']).unwrap_or(rest.len());
            if rest[length..].starts_with("}}") {
                from = begin + 2 + length + 2;
                return Some(Placeholder { at: begin..from, inside: rest[..length].trim() });
            }
            // The second brace may be the first of one.
            from = begin + 1;
        }
    })
}

pub(crate) fn has_placeholder(text: &str) -> bool {
    placeholders(text).next().is_some()
}

/// The given values that a text's placeholders need.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    placeholders(text).flat_map(|placeholder| placeholder.names())
}

/// What can be worked out of given values, and how it is written. Whoever adds to it adds to the documentation of this module.
pub const DERIVED: [(&str, &str); 4] = [
    ("accept", "{{accept:KEY}}"),
    ("frame", "{{frame:TEXT:BYTES}}"),
    ("length", "{{length:TEXT}}"),
    ("sum", "{{sum:BYTES}}"),
];

fn value(inside: &str, values: &Values) -> Option<String> {
    let parts: Vec<_> = inside.split(':').collect();
    let of = |name: &str| values.get(name);
    match parts[..] {
        [name] => of(name).cloned(),
        ["accept", key] => Some(of(key)?).filter(|key| is_key(key)).map(|key| Derivation::from_key(key).accept),
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
