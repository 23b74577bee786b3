//! Action Cable of Ruby on Rails, subprotocol actioncable-v1-json. Its `identifier` and `data` are JSON inside of strings.
//!
//! <https://docs.anycable.io/misc/action_cable_protocol>

use crate::json;
use crate::summary::{joined, ticked};
use crate::tree::{Node, Value};
use crate::walk::Walk;

pub(crate) fn message(walk: &mut Walk<'_>) -> (Node, String) {
    let mut root = json::document(walk);
    for child in &mut root.children {
        if let ("identifier" | "data", Value::Text(text)) = (child.name.as_str(), &child.value) {
            let mut inside = walk.inside(text.as_bytes());
            let inner = json::document(&mut inside);
            // Text that is no JSON stays text.
            if inside.stopped.is_none() && inner.value == Value::Map {
                child.children = inner.without_spans().children;
                child.note = "JSON in a string".into();
            }
            walk.join(&inside);
        }
    }
    let channel = root.get("identifier").and_then(|identifier| identifier.text("channel"));
    let on = channel.map_or(String::new(), |channel| format!(" {}", ticked(channel)));
    let words = match (root.text("command"), root.text("type")) {
        (Some("message"), _) => {
            let action = root.get("data").and_then(|data| data.text("action"));
            let action = action.map_or("perform".to_owned(), |action| format!("perform {}", ticked(action)));
            joined([action, format!("channel{on}")])
        }
        (Some(command), _) => format!("{command}{on}"),
        (None, Some(kind)) => format!("{kind}{on}"),
        (None, None) if root.get("message").is_some() => format!("message, channel{on}"),
        (None, None) => String::new(),
    };
    (root, words)
}
