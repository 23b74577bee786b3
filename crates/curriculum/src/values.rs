//! Values that are different for each session, so that learners compute an answer instead of copying it. They are derived from
//! the session's name: the page and the relay compute the same values, and do not have to store them. Values that learners have to
//! find out are also derived from a secret of the relay, so nobody else can compute them.
//!
//! The texts of a challenge contain placeholders. `{{name}}` is a value. Functions compute more: `{{accept:key}}` (the accept
//! value of a key), `{{frame:text:mask}}` (a masked text frame in hex, with a value of 4 bytes as the masking key),
//! `{{length:text}}` (the length in bytes of UTF-8), `{{sum:bytes}}` (the sum of the bytes, in decimal) and `{{word:text:N}}` (the
//! Nth word). A placeholder is
//! within one line and contains no other braces. Anything else is ordinary text.
//!
//! In a check, `{{got:…}}` is what the server sent first on the same connection: `got:text`, `got:bytes` in hex, `got:sum` of these
//! bytes, `got:fragments`, and `got:subprotocol`, which it chose.

use data_encoding::BASE64;
use observation::SessionId;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use wire::handshake::accept::{Derivation, is_key};
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

mod frames;

/// How a value is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ValueSpec {
    /// 16 bytes in base64, like a `Sec-WebSocket-Key`.
    Key,
    /// A whole number.
    Number { from: u32, to: u32 },
    /// One of these values.
    OneOf { values: Vec<String> },
    /// Words, separated by spaces.
    Words { count: u8 },
    /// Bytes in hex.
    Bytes { count: u8 },
    /// A masked text frame of a client, in hex. Its payload is the value of this name.
    Frame { text: String },
    /// Frames of different shapes, in hex, separated by spaces.
    Frames { count: u8 },
}

/// Values by name. They are safe in HTML and JSON. URLs have to escape the spaces of words and the `+`, `/` and `=` of base64.
/// The choices of authors (`one-of`) are checked when the course is read.
pub type Values = BTreeMap<String, String>;

const WORDS: [&str; 32] = [
    "amber", "anchor", "basil", "bridge", "candle", "cedar", "copper", "coral", "desert", "ember", "falcon", "forest",
    "garden", "granite", "harbour", "island", "jasmine", "lantern", "maple", "meadow", "nutmeg", "ocean", "orchid",
    "pepper", "quartz", "river", "saffron", "silver", "thunder", "velvet", "willow", "zephyr",
];

/// A secret of the relay, for values that learners have to find out.
#[derive(Clone)]
pub struct ValueSecret(String);

impl ValueSecret {
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(hex::encode(secret))
    }
}

impl fmt::Debug for ValueSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ValueSecret")
    }
}

/// The values of `session` for the challenge of this id. `secret` tells which of them need the secret.
pub(crate) fn make<'s>(
    challenge: &str,
    specs: impl Iterator<Item = (&'s String, &'s ValueSpec)>,
    session: &SessionId,
    secret: impl Fn(&str) -> Option<&'s ValueSecret>,
) -> Values {
    let mut values = Values::new();
    // A frame is made of words, so words come first.
    let (frames, others): (Vec<_>, Vec<_>) = specs.partition(|(_, spec)| matches!(spec, ValueSpec::Frame { .. }));
    for (name, spec) in others.into_iter().chain(frames) {
        let session = session.to_string();
        let names = [session.as_str(), challenge, name];
        let mut random = match secret(name) {
            Some(ValueSecret(secret)) => SeededBytes::new(&[&names[..], &[secret]].concat()),
            None => SeededBytes::new(&names),
        };
        let value = match spec {
            ValueSpec::Key => BASE64.encode(&random.take(16)),
            ValueSpec::Number { from, to } => {
                (from + random.below(to.saturating_sub(*from).saturating_add(1))).to_string()
            }
            ValueSpec::OneOf { values } => {
                let index = random.below(u32::try_from(values.len()).unwrap_or(1));
                values.get(index as usize).cloned().unwrap_or_default()
            }
            ValueSpec::Words { count } => {
                let words: Vec<_> = (0..*count).map(|_| WORDS[random.below(WORDS.len() as u32) as usize]).collect();
                words.join(" ")
            }
            ValueSpec::Bytes { count } => hex::encode(random.take(usize::from(*count))),
            ValueSpec::Frames { count } => frames::make((*count).into(), |limit| random.below(limit)),
            ValueSpec::Frame { text } => {
                let key: [u8; 4] = random.take(4).try_into().unwrap_or_default();
                hex::encode(client_frame(values.get(text).map_or("", String::as_str), MaskingKey(key)))
            }
        };
        values.insert(name.clone(), value);
    }
    values
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

/// Fills in each string inside a JSON value. A string that is only a placeholder for a number becomes a number.
pub(crate) fn fill_json(
    json: &serde_json::Value,
    specs: &BTreeMap<String, ValueSpec>,
    values: &Values,
) -> serde_json::Value {
    use serde_json::Value;
    match json {
        Value::String(text) => {
            let filled = fill(text, values);
            match filled.parse::<u32>() {
                Ok(number) if is_number(text, specs) => number.into(),
                _ if is_decoded(text) => serde_json::from_str(&filled).unwrap_or_else(|_| filled.into()),
                _ => filled.into(),
            }
        }
        Value::Array(items) => items.iter().map(|item| fill_json(item, specs, values)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (fill(name, values), fill_json(value, specs, values)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Whether `text` is a single placeholder for decoded frames.
fn is_decoded(text: &str) -> bool {
    placeholders(text).next().is_some_and(|it| it.at == (0..text.len()) && it.derived() == Some("decoded"))
}

/// Whether `text` is a single placeholder for a number.
fn is_number(text: &str, specs: &BTreeMap<String, ValueSpec>) -> bool {
    placeholders(text).next().is_some_and(|placeholder| {
        let is_all = placeholder.at == (0..text.len());
        is_all
            && match placeholder.inside.split_once(':') {
                Some((derived, of)) => {
                    matches!(derived, "length" | "sum") || (derived == GOT && matches!(of, "sum" | "fragments"))
                }
                None => matches!(specs.get(placeholder.inside), Some(ValueSpec::Number { .. })),
            }
    })
}

/// A `{{…}}` in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder<'t> {
    /// Where it is, including the braces.
    pub at: Range<usize>,
    /// The text between the braces, without surrounding spaces.
    pub inside: &'t str,
}

impl<'t> Placeholder<'t> {
    /// The name of a function in [`DERIVED`]; `None` if the placeholder is a value.
    #[must_use]
    pub fn derived(&self) -> Option<&'t str> {
        self.inside.split_once(':').map(|(derived, _)| derived)
    }

    /// The names of the values that it needs.
    pub fn names(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        // The last part of a word is its number.
        let most = if self.derived() == Some("word") { 1 } else { usize::MAX };
        self.inside.split(':').skip(usize::from(self.derived().is_some())).take(most)
    }

    /// Its text; `None` if it cannot be computed from these values.
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
            // The second brace may start a placeholder.
            from = begin + 1;
        }
    })
}

