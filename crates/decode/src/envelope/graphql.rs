//! GraphQL over WebSocket: graphql-transport-ws, and the older graphql-ws of subscriptions-transport-ws.
//!
//! <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md> and
//! <https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md>

use crate::json;
use crate::summary::{clipped, id, joined, ticked};
use crate::tree::{Node, Value};
use crate::walk::Walk;

/// The message types of a protocol.
pub(crate) struct Types(&'static [&'static str]);

pub(crate) const TRANSPORT_WS: Types =
    Types(&["connection_init", "connection_ack", "ping", "pong", "subscribe", "next", "error", "complete"]);
pub(crate) const LEGACY: Types = Types(&[
    "connection_init",
    "connection_ack",
    "connection_error",
    "connection_terminate",
    "ka",
    "start",
    "data",
    "error",
    "complete",
    "stop",
]);

pub(crate) fn message(walk: &mut Walk<'_>, types: &Types) -> (Node, String) {
    let mut root = json::document(walk);
    if let Some(kind) = root.children.iter_mut().find(|child| child.name == "type")
        && kind.as_text().is_some_and(|kind| !types.0.contains(&kind))
    {
        kind.note = "not a message type of this protocol".into();
    }
    let payload = root.get("payload");
    let more = match root.text("type") {
        Some("subscribe" | "start") => payload.map_or(String::new(), operation),
        Some("next" | "data") => payload.and_then(|payload| payload.get("data")).map_or(String::new(), |data| {
            data.children.first().map_or(String::new(), |field| format!("field {}", ticked(&field.name)))
        }),
        Some("error" | "connection_error") => payload.and_then(error).map_or(String::new(), clipped),
        _ => String::new(),
    };
    let words = joined([root.text("type").map_or(String::new(), clipped), id("id", root.get("id")), more]);
    (root, words)
}

/// The name of the operation, or the beginning of its text.
fn operation(payload: &Node) -> String {
    match (payload.text("operationName"), payload.text("query")) {
        (Some(name), _) => format!("operation {}", ticked(name)),
        (None, Some(query)) => ticked(&query.split_whitespace().collect::<Vec<_>>().join(" ")),
        (None, None) => String::new(),
    }
}

/// The words of the first error.
fn error(payload: &Node) -> Option<&str> {
    let first = if payload.value == Value::List { payload.children.first()? } else { payload };
    first.text("message")
}
