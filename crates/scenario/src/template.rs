//! Texts with values from environment variables: `Bearer ${TOKEN}`.

use std::fmt;
use thiserror::Error;

/// The longest name of a variable, in bytes.
const LONGEST: usize = 100;

/// A text in which `${NAME}` stands for the value of an environment variable. `$${` stands for `${`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

/// Why a text is not a template.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    #[error("`${{` has no `}}` after it")]
    Open,
    #[error("`${{{0}}}` names no variable: a name has letters, digits and `_`, and does not begin with a digit")]
    Name(String),
}

impl Template {
    /// A text without variables.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { parts: if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] } }
    }

    /// # Errors
    /// If a `${` does not begin a variable.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find("${") {
            let (before, after) = rest.split_at(at);
            let after = &after[2..];
            if let Some(before) = before.strip_suffix('$') {
                plain += before;
                plain += "${";
                rest = after;
                continue;
            }
            plain += before;
            let (name, left) = after.split_once('}').ok_or(TemplateError::Open)?;
            if !is_name(name) {
                return Err(TemplateError::Name(name.chars().take(40).collect()));
            }
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = left;
        }
        plain += rest;
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// The names of its variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(&**name),
            Part::Text(_) => None,
        })
    }

    /// The text with the values that `value` gives for each variable; `None` if it has none for one of them.
    pub fn fill(&self, mut value: impl FnMut(&str) -> Option<String>) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.clone()),
                Part::Variable(name) => value(name),
            })
            .collect()
    }
}

/// As it is written in a file.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(&text.replace("${", "$${")),
            Part::Variable(name) => write!(f, "${{{name}}}"),
        })
    }
}

fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(is_inner) && !name.as_bytes()[0].is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn variables_are_filled_in() {
        #[track_caller]
        fn check(text: &str, expect: &str) {
            let template = Template::parse(text).unwrap();
            assert_eq!(template.fill(|name| Some(format!("<{name}>"))).unwrap(), expect, "{text}");
            assert_eq!(Template::parse(&template.to_string()).unwrap(), template, "{template}");
        }
        check("", "");
        check("plain $ {a} $1", "plain $ {a} $1");
        check("Bearer ${TOKEN}", "Bearer <TOKEN>");
        check("${A}${_b2}!", "<A><_b2>!");
        check("$${A} and ${A}", "${A} and <A>");
        check("$$${A}", "$${A}");
        assert_eq!(Template::parse("${A}-${B}").unwrap().variables().collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(Template::parse("${A}-${B}").unwrap().fill(|name| (name == "A").then(String::new)), None);
    }

    #[test]
    fn what_is_no_variable_says_why() {
        assert_eq!(Template::parse("a ${TOKEN"), Err(TemplateError::Open));
        for name in ["", "a b", "1a", "ä", "{", "a-b"] {
            assert_eq!(Template::parse(&format!("${{{name}}}")), Err(TemplateError::Name(name.to_owned())));
        }
    }
}
