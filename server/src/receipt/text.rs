//! A receipt as text: short, readable, and still valid after a mail client has quoted it or wrapped its lines.

use super::key::Key;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use observation::SessionId;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use thiserror::Error;

/// The first line, without the version of the format.
const FIRST: &str = "framescope receipt";
/// The length of a signature, in base64.
const SIGNATURE: usize = 88;

/// A version of the format, with its fields in order.
#[derive(Debug)]
struct Format {
    version: u8,
    fields: &'static [&'static str],
}

/// Says nothing of the challenge's content, the relay and the session.
const FIRST_FORMAT: Format =
    Format { version: 1, fields: &["course", "challenge", "passed", "name", "checks", "evidence", "key", "signature"] };
const FORMAT: Format = Format {
    version: 2,
    fields: &[
        "course",
        "challenge",
        "content",
        "relay",
        "session",
        "passed",
        "name",
        "checks",
        "evidence",
        "key",
        "signature",
    ],
};

/// The content of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    pub course: String,
    pub challenge: String,
    /// Since format 2.
    #[serde(flatten)]
    pub origin: Option<Origin>,
    /// RFC 3339, to the second.
    pub passed: String,
    /// As the learner typed it. It is not verified.
    pub name: Option<String>,
    /// How many checks passed, and how many of them rest on what the page reported.
    pub checks: usize,
    pub on_word: usize,
    /// SHA-256 over the observations, in hex.
    pub evidence: String,
}

/// What a receipt says about the attempt's origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// SHA-256 over the challenge as `GET /api/course/challenges/{id}` has it, in hex.
    pub content: String,
    /// The version of the relay.
    pub relay: String,
    /// Is the same for all receipts of a session, and does not reveal its name. Hex.
    pub session: String,
}

impl Origin {
    pub(crate) fn new(challenge: &[u8], session: &SessionId) -> Self {
        let tag = Sha256::new().chain_update("framescope session tag\n").chain_update(session.as_str()).finalize();
        Self {
            content: hex::encode(Sha256::digest(challenge)),
            relay: env!("CARGO_PKG_VERSION").to_owned(),
            session: hex::encode(&tag[..16]),
        }
    }
}

/// A receipt with a valid signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    #[serde(flatten)]
    pub receipt: Receipt,
    /// The public key that signed it, in base64.
    pub key: String,
}

/// Why a text is not a valid receipt, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    #[error("This text contains no receipt. A receipt begins with “{FIRST} 2”.")]
    None,
    #[error("This version does not support the receipt’s format: “{0}”.")]
    Version(String),
    #[error("The receipt is incomplete: the line “{0}: …” is missing or out of order.")]
    Missing(&'static str),
    #[error("The line “{0}: …” is malformed.")]
    Malformed(&'static str),
    #[error("The signature does not match the text: the text was changed after it was signed.")]
    Signature,
}

impl Receipt {
    /// The text with its signature.
    pub(crate) fn signed(&self, key: &Key) -> String {
        let Self { course, challenge, origin, passed, name, checks, on_word, evidence } = self;
        let format = if origin.is_some() { FORMAT } else { FIRST_FORMAT };
        let mut text = format!("{FIRST} {}\ncourse: {course}\nchallenge: {challenge}\n", format.version);
        if let Some(Origin { content, relay, session }) = origin {
            let _ = writeln!(text, "content: sha256:{content}\nrelay: {relay}\nsession: {session}");
        }
        let _ = writeln!(text, "passed: {passed}");
        if let Some(name) = name {
            let _ = writeln!(text, "name: {name}");
        }
        let _ = write!(
            text,
            "checks: {checks}, {on_word} on the learner's word\nevidence: sha256:{evidence}\nkey: {}",
            key.public()
        );
        let signature = key.sign(&text);
        format!("{text}\nsignature: {signature}\n")
    }
}

/// Whether the text is one line that displays as written. Anyone can create a key and sign anything, and the text is printed to
/// terminals even if its signature is invalid.
pub(crate) fn reads_as_written(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || misleads(c))
}

/// Characters that change the text direction, break lines, or are invisible.
fn misleads(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
    )
}

/// The beginning of user input, for an error message.
fn front(line: &str) -> String {
    const SHOWN: usize = 60;
    let mut readable = line.chars().filter(|c| !c.is_control() && !misleads(*c));
    let front: String = readable.by_ref().take(SHOWN).collect();
    if readable.next().is_some() { format!("{front}…") } else { front }
}

/// All receipts in a text, each verified with the key that it contains.
#[must_use]
pub fn read_all(text: &str) -> Vec<Result<Verified, Fault>> {
    let mut lines = text.lines().map(unquoted).filter(|line| !line.is_empty()).peekable();
    let mut receipts = Vec::new();
    while let Some(line) = lines.next() {
        let format = [&FORMAT, &FIRST_FORMAT].into_iter().find(|format| line == format!("{FIRST} {}", format.version));
        if let Some(format) = format {
            let mut body: Vec<String> = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("framescope receipt ")) {
                let is_over = body
                    .last()
                    .is_some_and(|last| last.strip_prefix("signature: ").is_some_and(|s| s.len() >= SIGNATURE));
                if is_over {
                    break;
                }
                match body.last_mut() {
                    // A name has spaces, and lines are wrapped at spaces.
                    Some(last) if last.starts_with("name:") && !line.starts_with("checks:") => {
                        last.push(' ');
                        last.push_str(line);
                    }
                    Some(last) if is_cut(last, line) => last.push_str(line),
                    _ => body.push(line.to_owned()),
                }
            }
            receipts.push(read(format, &body));
        } else if line.starts_with("framescope receipt ") {
            receipts.push(Err(Fault::Version(front(line))));
        }
    }
    receipts
}

