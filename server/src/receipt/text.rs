//! A receipt as text: short, readable, and still valid after a mail client has quoted it or wrapped its lines.

use super::key::Key;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Serialize;
use std::fmt::Write as _;
use thiserror::Error;

/// The first line, with the version of the format.
const FIRST: &str = "framescope receipt 1";
/// The length of a signature, in base64.
const SIGNATURE: usize = 88;
/// In order.
const FIELDS: [&str; 8] = ["course", "challenge", "passed", "name", "checks", "evidence", "key", "signature"];

/// The content of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    pub course: String,
    pub challenge: String,
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
    #[error("This text contains no receipt. A receipt begins with “{FIRST}”.")]
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
        let Self { course, challenge, passed, name, checks, on_word, evidence } = self;
        let mut text = format!("{FIRST}\ncourse: {course}\nchallenge: {challenge}\npassed: {passed}\n");
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
        if line == FIRST {
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
            receipts.push(read(&body));
        } else if line.starts_with("framescope receipt ") {
            receipts.push(Err(Fault::Version(front(line))));
        }
    }
    receipts
}

/// Whether a receipt is valid, and a line that says so. With `key`, that key must have signed it.
#[must_use]
pub fn verdict(read: Result<Verified, Fault>, key: Option<&str>) -> (bool, String) {
    let Verified { receipt: Receipt { course, challenge, passed, name, checks, on_word, .. }, key: signer } = match read
    {
        Ok(verified) => verified,
        Err(fault) => return (false, format!("bad: {fault}")),
    };
    let name = name.map(|name| format!(", {name}")).unwrap_or_default();
    let what = format!("{course}/{challenge}, {passed}{name}, {checks} checks, {on_word} on the learner's word");
    match key {
        Some(key) if key.trim() != signer => (false, format!("bad: {what}: signed by another key, {signer}")),
        Some(_) => (true, format!("valid: {what}")),
        None => (true, format!("valid: {what}, signed by {signer}")),
    }
}

/// Without mail quotation marks and spaces around a line.
fn unquoted(line: &str) -> &str {
    line.trim_start_matches(|c: char| c == '>' || c.is_whitespace()).trim_end()
}

/// Whether `line` continues a long value that was wrapped. Such values contain no spaces.
fn is_cut(last: &str, line: &str) -> bool {
    let is_long = ["evidence: ", "key: ", "signature: "].iter().any(|name| last.starts_with(name));
    let alone = last.strip_suffix(':').is_some_and(|name| FIELDS.contains(&name));
    (is_long || alone) && !line.contains(' ') && !line.contains(':') || (alone && line.starts_with("sha256:"))
}

