//! The line that says what a message is.

use crate::tree::{Node, Value};

/// The most characters of a name and of an identifier in a summary.
const NAME: usize = 48;
const ID: usize = 16;

/// The keys by which messages say what they are, and which one of its kind they are.
const KINDS: [&str; 9] = ["type", "event", "action", "op", "method", "cmd", "command", "kind", "topic"];
const IDS: [&str; 7] = ["id", "seq", "ref", "nonce", "requestId", "request_id", "uuid"];

/// A name between backticks, shortened.
pub(crate) fn ticked(name: &str) -> String {
    format!("`{}`", clipped(name))
}

pub(crate) fn clipped(text: &str) -> String {
    clipped_to(text, NAME)
}

fn clipped_to(text: &str, most: usize) -> String {
    let mut line: String = text.chars().take(most).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(most).is_some() {
        line.push('…');
    }
    line
}

/// The parts that are not empty, with commas between them.
pub(crate) fn joined<const N: usize>(parts: [String; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A label and a value, or nothing if there is no value. Text is between backticks.
pub(crate) fn labelled(label: &str, node: Option<&Node>) -> String {
    match node.map(|node| &node.value) {
        Some(Value::Text(text)) => format!("{label} {}", ticked(text)),
        Some(Value::Number(digits)) => format!("{label} {digits}"),
        Some(Value::Word(word)) => format!("{label} {word}"),
        _ => String::new(),
    }
}

/// A label and the digits or the text of an identifier, without backticks.
pub(crate) fn id(label: &str, node: Option<&Node>) -> String {
    match node.map(|node| &node.value) {
        Some(Value::Text(text)) if !text.is_empty() => format!("{label} {}", clipped_to(text, ID)),
        Some(Value::Number(digits)) => format!("{label} {digits}"),
        _ => String::new(),
    }
}

/// Of a value without a protocol: what it says that it is, or what it consists of.
pub(crate) fn of_value(root: &Node) -> String {
    match root.value {
        Value::Map => {
            let kind = KINDS.iter().find_map(|key| root.get(key).filter(|node| node.as_text().is_some()));
            let which = IDS.iter().find_map(|key| root.get(key));
            let kind = kind.map_or(String::new(), |node| labelled(&node.name, Some(node)));
            let which = which.map_or(String::new(), |node| id(&node.name, Some(node)));
            if kind.is_empty() {
                joined([plural(root.children.len(), "key"), keys(root)])
            } else {
                joined([kind, which])
            }
        }
        Value::List => plural(root.children.len(), "item"),
        _ => String::new(),
    }
}

/// Of a message of Protocol Buffers.
pub(crate) fn of_fields(root: &Node, kind: Option<&str>) -> String {
    let kind = kind.map_or(String::new(), ticked);
    joined([kind, plural(root.children.len(), "field"), keys(root)])
}

/// The first keys of a map.
fn keys(root: &Node) -> String {
    let names: Vec<_> = root.children.iter().take(4).map(|child| clipped(&child.name)).collect();
    let more = if root.children.len() > names.len() { " …" } else { "" };
    format!("{}{more}", names.join(" "))
}

pub(crate) fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The summary of the first of several messages or packets, and how many follow.
pub(crate) fn first_of(first: String, more: usize, what: &str) -> String {
    let more = match more {
        0 => String::new(),
        1 => format!("and 1 more {what}"),
        more => format!("and {more} more {what}s"),
    };
    joined([first, more])
}
