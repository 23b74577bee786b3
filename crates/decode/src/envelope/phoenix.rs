//! Phoenix channels: version 1 (a map), version 2 (an array), and the binary messages of version 2.
//!
//! <https://github.com/phoenixframework/phoenix/blob/main/lib/phoenix/socket/serializers/v2_json_serializer.ex>

use crate::summary::{clipped, id, joined, ticked};
use crate::tree::{Node, Value};
use crate::walk::Walk;
use crate::{Context, content, json};

const FIELDS: [&str; 5] = ["join_ref", "ref", "topic", "event", "payload"];

pub(crate) fn message(walk: &mut Walk<'_>, context: &Context<'_>) -> (Node, String) {
    let mut root = if context.binary { binary(walk, context.from_client) } else { json::document(walk) };
    if root.value == Value::List {
        root.name_items(&FIELDS);
    }
    let topic = root.text("topic").map_or(String::new(), |topic| format!("topic {}", ticked(topic)));
    let payload = root.get("payload");
    let what = match root.text("event") {
        Some("phx_reply") => {
            let status =
                payload.and_then(|payload| payload.text("status")).or_else(|| root.text("status")).unwrap_or("");
            format!("reply {}", clipped(status)).trim_end().to_owned()
        }
        Some(event) => format!("event {}", ticked(event)),
        None => String::new(),
    };
    let words = joined([what, topic, id("ref", root.get("ref"))]);
    (root, words)
}

/// A kind, the length of each text, the texts, and the payload.
fn binary(walk: &mut Walk<'_>, from_client: bool) -> Node {
    let mut root = Node::new("Phoenix", Value::Map, None);
    walk.count();
    let Some(kind) = walk.uint(1, "the kind of the message") else { return root };
    let (kind, names): (&str, &[&str]) = match (kind, from_client) {
        (0, true) => ("push", &["join_ref", "ref", "topic", "event"]),
        (0, false) => ("push", &["join_ref", "topic", "event"]),
        (1, _) => ("reply", &["join_ref", "ref", "topic", "status"]),
        (2, _) => ("broadcast", &["topic", "event"]),
        (other, _) => {
            walk.stop_at(
                0,
                format!("{other} is not a kind of binary message: they are 0 (push), 1 (reply) and 2 (broadcast)."),
            );
            return root;
        }
    };
    root.children.push(Node::word("kind", kind, Some(0..1)));
    let sizes = walk.take(names.len(), "the lengths of the fields");
    for (name, &size) in names.iter().zip(sizes) {
        if walk.is_stopped() {
            break;
        }
        root.children.push(walk.text(name, usize::from(size)));
    }
    if !walk.is_stopped() {
        root.children.push(content(walk, "payload", walk.rest().len(), false));
    }
    if kind == "reply" {
        root.children.insert(1, Node::word("event", "phx_reply", None));
    }
    root.span = walk.since(0);
    root
}
