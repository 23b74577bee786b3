//! MessagePack. <https://github.com/msgpack/msgpack/blob/master/spec.md>

use crate::tree::{Node, Value};
use crate::walk::Walk;
use rmp::Marker;

/// The extension type of a timestamp.
const TIMESTAMP: i8 = -1;

/// One value, with nothing after it.
pub(crate) fn document(walk: &mut Walk<'_>) -> Node {
    let root = value(walk, "MessagePack");
    if !walk.is_over() {
        walk.stop(format!("The MessagePack value is complete, but {} more bytes follow.", walk.rest().len()));
    }
    root
}

pub(crate) fn value(walk: &mut Walk<'_>, name: &str) -> Node {
    let start = walk.at();
    let missing = |walk: &Walk<'_>| Node::new(name, Value::Null, walk.since(start)).noted("missing");
    if !walk.count() {
        return missing(walk);
    }
    let Some(byte) = walk.peek() else {
        walk.short("the MessagePack data: a value is missing");
        return missing(walk);
    };
    walk.skip(1);
    let whole = |walk: &Walk<'_>, value, note: &str| Node::new(name, value, walk.since(start)).noted(note);
    let number = |walk: &Walk<'_>, digits: String, note: &str| whole(walk, Value::Number(digits), note);
    // The length or the integer after the marker.
    let width = width(byte);
    let Some(argument) = walk.uint(width, "the MessagePack data") else { return missing(walk) };
    let size = usize::try_from(argument).unwrap_or(usize::MAX);
    match Marker::from_u8(byte) {
        Marker::FixPos(value) => number(walk, value.to_string(), "fixint"),
        Marker::FixNeg(value) => number(walk, value.to_string(), "fixint"),
        Marker::Null => whole(walk, Value::Null, "nil"),
        Marker::True => whole(walk, Value::Bool(true), ""),
        Marker::False => whole(walk, Value::Bool(false), ""),
        Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => {
            number(walk, argument.to_string(), &format!("uint {}", width * 8))
        }
        Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => {
            // Extends the sign of an integer of so many bytes.
            let unused = 64 - 8 * width;
            let value = (argument << unused).cast_signed() >> unused;
            number(walk, value.to_string(), &format!("int {}", width * 8))
        }
        Marker::F32 => number(walk, float(f64::from(f32::from_bits(argument as u32))), "float 32"),
        Marker::F64 => number(walk, float(f64::from_bits(argument)), "float 64"),
        Marker::FixStr(length) => text(walk, name, start, usize::from(length)),
        Marker::Str8 | Marker::Str16 | Marker::Str32 => text(walk, name, start, size),
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => {
            let bytes = walk.take(size, "binary data").to_vec();
            whole(walk, Value::Bytes(bytes), "bin")
        }
        Marker::FixArray(length) => list(walk, name, start, usize::from(length)),
        Marker::Array16 | Marker::Array32 => list(walk, name, start, size),
        Marker::FixMap(length) => map(walk, name, start, usize::from(length)),
        Marker::Map16 | Marker::Map32 => map(walk, name, start, size),
        Marker::FixExt1 => extension(walk, name, start, 1),
        Marker::FixExt2 => extension(walk, name, start, 2),
        Marker::FixExt4 => extension(walk, name, start, 4),
        Marker::FixExt8 => extension(walk, name, start, 8),
        Marker::FixExt16 => extension(walk, name, start, 16),
        Marker::Ext8 | Marker::Ext16 | Marker::Ext32 => extension(walk, name, start, size),
        Marker::Reserved => {
            walk.stop_at(start, "MessagePack never uses the byte 0xc1.");
            missing(walk)
        }
    }
}

/// How many bytes of a length or a number follow the marker.
fn width(marker: u8) -> usize {
    match marker {
        0xC4 | 0xC7 | 0xCC | 0xD0 | 0xD9 => 1,
        0xC5 | 0xC8 | 0xCD | 0xD1 | 0xDA | 0xDC | 0xDE => 2,
        0xC6 | 0xC9 | 0xCA | 0xCE | 0xD2 | 0xDB | 0xDD | 0xDF => 4,
        0xCB | 0xCF | 0xD3 => 8,
        _ => 0,
    }
}

fn text(walk: &mut Walk<'_>, name: &str, start: usize, length: usize) -> Node {
    let mut node = walk.text("a string", length).named(name);
    node.span = walk.since(start);
    node
}

fn list(walk: &mut Walk<'_>, name: &str, start: usize, length: usize) -> Node {
    let mut node = Node::new(name, Value::List, None);
    walk.deeper(|walk| {
        for index in 0..length {
            node.children.push(value(walk, "").item(index));
            if walk.is_stopped() {
                break;
            }
        }
    });
    node.span = walk.since(start);
    node
}

fn map(walk: &mut Walk<'_>, name: &str, start: usize, length: usize) -> Node {
    let mut node = Node::new(name, Value::Map, None);
    walk.deeper(|walk| {
        for _ in 0..length {
            let key = value(walk, "key");
            if walk.is_stopped() {
                break;
            }
            let key = key_name(&key);
            node.children.push(value(walk, &key));
            if walk.is_stopped() {
                break;
            }
        }
    });
    node.span = walk.since(start);
    node
}

/// What a key that may be any value is called.
pub(crate) fn key_name(key: &Node) -> String {
    match &key.value {
        Value::Text(text) => text.clone(),
        Value::Map | Value::List => format!("({} items)", key.children.len()),
        other => other.literal(),
    }
}

fn extension(walk: &mut Walk<'_>, name: &str, start: usize, length: usize) -> Node {
    let Some(kind) = walk.uint(1, "an extension") else {
        return Node::new(name, Value::Null, walk.since(start)).noted("missing");
    };
    let kind = (kind as u8).cast_signed();
    let bytes = walk.take(length, "an extension").to_vec();
    let value = if kind == TIMESTAMP { timestamp(&bytes) } else { None };
    let note = if value.is_some() { "timestamp".to_owned() } else { format!("extension {kind}") };
    Node::new(name, value.unwrap_or(Value::Bytes(bytes)), walk.since(start)).noted(note)
}

/// Seconds since 1970, with nanoseconds if there are some.
fn timestamp(bytes: &[u8]) -> Option<Value> {
    let (seconds, nanoseconds) = match *bytes {
        [a, b, c, d] => (i64::from(u32::from_be_bytes([a, b, c, d])), 0),
        [a, b, c, d, e, f, g, h] => {
            let both = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            ((both & 0x3_FFFF_FFFF).cast_signed(), (both >> 34) as u32)
        }
        [n0, n1, n2, n3, a, b, c, d, e, f, g, h] => {
            (i64::from_be_bytes([a, b, c, d, e, f, g, h]), u32::from_be_bytes([n0, n1, n2, n3]))
        }
        _ => return None,
    };
    let fraction = if nanoseconds == 0 { String::new() } else { format!(" and {nanoseconds} ns") };
    Some(Value::Word(format!("{seconds} s{fraction} since 1970")))
}

/// A number as JSON has it, if JSON has it.
pub(crate) fn float(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".into(),
        value if value.is_infinite() => if value > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        // Rust writes neither a fraction nor an exponent for these.
        value if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.1}"),
        value if value != 0.0 && !(1e-5..1e21).contains(&value.abs()) => format!("{value:e}"),
        value => value.to_string(),
    }
}
