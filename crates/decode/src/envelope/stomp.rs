//! STOMP 1.0 to 1.2. <https://stomp.github.io/stomp-specification-1.2.html>

use crate::content;
use crate::summary::{first_of, id, joined, labelled};
use crate::tree::{Node, Value};
use crate::walk::Walk;

/// Frames, and the line breaks between them that are heartbeats.
pub(crate) fn message(walk: &mut Walk<'_>) -> (Node, String) {
    let mut frames = Vec::new();
    loop {
        let breaks = walk.rest().iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        walk.skip(breaks);
        if walk.is_over() {
            break;
        }
        frames.push(frame(walk));
    }
    if frames.is_empty() {
        return (Node::word("STOMP", "heartbeat", walk.since(0)), "heartbeat".into());
    }
    let more = frames.len() - 1;
    let words = first_of(summary(&frames[0]), more, "frame");
    if more == 0 {
        return (frames.swap_remove(0), words);
    }
    let mut root = Node::new("STOMP", Value::List, walk.since(0));
    root.children = frames.into_iter().enumerate().map(|(index, frame)| frame.item(index)).collect();
    (root, words)
}

fn frame(walk: &mut Walk<'_>) -> Node {
    let start = walk.at();
    let mut node = Node::new("STOMP", Value::Map, None);
    walk.count();
    if let Some((command, span)) = line(walk, "the command") {
        node.children.push(Node::new("command", Value::Text(command.to_owned()), Some(span)));
        if let Some(headers) = headers(walk, command) {
            node.children.push(headers);
            body(walk, &mut node);
        }
    }
    node.span = walk.since(start);
    node
}

/// A line without its end, and where it is.
fn line<'a>(walk: &mut Walk<'a>, what: &str) -> Option<(&'a str, std::ops::Range<usize>)> {
    let (start, rest) = (walk.at(), walk.rest());
    let Some(length) = rest.iter().position(|&byte| byte == b'\n') else {
        match rest.iter().position(|&byte| byte == 0) {
            Some(end) => walk.stop_at(start + end, format!("The frame ends inside {what}, before the empty line.")),
            None => walk.short(what),
        }
        return None;
    };
    let bytes = rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]);
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            walk.skip(length + 1);
            Some((text, start..start + bytes.len()))
        }
        Err(error) => {
            walk.stop_at(start + error.valid_up_to(), format!("There are bytes in {what} that are not valid UTF-8."));
            None
        }
    }
}

/// The headers up to the empty line. `None` if decoding stopped before there were any.
fn headers(walk: &mut Walk<'_>, command: &str) -> Option<Node> {
    let start = walk.at();
    let mut node = Node::new("headers", Value::Map, None);
    // For compatibility with STOMP 1.0, these two have no escapes.
    let escapes = !matches!(command, "CONNECT" | "CONNECTED");
    loop {
        let at = walk.at();
        let Some((text, span)) = line(walk, "the headers") else { break };
        if text.is_empty() || !walk.count() {
            break;
        }
        let Some((name, value)) = text.split_once(':') else {
            walk.stop_at(at, "A header has no colon.");
            break;
        };
        let plain = |text: &str| if escapes { unescaped(text) } else { text.to_owned() };
        node.children.push(Node::new(plain(name), Value::Text(plain(value)), Some(span)));
    }
    node.span = walk.since(start);
    (!walk.is_stopped() || !node.children.is_empty()).then_some(node)
}

/// "Value Encoding" of STOMP 1.2.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('c') => out.push(':'),
                Some('\\') => out.push('\\'),
                other => {
                    out.push('\\');
                    out.extend(other);
                }
            },
            (other, false) => out.push(other),
        }
    }
    out
}

/// The body: as long as `content-length` says, or up to the byte 0.
fn body(walk: &mut Walk<'_>, node: &mut Node) {
    if walk.is_stopped() {
        return;
    }
    let length = node
        .get("headers")
        .and_then(|headers| headers.text("content-length"))
        .and_then(|text| text.trim().parse().ok());
    let rest = walk.rest();
    let end: Option<usize> = length.or_else(|| rest.iter().position(|&byte| byte == 0));
    let length = end.unwrap_or(rest.len());
    if length > 0 {
        node.children.push(content(walk, "body", length, true));
    }
    match walk.peek() {
        _ if walk.is_stopped() => {}
        Some(0) => walk.skip(1),
        Some(_) => walk.stop("The body is longer than its content-length: the byte 0 is expected here."),
        None => walk.short("a frame: its end, the byte 0, is missing"),
    }
}

fn summary(node: &Node) -> String {
    let command = node.text("command").unwrap_or_default().to_owned();
    let headers = node.get("headers");
    let header = |name: &str| headers.and_then(|headers| headers.get(name));
    let first = header("subscription").or_else(|| header("id"));
    let number = if command == "MESSAGE" { id("subscription", first) } else { id("id", header("id")) };
    joined([
        command,
        labelled("destination", header("destination")),
        number,
        id("receipt", header("receipt").or_else(|| header("receipt-id"))),
        id("version", header("version")),
        header("message").and_then(Node::as_text).map_or(String::new(), crate::summary::clipped),
    ])
}
