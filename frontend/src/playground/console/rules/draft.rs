//! A rule as it is typed into the form: one text for each field. What is wrong with a field is said beside it.

use observation::rule::{
    CloseCode, Delay, Duplicate, Expiry, FieldIs, HandshakePart, Hold, JsonIs, REORDER_MS, Reorder, Replace, Rule,
    Then, When,
};
use observation::{ConnectionNumber, JsonPath, MessageKind, Party};
use serde_json::Value;
use std::collections::BTreeMap;

/// The longest wait, in milliseconds. This and the other limits are the relay's, so that an error appears while the visitor types.
const MAX_WAIT: u64 = 300_000;

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    /// Empty for a message or frame, or the name of a part of the handshake.
    What,
    Name,
    Times,
    From,
    Opcode,
    Kind,
    MinBytes,
    MaxBytes,
    Text,
    Regex,
    Path,
    Is,
    Decoded,
    DecodedIs,
    Subprotocol,
    Connection,
    /// One of [`ACTIONS`].
    Action,
    Ms,
    Expiry,
    Copies,
    Behind,
    /// `regex`, `template` or `json`.
    How,
    Find,
    With,
    Template,
    Place,
    Value,
    Fault,
    Code,
    Reason,
    Note,
}

impl Field {
    /// The id of its element.
    pub(super) fn id(self) -> String {
        format!("rule-{self:?}").to_ascii_lowercase()
    }
}

/// The actions, each with the words of its option.
pub(super) const ACTIONS: [(&str, &str); 9] = [
    ("hold", "Hold until I decide"),
    ("delay", "Delay"),
    ("drop", "Drop"),
    ("replace", "Change the content"),
    ("corrupt", "Break a protocol rule"),
    ("duplicate", "Send more than once"),
    ("reorder", "Send after later messages"),
    ("close", "Close the connection"),
    ("note", "Only note it"),
];

/// Whether an action applies to handshakes too.
pub(super) fn takes_handshakes(action: &str) -> bool {
    matches!(action, "hold" | "delay" | "drop" | "note")
}

/// What a field has when nothing was typed into it.
const DEFAULTS: [(Field, &str); 7] = [
    (Field::Action, "hold"),
    (Field::Ms, "30000"),
    (Field::Copies, "1"),
    (Field::Behind, "1"),
    (Field::How, "regex"),
    (Field::Fault, "rsv1"),
    (Field::Code, "1001"),
];

/// What is wrong with a field, and what to write instead.
pub(super) type FieldError = (Field, String);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RuleDraft {
    pub(super) typed: BTreeMap<Field, String>,
    /// A rule that is switched off stays so when it is edited.
    pub(super) off: bool,
}

impl RuleDraft {
    pub(super) fn get(&self, field: Field) -> &str {
        let default = || DEFAULTS.iter().find(|(of, _)| *of == field).map_or("", |(_, value)| value);
        self.typed.get(&field).map_or_else(default, String::as_str)
    }

    pub(super) fn set(&mut self, field: Field, text: impl Into<String>) {
        self.typed.insert(field, text.into());
    }

