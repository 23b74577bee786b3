//! Protocol Buffers: with a schema, or as numbered fields. <https://protobuf.dev/programming-guides/encoding/>
//!
//! Without a schema, the wire does not say what a value is. The notes name what was guessed.

use crate::msgpack::float;
use crate::schema::{FieldType, Message, Schema};
use crate::tree::{Node, Value};
use crate::walk::Walk;
use prost::encoding::{WireType, decode_varint};
use std::ops::Range;

/// The largest number of a field.
const MAX_FIELD: u64 = (1 << 29) - 1;

/// A whole message, of the named type if there is a schema.
pub(crate) fn document(walk: &mut Walk<'_>, schema: Option<(&Schema, &str)>) -> Node {
    let message = schema.and_then(|(schema, name)| Some((schema, schema.message(name)?)));
    let mut root = Node::new(schema.map_or("protobuf", |(_, name)| name), Value::Map, None);
    walk.count();
    fields(walk, &mut root, message);
    root.span = walk.since(0);
    root
}

type Typed<'a> = Option<(&'a Schema, &'a Message)>;

fn fields(walk: &mut Walk<'_>, node: &mut Node, typed: Typed<'_>) {
    while !walk.is_over() {
        let start = walk.at();
        let Some((number, wire)) = key(walk) else { return };
        if wire == WireType::EndGroup {
            return walk.stop_at(start, format!("The group of field {number} ends here, but it never began."));
        }
        field(walk, node, typed, number, wire, start);
    }
}

/// The number and the wire type of the next field.
fn key(walk: &mut Walk<'_>) -> Option<(u64, WireType)> {
    let start = walk.at();
    let key = varint(walk, "the number of a field")?;
    let (number, kind) = (key >> 3, key & 7);
    let Ok(wire) = WireType::try_from(kind) else {
        walk.stop_at(start, format!("Wire type {kind} does not exist."));
        return None;
    };
    if !(1..=MAX_FIELD).contains(&number) {
        walk.stop_at(start, format!("{number} is not a number that a field can have: they are 1 to {MAX_FIELD}."));
        return None;
    }
    Some((number, wire))
}

fn field(walk: &mut Walk<'_>, node: &mut Node, typed: Typed<'_>, number: u64, wire: WireType, start: usize) {
    if !walk.count() {
        return;
    }
    let known = typed.and_then(|(_, message)| message.fields.get(&(number as u32)));
    let name = known.map_or_else(|| number.to_string(), |field| field.name.clone());
    let put = |node: &mut Node, walk: &Walk<'_>, value, note: String| {
        node.children.push(Node::new(name.clone(), value, walk.since(start)).noted(note));
    };
    let kind = known.map(|field| &field.kind);
    match wire {
        WireType::Varint => {
            let Some(value) = varint(walk, &format!("field {name}")) else { return };
            let (value, note) = of_varint(value, kind, typed);
            put(node, walk, value, note);
        }
        WireType::ThirtyTwoBit | WireType::SixtyFourBit => {
            let size = if wire == WireType::ThirtyTwoBit { 4 } else { 8 };
            let bytes = walk.take(size, &format!("field {name}"));
            if walk.is_stopped() {
                return;
            }
            let (value, note) = of_fixed(bytes, kind);
            put(node, walk, value, note);
        }
        WireType::LengthDelimited => {
            let Some(length) = varint(walk, &format!("the length of field {name}")) else { return };
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            delimited(walk, node, typed, (&name, kind), length, start);
        }
        WireType::StartGroup => {
            let mut group = Node::new(name.clone(), Value::Map, None).noted("group");
            walk.deeper(|walk| {
                loop {
                    let start = walk.at();
                    if walk.rest().is_empty() {
                        return walk.short(&format!("the group of field {name}"));
                    }
                    match key(walk) {
                        None => return,
                        Some((end, WireType::EndGroup)) if end == number => return,
                        Some((end, WireType::EndGroup)) => {
                            return walk.stop_at(start, format!("The group of field {number} ends as field {end}."));
                        }
                        Some((inner, wire)) => field(walk, &mut group, None, inner, wire, start),
                    }
                    if walk.is_stopped() {
                        return;
                    }
                }
            });
            group.span = walk.since(start);
            node.children.push(group);
        }
        WireType::EndGroup => {}
    }
}

