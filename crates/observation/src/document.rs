//! A recorded session as a file. The relay writes it, and a page can open it.

use crate::encoding::named::named;
use crate::{Deferred, Observation, Rule, Seq};
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use thiserror::Error;

/// The name of the file format. A change that old readers cannot read gets a new number.
pub const FORMAT: &str = "framescope.session.v1";

/// Observations of a session, for storage and sharing. It does not contain the session's name, which is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub format: Format,
    /// When the file was written: UTC, in the format of RFC 3339.
    pub exported: String,
    /// When the session began, in the same format. The times of observations count from here.
    pub began: String,
    /// The rules that the session had when the file was written. Left out if there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Deferred<Vec<Rule>>>,
    /// Whether the tokens in handshakes were left out. Left out if no relay wrote the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Secrets>,
    /// In the order of their numbers, with gaps where observations were left out or no longer kept.
    pub observations: Vec<Observation>,
    /// The file of another format that the observations come from. Left out if a relay recorded them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,
}

/// What an export does about tokens in URLs, headers and subprotocols. The values of cookies and of `Authorization` are never in a
/// recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Secrets {
    /// `*` replaces each byte of them.
    #[default]
    LeftOut,
    Kept,
}

named!(Secrets: "left-out" => Secrets::LeftOut, "kept" => Secrets::Kept);

/// The file of another format from which a document was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    pub source: Source,
    /// The program that wrote the file, as the file says; `null` if it does not say.
    pub program: Option<String>,
    /// What could not be read, or is not certain, in the order of the file.
    pub problems: Vec<Problem>,
    /// How many further problems are not listed.
    pub more_problems: u64,
}

/// A format that a document can be made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// HTTP Archive 1.2 with `_webSocketMessages`. It has messages, not frames, so the frames of the document are made up.
    Har,
    Pcap,
    Pcapng,
}

named!(Source: "har" => Source::Har, "pcap" => Source::Pcap, "pcapng" => Source::Pcapng);

/// Something in a file that could not be read, or is not certain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub place: Place,
    /// A sentence without a capital letter at the start and without a full stop.
    pub text: String,
}

/// Where in a file something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The file as a whole.
    File,
    /// A packet of a capture, counted from 1 as in Wireshark.
    Packet(u64),
    /// An entry of a HAR file, counted from 1.
    Entry(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Packet(number) => write!(f, "packet {number}"),
            Self::Entry(number) => write!(f, "entry {number}"),
        }
    }
}

/// Always [`FORMAT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Format;

/// Why a file cannot be opened. The text says what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    #[error("the file has {bytes} bytes, but the limit is {limit}: export a single connection of the session instead")]
    TooLarge { bytes: usize, limit: usize },
    #[error("the file is not valid JSON ({0}): choose a complete file that was exported as JSON")]
    NotJson(String),
    #[error("the file is JSON, but not a recorded session: it has no `format` that starts with `framescope.session.`")]
    NotADocument,
    #[error("the file has the format `{0}`, but this page reads `{FORMAT}`: open it where it was exported")]
    OtherFormat(String),
    #[error("the file is damaged ({0}): export the session again")]
    Damaged(String),
    #[error("the file is damaged (number {after} comes after {before}): export the session again")]
    Disorder { before: Seq, after: Seq },
}

/// The field that documents of all versions have.
#[derive(Deserialize)]
struct AnyVersion {
    format: String,
}

impl Document {
    /// Reads a document of at most `limit` bytes. The observations are then in order, but nothing else about them is checked:
    /// code that folds them must accept any content.
    ///
    /// # Errors
    /// If the text is too large, of another version, or not a document.
    pub fn read(text: &str, limit: usize) -> Result<Self, ReadError> {
        if text.len() > limit {
            return Err(ReadError::TooLarge { bytes: text.len(), limit });
        }
        if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
            return Err(ReadError::NotJson(error.to_string()));
        }
        match serde_json::from_str::<AnyVersion>(text) {
            Ok(AnyVersion { format }) if format == FORMAT => {}
            Ok(AnyVersion { format }) if format.starts_with("framescope.session.") => {
                return Err(ReadError::OtherFormat(format.chars().take(40).collect()));
            }
            _ => return Err(ReadError::NotADocument),
        }
        let document: Self = serde_json::from_str(text).map_err(|error| ReadError::Damaged(error.to_string()))?;
        let mut pairs = document.observations.windows(2).map(|pair| (pair[0].seq, pair[1].seq));
        match pairs.find(|(before, after)| before >= after) {
            Some((before, after)) => Err(ReadError::Disorder { before, after }),
            None => Ok(document),
        }
    }
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(FORMAT)
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            FORMAT => Ok(Self),
            _ => Err(D::Error::custom(format_args!("the format must be `{FORMAT}`"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn errors_say_why_a_file_cannot_be_opened() {
        const DOCUMENT: &str = include_str!("../golden/document.json");
        #[track_caller]
        fn check(text: &str, limit: usize, says: &str) {
            let error = Document::read(text, limit).expect_err(says).to_string();
            assert!(error.contains(says), "{error}");
        }
        assert!(Document::read(DOCUMENT, DOCUMENT.len()).is_ok());
        check(DOCUMENT, DOCUMENT.len() - 1, "export a single connection");
        check(&DOCUMENT[..DOCUMENT.len() / 2], 10_000, "not valid JSON (EOF");
        check("", 10_000, "not valid JSON");
        for text in ["{}", "[]", "7", r#"{"format": 1}"#, r#"{"log": {"version": "1.2"}, "format": "har"}"#] {
            check(text, 10_000, "not a recorded session");
        }
        check(&DOCUMENT.replace("session.v1", "session.v2"), 10_000, "`framescope.session.v2`");
        check(&DOCUMENT.replace("began", "begun"), 10_000, "damaged (missing field `began`");
        check(&DOCUMENT.replace("\"seq\": 3", "\"seq\": 2"), 10_000, "number 2 comes after 2");
        check(&format!("{DOCUMENT}{DOCUMENT}"), 10_000, "not valid JSON (trailing");
        check(&"[".repeat(5_000), 10_000, "not valid JSON (EOF");
    }
}
