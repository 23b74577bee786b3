//! How to connect, and what must be true of the response to the handshake.

use super::{as_template, shortened, template};
use crate::model::{Connect, DEFLATE, Handshake, Header, Tls, is_own_header, is_value};
use toml_fields::{Fields, Text};
use wire::extension;
use wire::handshake::request;

/// The most headers, and the longest line of one, in bytes.
const MAX_HEADERS: usize = 64;
const MAX_HEADER: usize = 8 << 10;

/// The table `connect`. Fields that it does not have keep the values of `base`.
pub(super) fn connect(mut fields: Fields<'_>, base: Connect) -> Connect {
    let mut connect = base;
    fields.knows(&["headers", "origin", "subprotocols", "deflate", "extensions", "tls", "proxy"]);
    if fields.has("headers") {
        let lines = fields.texts("headers");
        if lines.len() > MAX_HEADERS {
            fields
                .problem(format!("there are {} headers, but the limit is {MAX_HEADERS}", lines.len()), "Remove some.");
        }
        connect.headers = lines.iter().take(MAX_HEADERS).filter_map(|line| header(&fields, line)).collect();
    }
    if let Some(origin) = fields.optional("origin") {
        if !is_value(&origin.value) {
            fields.problem_at(
                origin.line,
                "`origin` has characters that no header can have",
                "Write one such as `https://app.example`.",
            );
        }
        connect.origin = Some(origin.value).filter(|origin| !origin.is_empty());
    }
    if fields.has("subprotocols") {
        let line = fields.line();
        let names: Vec<_> = fields.texts("subprotocols").into_iter().map(|name| name.value).collect();
        if !names.is_empty() && request::subprotocols(&names.join(", ")).is_none_or(|valid| valid != names) {
            let fix = "Use each name once, with letters, digits and characters such as `-`, `.` and `_`.";
            fields.problem_at(line, "`subprotocols` is not a list of distinct tokens", fix);
        }
        connect.subprotocols = names;
    }
    extensions(&mut fields, &mut connect);
    if let Some(table) = fields.table("tls", "`tls`") {
        connect.tls = tls(table);
    }
    if fields.has("proxy") {
        connect.proxy = template(&mut fields, "proxy");
    }
    fields.finish();
    connect
}

fn extensions(fields: &mut Fields<'_>, connect: &mut Connect) {
    if fields.has("deflate") && fields.has("extensions") {
        fields.problem(
            "`connect` has `deflate` and `extensions`",
            "Write the offer in `extensions` alone, or remove it.",
        );
    }
    match fields.optional_flag("deflate") {
        Some(true) => DEFLATE.clone_into(&mut connect.extensions),
        Some(false) => connect.extensions.clear(),
        None => {}
    }
    if let Some(list) = fields.optional("extensions") {
        if extension::parse(&list.value).is_none() {
            let what = format!("`extensions` is not a valid list: `{}`", shortened(&list.value));
            fields.problem_at(list.line, what, "Write one such as `permessage-deflate; client_max_window_bits=10`.");
        }
        connect.extensions = list.value;
    }
}

fn header(fields: &Fields<'_>, line: &Text) -> Option<Header> {
    let problem = |what: String, fix: &str| {
        fields.problem_at(line.line, what, fix);
        None
    };
    let named = line.value.split_once(':').map(|(name, value)| (name, value.trim_matches(' ')));
    let Some((name, value)) = named.filter(|(name, value)| is_token(name) && is_value(value)) else {
        let what = format!("`{}` is not a header", shortened(&line.value));
        return problem(what, "Write `Name: value`, in printable ASCII.");
    };
    if line.value.len() > MAX_HEADER {
        return problem(format!("the header `{name}` has more than {MAX_HEADER} bytes"), "Shorten it.");
    }
    let lower = name.to_ascii_lowercase();
    let instead = match &*lower {
        "origin" => Some("Write `origin = \"…\"` instead."),
        "sec-websocket-protocol" => Some("Write `subprotocols = [\"…\"]` instead."),
        "sec-websocket-extensions" => Some("Write `extensions = \"…\"` instead."),
        name if is_own_header(name) => Some("Remove it."),
        _ => None,
    };
    if let Some(instead) = instead {
        return problem(format!("you cannot set the header `{name}`: the handshake sets it"), instead);
    }
    let value = as_template(fields, &Text { value: value.to_owned(), line: line.line })?.value;
    Some(Header { name: name.to_owned(), value, line: line.line })
}

fn tls(mut fields: Fields<'_>) -> Tls {
    let located = |text: Text| crate::model::Located { value: text.value, line: text.line };
    let authority = fields.optional("authority").map(located);
    let certificate = fields.optional("certificate").map(located);
    let key = fields.optional("key").map(located);
    if certificate.is_some() != key.is_some() {
        fields.problem("a client certificate needs both `certificate` and `key`", "Add the other one: PEM files both.");
    }
    fields.finish();
    Tls { authority, identity: certificate.zip(key) }
}

/// The table `handshake`.
pub(super) fn handshake(mut fields: Fields<'_>) -> Handshake {
    let status = fields.number("status", 101..=599).and_then(|status| u16::try_from(status).ok()).unwrap_or(101);
    let subprotocol = fields.optional("subprotocol").map(|text| text.value);
    let deflate = fields.optional_flag("deflate");
    let contains = fields.optional("contains").map(|text| text.value);
    if (102..200).contains(&status) {
        fields.problem(format!("{status} is not a final status"), "Write 101, or a status from 200 to 599.");
    }
    if status == 101 && contains.is_some() {
        fields.problem(
            "a response with status 101 has no body that could contain something",
            "Remove `contains`, or set `status`.",
        );
    }
    if status != 101 && (subprotocol.is_some() || deflate.is_some()) {
        fields.problem("a refusal agrees on nothing", "Remove `subprotocol` and `deflate`, or `status`.");
    }
    fields.finish();
    Handshake { status, subprotocol, deflate, contains }
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
