//! JSON-RPC 2.0. <https://www.jsonrpc.org/specification>

use crate::json;
use crate::summary::{clipped, id, joined, plural, ticked};
use crate::tree::{Node, Value};
use crate::walk::Walk;

pub(crate) fn message(walk: &mut Walk<'_>) -> (Node, String) {
    let root = json::document(walk);
    let words = match root.value {
        Value::List => {
            let first = root.children.first().map_or(String::new(), one);
            joined([format!("batch of {}", plural(root.children.len(), "message")), first])
        }
        _ => one(&root),
    };
    (root, words)
}

fn one(root: &Node) -> String {
    let number = id("id", root.get("id"));
    if let Some(method) = root.text("method") {
        let kind = if root.get("id").is_some() { "request" } else { "notification" };
        return joined([format!("{kind} {}", ticked(method)), number]);
    }
    if let Some(error) = root.get("error").filter(|error| error.value != Value::Null) {
        let code = error.number::<i64>("code").map_or(String::new(), |code| format!(" {code}"));
        let words = error.text("message").map_or(String::new(), |words| format!(" {}", clipped(words)));
        return joined([format!("error{code}{words}"), number]);
    }
    if root.get("result").is_some() { joined(["result".into(), number]) } else { number }
}
