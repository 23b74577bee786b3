//! A place in JSON, such as `$.items[0].price`: a singular query of RFC 9535 §2.3.5.1. It finds at most one value, in time that
//! depends only on its own length.

use serde_json::Value;
use std::fmt;
use std::iter::Peekable;
use std::str::Chars;
use thiserror::Error;

/// The most names and indexes in a path.
const MAX_STEPS: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    /// Negative indexes count from the end.
    Index(i64),
}

/// Why a text is not a path. Without a capital letter at the start and without a full stop.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JsonPathError {
    #[error("a JSON path begins with `$`, as in `$.type`")]
    NoRoot,
    #[error("a JSON path can have `.name`, `['name']` and `[0]` after `$`; `{0}` is none of them")]
    Step(String),
    #[error("a JSON path has at most {MAX_STEPS} names and indexes")]
    TooLong,
}

impl JsonPath {
    /// # Errors
    /// If the text is not a singular query. Wildcards, filters and slices are not supported: they find several values.
    pub fn parse(text: &str) -> Result<Self, JsonPathError> {
        let rest = text.trim().strip_prefix('$').ok_or(JsonPathError::NoRoot)?;
        let mut steps = Vec::new();
        let mut left = rest.chars().peekable();
        while let Some(first) = left.next() {
            if steps.len() == MAX_STEPS {
                return Err(JsonPathError::TooLong);
            }
            let step = match first {
                '.' => name(&mut left),
                '[' => bracket(&mut left),
                _ => None,
            };
            steps.push(step.ok_or_else(|| JsonPathError::Step(rest.chars().take(40).collect()))?);
        }
        Ok(Self(steps))
    }

    /// The value at this place, if there is one.
    #[must_use]
    pub fn of<'v>(&self, json: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(json, |value, step| match step {
            Step::Name(name) => value.as_object()?.get(name),
            Step::Index(index) => {
                let items = value.as_array()?;
                items.get(position(*index, items.len())?)
            }
        })
    }

    /// The same, to change it.
    pub fn of_mut<'v>(&self, json: &'v mut Value) -> Option<&'v mut Value> {
        self.0.iter().try_fold(json, |value, step| match step {
            Step::Name(name) => value.as_object_mut()?.get_mut(name),
            Step::Index(index) => {
                let items = value.as_array_mut()?;
                let position = position(*index, items.len())?;
                items.get_mut(position)
            }
        })
    }
}

impl fmt::Display for JsonPath {
    /// The normalized path of RFC 9535 §2.7, but with `.name` for plain names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.0 {
            match step {
                Step::Name(name) if is_plain(name) => write!(f, ".{name}")?,
                Step::Name(name) => write!(f, "['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

fn position(index: i64, len: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

fn is_first(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn is_plain(name: &str) -> bool {
    name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_ascii_digit())
}

/// A name without quotes. RFC 9535 §2.5.1.
fn name(left: &mut Peekable<Chars<'_>>) -> Option<Step> {
    let mut name = String::from(left.next_if(|c| is_first(*c))?);
    while let Some(c) = left.next_if(|c| is_first(*c) || c.is_ascii_digit()) {
        name.push(c);
    }
    Some(Step::Name(name))
}

/// A quoted name or an index, up to its bracket. RFC 9535 §2.3.1 and §2.3.3.
fn bracket(left: &mut Peekable<Chars<'_>>) -> Option<Step> {
    let step = match left.next_if(|c| matches!(c, '\'' | '"')) {
        Some(quote) => {
            let mut name = String::new();
            loop {
                match left.next()? {
                    c if c == quote => break,
                    '\\' => name.push(left.next_if(|c| matches!(c, '\\' | '\'' | '"' | '/'))?),
                    c => name.push(c),
                }
            }
            Step::Name(name)
        }
        None => {
            let mut digits = String::new();
            while let Some(c) = left.next_if(|c| c.is_ascii_digit() || *c == '-') {
                digits.push(c);
            }
            Step::Index(digits.parse().ok()?)
        }
    };
    (left.next()? == ']').then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_path_finds_one_value() {
        let json: Value = serde_json::from_str(r#"{"a":{"b c":[1,{"d'":2},null]},"é":3}"#).expect("JSON");
        #[track_caller]
        fn check(json: &Value, path: &str, expect: Option<&str>) {
            let parsed = JsonPath::parse(path).expect(path);
            assert_eq!(parsed.of(json).map(Value::to_string).as_deref(), expect, "{path}");
            assert_eq!(JsonPath::parse(&parsed.to_string()), Ok(parsed.clone()), "{path} as {parsed}");
            let mut changed = json.clone();
            assert_eq!(parsed.of_mut(&mut changed).is_some(), expect.is_some(), "{path}");
        }
        check(&json, "$", Some(r#"{"a":{"b c":[1,{"d'":2},null]},"é":3}"#));
        check(&json, "$.a['b c'][0]", Some("1"));
        check(&json, r#"$["a"]["b c"][1]['d\'']"#, Some("2"));
        check(&json, " $.a['b c'][-1] ", Some("null"));
        check(&json, "$.é", Some("3"));
        for none in ["$.b", "$.a.b", "$.a[0]", "$.a['b c'][3]", "$.a['b c'][-4]", "$.é.x", "$[0]"] {
            check(&json, none, None);
        }
    }

    #[test]
    fn what_could_find_several_values_is_refused() {
        for wrong in ["", "a", ".a"] {
            assert_eq!(JsonPath::parse(wrong), Err(JsonPathError::NoRoot), "{wrong}");
        }
        for wrong in [
            "$a", "$.", "$..a", "$.*", "$[*]", "$[0:1]", "$[?@.a]", "$['a", "$['a'", "$[]", "$[1", "$[--1]", "$.1",
            "$['\\x']",
        ] {
            assert!(matches!(JsonPath::parse(wrong), Err(JsonPathError::Step(_))), "{wrong}");
        }
        assert_eq!(JsonPath::parse(&format!("${}", ".a".repeat(33))), Err(JsonPathError::TooLong));
    }
}