    /// The rule that the fields describe.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub(super) fn rule(&self) -> Result<Rule, FieldError> {
        let when = self.when()?;
        let then = self.then()?;
        let times = self.number(Field::Times, 1, u64::from(u32::MAX))?.and_then(|times| u32::try_from(times).ok());
        Ok(Rule { name: self.get(Field::Name).trim().to_owned(), on: !self.off, when, then, times })
    }

    /// The part of the handshake that the rule is for; `None` if it is for messages.
    pub(super) fn handshake(&self) -> Option<HandshakePart> {
        let parts = [HandshakePart::Request, HandshakePart::Response];
        self.chosen(&parts.map(|part| (part.name(), part)), Field::What)
    }

    fn when(&self) -> Result<When, FieldError> {
        let (min_bytes, max_bytes) = (self.size(Field::MinBytes)?, self.size(Field::MaxBytes)?);
        if let (Some(min), Some(max)) = (min_bytes, max_bytes)
            && min > max
        {
            return Err((Field::MaxBytes, format!("This is less than the smallest size, {min}. Write {min} or more.")));
        }
        let connection = self.number(Field::Connection, 1, u64::from(u32::MAX))?;
        let of_both = When {
            min_bytes,
            max_bytes,
            text: self.some(Field::Text),
            regex: self.some(Field::Regex),
            subprotocol: self.some(Field::Subprotocol),
            connection: connection.and_then(|number| u32::try_from(number).ok()).map(ConnectionNumber),
            ..When::default()
        };
        if let Some(part) = self.handshake() {
            return Ok(When { handshake: Some(part), ..of_both });
        }
        let json = match (self.some(Field::Path), self.some(Field::Is)) {
            (Some(path), is) => {
                check_path(Field::Path, &path)?;
                Some(JsonIs { path, is: is.map(|is| value(&is)) })
            }
            (None, Some(_)) => return Err((Field::Path, "Say where this value is, such as $.type.".into())),
            (None, None) => None,
        };
        let field = match (self.some(Field::Decoded), self.some(Field::DecodedIs)) {
            (None, Some(_)) => {
                return Err((Field::Decoded, "Name the field that has this value, such as event.".into()));
            }
            (name, is) => name.map(|name| FieldIs { name, is }),
        };
        Ok(When {
            from: self.chosen(&[("client", Party::Client), ("server", Party::Server)], Field::From),
            opcode: self.get(Field::Opcode).parse().ok(),
            kind: self.chosen(&[("text", MessageKind::Text), ("binary", MessageKind::Binary)], Field::Kind),
            json,
            field,
            ..of_both
        })
    }

    fn then(&self) -> Result<Then, FieldError> {
        Ok(match self.get(Field::Action) {
            "drop" => Then::Drop,
            "delay" => Then::Delay(Delay { ms: self.wait()? }),
            "duplicate" => Then::Duplicate(Duplicate { copies: self.needed(Field::Copies, 10)? }),
            "reorder" => Then::Reorder(Reorder { behind: self.needed(Field::Behind, 100)?, ms: self.wait()? }),
            "replace" => Then::Replace(self.replace()?),
            "corrupt" => Then::Corrupt(self.get(Field::Fault).to_owned()),
            "close" => {
                let code = self.needed(Field::Code, u16::MAX)?;
                let reason = self.get(Field::Reason).to_owned();
                if reason.len() > wire::close::MAX_REASON {
                    let words = format!(
                        "The reason has {} bytes in UTF-8; the limit is {}. Shorten it.",
                        reason.len(),
                        wire::close::MAX_REASON
                    );
                    return Err((Field::Reason, words));
                }
                Then::Close(CloseCode { code, reason })
            }
            "note" => Then::Note(self.get(Field::Note).to_owned()),
            _ => {
                let then = if self.get(Field::Expiry) == "drop" { Expiry::Drop } else { Expiry::Forward };
                Then::Hold(Hold { ms: self.wait()?, then })
            }
        })
    }

    fn replace(&self) -> Result<Replace, FieldError> {
        Ok(match self.get(Field::How) {
            "template" => Replace::Template(self.get(Field::Template).to_owned()),
            "json" => {
                let path = self.some(Field::Place).unwrap_or_default();
                check_path(Field::Place, &path)?;
                Replace::Json { path, with: value(self.get(Field::Value)) }
            }
            _ => {
                let find = self.some(Field::Find);
                let find = find.ok_or((Field::Find, "Write what to replace, such as [0-9]+.".to_owned()))?;
                Replace::Regex { find, with: self.get(Field::With).to_owned() }
            }
        })
    }

    /// The text of a field, unless it is empty.
    fn some(&self, field: Field) -> Option<String> {
        Some(self.get(field)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn chosen<T: Copy>(&self, all: &[(&str, T)], field: Field) -> Option<T> {
        all.iter().find(|(name, _)| *name == self.get(field)).map(|(_, value)| *value)
    }

    fn number(&self, field: Field, least: u64, most: u64) -> Result<Option<u64>, FieldError> {
        let text = self.get(field).trim();
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        let range =
            if most >= u64::from(u32::MAX) { format!("from {least}") } else { format!("from {least} to {most}") };
        number.map(Some).ok_or_else(|| (field, format!("Write a whole number {range} instead of “{text}”.")))
    }

    fn size(&self, field: Field) -> Result<Option<u64>, FieldError> {
        self.number(field, 0, u64::MAX)
    }

    fn wait(&self) -> Result<u64, FieldError> {
        self.number(Field::Ms, 1, MAX_WAIT)?
            .ok_or_else(|| (Field::Ms, "Write how many milliseconds, such as 3000.".into()))
    }

    /// A number from 1 that must be there.
    fn needed<T: TryFrom<u64> + Into<u64> + Copy>(&self, field: Field, most: T) -> Result<T, FieldError> {
        let least = u64::from(field != Field::Code);
        let number = self.number(field, least, most.into())?.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| (field, format!("Write a whole number from {least} to {}.", most.into())))
    }
}

