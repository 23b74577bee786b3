//! The draft of a rule that is edited.

use super::draft::{Field, RuleDraft};
use observation::rule::{CloseCode, Delay, Duplicate, Expiry, HandshakePart, Hold, Reorder, Replace, Rule, Then, When};
use observation::{MessageKind, Party};
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;

impl From<&Rule> for RuleDraft {
    fn from(rule: &Rule) -> Self {
        let mut draft = Self { typed: BTreeMap::new(), off: !rule.on };
        draft.set(Field::Name, &*rule.name);
        draft.put(Field::Times, rule.times);
        let When {
            handshake,
            from,
            opcode,
            kind,
            min_bytes,
            max_bytes,
            text,
            regex,
            json,
            field,
            subprotocol,
            connection,
        } = &rule.when;
        draft.put(Field::What, handshake.map(HandshakePart::name));
        draft.put(Field::From, from.map(|from| if from == Party::Client { "client" } else { "server" }));
        draft.put(Field::Opcode, *opcode);
        draft.put(Field::Kind, kind.map(|kind| if kind == MessageKind::Text { "text" } else { "binary" }));
        draft.put(Field::MinBytes, *min_bytes);
        draft.put(Field::MaxBytes, *max_bytes);
        draft.put(Field::Text, text.as_ref());
        draft.put(Field::Regex, regex.as_ref());
        draft.put(Field::Path, json.as_ref().map(|json| &json.path));
        draft.put(Field::Is, json.as_ref().and_then(|json| json.is.as_ref()).map(typed));
        draft.put(Field::Decoded, field.as_ref().map(|field| &field.name));
        draft.put(Field::DecodedIs, field.as_ref().and_then(|field| field.is.as_ref()));
        draft.put(Field::Subprotocol, subprotocol.as_ref());
        draft.put(Field::Connection, connection.map(|connection| connection.0));
        draft.set(Field::Action, rule.then.name());
        match &rule.then {
            Then::Hold(Hold { ms, then }) => {
                draft.put(Field::Ms, Some(ms));
                draft.set(Field::Expiry, if *then == Expiry::Drop { "drop" } else { "forward" });
            }
            Then::Drop => {}
            Then::Delay(Delay { ms }) => draft.put(Field::Ms, Some(ms)),
            Then::Duplicate(Duplicate { copies }) => draft.put(Field::Copies, Some(copies)),
            Then::Reorder(Reorder { behind, ms }) => {
                draft.put(Field::Behind, Some(behind));
                draft.put(Field::Ms, Some(ms));
            }
            Then::Replace(Replace::Regex { find, with }) => {
                draft.set(Field::How, "regex");
                draft.set(Field::Find, find);
                draft.set(Field::With, with);
            }
            Then::Replace(Replace::Template(template)) => {
                draft.set(Field::How, "template");
                draft.set(Field::Template, template);
            }
            Then::Replace(Replace::Json { path, with }) => {
                draft.set(Field::How, "json");
                draft.set(Field::Place, path);
                draft.set(Field::Value, typed(with));
            }
            Then::Corrupt(fault) => draft.set(Field::Fault, fault),
            Then::Close(CloseCode { code, reason }) => {
                draft.put(Field::Code, Some(code));
                draft.set(Field::Reason, reason);
            }
            Then::Note(text) => draft.set(Field::Note, text),
        }
        draft
    }
}

impl RuleDraft {
    fn put(&mut self, field: Field, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.typed.insert(field, value.to_string());
        }
    }
}

/// How a value is typed: a text has no quotes, unless it would be read as another value.
fn typed(json: &Value) -> String {
    match json {
        Value::String(text) if Value::from_str(text).is_err() && !text.is_empty() => text.clone(),
        other => other.to_string(),
    }
}