fn read(lines: &[String]) -> Result<Verified, Fault> {
    let mut lines = lines.iter().map(String::as_str).peekable();
    let mut signed = FIRST.to_owned();
    let mut values = [const { None }; FIELDS.len()];
    for (value, name) in values.iter_mut().zip(FIELDS) {
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
        *value = Some(line[prefix.len()..].trim());
        if name != "signature" {
            let _ = write!(signed, "\n{prefix} {}", line[prefix.len()..].trim());
        }
    }
    let [course, challenge, passed, name, checks, evidence, key, signature] =
        values.map(|value| value.unwrap_or_default());
    let bytes = |name, text: &str, length: usize| {
        BASE64.decode(text).ok().filter(|bytes| bytes.len() == length).ok_or(Fault::Malformed(name))
    };
    let (public, signature) = (bytes("key", key, 32)?, bytes("signature", signature, 64)?);
    UnparsedPublicKey::new(&ED25519, public).verify(signed.as_bytes(), &signature).map_err(|_| Fault::Signature)?;
    let counts = checks.strip_suffix(" on the learner's word").and_then(|counts| counts.split_once(", "));
    let counts = counts.and_then(|(checks, on_word)| Some((checks.parse().ok()?, on_word.parse().ok()?)));
    let (checks, on_word) = counts.ok_or(Fault::Malformed("checks"))?;
    let evidence = evidence.strip_prefix("sha256:").ok_or(Fault::Malformed("evidence"))?;
    let receipt = Receipt {
        course: course.to_owned(),
        challenge: challenge.to_owned(),
        passed: passed.to_owned(),
        name: Some(name).filter(|name| !name.is_empty()).map(str::to_owned),
        checks,
        on_word,
        evidence: evidence.to_owned(),
    };
    Ok(Verified { receipt, key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(name: Option<&str>) -> Receipt {
        Receipt {
            course: "a-course".to_owned(),
            challenge: "first-echo".to_owned(),
            passed: "2026-11-25T11:05:08Z".to_owned(),
            name: name.map(str::to_owned),
            checks: 4,
            on_word: 1,
            evidence: "ab".repeat(32),
        }
    }

    #[test]
    fn what_was_signed_is_read_back() {
        let key = Key::made().unwrap();
        for name in [None, Some("Ada: Lovelace > é"), Some("signature: x")] {
            let receipt = receipt(name);
            let text = receipt.signed(&key);
            assert_eq!(read_all(&text), [Ok(Verified { receipt, key: key.public().to_owned() })], "{text}");
        }
    }

    #[test]
    fn mails_do_it_no_harm() {
        let key = Key::made().unwrap();
        let text = receipt(Some("Ada")).signed(&key);
        let broken: String = text
            .lines()
            .flat_map(|line| match line.len() {
                0..=60 => vec![line.to_owned()],
                _ => vec![line[..60].to_owned(), line[60..].to_owned()],
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let forms = [
            text.replace('\n', "\r\n"),
            text.replace('\n', "  \n"),
            text.lines().map(|line| format!("> > {line}\n")).collect(),
            text.replace('\n', "\n\n"),
            format!("Hello,\nhere it is:\n```\n{text}```\nBye"),
            format!("\u{FEFF}{text}").trim_start_matches('\u{FEFF}').to_owned(),
            broken,
        ];
        // Wrapped at spaces as mail clients do, with the longest possible names.
        for name in ["Ada ".repeat(20), "L".repeat(80), format!("{} checks {}", "é".repeat(35), "b".repeat(35))] {
            let receipt = receipt(Some(name.trim()));
            for columns in [72, 76] {
                let wrapped = wrapped(&receipt.signed(&key), columns);
                let expect = Verified { receipt: receipt.clone(), key: key.public().to_owned() };
                assert_eq!(read_all(&wrapped), [Ok(expect.clone())], "{wrapped}");
                let quoted: String = wrapped.lines().map(|line| format!("> {line}\r\n")).collect();
                assert_eq!(read_all(&quoted), [Ok(expect)], "{quoted}");
            }
        }
        for form in forms {
            assert!(matches!(&read_all(&form)[..], [Ok(_)]), "{form}\n{:?}", read_all(&form));
        }
        assert_eq!(read_all(&format!("{text}\n{text}{text}")).iter().filter(|read| read.is_ok()).count(), 3);
    }

    /// Wraps long lines at spaces.
    fn wrapped(text: &str, columns: usize) -> String {
        let mut wrapped = String::new();
        for line in text.lines() {
            let mut length = 0;
            for word in line.split(' ') {
                let word_length = word.chars().count();
                let mark = if length == 0 {
                    ""
                } else if length + 1 + word_length > columns {
                    "\n"
                } else {
                    " "
                };
                length = if mark == " " { length + 1 + word_length } else { word_length };
                wrapped.push_str(mark);
                wrapped.push_str(word);
            }
            wrapped.push('\n');
        }
        wrapped
    }

    #[test]
    fn what_is_said_of_a_text_reads_as_it_is() {
        let key = Key::made().unwrap();
        let hostile = "framescope receipt 2\u{1b}[2J\u{202E}\u{7}\u{200B} valid: all\u{9b}31m";
        assert_eq!(read_all(hostile), [Err(Fault::Version("framescope receipt 2[2J valid: all31m".to_owned()))]);
        let long = format!("framescope receipt {}", "9".repeat(4000));
        let (good, line) = verdict(read_all(&long).remove(0), None);
        assert!(!good && line.chars().count() < 200, "{line}");
        // The signature is valid, but anyone can sign.
        for name in ["a\u{1b}[2J", "a\u{9b}2J", "\u{202E}a", "a\u{200B}b", "a\u{2066}b", "a\u{E0041}"] {
            let receipt = receipt(Some(name));
            assert_eq!(read_all(&receipt.signed(&key)), [Err(Fault::Malformed("name"))], "{name:?}");
            let course = Receipt { course: format!("a{name}"), name: None, ..receipt };
            assert_eq!(read_all(&course.signed(&key)), [Err(Fault::Malformed("course"))], "{name:?}");
        }
    }

    #[test]
    fn every_change_is_seen() {
        let key = Key::made().unwrap();
        let text = receipt(Some("Ada")).signed(&key);
        for line in text.lines().filter(|line| !line.starts_with("framescope") && !line.starts_with("signature")) {
            let (name, value) = line.split_once(": ").unwrap();
            let digit = if value.starts_with('1') { "2" } else { "1" };
            let changed = text.replace(line, &format!("{name}: {digit}{}", value.chars().skip(1).collect::<String>()));
            assert!(read_all(&changed)[0].is_err(), "{changed}");
            let without = text.replace(&format!("{line}\n"), "");
            assert!(read_all(&without)[0].is_err(), "{without}");
        }
        let other = Key::made().unwrap();
        assert_eq!(read_all(&text.replace(key.public(), other.public())), [Err(Fault::Signature)]);
        assert_eq!(read_all(&text.replace("course", "added: x\ncourse")), [Err(Fault::Missing("course"))]);
        assert_eq!(read_all("framescope receipt 2\n"), [Err(Fault::Version("framescope receipt 2".to_owned()))]);
        assert_eq!(read_all("nothing"), []);
    }
}