pub(crate) fn has_placeholder(text: &str) -> bool {
    placeholders(text).next().is_some()
}

/// The names of the values that the placeholders of a text need.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    placeholders(text).flat_map(|placeholder| placeholder.names())
}

/// The functions of placeholders, and how to write them. The documentation of this module describes them too.
pub const DERIVED: [(&str, &str); 6] = [
    ("accept", "{{accept:KEY}}"),
    ("decoded", "{{decoded:FRAMES}}"),
    ("frame", "{{frame:TEXT:BYTES}}"),
    ("length", "{{length:TEXT}}"),
    ("sum", "{{sum:BYTES}}"),
    ("word", "{{word:TEXT:N}}"),
];

/// Placeholders for what the server sent, which only checks can use, and their names.
pub const GOT: &str = "got";
pub const GOT_NAMES: [&str; 5] = ["text", "bytes", "sum", "fragments", "subprotocol"];

fn value(inside: &str, values: &Values) -> Option<String> {
    let parts: Vec<_> = inside.split(':').collect();
    let of = |name: &str| values.get(name);
    match parts[..] {
        [name] => of(name).cloned(),
        [GOT, _] => of(inside).cloned(),
        ["decoded", frames] => frames::decoded(of(frames)?),
        ["accept", key] => Some(of(key)?).filter(|key| is_key(key)).map(|key| Derivation::from_key(key).accept),
        ["length", text] => Some(of(text)?.len().to_string()),
        ["sum", bytes] => Some(hex::decode(of(bytes)?).ok()?.into_iter().map(u32::from).sum::<u32>().to_string()),
        ["word", text, number] => {
            let index = number.parse::<usize>().ok()?.checked_sub(1)?;
            of(text)?.split(' ').nth(index).map(str::to_owned)
        }
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

/// Bytes that look random and are always the same for the same names: SHA-1 in counter mode.
struct SeededBytes {
    seed: [u8; 20],
    counter: u32,
    rest: Vec<u8>,
}

impl SeededBytes {
    fn new(names: &[&str]) -> Self {
        let mut hash = Sha1::new();
        for name in names {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name.as_bytes());
        }
        Self { seed: hash.finalize().into(), counter: 0, rest: Vec::new() }
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        while self.rest.len() < count {
            let block: [u8; 20] =
                Sha1::new().chain_update(self.seed).chain_update(self.counter.to_be_bytes()).finalize().into();
            self.counter += 1;
            self.rest.extend(block);
        }
        self.rest.drain(..count).collect()
    }

    /// A number from 0 to `limit` - 1, distributed almost evenly because limits are small.
    fn below(&mut self, limit: u32) -> u32 {
        let bytes: [u8; 4] = self.take(4).try_into().unwrap_or_default();
        u32::from_be_bytes(bytes) % limit.max(1)
    }
}
