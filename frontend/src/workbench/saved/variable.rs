//! Variables: names in braces that get their value when a message is sent.

use super::item::MAX_NAME;
use serde::{Deserialize, Serialize};

/// The largest value of a variable, in bytes.
const MAX_VALUE: usize = 16 << 10;
/// Variables that the page fills in itself.
const BUILT_IN: [&str; 2] = ["now", "uuid"];

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variable {
    pub(super) name: String,
    /// Left out of files if it is a secret.
    #[serde(default)]
    pub(super) value: String,
    #[serde(default)]
    pub(super) secret: bool,
}

impl Variable {
    /// # Errors
    /// Why it cannot be saved, as a sentence.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self { name, value, .. } = self;
        if !is_name(name) || name.chars().count() > MAX_NAME {
            return Err(format!(
                "“{}” cannot be the name of a variable. Use letters, digits and _, and begin with a letter, such as token.",
                crate::ui::format::one_line(name, 24)
            ));
        }
        if BUILT_IN.contains(&name.as_str()) {
            return Err(format!("{{{{{name}}}}} always has a value of its own. Choose another name."));
        }
        if value.len() > MAX_VALUE {
            return Err(format!("A value has at most {MAX_VALUE} bytes, and this one has {}.", value.len()));
        }
        Ok(())
    }
}

/// The text with a value for each `{{name}}`. Other braces stay as they are.
///
/// # Errors
/// The name of a variable that has no value.
pub(super) fn filled(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> Result<String, String> {
    let (mut new, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        new += before;
        match after.split_once("}}").map(|(name, left)| (name.trim(), left)).filter(|(name, _)| is_name(name)) {
            Some((name, left)) => {
                new += &value(name).ok_or_else(|| name.to_owned())?;
                rest = left;
            }
            None => {
                new += "{{";
                rest = after;
            }
        }
    }
    Ok(new + rest)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_and_other_braces_stay() {
        let fill = |text: &str| filled(text, |name| (name == "token").then(|| "t{{x}}".to_owned()));
        assert_eq!(fill("a {{token}}{{ token }} b"), Ok("a t{{x}}t{{x}} b".into()), "a value is not filled again");
        assert_eq!(
            fill(r#"{"a":{"b":{}}} {{}} {{1}} {{ {{token}}"#),
            Ok(r#"{"a":{"b":{}}} {{}} {{1}} {{ t{{x}}"#.into())
        );
        assert_eq!(fill("{{other}}"), Err("other".into()));
    }
}
