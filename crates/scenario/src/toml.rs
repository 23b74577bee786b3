//! Writes TOML: strings, and inline tables.

use std::fmt::{Display, Write as _};
use std::time::Duration;

/// A table while it is written.
#[derive(Default)]
pub(crate) struct Table(Vec<(String, String)>);

impl Table {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a value that is TOML already.
    pub(crate) fn value(&mut self, key: &str, value: impl Display) {
        self.0.push((key.to_owned(), value.to_string()));
    }

    pub(crate) fn text(&mut self, key: &str, text: Option<&str>) {
        text.into_iter().for_each(|text| self.value(key, quoted(text)));
    }

    pub(crate) fn flag(&mut self, key: &str, flag: Option<bool>) {
        flag.into_iter().for_each(|flag| self.value(key, flag));
    }

    /// A list of values that are TOML already, unless it is empty.
    pub(crate) fn list(&mut self, key: &str, items: &[String]) {
        if !items.is_empty() {
            self.value(key, format_args!("[{}]", items.join(", ")));
        }
    }

    /// The table as the value of `key`, with dots if that is shorter.
    pub(crate) fn nested(self, key: &str) -> Self {
        match &self.0[..] {
            [(name, value)] => Self(vec![(format!("{key}.{name}"), value.clone())]),
            _ => Self(vec![(key.to_owned(), self.inline())]),
        }
    }

    pub(crate) fn inline(&self) -> String {
        if self.0.is_empty() {
            return "{}".to_owned();
        }
        let fields: Vec<_> = self.0.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        format!("{{ {} }}", fields.join(", "))
    }

    /// The fields as lines, below `key`.
    pub(crate) fn dotted(&self, key: &str) -> String {
        self.0.iter().map(|(name, value)| format!("{key}.{name} = {value}\n")).collect()
    }
}

/// A string. A literal one needs no escapes: TOML §String.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains(['"', '\\']) && !text.contains('\'') && !text.chars().any(char::is_control) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => drop(write!(out, "\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Such as `"250ms"` or `"5s"`, at least 1 ms.
pub(crate) fn duration(time: Duration) -> String {
    match time.as_millis().max(1) {
        seconds if seconds % 1000 == 0 => format!("\"{}s\"", seconds / 1000),
        millis => format!("\"{millis}ms\""),
    }
}

/// A JSON value; `None` for `null`, which TOML does not have. It is left out of lists and objects too.
#[cfg(feature = "load")]
pub(crate) fn json(value: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().filter_map(json).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let mut table = Table::default();
            for (name, value) in fields {
                json(value).into_iter().for_each(|value| table.value(&quoted(name), value));
            }
            table.inline()
        }
    })
}
