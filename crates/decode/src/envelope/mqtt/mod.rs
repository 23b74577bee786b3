//! MQTT 3.1.1 and 5. The sections in comments are those of MQTT 5.
//!
//! <https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html>

mod connect;
mod properties;
mod reasons;

use self::properties::properties;
use crate::content;
use crate::summary::{clipped, first_of, joined, labelled, ticked};
use crate::tree::{Node, Value};
use crate::walk::Walk;

const PACKETS: [&str; 16] = [
    "reserved",
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
];

/// The version of a connection that begins with this packet: 3, 4 (which is 3.1.1) or 5.
pub(crate) fn version(bytes: &[u8]) -> Option<u8> {
    if bytes.first() != Some(&0x10) {
        return None;
    }
    // After the remaining length, which has at most 4 bytes.
    let length = bytes.iter().skip(1).take(4).position(|byte| byte & 0x80 == 0)?;
    let rest = bytes.get(length + 2..)?;
    let rest = rest.strip_prefix(b"\0\x04MQTT").or_else(|| rest.strip_prefix(b"\0\x06MQIsdp"))?;
    // The highest bit marks a bridge.
    rest.first().map(|version| version & 0x7F)
}

/// The packets in a message. §6: a message may have several, and a packet may go on in the next message.
pub(crate) fn message(walk: &mut Walk<'_>, version: u8) -> (Node, String) {
    let mut packets = Vec::new();
    while !walk.is_over() {
        packets.push(packet(walk, version));
    }
    let Some(first) = packets.first() else {
        walk.short("a packet");
        return (Node::new("MQTT", Value::Map, None), String::new());
    };
    let more = packets.len() - 1;
    let words = first_of(summary(first), more, "packet");
    if more == 0 {
        return (packets.swap_remove(0), words);
    }
    let mut root = Node::new("MQTT", Value::List, walk.since(0));
    root.children = packets.into_iter().enumerate().map(|(index, packet)| packet.item(index)).collect();
    (root, words)
}

/// §2.1: type, flags and remaining length; then what the type has.
fn packet(walk: &mut Walk<'_>, version: u8) -> Node {
    let start = walk.at();
    let mut node = Node::new("MQTT", Value::Map, None);
    let Some(first) = walk.uint(1, "a packet").filter(|_| walk.count()) else { return node };
    let (kind, flags) = ((first >> 4) as usize, (first & 15) as u8);
    node.children.push(Node::word("type", PACKETS[kind], walk.since(start)));
    if kind == 3 {
        node.children.push(Node::new("dup", Value::Bool(flags & 8 != 0), walk.since(start)));
        node.children.push(Node::new("qos", Value::Number((flags >> 1 & 3).to_string()), walk.since(start)));
        node.children.push(Node::new("retain", Value::Bool(flags & 1 != 0), walk.since(start)));
    }
    let wanted = if matches!(kind, 6 | 8 | 10) { 2 } else { 0 };
    if kind == 0 {
        walk.stop_at(start, "The packet type 0 is reserved.");
    } else if kind != 3 && flags != wanted {
        walk.stop_at(start, format!("The flags of {} are {wanted}, but {flags} was found.", PACKETS[kind]));
    }
    let at = walk.at();
    if let Some(length) = varint(walk, "the remaining length") {
        node.children.push(Node::new("remaining length", Value::Number(length.to_string()), walk.since(at)));
        let is_short = length > walk.rest().len();
        walk.within(length, |walk| {
            body(walk, &mut node, kind, flags, version);
            if !walk.is_over() {
                walk.stop(format!("{} is complete, but {} more bytes belong to it.", PACKETS[kind], walk.rest().len()));
            }
        });
        if is_short {
            walk.short(&format!("{}: {length} bytes announced", PACKETS[kind]));
        }
    }
    node.span = walk.since(start);
    node
}

fn body(walk: &mut Walk<'_>, node: &mut Node, kind: usize, flags: u8, version: u8) {
    match kind {
        1 => connect::connect(walk, node),
        2 => connect::connack(walk, node, version),
        3 => publish(walk, node, flags, version),
        4..=7 => {
            put(node, walk.number("packet id", 2));
            reason_and_properties(walk, node, kind, version);
        }
        8 | 10 => {
            put(node, walk.number("packet id", 2));
            five(walk, node, version);
            topics(walk, node, kind == 8, version);
        }
        9 | 11 => {
            put(node, walk.number("packet id", 2));
            five(walk, node, version);
            reasons(walk, node, kind, version);
        }
        14 | 15 => reason_and_properties(walk, node, kind, version),
        _ => {}
    }
}

/// §3.3
fn publish(walk: &mut Walk<'_>, node: &mut Node, flags: u8, version: u8) {
    put(node, text(walk, "topic"));
    if flags & 6 != 0 {
        put(node, walk.number("packet id", 2));
    }
    five(walk, node, version);
    if !walk.is_over() {
        node.children.push(content(walk, "payload", walk.rest().len(), false));
    }
}

