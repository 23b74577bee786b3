//! The values that a JSONPath (RFC 9535) selects, compared with an expected one.

use crate::model::JsonValue;
use crate::quote;
use serde_json::Value;

/// How many of the selected values a message lists.
const LISTED: usize = 3;

/// Why no selected value is equal; `None` if one is.
pub(crate) fn difference(expected: &JsonValue, document: &Value) -> Option<String> {
    let path = &expected.path;
    let found = expected.path.query(document).all();
    match &expected.equals {
        _ if found.is_empty() => Some(format!("`{path}` selects nothing in it")),
        None => None,
        Some(equals) if found.iter().any(|value| is_same(value, equals)) => None,
        Some(equals) => {
            let mut list: Vec<_> = found.iter().take(LISTED).map(|value| quote::text(&value.to_string())).collect();
            if found.len() > LISTED {
                list.push(format!("{} more", found.len() - LISTED));
            }
            Some(format!("`{path}` is {}, not {}", list.join(", "), quote::text(&equals.to_string())))
        }
    }
}

/// Whether two values are equal. JSON has one kind of number, so 1 and 1.0 are. RFC 8259 §6.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(name, value)| other.get(name).is_some_and(|other| is_same(value, other));
            one.len() == other.len() && one.iter().all(same)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use serde_json_path::JsonPath;

    #[test]
    fn a_selected_value_is_compared() {
        let document = json!({ "type": "chat", "id": 7, "list": [{ "a": 1 }, { "a": 2.0 }], "none": null });
        #[track_caller]
        fn check(document: &Value, path: &str, equals: Option<Value>, expect: Option<&str>) {
            let expected = JsonValue { path: JsonPath::parse(path).unwrap(), equals };
            assert_eq!(difference(&expected, document).as_deref(), expect, "{path}");
        }
        check(&document, "$.type", Some(json!("chat")), None);
        check(&document, "$.id", Some(json!(7.0)), None);
        check(&document, "$.list[*].a", Some(json!(2)), None);
        check(&document, "$.list[0]", Some(json!({ "a": 1.0 })), None);
        check(&document, "$..a", None, None);
        check(&document, "$.none", None, None);
        check(&document, "$.id", Some(json!("7")), Some("`$.id` is `7`, not `\"7\"`"));
        check(&document, "$.list[*].a", Some(json!(3)), Some("`$.list[*].a` is `1`, `2.0`, not `3`"));
        check(&document, "$.other", None, Some("`$.other` selects nothing in it"));
    }
}
