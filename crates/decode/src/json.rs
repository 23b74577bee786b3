//! JSON with the bytes of each value. RFC 8259.
//!
//! serde_json gives no offsets, and nothing for broken input.

use crate::tree::{Node, Value};
use crate::walk::Walk;

/// One JSON text, with nothing but white space after it.
pub(crate) fn document(walk: &mut Walk<'_>) -> Node {
    let root = value(walk, "JSON");
    space(walk);
    if !walk.is_over() {
        let found = found(walk);
        walk.stop(format!("The JSON value is complete, but {found} follows."));
    }
    root
}

/// One value. White space before it is skipped.
pub(crate) fn value(walk: &mut Walk<'_>, name: &str) -> Node {
    space(walk);
    let start = walk.at();
    if !walk.count() {
        return Node::new(name, Value::Null, None);
    }
    match walk.peek() {
        Some(b'{') => list(walk, name, Value::Map),
        Some(b'[') => list(walk, name, Value::List),
        Some(b'"') => {
            let text = string(walk);
            Node::new(name, Value::Text(text), walk.since(start))
        }
        Some(b'-' | b'0'..=b'9') => number(walk, name),
        Some(b't') => word(walk, name, "true", Value::Bool(true)),
        Some(b'f') => word(walk, name, "false", Value::Bool(false)),
        Some(b'n') => word(walk, name, "null", Value::Null),
        Some(_) => {
            let found = found(walk);
            walk.stop(format!("A JSON value is expected, but {found} was found."));
            Node::new(name, Value::Null, walk.since(start)).noted("missing")
        }
        None => {
            walk.short("the JSON text: a value is missing");
            Node::new(name, Value::Null, walk.since(start)).noted("missing")
        }
    }
}

/// An object or an array.
fn list(walk: &mut Walk<'_>, name: &str, kind: Value) -> Node {
    let (is_map, start) = (kind == Value::Map, walk.at());
    let close = if is_map { b'}' } else { b']' };
    let mut node = Node::new(name, kind, None);
    walk.skip(1);
    walk.deeper(|walk| {
        space(walk);
        if walk.peek() == Some(close) {
            walk.skip(1);
            return;
        }
        loop {
            if is_map {
                let Some(key) = key(walk) else { return };
                node.children.push(value(walk, &key));
            } else {
                node.children.push(value(walk, "").item(node.children.len()));
            }
            if walk.is_stopped() {
                return;
            }
            space(walk);
            match walk.peek() {
                Some(b',') => walk.skip(1),
                Some(byte) if byte == close => return walk.skip(1),
                Some(_) => {
                    let found = found(walk);
                    return walk.stop(format!("`,` or `{}` is expected, but {found} was found.", char::from(close)));
                }
                None => return walk.short(if is_map { "a JSON object" } else { "a JSON array" }),
            }
        }
    });
    node.span = walk.since(start);
    node
}

/// A key and its colon.
fn key(walk: &mut Walk<'_>) -> Option<String> {
    space(walk);
    match walk.peek() {
        Some(b'"') => {}
        Some(_) => {
            let found = found(walk);
            walk.stop(format!("A key in double quotes is expected, but {found} was found."));
        }
        None => walk.short("a JSON object"),
    }
    if walk.is_stopped() {
        return None;
    }
    let key = string(walk);
    space(walk);
    match walk.peek() {
        _ if walk.is_stopped() => {}
        Some(b':') => walk.skip(1),
        Some(_) => {
            let found = found(walk);
            walk.stop(format!("`:` is expected after the key, but {found} was found."));
        }
        None => walk.short("a JSON object"),
    }
    (!walk.is_stopped()).then_some(key)
}

