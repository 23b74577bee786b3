//! Code to start with on the reader's own machine, filled with the URL of the lab and the values of the session.
//!
//! Each is a complete file: it connects, sends a message and prints what arrives. Node runs the challenge's own starter, with the
//! same `lab` as in the page.

use crate::values::Values;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starter {
    pub title: &'static str,
    /// The name to save it under.
    pub file: &'static str,
    pub code: String,
}

/// The starters for a challenge with this JavaScript starter, whose placeholders are filled in.
#[must_use]
pub fn starters(javascript: &str, url: &str, given: &Values) -> [Starter; 4] {
    let pairs = |open: &str, between: &str, close: &str, both: [&str; 2]| {
        let pairs =
            given.iter().map(|(name, value)| format!("{open}{}{between}{}{close}", literal(name), literal(value)));
        format!("{}{}{}", both[0], pairs.collect::<Vec<_>>().join(", "), both[1])
    };
    let map = pairs("", ": ", "", ["{", "}"]);
    let fill = |template: &str, given: &str| {
        let code = template.replace("{{lab.url}}", &literal(url)).replace("{{lab.given}}", given);
        // Last, because it is code of its own.
        code.replace("{{lab.starter}}", javascript.trim_end())
    };
    let starter = |title, file, code| Starter { title, file, code };
    [
        starter("Python", "starter.py", fill(include_str!("../starters/starter.py"), &map)),
        starter("Node", "starter.mjs", fill(include_str!("../starters/starter.mjs"), &map)),
        starter("Rust", "main.rs", fill(include_str!("../starters/starter.rs"), &pairs("(", ", ", ")", ["[", "]"]))),
        starter("Go", "starter.go", fill(include_str!("../starters/starter.go"), &format!("map[string]string{map}"))),
    ]
}

/// A string literal. URLs and values have only visible characters, for which JSON is right in all four languages.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
