//! The new content of a message.

use crate::conditions::pattern;
use crate::conditions::template::{MAX_TEMPLATE, MAX_VALUES, Template};
use crate::conditions::unit::{MAX_CONTENT, Unit};
use observation::JsonPath;
use observation::rule::Replace;
use regex::Regex;
use serde_json::Value;
use wire::opcode::Opcode;

#[derive(Debug)]
pub(crate) enum Replacement {
    Regex { find: Regex, with: String },
    Template(Template),
    Json { path: JsonPath, with: Value },
}

impl Replacement {
    pub(super) fn new(replace: &Replace) -> Result<Self, String> {
        match replace {
            Replace::Regex { with, .. } if with.len() > MAX_TEMPLATE || with.matches('$').count() > MAX_VALUES => {
                Err(format!("`with` has at most {MAX_TEMPLATE} bytes and {MAX_VALUES} groups"))
            }
            Replace::Regex { find, with } => Ok(Self::Regex { find: pattern::compile(find)?, with: with.clone() }),
            Replace::Template(template) => Template::parse(template).map(Self::Template),
            Replace::Json { path, with } => {
                let path = JsonPath::parse(path).map_err(|error| error.to_string())?;
                Ok(Self::Json { path, with: with.clone() })
            }
        }
    }

    pub(super) fn has_pattern(&self) -> bool {
        matches!(self, Self::Regex { .. })
    }

    /// The new content; `None` if the message has nothing to replace, or if the result would be too large.
    pub(super) fn of(&self, unit: &Unit) -> Option<Vec<u8>> {
        match self {
            Self::Regex { find, with } => {
                let text = pattern::searched(&unit.content).filter(|_| unit.opcode == Opcode::Text)?;
                replaced(find, text, with).map(String::into_bytes)
            }
            Self::Template(template) => template.fill(unit),
            Self::Json { path, with } => {
                let mut json = unit.json()?.clone();
                let value = path.of_mut(&mut json).filter(|value| *value != with)?;
                value.clone_from(with);
                Some(json.to_string().into_bytes())
            }
        }
    }
}

/// The text with all matches replaced; `None` if there is none, or if the result would be too large.
fn replaced(find: &Regex, text: &str, with: &str) -> Option<String> {
    let groups = with.matches('$').count();
    let (mut new, mut from) = (String::new(), 0);
    for captures in find.captures_iter(text) {
        let whole = captures.get(0)?;
        // Each group is at most as long as the match.
        if new.len() + with.len() + groups * whole.len() + text.len() > MAX_CONTENT {
            return None;
        }
        new.push_str(&text[from..whole.start()]);
        captures.expand(with, &mut new);
        from = whole.end();
    }
    new.push_str(&text[from..]);
    (new != text).then_some(new)
}
