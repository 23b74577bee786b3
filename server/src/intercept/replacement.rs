//! The new content of a message.

use super::pattern;
use super::unit::{MAX_CONTENT, Unit};
use observation::JsonPath;
use observation::rule::Replace;
use regex::Regex;
use serde_json::Value;
use wire::opcode::Opcode;

const MAX_TEMPLATE: usize = 16 << 10;
/// The most values that a template fills in, and the most groups in the text for a match.
const MAX_VALUES: usize = 64;

#[derive(Debug)]
pub(crate) enum Replacement {
    Regex { find: Regex, with: String },
    Template(Vec<Part>),
    Json { path: JsonPath, with: Value },
}

/// A part of a template.
#[derive(Debug)]
pub(crate) enum Part {
    Plain(String),
    /// The content of the message.
    Text,
    /// The value at a place in its JSON. A string has no quotes.
    Json(JsonPath),
}

impl Replacement {
    pub(super) fn new(replace: &Replace) -> Result<Self, String> {
        match replace {
            Replace::Regex { with, .. } if with.len() > MAX_TEMPLATE || with.matches('$').count() > MAX_VALUES => {
                Err(format!("`with` has at most {MAX_TEMPLATE} bytes and {MAX_VALUES} groups"))
            }
            Replace::Regex { find, with } => Ok(Self::Regex { find: pattern::compile(find)?, with: with.clone() }),
            Replace::Template(template) => parts(template).map(Self::Template),
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
            Self::Template(parts) => {
                let mut new = Vec::new();
                for part in parts {
                    match part {
                        Part::Plain(text) => new.extend_from_slice(text.as_bytes()),
                        Part::Text => new.extend_from_slice(&unit.content),
                        Part::Json(path) => match path.of(unit.json()?)? {
                            Value::String(text) => new.extend_from_slice(text.as_bytes()),
                            value => new.extend_from_slice(value.to_string().as_bytes()),
                        },
                    }
                    if new.len() > MAX_CONTENT {
                        return None;
                    }
                }
                (unit.opcode != Opcode::Text || std::str::from_utf8(&new).is_ok()).then_some(new)
            }
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

fn parts(template: &str) -> Result<Vec<Part>, String> {
    if template.len() > MAX_TEMPLATE {
        return Err(format!("a template has at most {MAX_TEMPLATE} bytes, and this one has {}", template.len()));
    }
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((plain, after)) = rest.split_once("{{") {
        let (name, after) =
            after.split_once("}}").ok_or("a template has `{{` without `}}`; write `{{text}}` or `{{$.id}}`")?;
        if parts.len() >= 2 * MAX_VALUES {
            return Err(format!("a template fills in at most {MAX_VALUES} values"));
        }
        parts.push(Part::Plain(plain.to_owned()));
        parts.push(match name.trim() {
            "text" => Part::Text,
            path if path.starts_with('$') => Part::Json(JsonPath::parse(path).map_err(|error| error.to_string())?),
            other => {
                return Err(format!(
                    "a template can fill in `{{{{text}}}}` and `{{{{$.id}}}}`, and not `{{{{{other}}}}}`"
                ));
            }
        });
        rest = after;
    }
    parts.push(Part::Plain(rest.to_owned()));
    Ok(parts)
}
