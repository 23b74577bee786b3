//! Tokens in texts that are not handshakes, such as the rules of a link. They are found, and not concealed: asterisks would change what a
//! rule does.
//!
//! - **Parameters and user information of URLs**, as in handshakes.
//! - **Members of JSON** whose names mark a token: `"token": "…"`. Fewer names count than in URLs, because `code`, `key` and `session` are
//!   also names of other things in messages.
//! - **`Bearer` and what follows it.**

use crate::parameters;
use crate::token_name::precedes_token;
use std::collections::BTreeSet;

/// A shorter value is an example rather than a token.
const SHORTEST: usize = 8;

/// Whether a text has what looks like a token.
#[must_use]
pub fn may_have_token(text: &str) -> bool {
    has_parameter(text) || has_member(text) || has_bearer(text)
}

/// Whether `value` looks like a token because of its name.
#[must_use]
pub fn may_be_token(name: &str, value: &str) -> bool {
    value.len() >= SHORTEST && precedes_token(name)
}

fn has_parameter(text: &str) -> bool {
    let mut names = BTreeSet::new();
    parameters::conceal(&mut text.as_bytes().to_vec(), &mut names);
    !names.is_empty()
}

fn has_member(text: &str) -> bool {
    let mut rest = text;
    while let Some((name, after)) = string(rest) {
        rest = after;
        if let Some((value, _)) = after.trim_start().strip_prefix(':').and_then(|value| quoted(value.trim_start()))
            && may_be_token(name, value)
        {
            return true;
        }
    }
    false
}

fn has_bearer(text: &str) -> bool {
    let mut words = text.split(|c: char| c.is_whitespace() || "\"',".contains(c)).filter(|word| !word.is_empty());
    let mut is_announced = false;
    words.any(|word| {
        let is_it = is_announced && word.len() >= SHORTEST;
        is_announced = word.eq_ignore_ascii_case("bearer");
        is_it
    })
}

/// The first text in quotes, and what is after it.
fn string(text: &str) -> Option<(&str, &str)> {
    quoted(&text[text.find('"')?..])
}

/// The text in quotes at the start, and what is after it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut is_escaped = false;
    let end = inside.find(|c| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    })?;
    Some((&inside[..end], &inside[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_texts() {
        for text in [
            "wss://example.com/?access_token=abcdefgh",
            "wss://ann:secret@example.com/",
            r#"{"type": "auth", "token": "abcdefgh"}"#,
            r#"{"a": {"apiKey" : "abcdefgh"}}"#,
            r#"{"say": "a \"b\": c", "password":"abc\"defgh"}"#,
            "Authorization: Bearer abcdefgh",
            r#"["bearer","abcdefgh"]"#,
        ] {
            assert!(may_have_token(text), "{text}");
        }
    }

    #[test]
    fn other_texts() {
        for text in [
            "",
            "\"",
            "token",
            r#"{"token": "short"}"#,
            r#"{"token": 123456789}"#,
            r#"{"code": "not-found"}"#,
            r#"{"session": "of mine, in words"}"#,
            r#"{"token": "abcdefgh, but not all of it"#,
            "the bearer of news",
            "^id=[0-9]+$",
        ] {
            assert!(!may_have_token(text), "{text}");
        }
        assert!(may_be_token("accessToken", "abcdefgh") && !may_be_token("type", "abcdefgh"));
    }
}
