//! Socket.IO 5 over Engine.IO 4.
//!
//! <https://github.com/socketio/engine.io-protocol> and <https://github.com/socketio/socket.io-protocol>

use crate::summary::{joined, ticked};
use crate::tree::{Node, Value};
use crate::walk::Walk;
use crate::{Context, content, json};

const ENGINE: [&str; 7] = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
const SOCKET: [&str; 7] = ["CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK"];

pub(crate) fn message(walk: &mut Walk<'_>, context: &Context<'_>) -> (Node, String) {
    if context.binary {
        return attachment(walk, context);
    }
    let mut root = Node::new("Engine.IO", Value::Map, None);
    walk.count();
    let Some(engine) = digit(walk, &ENGINE, "an Engine.IO packet") else { return (root, String::new()) };
    root.children.push(Node::word("engine", ENGINE[engine], walk.since(0)));
    let words = match engine {
        // Ping, pong and upgrade may carry the text `probe`.
        0 if !walk.is_over() => {
            root.children.push(json::value(walk, "handshake"));
            "open".into()
        }
        4 => packet(walk, &mut root),
        _ => {
            if !walk.is_over() {
                root.children.push(walk.text("text", walk.rest().len()));
            }
            let text = root.text("text").map_or(String::new(), |text| format!(" {text}"));
            format!("{}{text}", ENGINE[engine])
        }
    };
    root.span = walk.since(0);
    (root, words)
}

fn digit(walk: &mut Walk<'_>, names: &[&str], what: &str) -> Option<usize> {
    let Some(byte) = walk.peek() else {
        walk.short(what);
        return None;
    };
    let digit = usize::from(byte.wrapping_sub(b'0'));
    if digit >= names.len() {
        let last = names.len() - 1;
        walk.stop(format!("The type of {what} is a digit from 0 to {last}, but the byte {byte:#04x} was found."));
        return None;
    }
    walk.skip(1);
    Some(digit)
}

/// The Socket.IO packet in an Engine.IO message: type, attachments, namespace, acknowledgement, and data.
fn packet(walk: &mut Walk<'_>, root: &mut Node) -> String {
    let start = walk.at();
    let Some(kind) = digit(walk, &SOCKET, "a Socket.IO packet") else { return String::new() };
    root.children.push(Node::word("type", SOCKET[kind], walk.since(start)));
    if kind >= 5 {
        let start = walk.at();
        let count = digits(walk);
        if count.is_empty() || walk.peek() != Some(b'-') {
            walk.stop("The number of attachments and `-` are expected here.");
            return SOCKET[kind].into();
        }
        root.children.push(Node::new("attachments", Value::Number(count), walk.since(start)));
        walk.skip(1);
    }
    if walk.peek() == Some(b'/') {
        let rest = walk.rest();
        let length = rest.iter().position(|&byte| byte == b',').unwrap_or(rest.len());
        root.children.push(walk.text("namespace", length));
        walk.skip(1);
    }
    let start = walk.at();
    let ack = digits(walk);
    if !ack.is_empty() {
        root.children.push(Node::new("ack id", Value::Number(ack), walk.since(start)));
    }
    if !walk.is_over() {
        let mut data = json::document(walk).named("data");
        if matches!(kind, 2 | 5) {
            data.name_items(&["event"]);
        }
        root.children.push(data);
    }
    summary(kind, root)
}

fn summary(kind: usize, root: &Node) -> String {
    let event = root.get("data").and_then(|data| data.text("event")).map(ticked);
    let id = root.number::<u64>("ack id").map_or(String::new(), |id| format!("id {id}"));
    let what = match (kind, event) {
        (0, _) => "connect".into(),
        (1, _) => "disconnect".into(),
        (2 | 5, Some(event)) => format!("event {event}"),
        (3 | 6, _) => "acknowledgement".into(),
        (4, _) => {
            let message = root.get("data").and_then(|data| data.text("message")).unwrap_or("");
            format!("connect error {}", ticked(message))
        }
        _ => SOCKET[kind].into(),
    };
    let attachments = root.number::<u64>("attachments").map_or(String::new(), |count| match count {
        1 => "1 attachment".into(),
        count => format!("{count} attachments"),
    });
    let namespace = root.text("namespace").map_or(String::new(), |name| format!("namespace {}", ticked(name)));
    joined([what, id, namespace, attachments])
}

fn digits(walk: &mut Walk<'_>) -> String {
    let rest = walk.rest();
    let length = rest.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
    walk.skip(length);
    String::from_utf8_lossy(&rest[..length]).into_owned()
}

/// A binary message belongs to the text message before it.
fn attachment(walk: &mut Walk<'_>, context: &Context<'_>) -> (Node, String) {
    let mut root = Node::new("attachment", Value::Map, walk.since(0));
    walk.count();
    let mut words = "attachment".to_owned();
    if let Some((text, before)) = context.announced {
        let mut earlier = Walk::new(text, context.limits);
        let mut packet = Node::new("packet", Value::Map, None);
        if text.starts_with(b"4") {
            earlier.skip(1);
            self::packet(&mut earlier, &mut packet);
        }
        if let Some(count) = packet.number::<usize>("attachments").filter(|&count| before < count) {
            words = format!("attachment {} of {count}", before + 1);
            root.children.push(Node::word("position", format!("{} of {count}", before + 1), None));
            if let Some(event) = packet.get("data").and_then(|data| data.text("event")) {
                words.push_str(&format!(" of event {}", ticked(event)));
                root.children.push(Node::word("event", event, None));
            }
        }
    }
    root.children.push(content(walk, "content", walk.rest().len(), false));
    root.span = walk.since(0);
    (root, words)
}
