//! Which format a message has: by what the handshake agreed on, by how the conversation began, or by its shape.

use crate::envelope::{mqtt, signalr};
use crate::format::{Format, Why};
use crate::walk::Walk;
use crate::{Context, Limits, cbor, json, msgpack, protobuf, signature};
use crate::{Node, Value};

/// The format of a message that nobody has chosen one for.
pub(crate) fn format(bytes: &[u8], context: &Context<'_>) -> (Format, Why) {
    if let Some(format) = of_subprotocol(context.subprotocol, bytes, context) {
        return (format, Why::Subprotocol);
    }
    if let Some(format) = of_path(context.path) {
        return (format, Why::Path);
    }
    if let Some(format) = context.opening.and_then(of_opening) {
        return (format, Why::Opening);
    }
    (of_shape(bytes, context), Why::Shape)
}

fn of_subprotocol(name: &str, bytes: &[u8], context: &Context<'_>) -> Option<Format> {
    let name = name.to_ascii_lowercase();
    Some(match name.as_str() {
        "" => return None,
        "graphql-transport-ws" => Format::GraphqlTransportWs,
        "graphql-ws" => Format::GraphqlWs,
        "v10.stomp" | "v11.stomp" | "v12.stomp" => Format::Stomp,
        "mqtt" | "mqttv3.1" => mqtt_version(context.opening.unwrap_or(bytes)),
        "actioncable-v1-json" => Format::ActionCable,
        name if name.starts_with("wamp.2.") => Format::Wamp,
        name if name.starts_with("jsonrpc") || name.starts_with("json-rpc") => Format::JsonRpc,
        name if context.binary && (name.contains("msgpack") || name.contains("messagepack")) => Format::MessagePack,
        name if context.binary && name.contains("cbor") => Format::Cbor,
        name if context.binary && name.contains("protobuf") => Format::Protobuf,
        _ => return None,
    })
}

fn of_path(path: &str) -> Option<Format> {
    let (path, query) = path.split_once('?')?;
    let has = |key: &str| query.split('&').any(|pair| pair.split('=').next() == Some(key));
    if has("EIO") && has("transport") {
        return Some(Format::SocketIo);
    }
    (path.ends_with("/websocket") && has("vsn")).then_some(Format::Phoenix)
}

fn of_opening(opening: &[u8]) -> Option<Format> {
    if signalr::is_handshake(opening) {
        return Some(Format::SignalR);
    }
    mqtt::version(opening).map(|_| mqtt_version(opening))
}

/// By the client's first packet; 3.1.1 if that is unknown.
fn mqtt_version(opening: &[u8]) -> Format {
    if mqtt::version(opening) == Some(5) { Format::Mqtt5 } else { Format::Mqtt }
}

fn of_shape(bytes: &[u8], context: &Context<'_>) -> Format {
    if signalr::is_handshake(bytes) {
        return Format::SignalR;
    }
    if context.binary && mqtt::version(bytes).is_some() {
        return mqtt_version(bytes);
    }
    if is_stomp(bytes) {
        return Format::Stomp;
    }
    match value(bytes, context.limits) {
        Some(Format::Json) => of_json(bytes, context.limits),
        Some(format) => format,
        None if matches!(trimmed(bytes).first(), Some(b'{' | b'[')) && is_printable(bytes) => Format::Json,
        None if !context.binary || is_printable(bytes) => Format::Text,
        None if context.cut => short_value(bytes, context.limits).unwrap_or(Format::Bytes),
        None if bytes.len() > 2 && protobuf::is_plausible(bytes, context.limits) => Format::Protobuf,
        None => Format::Bytes,
    }
}

/// The format of a value that is all there.
pub(crate) fn value(bytes: &[u8], limits: Limits) -> Option<Format> {
    if signature::is_image(bytes) {
        return Some(Format::Image);
    }
    if signature::is_compressed(bytes) {
        return Some(Format::Compressed);
    }
    let whole = |document: fn(&mut Walk<'_>) -> Node| {
        let mut walk = Walk::new(bytes, limits);
        let root = document(&mut walk);
        // A lone number or text is too little to tell.
        !walk.is_stopped() && matches!(root.value, Value::Map | Value::List)
    };
    match trimmed(bytes).first()? {
        b'{' | b'[' if whole(json::document) => Some(Format::Json),
        0x80..=0x9F | 0xDC..=0xDF if whole(msgpack::document) => Some(Format::MessagePack),
        0x80..=0xBF | 0xD8..=0xDB if whole(cbor::document) => Some(Format::Cbor),
        _ => None,
    }
}

/// The format of a value whose end is missing.
fn short_value(bytes: &[u8], limits: Limits) -> Option<Format> {
    let begins = |document: fn(&mut Walk<'_>) -> Node| {
        let mut walk = Walk::new(bytes, limits);
        let root = document(&mut walk);
        walk.stopped.is_some_and(|stopped| stopped.short) && root.count() > 2
    };
    match bytes.first()? {
        0x80..=0x9F | 0xDC..=0xDF if begins(msgpack::document) => Some(Format::MessagePack),
        0x80..=0xBF | 0xD8..=0xDB if begins(cbor::document) => Some(Format::Cbor),
        _ => None,
    }
}

/// The protocol of a JSON message.
fn of_json(bytes: &[u8], limits: Limits) -> Format {
    let root = json::document(&mut Walk::new(bytes, limits));
    let is_rpc = |node: &Node| node.text("jsonrpc") == Some("2.0");
    let has = |keys: &[&str]| keys.iter().all(|key| root.get(key).is_some());
    let batch = root.children.first().is_some_and(is_rpc) && root.value == Value::List;
    if is_rpc(&root) || batch {
        return Format::JsonRpc;
    }
    let cable_command = has(&["command", "identifier"]) && root.text("identifier").is_some();
    let cable_message =
        has(&["identifier", "message"]) && root.text("identifier").is_some_and(|id| id.contains("channel"));
    if cable_command || cable_message {
        return Format::ActionCable;
    }
    if has(&["topic", "event", "payload", "ref"]) {
        return Format::Phoenix;
    }
    // [join_ref, ref, topic, event, payload]
    let is_ref = |node: &Node| matches!(node.value, Value::Null | Value::Text(_));
    if let [join, reference, topic, event, _] = &root.children[..]
        && root.value == Value::List
        && is_ref(join)
        && is_ref(reference)
        && topic.as_text().is_some()
        && event.as_text().is_some()
    {
        return Format::Phoenix;
    }
    Format::Json
}

/// Whether bytes begin with a STOMP command on a line. STOMP 1.2, "Augmented BNF".
fn is_stomp(bytes: &[u8]) -> bool {
    const COMMANDS: [&str; 15] = [
        "CONNECT",
        "STOMP",
        "CONNECTED",
        "SEND",
        "SUBSCRIBE",
        "UNSUBSCRIBE",
        "BEGIN",
        "COMMIT",
        "ABORT",
        "ACK",
        "NACK",
        "DISCONNECT",
        "MESSAGE",
        "RECEIPT",
        "ERROR",
    ];
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.len() < bytes.len() && bytes.contains(&0) && COMMANDS.iter().any(|command| command.as_bytes() == line)
}

/// Whether bytes are UTF-8 without control characters other than white space and the separator 0x1e.
pub(crate) fn is_printable(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // A character may have been cut.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""),
        Err(_) => return false,
    };
    text.chars().all(|character| !character.is_control() || matches!(character, '\n' | '\r' | '\t' | '\u{1e}'))
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let space = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    &bytes[space..]
}