/// A field with its own length: a message, text, bytes, or several numbers.
fn delimited(
    walk: &mut Walk<'_>,
    node: &mut Node,
    typed: Typed<'_>,
    (name, kind): (&str, Option<&FieldType>),
    length: usize,
    start: usize,
) {
    let content = walk.at();
    let bytes = &walk.rest()[..length.min(walk.rest().len())];
    let inner = match (kind, typed) {
        (Some(FieldType::Message(of)), Some((schema, _))) => schema.message(of).map(|message| (schema, message)),
        _ => None,
    };
    let is_short = bytes.len() < length;
    let is_message = match kind {
        Some(FieldType::Message(_)) => true,
        Some(_) => false,
        None => !is_short && !looks_like_text(bytes) && is_message(walk, content..content + length),
    };
    let mut field = if is_message {
        let note = match kind {
            Some(FieldType::Message(of)) => of.trim_start_matches('.').to_owned(),
            _ => "guess: message".into(),
        };
        let mut message = Node::new(name, Value::Map, None).noted(note);
        walk.deeper(|walk| walk.within(length, |walk| fields(walk, &mut message, inner)));
        if is_short && !walk.is_stopped() {
            walk.short(&format!("field {name}"));
        }
        message
    } else if kind.is_some_and(FieldType::is_packed) {
        let mut list = Node::new(name, Value::List, None).noted("packed");
        walk.within(length, |walk| packed(walk, &mut list, kind, typed));
        list
    } else {
        let bytes = walk.take(length, &format!("field {name}"));
        match (kind, std::str::from_utf8(bytes)) {
            (Some(FieldType::Text), Ok(text)) => Node::new(name, Value::Text(text.into()), None).noted("string"),
            (Some(FieldType::Text), Err(_)) => {
                Node::new(name, Value::Bytes(bytes.into()), None).noted("string that is not valid UTF-8")
            }
            (None, Ok(text)) if looks_like_text(bytes) || bytes.is_empty() => {
                Node::new(name, Value::Text(text.into()), None).noted("guess: string")
            }
            (None, _) => Node::new(name, Value::Bytes(bytes.into()), None).noted("guess: bytes"),
            (Some(_), _) => Node::new(name, Value::Bytes(bytes.into()), None).noted("bytes"),
        }
    };
    field.span = walk.since(start);
    node.children.push(field);
}

/// Numbers without keys between them.
fn packed(walk: &mut Walk<'_>, list: &mut Node, kind: Option<&FieldType>, typed: Typed<'_>) {
    let size = kind.map_or(0, FieldType::fixed_size);
    while !walk.is_over() && walk.count() {
        let start = walk.at();
        let (value, _) = if size > 0 {
            let bytes = walk.take(size, "a packed number");
            if walk.is_stopped() {
                return;
            }
            of_fixed(bytes, kind)
        } else {
            let Some(value) = varint(walk, "a packed number") else { return };
            of_varint(value, kind, typed)
        };
        list.children.push(Node::new("", value, walk.since(start)).item(list.children.len()));
    }
}

fn of_varint(value: u64, kind: Option<&FieldType>, typed: Typed<'_>) -> (Value, String) {
    let zigzag = (value >> 1).cast_signed() ^ -((value & 1).cast_signed());
    match kind {
        Some(FieldType::Bool) => (Value::Bool(value != 0), "bool".into()),
        Some(FieldType::Zigzag) => (Value::Number(zigzag.to_string()), "sint".into()),
        Some(FieldType::Int) => (Value::Number(value.cast_signed().to_string()), "int".into()),
        Some(FieldType::Enum(name)) => {
            let number = value.cast_signed();
            let word = typed.and_then(|(schema, _)| schema.enum_value(name, number));
            match word {
                Some(word) => (Value::Word(word.into()), format!("{} {number}", name.trim_start_matches('.'))),
                None => (Value::Number(number.to_string()), format!("{}, unknown value", name.trim_start_matches('.'))),
            }
        }
        Some(_) => (Value::Number(value.to_string()), "uint".into()),
        None if value.cast_signed() < 0 => {
            (Value::Number(value.cast_signed().to_string()), format!("varint, guess: int; as sint {zigzag}"))
        }
        None => (Value::Number(value.to_string()), format!("varint, guess: uint; as sint {zigzag}")),
    }
}

