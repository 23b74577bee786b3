//! Writes scenarios as files that `read` reads again. Of TOML's forms, it uses the shortest that people can read.
//!
//! Three things cannot be written as they are: [`Send::File`] has no name any more and becomes its content, a payload of a ping or pong must
//! be UTF-8, and TOML has no `null`, which is left out of JSON.

use crate::model::{
    Action, Bytes, ComposedFrame, Connect, Content, DEFLATE, Expect, ExpectedClose, ExpectedFrame, Handshake, Mask,
    Scenario, Send, Step, TIME, Unexpected, WITHIN, What,
};
use crate::toml::{Table, duration, quoted};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wire::header::LengthForm;
use wire::message::MessageKind;
use wire::opcode::Opcode;

/// Longer payloads are base64 instead of hex.
const HEX: usize = 64;

/// One scenario of a file, with comments before it.
#[must_use]
pub fn scenario(scenario: &Scenario, comments: &[String]) -> String {
    let mut out = String::new();
    for line in comments {
        // A comment has no control characters. TOML §Comment.
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        out += &format!("# {line}\n");
    }
    out += &format!("[[scenario]]\nname = {}\n", quoted(&scenario.name));
    if let Some(url) = &scenario.url {
        out += &format!("url = {}\n", quoted(&url.value.to_string()));
    }
    if scenario.time != TIME {
        out += &format!("time = {}\n", duration(scenario.time));
    }
    out += &connect(&scenario.connect);
    let handshake = handshake(&scenario.handshake);
    if !handshake.is_empty() {
        out += &format!("handshake = {}\n", handshake.inline());
    }
    if !scenario.steps.is_empty() {
        out += "steps = [\n";
        scenario.steps.iter().for_each(|each| out += &step(each));
        out += "]\n";
    }
    out
}

/// One line of a scenario.
#[must_use]
pub fn step(step: &Step) -> String {
    let table = match &step.action {
        Action::Send(action) => send(action).nested("send"),
        Action::Expect(action) => expect(action).nested("expect"),
    };
    format!("  {},\n", table.inline())
}

fn connect(connect: &Connect) -> String {
    let Connect { headers, origin, subprotocols, extensions, tls, proxy } = connect;
    let mut table = Table::default();
    let headers: Vec<_> = headers.iter().map(|header| quoted(&format!("{}: {}", header.name, header.value))).collect();
    table.list("headers", &headers);
    table.text("origin", origin.as_deref());
    let subprotocols: Vec<_> = subprotocols.iter().map(|name| quoted(name)).collect();
    table.list("subprotocols", &subprotocols);
    if extensions == DEFLATE {
        table.value("deflate", "true");
    } else if !extensions.is_empty() {
        table.text("extensions", Some(extensions));
    }
    table.text("tls.authority", tls.authority.as_ref().map(|file| &*file.value));
    table.text("tls.certificate", tls.identity.as_ref().map(|(certificate, _)| &*certificate.value));
    table.text("tls.key", tls.identity.as_ref().map(|(_, key)| &*key.value));
    table.text("proxy", proxy.as_ref().map(|proxy| proxy.value.to_string()).as_deref());
    table.dotted("connect")
}

fn handshake(handshake: &Handshake) -> Table {
    let mut table = Table::default();
    if handshake.status != 101 {
        table.value("status", handshake.status);
    }
    table.text("subprotocol", handshake.subprotocol.as_deref());
    table.flag("deflate", handshake.deflate);
    table.text("contains", handshake.contains.as_deref());
    table
}

fn send(send: &Send) -> Table {
    let mut table = Table::default();
    match send {
        Send::Text(text) => table.text("text", Some(&text.to_string())),
        Send::Binary(bytes) | Send::File(MessageKind::Binary, bytes) => binary(&mut table, bytes),
        Send::File(MessageKind::Text, bytes) => {
            let text = crate::template::Template::plain(String::from_utf8_lossy(bytes));
            table.text("text", Some(&text.to_string()));
        }
        Send::Ping(payload) => table.text("ping", Some(&String::from_utf8_lossy(payload))),
        Send::Pong(payload) => table.text("pong", Some(&String::from_utf8_lossy(payload))),
        Send::Close(code, reason) => {
            let mut close = Table::default();
            code.iter().for_each(|code| close.value("code", code));
            close.text("reason", Some(&**reason).filter(|reason| !reason.is_empty()));
            table.value("close", close.inline());
        }
        Send::Frame(frame) => table.value("frame", composed(frame).inline()),
    }
    table
}

