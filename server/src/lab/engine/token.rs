//! Replies with a random token. Only a client that has read the reply knows it.

use crate::behaviour::bytes;
use serde_json::{Map, Value};
use wire::message::MessageKind;

/// The largest message whose fields are repeated, in bytes.
const MAX_REPEATED: usize = 4 << 10;
const TOKEN_BYTES: usize = 4;

/// The reply to a message, as JSON: its fields, if it is a JSON object, and `token`.
pub(super) fn with_token(kind: MessageKind, content: &[u8]) -> Vec<u8> {
    let is_read = kind == MessageKind::Text && content.len() <= MAX_REPEATED;
    let fields = is_read.then(|| serde_json::from_slice::<Map<String, Value>>(content).ok()).flatten();
    let mut fields = fields.unwrap_or_default();
    fields.insert("token".to_owned(), hex::encode(bytes(TOKEN_BYTES)).into());
    Value::Object(fields).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_an_object_are_repeated() {
        let reply = |kind, content: &[u8]| -> Map<String, Value> {
            serde_json::from_slice(&with_token(kind, content)).expect("JSON")
        };
        let first = reply(MessageKind::Text, br#"{"id": 1, "token": "old"}"#);
        let again = reply(MessageKind::Text, br#"{"id": 1, "token": "old"}"#);
        assert_eq!((&first["id"], first.len()), (&Value::from(1), 2));
        assert_eq!(first["token"].as_str().map(str::len), Some(8));
        assert_ne!(first["token"], again["token"]);
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(MAX_REPEATED));
        for (kind, content) in [
            (MessageKind::Text, "hello"),
            (MessageKind::Text, "[1]"),
            (MessageKind::Text, long.as_str()),
            (MessageKind::Binary, "{\"a\": 1}"),
        ] {
            let keys: Vec<_> = reply(kind, content.as_bytes()).keys().cloned().collect();
            assert_eq!(keys, ["token"], "{content}");
        }
    }
}