impl RuleDraft {
    /// Chooses what the rule is for. An action that a handshake does not take becomes another one.
    pub(super) fn choose_what(&mut self, what: String) {
        self.set(Field::What, what);
        if self.handshake().is_some() && !takes_handshakes(self.get(Field::Action)) {
            self.choose("hold".to_owned());
        }
    }

    /// Chooses an action. A time that was not typed becomes a good one for it.
    pub(super) fn choose(&mut self, action: String) {
        let time = |action: &str| match action {
            "delay" => "3000".to_owned(),
            "reorder" => REORDER_MS.to_string(),
            _ => observation::rule::HOLD_MS.to_string(),
        };
        if self.get(Field::Ms) == time(self.get(Field::Action)) {
            self.set(Field::Ms, time(&action));
        }
        self.set(Field::Action, action);
    }
}

/// A value as it is typed: JSON, or a text without quotes.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn check_path(field: Field, path: &str) -> Result<(), FieldError> {
    JsonPath::parse(path).map(drop).map_err(|error| {
        let words = error.to_string().replace('`', "");
        (field, format!("{}{}.", words[..1].to_uppercase(), &words[1..]))
    })
}

/// The field that an error of the relay is about, if that is one of this rule's regular expressions. The form checks everything else.
pub(super) fn field_of(error: &str, draft: &RuleDraft) -> Option<Field> {
    let is_in = |field: &Field| {
        let typed = draft.get(*field);
        !typed.is_empty() && error.contains(&format!("`{typed}`"))
    };
    let fields = if draft.get(Field::Action) == "replace" { &[Field::Regex, Field::Find][..] } else { &[Field::Regex] };
    let several = || fields.iter().find(|field| !draft.get(**field).is_empty());
    let about = error.contains("regular expression") && !error.contains("the rules of a session");
    about.then(|| fields.iter().find(|field| is_in(field)).or_else(several).copied()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(fields: &[(Field, &str)]) -> RuleDraft {
        let mut draft = RuleDraft::default();
        fields.iter().for_each(|(field, text)| draft.set(*field, *text));
        draft
    }

    #[test]
    fn every_rule_can_be_edited() {
        #[track_caller]
        fn check(json: &str) {
            let rule: Rule = serde_json::from_str(json).expect(json);
            assert_eq!(RuleDraft::from(&rule).rule().as_ref(), Ok(&rule), "{json}");
        }
        check(r#"{"then": "drop"}"#);
        check(r#"{"name": "n", "on": false, "times": 3, "then": {"hold": {"ms": 5, "then": "drop"}}}"#);
        check(
            r#"{"when": {"from": "server", "opcode": 9, "kind": "binary", "min_bytes": 1, "max_bytes": 9, "text": " a ",
            "regex": "^a", "json": {"path": "$.a", "is": {"b": 1}}, "field": {"name": "event", "is": "chat"}, "subprotocol": "chat", "connection": 2}, "then": {"delay": {"ms": 1}}}"#,
        );
        for is in ["\"ping\"", "\"13\"", "\"\"", "13", "null", "[1]", "\"null\"", "\"\\\"a\\\"\""] {
            check(&format!(r#"{{"when": {{"json": {{"path": "$.type", "is": {is}}}}}, "then": "drop"}}"#));
            check(&format!(r#"{{"then": {{"replace": {{"json": {{"path": "$.type", "with": {is}}}}}}}}}"#));
        }
        check(r#"{"when": {"json": {"path": "$.type"}}, "then": {"duplicate": {"copies": 2}}}"#);
        check(r#"{"when": {"field": {"name": "topic"}}, "then": "drop"}"#);
        check(r#"{"then": {"reorder": {"behind": 2, "ms": 7}}}"#);
        check(r#"{"then": {"replace": {"regex": {"find": "a", "with": ""}}}}"#);
        check(r#"{"then": {"replace": {"template": "{{text}}"}}}"#);
        check(r#"{"then": {"corrupt": "masked"}}"#);
        check(r#"{"then": {"close": {"code": 0, "reason": "r"}}}"#);
        check(r#"{"then": {"note": "n"}}"#);
        check(r#"{"when": {"handshake": "request", "text": "Origin", "max_bytes": 900}, "then": {"hold": {"ms": 5}}}"#);
        check(
            r#"{"when": {"handshake": "response", "regex": "^a", "subprotocol": "chat", "connection": 2}, "then": "drop"}"#,
        );
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        #[track_caller]
        fn check(fields: &[(Field, &str)], wrong: Field, says: &str) {
            let (field, said) = draft(fields).rule().expect_err("it is wrong");
            assert!(field == wrong && said.contains(says), "{field:?}: {said}");
        }
        check(&[(Field::MinBytes, "ten")], Field::MinBytes, "instead of “ten”");
        check(&[(Field::MinBytes, "9"), (Field::MaxBytes, "3")], Field::MaxBytes, "Write 9 or more");
        check(&[(Field::Path, "type")], Field::Path, "A JSON path begins with $");
        check(&[(Field::Is, "1")], Field::Path, "$.type");
        check(&[(Field::DecodedIs, "chat")], Field::Decoded, "such as event");
        check(&[(Field::Times, "0")], Field::Times, "from 1");
        check(&[(Field::Ms, "300001")], Field::Ms, "from 1 to 300000");
        check(&[(Field::Ms, "")], Field::Ms, "3000");
        check(&[(Field::Action, "duplicate"), (Field::Copies, "11")], Field::Copies, "from 1 to 10");
        check(&[(Field::Action, "replace")], Field::Find, "what to replace");
        check(&[(Field::Action, "replace"), (Field::How, "json")], Field::Place, "begins with $");
        check(&[(Field::Action, "close"), (Field::Code, "x")], Field::Code, "from 0 to 65535");
        check(&[(Field::Action, "close"), (Field::Reason, &"é".repeat(62))], Field::Reason, "124 bytes");
    }

    #[test]
    fn an_action_brings_a_good_time_unless_one_was_typed() {
        let mut draft = RuleDraft::default();
        draft.choose("delay".into());
        assert_eq!(draft.get(Field::Ms), "3000");
        draft.choose("reorder".into());
        assert_eq!(draft.get(Field::Ms), "5000");
        draft.set(Field::Ms, "7");
        draft.choose("hold".into());
        assert_eq!(draft.get(Field::Ms), "7");
    }

    #[test]
    fn a_rule_for_a_handshake_has_only_what_a_handshake_takes() {
        let mut draft = draft(&[(Field::From, "server"), (Field::Is, "1"), (Field::Action, "corrupt")]);
        draft.choose_what("request".into());
        let rule = draft.rule().expect("what is left over is ignored");
        assert_eq!((rule.when.from, rule.then.name()), (None, "hold"));
    }

    #[test]
    fn an_error_of_the_relay_finds_its_regular_expression() {
        let error = "rule 1: the regular expression `(` is invalid: unclosed group";
        let both = draft(&[(Field::Regex, "a"), (Field::Action, "replace"), (Field::Find, "(")]);
        assert_eq!(field_of(error, &both), Some(Field::Find));
        assert_eq!(field_of(error, &draft(&[(Field::Regex, "(")])), Some(Field::Regex));
        assert_eq!(field_of("a session has at most 32 rules", &both), None);
    }
}
