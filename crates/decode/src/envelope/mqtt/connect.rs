//! CONNECT and CONNACK. §3.1 and §3.2.

use super::{bytes, five, properties::properties, put, reason, text};
use crate::tree::{Node, Value};
use crate::walk::Walk;

pub(super) fn connect(walk: &mut Walk<'_>, node: &mut Node) {
    put(node, text(walk, "protocol name"));
    let at = walk.at();
    let Some(version) = walk.uint(1, "the protocol version") else { return };
    let words = match version & 0x7F {
        3 => "3.1",
        4 => "3.1.1",
        5 => "5",
        _ => "unknown",
    };
    node.children.push(Node::new("protocol version", Value::Number(version.to_string()), walk.since(at)).noted(words));
    let at = walk.at();
    let Some(flags) = walk.uint(1, "the connect flags") else { return };
    let is_set = |bit: u64| flags & bit != 0;
    let start_name = if version == 5 { "clean start" } else { "clean session" };
    let flag = |name, bit| Node::new(name, Value::Bool(is_set(bit)), walk.since(at));
    node.children.extend([flag(start_name, 2), flag("will", 4)]);
    if is_set(4) {
        let qos = Value::Number((flags >> 3 & 3).to_string());
        node.children.extend([Node::new("will qos", qos, walk.since(at)), flag("will retain", 0x20)]);
    }
    put(node, walk.number("keep alive", 2).map(|keep_alive| keep_alive.noted("seconds")));
    five(walk, node, version as u8);
    put(node, text(walk, "client id"));
    if is_set(4) {
        if version == 5 && !walk.is_stopped() {
            node.children.push(properties(walk, "will properties"));
        }
        put(node, text(walk, "will topic"));
        put(node, bytes(walk, "will payload"));
    }
    if is_set(0x80) {
        put(node, text(walk, "user name"));
    }
    if is_set(0x40) {
        put(node, bytes(walk, "password"));
    }
}

pub(super) fn connack(walk: &mut Walk<'_>, node: &mut Node, version: u8) {
    let at = walk.at();
    let Some(flags) = walk.uint(1, "the acknowledge flags") else { return };
    node.children.push(Node::new("session present", Value::Bool(flags & 1 != 0), walk.since(at)));
    put(node, reason(walk, "reason code", 2, version));
    // MQTT 5 has properties here.
    if !walk.is_over() {
        five(walk, node, version);
    }
}
