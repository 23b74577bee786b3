//! Rules with what looks like a token: a link does not have them by default.

use credentials::texts::{may_be_token, may_have_token};
use serde_json::Value;

/// The numbers of the rules with a token in one of their texts, from 1. `rules` is JSON.
pub(super) fn of(rules: &str) -> Vec<usize> {
    let rules: Vec<Value> = serde_json::from_str(rules).unwrap_or_default();
    rules.iter().enumerate().filter(|(_, rule)| has_token(rule)).map(|(index, _)| index + 1).collect()
}

fn has_token(value: &Value) -> bool {
    match value {
        Value::String(text) => may_have_token(text),
        Value::Array(items) => items.iter().any(has_token),
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str);
            // A value in JSON or a decoded field: its name is beside it.
            let name = text("path").and_then(last_name).or(text("name"));
            let values = [text("is"), text("with")].into_iter().flatten();
            name.is_some_and(|name| values.clone().any(|value| may_be_token(name, value)))
                || members.iter().any(|(name, value)| {
                    has_token(value) || value.as_str().is_some_and(|value| may_be_token(name, value))
                })
        }
        _ => false,
    }
}

/// The last name in a JSON path: `token` in `$.user.token` and in `$['token']`.
fn last_name(path: &str) -> Option<&str> {
    path.rsplit(|c: char| !c.is_alphanumeric() && !"_-".contains(c)).find(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn rules_with_tokens_are_found_wherever_the_token_is() {
        let rules = r#"[
            {"name": "no token", "when": {"json": {"path": "$.token"}}, "then": "drop"},
            {"when": {"json": {"path": "$.user['access_token']", "is": "abcdefgh"}}, "then": "drop"},
            {"when": {"field": {"name": "password", "is": "abcdefgh"}}, "then": "drop"},
            {"then": {"replace": {"template": "{\"token\": \"abcdefgh\"}"}}},
            {"then": {"replace": {"json": {"path": "$.auth", "with": {"secret": "abcdefgh"}}}}},
            {"when": {"regex": "^token"}, "then": {"close": {"code": 1001, "reason": "the token is old"}}},
            {"when": {"text": "Bearer abcdefgh"}, "then": {"note": "seen"}}
        ]"#;
        assert_eq!(of(rules), [2, 3, 4, 5, 7]);
        assert!(of("").is_empty());
    }
}
