//! Texts with values of a message, such as `{"reply": {{$.id}}}`.

use super::unit::{MAX_CONTENT, Unit};
use observation::JsonPath;
use serde_json::Value;
use wire::opcode::Opcode;

/// The longest template, in bytes.
pub(crate) const MAX_TEMPLATE: usize = 16 << 10;
/// The most values that a template fills in.
pub(crate) const MAX_VALUES: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Plain(String),
    /// The content of the message.
    Text,
    /// The value at a place in its JSON. A string has no quotes.
    Json(JsonPath),
}

impl Template {
    /// # Errors
    /// What is wrong with it, without a capital letter at the start and without a full stop.
    pub(crate) fn parse(template: &str) -> Result<Self, String> {
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
        Ok(Self(parts))
    }

    /// The text for this message; `None` if the message has not all of the values, or if the result would be too large, or not UTF-8
    /// for a text message.
    pub(crate) fn fill(&self, unit: &Unit) -> Option<Vec<u8>> {
        let mut new = Vec::new();
        for part in &self.0 {
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
}
