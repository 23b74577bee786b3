//! Payloads: text, hex, base64, or the content of a file.

use super::Reader;
use crate::model::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use toml_fields::{Fields, Text, list_names};

/// The fields that a payload can have.
const KINDS: [&str; 4] = ["text", "hex", "base64", "file"];

impl Reader<'_, '_> {
    /// The payload in at most one of the fields `text`, `hex`, `base64` and `file`.
    pub(super) fn payload(&self, fields: &mut Fields<'_>) -> Option<Bytes> {
        let found: Vec<_> = KINDS.into_iter().filter(|kind| fields.has(kind)).collect();
        if found.len() > 1 {
            fields.problem(format!("this step has more than one payload: {}", list_names(&found)), "Keep one of them.");
        }
        let text = fields.optional("text").map(|text| Bytes::Text(text.value));
        let hex = bytes(fields, "hex").map(Bytes::Binary);
        let base64 = bytes(fields, "base64").map(Bytes::Binary);
        let file = self.file(fields);
        [text, hex, base64, file].into_iter().flatten().next()
    }

    /// The content of the file in the field `file`.
    pub(super) fn file(&self, fields: &mut Fields<'_>) -> Option<Bytes> {
        let Text { value, line } = fields.optional("file")?;
        match (self.file.borrow_mut())(&value) {
            Ok(content) => Some(Bytes::File(value, content)),
            Err((what, fix)) => {
                fields.problem_at(line, format!("`file`: {what}"), fix);
                None
            }
        }
    }
}

/// Bytes in hex or base64, as the field is called. Spaces and line ends do not count.
pub(super) fn bytes(fields: &mut Fields<'_>, key: &'static str) -> Option<Vec<u8>> {
    let Text { value, line } = fields.optional(key)?;
    let digits: String = value.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    let (bytes, fix) = match key {
        "base64" => (STANDARD.decode(&digits).ok(), "Write base64 with its padding, such as `aGVsbG8=`."),
        _ => (hex::decode(&digits).ok(), "Write two hex digits for each byte, such as `68 65 6c 6c 6f`."),
    };
    if bytes.is_none() {
        fields.problem_at(line, format!("`{key}` is not valid"), fix);
    }
    bytes
}