/// Which keys may have signed a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// This public key, in base64.
    Key(String),
    /// Every key. Anyone can create one, so this shows only that the text is unchanged.
    AnyKey,
    /// None is known.
    Nobody,
}

/// Whether a receipt is valid, and a line that says so.
#[must_use]
pub fn verdict(read: &Result<Verified, Fault>, trust: &Trust) -> (bool, String) {
    let Verified { receipt, key: signer } = match read {
        Ok(verified) => verified,
        Err(fault) => return (false, format!("bad: {fault}")),
    };
    let Receipt { course, challenge, origin, passed, name, checks, on_word, .. } = receipt;
    let name = name.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    let origin = match origin {
        Some(Origin { relay, session, .. }) => format!("relay {relay}, session {session}"),
        None => "format 1, which binds neither the challenge's content nor the session".to_owned(),
    };
    let what =
        format!("{course}/{challenge}, {passed}{name}, {checks} checks, {on_word} on the learner's word, {origin}");
    match trust {
        Trust::Key(key) if key.trim() != signer => (false, format!("bad: {what}: signed by another key, {signer}")),
        Trust::Key(_) => (true, format!("valid: {what}")),
        Trust::AnyKey => (true, format!("unchanged: {what}, signed by {signer}")),
        Trust::Nobody => (
            false,
            format!(
                "unknown: {what}, signed by an unknown key, {signer}; if it is your relay's key, verify with `--key {signer}`"
            ),
        ),
    }
}

/// A line for each attempt that has receipts for several names: one attempt can be signed under any name.
#[must_use]
pub fn shared<'r>(receipts: impl IntoIterator<Item = &'r Receipt>) -> Vec<String> {
    let mut names: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for receipt in receipts {
        let attempt = match &receipt.origin {
            Some(origin) => format!("session {}", origin.session),
            // One attempt has one evidence, unless it was repeated.
            None => format!("evidence sha256:{}", receipt.evidence),
        };
        names.entry(attempt).or_default().insert(receipt.name.as_deref().unwrap_or("no name"));
    }
    let several = names.into_iter().filter(|(_, names)| names.len() > 1);
    let line = |(attempt, names): (String, BTreeSet<&str>)| {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        format!("shared: {attempt} has receipts for several names: {names}")
    };
    several.map(line).collect()
}

/// Without mail quotation marks and spaces around a line.
fn unquoted(line: &str) -> &str {
    line.trim_start_matches(|c: char| c == '>' || c.is_whitespace()).trim_end()
}

/// Whether `line` continues a long value that was wrapped. Such values contain no spaces.
fn is_cut(last: &str, line: &str) -> bool {
    let is_long =
        ["content: ", "session: ", "evidence: ", "key: ", "signature: "].iter().any(|name| last.starts_with(name));
    let alone = last.strip_suffix(':').is_some_and(|name| FORMAT.fields.contains(&name));
    (is_long || alone) && !line.contains(' ') && !line.contains(':') || (alone && line.starts_with("sha256:"))
}

fn read(format: &Format, lines: &[String]) -> Result<Verified, Fault> {
    let mut lines = lines.iter().map(String::as_str).peekable();
    let mut signed = format!("{FIRST} {}", format.version);
    let mut values = BTreeMap::new();
    for &name in format.fields {
        let prefix = format!("{name}:");
        let Some(line) = lines.next_if(|line| line.starts_with(&prefix)) else {
            if name == "name" {
                continue;
            }
            return Err(Fault::Missing(name));
        };
        if !reads_as_written(line) {
            return Err(Fault::Malformed(name));
        }
        values.insert(name, line[prefix.len()..].trim());
        if name != "signature" {
            let _ = write!(signed, "\n{prefix} {}", line[prefix.len()..].trim());
        }
    }
    let value = |name: &str| values.get(name).copied().unwrap_or_default();
    let bytes = |name, text: &str, length: usize| {
        BASE64.decode(text).ok().filter(|bytes| bytes.len() == length).ok_or(Fault::Malformed(name))
    };
    let (public, signature) = (bytes("key", value("key"), 32)?, bytes("signature", value("signature"), 64)?);
    UnparsedPublicKey::new(&ED25519, public).verify(signed.as_bytes(), &signature).map_err(|_| Fault::Signature)?;
    let counts = value("checks").strip_suffix(" on the learner's word").and_then(|counts| counts.split_once(", "));
    let counts = counts.and_then(|(checks, on_word)| Some((checks.parse().ok()?, on_word.parse().ok()?)));
    let (checks, on_word) = counts.ok_or(Fault::Malformed("checks"))?;
    let hash = |name| value(name).strip_prefix("sha256:").map(str::to_owned).ok_or(Fault::Malformed(name));
    let origin = match format.version {
        1 => None,
        _ => Some(Origin {
            content: hash("content")?,
            relay: value("relay").to_owned(),
            session: value("session").to_owned(),
        }),
    };
    let receipt = Receipt {
        course: value("course").to_owned(),
        challenge: value("challenge").to_owned(),
        origin,
        passed: value("passed").to_owned(),
        name: Some(value("name")).filter(|name| !name.is_empty()).map(str::to_owned),
        checks,
        on_word,
        evidence: hash("evidence")?,
    };
    Ok(Verified { receipt, key: value("key").to_owned() })
}

#[cfg(test)]
mod tests;