/// §3.8.3 and §3.10.3
fn topics(walk: &mut Walk<'_>, node: &mut Node, has_options: bool, version: u8) {
    let start = walk.at();
    let mut list = Node::new("topic filters", Value::List, None);
    while !walk.is_over() && walk.count() {
        let at = walk.at();
        let Some(filter) = text(walk, "topic filter") else { break };
        if has_options {
            let options = walk.at();
            let mut item = Node::new("", Value::Map, None).item(list.children.len());
            item.children.push(filter);
            if let Some(bits) = walk.uint(1, "the options of a subscription") {
                let mut option = |name, value| item.children.push(Node::new(name, value, walk.since(options)));
                option("qos", Value::Number((bits & 3).to_string()));
                if version >= 5 {
                    option("no local", Value::Bool(bits & 4 != 0));
                    option("retain as published", Value::Bool(bits & 8 != 0));
                    option("retain handling", Value::Number((bits >> 4 & 3).to_string()));
                }
            }
            item.span = walk.since(at);
            list.children.push(item);
        } else {
            list.children.push(filter.item(list.children.len()));
        }
    }
    list.span = walk.since(start);
    node.children.push(list);
}

/// §3.9.3 and §3.11.3
fn reasons(walk: &mut Walk<'_>, node: &mut Node, kind: usize, version: u8) {
    let start = walk.at();
    let mut list = Node::new("reason codes", Value::List, None);
    while !walk.is_over() && walk.count() {
        let at = walk.at();
        let Some(code) = walk.uint(1, "a reason code") else { break };
        let words = reasons::reason(kind, code as u8, version);
        list.children.push(
            Node::new("", Value::Number(code.to_string()), walk.since(at)).noted(words).item(list.children.len()),
        );
    }
    list.span = walk.since(start);
    // UNSUBACK has none before MQTT 5.
    if !list.children.is_empty() {
        node.children.push(list);
    }
}

/// §3.4.2 and others. MQTT 3.1.1 has neither, and MQTT 5 may leave both out.
fn reason_and_properties(walk: &mut Walk<'_>, node: &mut Node, kind: usize, version: u8) {
    if version < 5 || walk.is_over() {
        return;
    }
    put(node, reason(walk, "reason code", kind, version));
    if !walk.is_over() {
        node.children.push(properties(walk, "properties"));
    }
}

fn reason(walk: &mut Walk<'_>, name: &str, kind: usize, version: u8) -> Option<Node> {
    let start = walk.at();
    let code = walk.uint(1, name)?;
    Some(
        Node::new(name, Value::Number(code.to_string()), walk.since(start))
            .noted(reasons::reason(kind, code as u8, version)),
    )
}

/// The properties that MQTT 5 has here.
fn five(walk: &mut Walk<'_>, node: &mut Node, version: u8) {
    if version >= 5 && !walk.is_stopped() {
        node.children.push(properties(walk, "properties"));
    }
}

fn put(node: &mut Node, field: Option<Node>) {
    node.children.extend(field);
}

/// §1.5.4: a length of 2 bytes, and UTF-8.
fn text(walk: &mut Walk<'_>, name: &str) -> Option<Node> {
    let start = walk.at();
    let length = walk.uint(2, name)?;
    let mut node = walk.text(name, length as usize);
    node.span = walk.since(start);
    Some(node)
}

/// §1.5.6: a length of 2 bytes, and bytes.
fn bytes(walk: &mut Walk<'_>, name: &str) -> Option<Node> {
    let start = walk.at();
    let length = walk.uint(2, name)?;
    let mut node = content(walk, name, length as usize, false);
    node.span = walk.since(start);
    Some(node)
}

/// §1.5.5: at most 4 groups of 7 bits, the least significant first.
fn varint(walk: &mut Walk<'_>, what: &str) -> Option<usize> {
    let (start, mut value) = (walk.at(), 0);
    for shift in [0, 7, 14, 21] {
        let byte = walk.uint(1, what)? as usize;
        value |= (byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    walk.stop_at(start, format!("{what} has more than 4 bytes."));
    None
}

fn summary(packet: &Node) -> String {
    let name = packet.text("type").unwrap_or_default().to_owned();
    let filters = packet.get("topic filters").map_or(String::new(), |list| {
        let first = list.children.first().map(|item| item.get("topic filter").unwrap_or(item));
        let more = list.children.len().saturating_sub(1);
        let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
        first.and_then(Node::as_text).map_or(String::new(), |filter| format!("{}{rest}", ticked(filter)))
    });
    let qos = packet.number::<u8>("qos").filter(|&qos| qos > 0).map_or(String::new(), |qos| format!("QoS {qos}"));
    let reason = packet.get("reason code").map_or(String::new(), |reason| clipped(&reason.note));
    joined([
        format!("{name} {filters}").trim_end().to_owned(),
        labelled("topic", packet.get("topic")),
        labelled("client", packet.get("client id").filter(|id| id.as_text() != Some(""))),
        labelled("id", packet.get("packet id")),
        qos,
        reason,
    ])
}