fn composed(frame: &ComposedFrame) -> Table {
    let ComposedFrame { header, mask, payload } = frame;
    let mut table = Table::default();
    opcode(&mut table, header.opcode);
    if !header.fin {
        table.value("fin", "false");
    }
    for (name, bit) in [("rsv1", header.rsv.rsv1), ("rsv2", header.rsv.rsv2), ("rsv3", header.rsv.rsv3)] {
        table.flag(name, bit.then_some(true));
    }
    match (mask, header.masking_key) {
        (Mask::Random, _) | (Mask::Key, None) => {}
        (Mask::Off, _) => table.text("mask", Some("")),
        (Mask::Key, Some(key)) => table.text("mask", Some(&hex::encode(key.0))),
    }
    if header.length.bytes != payload.len() as u64 {
        table.value("length", header.length.bytes);
    }
    if header.length.form != LengthForm::minimal(header.length.bytes) {
        table.value("length-bits", header.length.form.bits());
    }
    match std::str::from_utf8(payload) {
        Ok("") => {}
        Ok(text) if !text.chars().any(char::is_control) => table.text("text", Some(text)),
        _ => binary(&mut table, payload),
    }
    table
}

fn expect(expect: &Expect) -> Table {
    let mut table = Table::default();
    match &expect.what {
        What::Message(kind, of) => {
            let implied = match &of.equals {
                Some(Bytes::Text(_)) => Some(MessageKind::Text),
                Some(Bytes::Binary(_)) => Some(MessageKind::Binary),
                Some(Bytes::File(..)) | None => None,
            };
            content(&mut table, of);
            if *kind != implied || table.is_empty() {
                table.text("message", Some(kind.map_or("any", MessageKind::name)));
            }
        }
        What::Ping(payload) => control(&mut table, "ping", payload.as_deref()),
        What::Pong(payload) => control(&mut table, "pong", payload.as_deref()),
        What::Close(ExpectedClose { code, reason }) => {
            let mut close = Table::default();
            code.iter().for_each(|code| close.value("code", code));
            close.text("reason", reason.as_deref());
            table.value("close", close.inline());
        }
        What::Frame(frame) => table.value("frame", expected_frame(frame).inline()),
        What::End => table.value("end", "true"),
        What::Silence(time) => table.value("silence", duration(*time)),
    }
    if expect.within != WITHIN {
        table.value("within", duration(expect.within));
    }
    let unexpected = match expect.unexpected {
        Unexpected::Fail => None,
        Unexpected::Ignore => Some("ignore"),
        Unexpected::FailControl => Some("fail-control"),
    };
    table.text("unexpected", unexpected);
    table
}

fn control(table: &mut Table, name: &'static str, payload: Option<&[u8]>) {
    match payload {
        Some(payload) => table.text(name, Some(&String::from_utf8_lossy(payload))),
        None => table.value(name, "true"),
    }
}

fn content(table: &mut Table, content: &Content) {
    match &content.equals {
        Some(Bytes::Text(text)) => table.text("text", Some(text)),
        Some(Bytes::Binary(bytes)) => binary(table, bytes),
        Some(Bytes::File(name, _)) => table.text("file", Some(name)),
        None => {}
    }
    table.text("contains", content.contains.as_deref());
    #[cfg(feature = "load")]
    {
        table.text("matches", content.matches.as_ref().map(regex::Regex::as_str));
        let json: Vec<_> = content.json.iter().map(|value| json_value(value).inline()).collect();
        table.list("json", &json);
    }
}

#[cfg(feature = "load")]
fn json_value(value: &crate::model::JsonValue) -> Table {
    let mut table = Table::default();
    table.text("path", Some(&value.path.to_string()));
    if let Some(equals) = value.equals.as_ref().and_then(crate::toml::json) {
        table.value("equals", equals);
    }
    table
}

fn expected_frame(frame: &ExpectedFrame) -> Table {
    let mut table = Table::default();
    frame.opcode.into_iter().for_each(|nibble| opcode(&mut table, Opcode::from_nibble(nibble)));
    for (name, bit) in
        [("fin", frame.fin), ("rsv1", frame.rsv1), ("rsv2", frame.rsv2), ("rsv3", frame.rsv3), ("masked", frame.masked)]
    {
        table.flag(name, bit);
    }
    frame.length.iter().for_each(|length| table.value("length", length));
    frame.length_bits.iter().for_each(|bits| table.value("length-bits", bits));
    content(&mut table, &frame.content);
    table
}

/// A name, or the number of a reserved opcode.
fn opcode(table: &mut Table, opcode: Opcode) {
    if opcode.is_reserved() {
        table.value("opcode", opcode.nibble());
    } else {
        table.text("opcode", Some(opcode.name()));
    }
}

fn binary(table: &mut Table, bytes: &[u8]) {
    if bytes.len() <= HEX {
        table.text("hex", Some(&hex::encode(bytes)));
    } else {
        table.text("base64", Some(&STANDARD.encode(bytes)));
    }
}
