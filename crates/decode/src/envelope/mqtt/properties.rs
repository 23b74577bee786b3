//! The properties of MQTT 5. §2.2.2.

use super::{bytes, text, varint};
use crate::tree::{Node, Value};
use crate::walk::Walk;

#[derive(Clone, Copy)]
enum Kind {
    Int(usize),
    Varint,
    Text,
    Bytes,
    Pair,
}

/// The name and type of a property. Table 2-4.
fn property(id: usize) -> Option<(&'static str, Kind)> {
    Some(match id {
        0x01 => ("payload format indicator", Kind::Int(1)),
        0x02 => ("message expiry interval", Kind::Int(4)),
        0x03 => ("content type", Kind::Text),
        0x08 => ("response topic", Kind::Text),
        0x09 => ("correlation data", Kind::Bytes),
        0x0B => ("subscription identifier", Kind::Varint),
        0x11 => ("session expiry interval", Kind::Int(4)),
        0x12 => ("assigned client identifier", Kind::Text),
        0x13 => ("server keep alive", Kind::Int(2)),
        0x15 => ("authentication method", Kind::Text),
        0x16 => ("authentication data", Kind::Bytes),
        0x17 => ("request problem information", Kind::Int(1)),
        0x18 => ("will delay interval", Kind::Int(4)),
        0x19 => ("request response information", Kind::Int(1)),
        0x1A => ("response information", Kind::Text),
        0x1C => ("server reference", Kind::Text),
        0x1F => ("reason string", Kind::Text),
        0x21 => ("receive maximum", Kind::Int(2)),
        0x22 => ("topic alias maximum", Kind::Int(2)),
        0x23 => ("topic alias", Kind::Int(2)),
        0x24 => ("maximum qos", Kind::Int(1)),
        0x25 => ("retain available", Kind::Int(1)),
        0x26 => ("user property", Kind::Pair),
        0x27 => ("maximum packet size", Kind::Int(4)),
        0x28 => ("wildcard subscription available", Kind::Int(1)),
        0x29 => ("subscription identifier available", Kind::Int(1)),
        0x2A => ("shared subscription available", Kind::Int(1)),
        _ => return None,
    })
}

pub(super) fn properties(walk: &mut Walk<'_>, name: &str) -> Node {
    let start = walk.at();
    let mut node = Node::new(name, Value::Map, None);
    if let Some(length) = varint(walk, "the length of the properties") {
        let is_short = length > walk.rest().len();
        walk.within(length, |walk| {
            while !walk.is_over() && walk.count() {
                let Some(property) = one(walk) else { break };
                node.children.push(property);
            }
        });
        if is_short {
            walk.short("the properties");
        }
    }
    node.span = walk.since(start);
    node
}

fn one(walk: &mut Walk<'_>) -> Option<Node> {
    let start = walk.at();
    let id = varint(walk, "a property")?;
    let Some((name, kind)) = property(id) else {
        walk.stop_at(start, format!("MQTT 5 has no property {id:#04x}."));
        return None;
    };
    let mut node = match kind {
        Kind::Int(size) => walk.number(name, size)?,
        Kind::Varint => Node::new(name, Value::Number(varint(walk, name)?.to_string()), None),
        Kind::Text => text(walk, name)?,
        Kind::Bytes => bytes(walk, name)?,
        Kind::Pair => {
            let key = text(walk, name)?;
            let value = text(walk, name)?;
            let key = key.as_text().unwrap_or_default().to_owned();
            let mut pair = Node::new(name, Value::Map, None);
            pair.children.push(value.named(key));
            pair
        }
    };
    node.span = walk.since(start);
    Some(node)
}