/// A string, as far as it is there. RFC 8259 §7.
fn string(walk: &mut Walk<'_>) -> String {
    walk.skip(1);
    let mut out = Vec::new();
    loop {
        let rest = walk.rest();
        let plain = rest.iter().position(|&byte| byte < b' ' || matches!(byte, b'"' | b'\\')).unwrap_or(rest.len());
        out.extend_from_slice(&rest[..plain]);
        walk.skip(plain);
        match walk.peek() {
            Some(b'"') => {
                walk.skip(1);
                break;
            }
            Some(b'\\') => match escape(walk) {
                Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
                None => break,
            },
            Some(byte) => {
                walk.stop(format!(
                    "A string contains the control character {byte:#04x}, which JSON writes as an escape."
                ));
                break;
            }
            None => {
                walk.short("a JSON string");
                break;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|error| {
        walk.stop("A string is not valid UTF-8.");
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    })
}

fn escape(walk: &mut Walk<'_>) -> Option<char> {
    let rest = walk.rest();
    let plain = match rest.get(1) {
        None => {
            walk.short("a JSON string");
            return None;
        }
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(&byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
        Some(b'u') => return unicode(walk),
        Some(_) => {
            walk.stop("A string contains an escape that JSON does not have.");
            return None;
        }
    };
    walk.skip(2);
    Some(plain)
}

/// `\uXXXX`, or two of them that are a surrogate pair. A surrogate alone becomes U+FFFD.
fn unicode(walk: &mut Walk<'_>) -> Option<char> {
    let unit = |bytes: &[u8]| {
        let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
        digits.iter().try_fold(0, |value, &digit| Some(value * 16 + char::from(digit).to_digit(16)?))
    };
    let rest = walk.rest();
    let Some(first) = unit(rest) else {
        if rest.len() < 6 {
            walk.short("a JSON string");
        } else {
            walk.stop("`\\u` needs four hexadecimal digits.");
        }
        return None;
    };
    let second =
        unit(&rest[6..]).filter(|second| (0xD800..0xDC00).contains(&first) && (0xDC00..0xE000).contains(second));
    walk.skip(if second.is_some() { 12 } else { 6 });
    let code = second.map_or(first, |second| 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00));
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// A number. RFC 8259 §6.
fn number(walk: &mut Walk<'_>, name: &str) -> Node {
    let (start, rest) = (walk.at(), walk.rest());
    let length = rest
        .iter()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
        .unwrap_or(rest.len());
    let digits = String::from_utf8_lossy(&rest[..length]).into_owned();
    walk.skip(length);
    match number_ends(digits.as_bytes()) {
        Number::Valid => {}
        Number::Short if length == rest.len() => walk.short("a number"),
        _ => walk.stop_at(start, format!("`{}` is not a number in JSON.", clipped(&digits))),
    }
    Node::new(name, Value::Number(digits), walk.since(start))
}

enum Number {
    Valid,
    /// More digits would make it one.
    Short,
    Invalid,
}

fn number_ends(text: &[u8]) -> Number {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 {
        return if text.is_empty() { Number::Short } else { Number::Invalid };
    }
    if whole > 1 && text[0] == b'0' {
        return Number::Invalid;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return if fraction.is_empty() { Number::Short } else { Number::Invalid };
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', rest @ ..] => rest,
            rest => rest,
        };
        let count = digits(exponent);
        if count == 0 {
            return if exponent.is_empty() { Number::Short } else { Number::Invalid };
        }
        rest = &exponent[count..];
    }
    if rest.is_empty() { Number::Valid } else { Number::Invalid }
}

fn word(walk: &mut Walk<'_>, name: &str, word: &str, value: Value) -> Node {
    let (start, rest) = (walk.at(), walk.rest());
    if rest.starts_with(word.as_bytes()) {
        walk.skip(word.len());
        return Node::new(name, value, walk.since(start));
    }
    if word.as_bytes().starts_with(rest) {
        walk.short(&format!("`{word}`"));
    } else {
        walk.stop(format!("`{word}` is expected here, but something else was found."));
    }
    Node::new(name, Value::Null, walk.since(start)).noted("missing")
}

fn space(walk: &mut Walk<'_>) {
    let count = walk.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    if !walk.is_stopped() {
        walk.skip(count);
    }
}

/// The next character, for an error.
fn found(walk: &Walk<'_>) -> String {
    let rest = walk.rest();
    let text = String::from_utf8_lossy(&rest[..rest.len().min(4)]).into_owned();
    match text.chars().next() {
        Some(character) if character.is_control() || character == char::REPLACEMENT_CHARACTER => {
            format!("the byte {:#04x}", rest[0])
        }
        Some(character) => format!("`{character}`"),
        None => "nothing".into(),
    }
}

fn clipped(text: &str) -> &str {
    &text[..text.len().min(24)]
}
