//! CBOR. RFC 8949.

use crate::msgpack::{float, key_name};
use crate::tree::{Node, Value};
use crate::walk::Walk;
use ciborium_ll::{Decoder, Error, Header, simple};

/// One data item, with nothing after it.
pub(crate) fn document(walk: &mut Walk<'_>) -> Node {
    let root = value(walk, "CBOR");
    if !walk.is_over() {
        walk.stop(format!("The CBOR data item is complete, but {} more bytes follow.", walk.rest().len()));
    }
    root
}

pub(crate) fn value(walk: &mut Walk<'_>, name: &str) -> Node {
    let start = walk.at();
    if walk.count()
        && let Some(header) = header(walk)
    {
        return of(walk, name, start, header);
    }
    Node::new(name, Value::Null, walk.since(start)).noted("missing")
}

/// The head of a data item. RFC 8949 §3.
fn header(walk: &mut Walk<'_>) -> Option<Header> {
    let mut decoder = Decoder::from(walk.rest());
    match decoder.pull() {
        Ok(header) => {
            let length = decoder.offset();
            walk.skip(length);
            Some(header)
        }
        Err(Error::Io(_)) => {
            walk.short("the CBOR data: a data item is missing or incomplete");
            None
        }
        Err(Error::Syntax(_)) => {
            walk.stop("No CBOR data item begins with this byte.");
            None
        }
    }
}

fn of(walk: &mut Walk<'_>, name: &str, start: usize, header: Header) -> Node {
    let whole = |walk: &Walk<'_>, value| Node::new(name, value, walk.since(start));
    match header {
        Header::Positive(value) => whole(walk, Value::Number(value.to_string())),
        Header::Negative(value) => whole(walk, Value::Number((-1 - i128::from(value)).to_string())),
        Header::Float(value) => whole(walk, Value::Number(float(value))),
        Header::Simple(simple::FALSE) => whole(walk, Value::Bool(false)),
        Header::Simple(simple::TRUE) => whole(walk, Value::Bool(true)),
        Header::Simple(simple::NULL) => whole(walk, Value::Null),
        Header::Simple(simple::UNDEFINED) => whole(walk, Value::Word("undefined".into())),
        Header::Simple(other) => whole(walk, Value::Word(format!("simple({other})"))),
        Header::Break => {
            walk.stop_at(start, "A break (0xff) without a data item of indefinite length before it.");
            whole(walk, Value::Null).noted("missing")
        }
        Header::Bytes(Some(length)) => {
            let bytes = walk.take(length, "a byte string").to_vec();
            whole(walk, Value::Bytes(bytes))
        }
        Header::Text(Some(length)) => {
            let mut node = walk.text("a text string", length).named(name);
            node.span = walk.since(start);
            node
        }
        Header::Bytes(None) => {
            let bytes = chunks(walk, |header| if let Header::Bytes(length) = header { length } else { None });
            whole(walk, Value::Bytes(bytes)).noted("indefinite length")
        }
        Header::Text(None) => {
            let bytes = chunks(walk, |header| if let Header::Text(length) = header { length } else { None });
            let text = String::from_utf8_lossy(&bytes).into_owned();
            whole(walk, Value::Text(text)).noted("indefinite length")
        }
        Header::Array(length) => items(walk, name, start, false, length),
        Header::Map(length) => items(walk, name, start, true, length),
        Header::Tag(tag) => tagged(walk, name, start, tag),
    }
}

/// The chunks of a string of indefinite length. RFC 8949 §3.2.3.
fn chunks(walk: &mut Walk<'_>, length_of: impl Fn(Header) -> Option<usize>) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let start = walk.at();
        match header(walk) {
            None | Some(Header::Break) => return whole,
            Some(header) => match length_of(header) {
                Some(length) => whole.extend_from_slice(walk.take(length, "a chunk of a string")),
                None => walk.stop_at(start, "A string of indefinite length has a chunk that is no such string."),
            },
        }
        if walk.is_stopped() {
            return whole;
        }
    }
}

/// An array or a map; without `length`, up to the break.
fn items(walk: &mut Walk<'_>, name: &str, start: usize, is_map: bool, length: Option<usize>) -> Node {
    let mut node = Node::new(name, if is_map { Value::Map } else { Value::List }, None);
    if length.is_none() {
        node.note = "indefinite length".into();
    }
    walk.deeper(|walk| {
        while length.is_none_or(|length| node.children.len() < length) && !walk.is_stopped() {
            if length.is_none() && walk.peek() == Some(0xFF) {
                return walk.skip(1);
            }
            let item = if is_map {
                let key = value(walk, "key");
                if walk.is_stopped() {
                    return;
                }
                value(walk, &key_name(&key))
            } else {
                value(walk, "").item(node.children.len())
            };
            node.children.push(item);
        }
    });
    node.span = walk.since(start);
    node
}

/// The item with a tag. RFC 8949 §3.4.
fn tagged(walk: &mut Walk<'_>, name: &str, start: usize, tag: u64) -> Node {
    let meaning = match tag {
        0 => ", a date and time",
        1 => ", seconds since 1970",
        2 => ", a large positive integer",
        3 => ", a large negative integer",
        4 => ", a decimal fraction",
        24 => ", CBOR in a byte string",
        32 => ", a URI",
        37 => ", a UUID",
        258 => ", a set",
        55799 => ", CBOR itself",
        _ => "",
    };
    let Some(mut node) = walk.deeper(|walk| value(walk, name)) else {
        return Node::new(name, Value::Null, walk.since(start)).noted("missing");
    };
    let inner = std::mem::take(&mut node.note);
    node.note = format!("tag {tag}{meaning}{}{inner}", if inner.is_empty() { "" } else { ", " });
    node.span = walk.since(start);
    node
}
