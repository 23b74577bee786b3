//! WAMP, with JSON, MessagePack or CBOR. <https://wamp-proto.org/wamp_latest_ietf.html>

use crate::summary::{first_of, id, joined, ticked};
use crate::tree::{Node, Value};
use crate::walk::Walk;
use crate::{Context, cbor, json, msgpack};

/// Ends every message of the batched JSON subprotocol.
const BATCH_END: u8 = 0x18;

/// The name of a message type, and its fields after the type.
fn kind(code: u64) -> Option<(&'static str, &'static [&'static str])> {
    Some(match code {
        1 => ("HELLO", &["realm", "details"]),
        2 => ("WELCOME", &["session", "details"]),
        3 => ("ABORT", &["details", "reason"]),
        4 => ("CHALLENGE", &["authmethod", "extra"]),
        5 => ("AUTHENTICATE", &["signature", "extra"]),
        6 => ("GOODBYE", &["details", "reason"]),
        8 => ("ERROR", &["request type", "request", "details", "error", "arguments", "argumentsKw"]),
        16 => ("PUBLISH", &["request", "options", "topic", "arguments", "argumentsKw"]),
        17 => ("PUBLISHED", &["request", "publication"]),
        32 => ("SUBSCRIBE", &["request", "options", "topic"]),
        33 => ("SUBSCRIBED", &["request", "subscription"]),
        34 => ("UNSUBSCRIBE", &["request", "subscription"]),
        35 => ("UNSUBSCRIBED", &["request", "details"]),
        36 => ("EVENT", &["subscription", "publication", "details", "arguments", "argumentsKw"]),
        48 => ("CALL", &["request", "options", "procedure", "arguments", "argumentsKw"]),
        49 => ("CANCEL", &["request", "options"]),
        50 => ("RESULT", &["request", "details", "arguments", "argumentsKw"]),
        64 => ("REGISTER", &["request", "options", "procedure"]),
        65 => ("REGISTERED", &["request", "registration"]),
        66 => ("UNREGISTER", &["request", "registration"]),
        67 => ("UNREGISTERED", &["request", "details"]),
        68 => ("INVOCATION", &["request", "registration", "details", "arguments", "argumentsKw"]),
        69 => ("INTERRUPT", &["request", "options"]),
        70 => ("YIELD", &["request", "options", "arguments", "argumentsKw"]),
        _ => return None,
    })
}

pub(crate) fn message(walk: &mut Walk<'_>, context: &Context<'_>) -> (Node, String) {
    let batched = context.subprotocol.ends_with(".batched");
    let mut messages = Vec::new();
    loop {
        messages.push(one(walk, context, batched));
        if walk.is_over() {
            break;
        }
    }
    let more = messages.len() - 1;
    let words = first_of(summary(&messages[0]), more, "message");
    if more == 0 {
        return (messages.swap_remove(0).named("WAMP"), words);
    }
    let mut root = Node::new("WAMP", Value::List, walk.since(0));
    root.children = messages.into_iter().enumerate().map(|(index, message)| message.item(index)).collect();
    (root, words)
}

/// One message. In a batch, JSON ends with a separator, and the other encodings begin with a length of 4 bytes.
fn one(walk: &mut Walk<'_>, context: &Context<'_>, batched: bool) -> Node {
    let mut node = if !context.binary {
        let rest = walk.rest();
        let end = rest.iter().position(|&byte| batched && byte == BATCH_END);
        let node = walk.within(end.unwrap_or(rest.len()), json::document);
        if end.is_some() && !walk.is_stopped() {
            walk.skip(1);
        }
        node
    } else {
        let length = if batched { walk.uint(4, "the length of a message") } else { None };
        let length = length.map_or(walk.rest().len(), |length| usize::try_from(length).unwrap_or(usize::MAX));
        if length > walk.rest().len() {
            walk.short("a message of a batch");
        }
        let is_cbor = context.subprotocol.contains("cbor");
        walk.within(length, if is_cbor { cbor::document } else { msgpack::document })
    };
    let code = node.number("0");
    let mut names = vec!["type"];
    match code.map(kind) {
        Some(Some((name, fields))) => {
            names.extend(fields);
            node.children[0].note = name.into();
        }
        Some(None) => node.children[0].note = "not a message type of WAMP".into(),
        None if !walk.is_stopped() => {
            walk.stop_at(0, "A WAMP message is a list that begins with the number of its type.")
        }
        None => {}
    }
    node.name_items(&names);
    node
}

fn summary(node: &Node) -> String {
    let name = node.number("type").and_then(kind).map_or("", |(name, _)| name);
    let about = ["realm", "topic", "procedure", "error", "reason"].iter().find_map(|key| node.text(key)).map(ticked);
    let what = format!("{name} {}", about.unwrap_or_default()).trim_end().to_owned();
    joined([what, id("request", node.get("request")), id("subscription", node.get("subscription"))])
}