/// 4 or 8 bytes, least significant first.
fn of_fixed(bytes: &[u8], kind: Option<&FieldType>) -> (Value, String) {
    let value = bytes.iter().rev().fold(0, |value: u64, &byte| value << 8 | u64::from(byte));
    let is_short = bytes.len() == 4;
    let signed = if is_short { i64::from((value as u32).cast_signed()) } else { value.cast_signed() };
    let as_float = if is_short { float(f64::from(f32::from_bits(value as u32))) } else { float(f64::from_bits(value)) };
    let word = if is_short { "float" } else { "double" };
    let bits = bytes.len() * 8;
    match kind {
        Some(FieldType::Fixed(_)) => (Value::Number(value.to_string()), format!("fixed{bits}")),
        Some(FieldType::SignedFixed(_)) => (Value::Number(signed.to_string()), format!("sfixed{bits}")),
        Some(_) => (Value::Number(as_float), word.into()),
        None => (Value::Number(as_float), format!("{bits} bits, guess: {word}; as integer {signed}")),
    }
}

/// Whether all of these bytes are a message. Decodes them a second time, with the limits that are left.
fn is_message(walk: &Walk<'_>, range: Range<usize>) -> bool {
    let bytes = &walk.bytes[range];
    if bytes.is_empty() {
        return false;
    }
    let mut trial = bytes;
    let mut fields = 0;
    while !trial.is_empty() && fields < walk.limits.nodes {
        let Ok(key) = decode_varint(&mut trial) else { return false };
        if !(1..=MAX_FIELD).contains(&(key >> 3)) {
            return false;
        }
        let skip = match WireType::try_from(key & 7) {
            Ok(WireType::Varint) => decode_varint(&mut trial).map(|_| 0),
            Ok(WireType::SixtyFourBit) => Ok(8),
            Ok(WireType::ThirtyTwoBit) => Ok(4),
            Ok(WireType::LengthDelimited) => decode_varint(&mut trial),
            // Deprecated, and so rare that other bytes look like them more often.
            Ok(WireType::StartGroup | WireType::EndGroup) | Err(_) => return false,
        };
        let Some(rest) = skip.ok().and_then(|skip| trial.get(usize::try_from(skip).ok()?..)) else { return false };
        trial = rest;
        fields += 1;
    }
    true
}

/// Whether bytes are text that people write. A line break at the start is more often the first field of a message.
fn looks_like_text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let printable = |character: char| !character.is_control() || matches!(character, '\n' | '\r' | '\t');
    text.chars().next().is_some_and(|first| !first.is_control()) && text.chars().all(printable)
}

fn varint(walk: &mut Walk<'_>, what: &str) -> Option<u64> {
    let (mut rest, start) = (walk.rest(), walk.at());
    if walk.is_stopped() {
        return None;
    }
    let before = rest.len();
    match decode_varint(&mut rest) {
        Ok(value) => {
            walk.skip(before - rest.len());
            Some(value)
        }
        Err(_) => {
            if before < 10 && walk.rest().iter().all(|byte| byte & 0x80 != 0) {
                walk.short(what);
            } else {
                walk.stop_at(start, format!("{what} is a varint of more than 64 bits."));
            }
            None
        }
    }
}

/// Whether all of the bytes are one message with fields of a plausible shape.
pub(crate) fn is_plausible(bytes: &[u8], limits: crate::Limits) -> bool {
    let walk = Walk::new(bytes, limits);
    is_message(&walk, 0..bytes.len())
}
