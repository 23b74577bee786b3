//! The hub protocol of SignalR, with JSON or MessagePack.
//!
//! <https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md>

use crate::summary::{clipped, first_of, id, joined, labelled};
use crate::tree::{Node, Value};
use crate::walk::Walk;
use crate::{json, msgpack};

/// Ends every JSON message and the handshake.
const END: u8 = 0x1E;

/// Whether bytes are the client's first message: the encoding and its version.
pub(crate) fn is_handshake(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().take(1024).position(|&byte| byte == END) else { return false };
    let mut walk = Walk::new(&bytes[..end], crate::Limits::ROW);
    let root = json::document(&mut walk);
    !walk.is_stopped() && root.text("protocol").is_some() && root.get("version").is_some()
}

/// One or several messages.
pub(crate) fn message(walk: &mut Walk<'_>) -> (Node, String) {
    let mut messages = Vec::new();
    while !walk.is_over() {
        // A length in MessagePack is never `{`, unless the message has exactly 123 bytes and begins with an array.
        let is_json = walk.peek() == Some(b'{') && !matches!(walk.rest().get(1), Some(0x90..=0x9F));
        messages.push(if is_json { of_json(walk) } else { of_msgpack(walk) });
    }
    let words = messages.first().map_or(String::new(), |first| first_of(summary(first), messages.len() - 1, "message"));
    let root = if messages.len() == 1 {
        messages.swap_remove(0)
    } else {
        let mut root = Node::new("messages", Value::List, walk.since(0));
        root.children = messages.into_iter().enumerate().map(|(index, message)| message.item(index)).collect();
        root
    };
    (root.named("SignalR"), words)
}

fn of_json(walk: &mut Walk<'_>) -> Node {
    let rest = walk.rest();
    let length = rest.iter().position(|&byte| byte == END);
    let mut node = walk.within(length.unwrap_or(rest.len()), json::document);
    match length {
        _ if walk.is_stopped() => {}
        Some(_) => walk.skip(1),
        None => walk.short("a message: its end, the byte 0x1e, is missing"),
    }
    if let Some(kind) = node.children.iter_mut().find(|child| child.name == "type")
        && let Value::Number(digits) = &kind.value
    {
        kind.note = digits.parse().map_or("", type_name).into();
    }
    node
}

/// A length and an array. The length is a varint, least significant group first.
fn of_msgpack(walk: &mut Walk<'_>) -> Node {
    let (start, rest) = (walk.at(), walk.rest());
    let mut node = Node::new("SignalR", Value::List, None);
    let groups = rest.iter().take(5).take_while(|&&byte| byte & 0x80 != 0).count();
    let Some(last) = rest.get(groups) else {
        walk.short("the length of a message");
        return node;
    };
    if groups == 5 || last & 0x80 != 0 {
        walk.stop("The length of a message has more than 5 bytes.");
        return node;
    }
    let length = rest[..=groups].iter().rev().fold(0, |value: usize, &byte| value << 7 | usize::from(byte & 0x7F));
    walk.skip(groups + 1);
    if length > walk.rest().len() {
        let there = walk.rest().len();
        node = walk.within(there, |walk| msgpack::value(walk, "SignalR"));
        walk.short(&format!("a message of {length} bytes"));
    } else {
        node = walk.within(length, msgpack::document);
    }
    let kind = node.number("0");
    node.name_items(match kind {
        Some(1 | 4) => &["type", "headers", "invocationId", "target", "arguments", "streamIds"],
        Some(2) => &["type", "headers", "invocationId", "item"],
        Some(3) => &["type", "headers", "invocationId", "resultKind", "result"],
        Some(5) => &["type", "headers", "invocationId"],
        Some(7) => &["type", "error", "allowReconnect"],
        Some(8 | 9) => &["type", "sequenceId"],
        _ => &["type"],
    });
    if let (Some(first), Some(kind)) = (node.children.first_mut(), kind) {
        first.note = type_name(kind).into();
    }
    node.span = walk.since(start);
    node
}

fn type_name(kind: u64) -> &'static str {
    match kind {
        1 => "Invocation",
        2 => "StreamItem",
        3 => "Completion",
        4 => "StreamInvocation",
        5 => "CancelInvocation",
        6 => "Ping",
        7 => "Close",
        8 => "Ack",
        9 => "Sequence",
        _ => "not a message type of SignalR",
    }
}

fn summary(node: &Node) -> String {
    if node.get("protocol").is_some() {
        return labelled("handshake", node.get("protocol"));
    }
    let Some(kind) = node.number("type") else {
        let error = node.text("error").map_or(String::new(), clipped);
        return if error.is_empty() { "handshake accepted".into() } else { format!("handshake refused: {error}") };
    };
    let error = node.text("error").map_or(String::new(), |error| format!("error: {}", clipped(error)));
    let target = labelled("target", node.get("target"));
    let which = id("invocation", node.get("invocationId"));
    let sequence = id("sequence", node.get("sequenceId"));
    joined([type_name(kind).into(), target, which, sequence, error])
}
