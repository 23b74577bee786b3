//! A rule in words.

use crate::ui::format;
use observation::rule::{Expiry, Replace, Rule, Then, When};
use observation::{MessageKind, Party};
use serde_json::Value;
use wire::opcode::Opcode;

/// The most characters of a text from the rule.
const SHOWN: usize = 40;

/// To which messages it applies: `Text messages from the client with “price”`
pub(super) fn when(when: &When) -> String {
    let When { handshake, from, opcode, kind, min_bytes, max_bytes, text, regex, json, field, subprotocol, connection } =
        when;
    let mut words = match (handshake, opcode, kind) {
        (Some(part), ..) => format!("Handshake {}s", part.name()),
        (None, None, None) => "Messages".to_owned(),
        (None, None, Some(MessageKind::Text)) => "Text messages".to_owned(),
        (None, None, Some(MessageKind::Binary)) => "Binary messages".to_owned(),
        (None, Some(opcode), kind) => {
            let kind = kind.map_or("", |kind| if kind == MessageKind::Text { " of text" } else { " of binary data" });
            format!("{}{kind}", frames(Opcode::from_nibble(*opcode)))
        }
    };
    let mut add = |more: String| words.push_str(&more);
    if let Some(from) = from {
        add(format!(" from the {}", if *from == Party::Client { "client" } else { "server" }));
    }
    match (min_bytes, max_bytes) {
        (Some(min), Some(max)) => add(format!(" of {} to {}", format::count(*min), format::bytes(*max))),
        (Some(min), None) => add(format!(" of {} or more", format::bytes(*min))),
        (None, Some(max)) => add(format!(" of {} or less", format::bytes(*max))),
        (None, None) => {}
    }
    if let Some(text) = text {
        add(format!(" with “{}”", format::one_line(text, SHOWN)));
    }
    if let Some(regex) = regex {
        add(format!(" that match /{}/", format::one_line(regex, SHOWN)));
    }
    if let Some(json) = json {
        add(match &json.is {
            Some(is) => format!(" where {} is {}", json.path, shown(is)),
            None => format!(" that have {}", json.path),
        });
    }
    if let Some(field) = field {
        let name = format::one_line(&field.name, SHOWN);
        add(match &field.is {
            Some(is) => format!(" with the field {name} “{}”", format::one_line(is, SHOWN)),
            None => format!(" with a field {name}"),
        });
    }
    if let Some(subprotocol) = subprotocol {
        add(format!(", subprotocol {subprotocol}"));
    }
    if let Some(connection) = connection {
        add(format!(", connection {}", connection.0));
    }
    words
}

/// What happens to them, after the name of the action: `30 s, then forward`
pub(super) fn then(then: &Then) -> String {
    match then {
        Then::Hold(hold) => {
            let end = if hold.then == Expiry::Drop { "drop" } else { "forward" };
            format!("for {} at most, then {end}", time(hold.ms))
        }
        Then::Drop => String::new(),
        Then::Delay(delay) => format!("by {}", time(delay.ms)),
        Then::Duplicate(duplicate) if duplicate.copies == 1 => "one copy follows".to_owned(),
        Then::Duplicate(duplicate) => format!("{} copies follow", duplicate.copies),
        Then::Reorder(reorder) => {
            let later = format::plural(u64::from(reorder.behind), "later message");
            format!("after {later}, or after {}", time(reorder.ms))
        }
        Then::Replace(Replace::Regex { find, with }) => {
            format!("/{}/ by “{}”", format::one_line(find, SHOWN), format::one_line(with, SHOWN))
        }
        Then::Replace(Replace::Template(template)) => format!("by “{}”", format::one_line(template, SHOWN)),
        Then::Replace(Replace::Json { path, with }) => format!("{path} by {}", shown(with)),
        Then::Corrupt(fault) => format!("with {fault}"),
        Then::Close(close) if close.reason.is_empty() => format!("with {}", close.code),
        Then::Close(close) => format!("with {} {}", close.code, format::one_line(&close.reason, SHOWN)),
        Then::Note(text) => format::one_line(text, SHOWN),
    }
}

/// How often it acts; empty for no limit.
pub(super) fn times(rule: &Rule) -> String {
    match rule.times {
        None => String::new(),
        Some(1) => "once on each connection".to_owned(),
        Some(times) => format!("{times} times on each connection"),
    }
}

fn frames(opcode: Opcode) -> String {
    match opcode {
        Opcode::Text => "Messages with the opcode text".to_owned(),
        Opcode::Binary => "Messages with the opcode binary".to_owned(),
        Opcode::Continuation => "Stray continuation frames".to_owned(),
        Opcode::Close => "Close frames".to_owned(),
        Opcode::Ping => "Pings".to_owned(),
        Opcode::Pong => "Pongs".to_owned(),
        other => format!("Frames with opcode {:X}", other.nibble()),
    }
}

fn shown(value: &Value) -> String {
    format::one_line(&value.to_string(), SHOWN)
}

fn time(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        _ => format!("{} s", ms as f64 / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_a_sentence() {
        #[track_caller]
        fn check(json: &str, expect: [&str; 3]) {
            let rule: Rule = serde_json::from_str(json).expect(json);
            assert_eq!([when(&rule.when), then(&rule.then), times(&rule)], expect.map(str::to_owned));
        }
        check(r#"{"then": "drop"}"#, ["Messages", "", ""]);
        check(
            r#"{"when": {"from": "server", "kind": "text", "json": {"path": "$.type", "is": "price"}}, "then": {"delay": {"ms": 3000}}, "times": 1}"#,
            ["Text messages from the server where $.type is \"price\"", "by 3 s", "once on each connection"],
        );
        check(
            r#"{"when": {"opcode": 9, "min_bytes": 1, "connection": 2}, "then": {"hold": {"ms": 1500, "then": "drop"}}, "times": 2}"#,
            ["Pings of 1 B or more, connection 2", "for 1.5 s at most, then drop", "2 times on each connection"],
        );
        check(
            r#"{"when": {"regex": "a+", "text": "b", "max_bytes": 1200}, "then": {"replace": {"json": {"path": "$.a", "with": 1}}}}"#,
            ["Messages of 1,200 B or less with “b” that match /a+/", "$.a by 1", ""],
        );
        check(
            r#"{"when": {"field": {"name": "event", "is": "chat"}}, "then": "drop"}"#,
            ["Messages with the field event “chat”", "", ""],
        );
        check(r#"{"when": {"field": {"name": "topic"}}, "then": "drop"}"#, ["Messages with a field topic", "", ""]);
        check(
            r#"{"when": {"handshake": "request", "text": "Origin"}, "then": {"hold": {"ms": 1500, "then": "drop"}}}"#,
            ["Handshake requests with “Origin”", "for 1.5 s at most, then drop", ""],
        );
        check(r#"{"then": {"duplicate": {"copies": 2}}}"#, ["Messages", "2 copies follow", ""]);
        check(r#"{"then": {"close": {"code": 1001, "reason": "bye"}}}"#, ["Messages", "with 1001 bye", ""]);
    }
}
