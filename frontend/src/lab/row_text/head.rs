//! The rows of an opening handshake in HTTP/1.1 and HTTP/2.

use super::ends::Ends;
use super::parts::{Arrow, Middle, PREVIEW, WireText, band, deliberate_label, front};
use crate::ui::format;
use observation::{Deliberate, Http, Party, Refusal, Route};
use wire::handshake::connect;
use wire::handshake::head::{RequestHead, ResponseHead};

pub(super) fn request(bytes: &[u8], route: &Route, deliberate: &[Deliberate], connection: u32) -> (Middle, WireText) {
    let text = |span: std::ops::Range<usize>| String::from_utf8_lossy(&bytes[span]).into_owned();
    let (method, target) = match RequestHead::parse(bytes).ok().flatten() {
        Some(head) => (text(head.method), text(head.target)),
        None if route.http == Http::Two => (field(bytes, ":method"), field(bytes, ":path")),
        None => ("HTTP".into(), String::new()),
    };
    let mut detail = format!("connection {connection}");
    if route.http == Http::Two {
        detail.push_str(" · HTTP/2");
    }
    if let Some(tls) = &route.tls {
        detail = format!("{detail} · {}", tls.version);
    } else if route.ended_tls() {
        detail.push_str(" · TLS ended at a proxy");
    }
    let purpose = deliberate.first().map(deliberate_label).unwrap_or_default();
    let arrow = Arrow {
        badge: method,
        badge_class: "http",
        text: short_path(&target),
        detail,
        purpose,
        ..Arrow::of(Party::Client)
    };
    (Middle::Arrow(arrow), carried(bytes, route.http, "key", "sec-websocket-key"))
}

pub(super) fn response(bytes: &[u8], detail: &str, deliberate: &[Deliberate], refused: bool) -> (Middle, WireText) {
    let fields = bytes.starts_with(b":");
    let (status, reason) = match ResponseHead::parse(bytes).ok().flatten() {
        Some(head) => (head.status.to_string(), String::from_utf8_lossy(&bytes[head.reason]).into_owned()),
        None if fields && refused => (field(bytes, ":status"), String::new()),
        None if fields => (field(bytes, ":status"), "the stream is a WebSocket".into()),
        None => ("HTTP".into(), String::new()),
    };
    let arrow = Arrow {
        badge: status,
        badge_class: if refused { "bad" } else { "http" },
        text: reason,
        detail: detail.to_owned(),
        purpose: deliberate.first().map(deliberate_label).unwrap_or_default(),
        wrong: refused,
        ..Arrow::of(Party::Server)
    };
    let http = if fields { Http::Two } else { Http::One };
    (Middle::Arrow(arrow), carried(bytes, http, "accept", "sec-websocket-accept"))
}

/// An answer that is not HTTP, or no answer.
pub(super) fn not_http(refusal: &Refusal, ends: &Ends) -> (Middle, WireText) {
    let bytes = refusal.response.len();
    if bytes == 0 {
        return (
            band(format!("NO ANSWER: {} sent nothing", ends.the(Party::Server)), "closed unclean"),
            WireText::default(),
        );
    }
    let arrow = Arrow {
        badge: "NOT HTTP".into(),
        badge_class: "bad",
        text: refusal.response.iter().take(PREVIEW).map(|&byte| format::ascii(byte)).collect(),
        detail: format::bytes(bytes as u64),
        purpose: refusal.deliberate.first().map(deliberate_label).unwrap_or_default(),
        wrong: true,
        ..Arrow::of(Party::Server)
    };
    (Middle::Arrow(arrow), front(&refusal.response, bytes as u64))
}

/// The row after the response: the connection is open.
pub(super) fn opened(route: &Route, ends: &Ends) -> Middle {
    let what = match route.http {
        Http::Two => "this HTTP/2 stream now carries frames",
        Http::One if ends.leg.is_some() => "only frames follow",
        Http::One => "HTTP ends, only frames follow",
    };
    band(format!("OPEN{}: {what}", ends.between()), "open")
}

/// The field that the other side checks, and the size of the text.
fn carried(bytes: &[u8], http: Http, name: &str, header: &str) -> WireText {
    let value = field(bytes, header);
    let code = if value.is_empty() { String::new() } else { format!("{name} {value}") };
    let of = if http == Http::Two { "fields, compressed by HPACK" } else { "HTTP" };
    WireText { code, words: format!("{} of {of}", format::bytes(bytes.len() as u64)) }
}

/// The first field called `name`; empty if there is none.
fn field(bytes: &[u8], name: &str) -> String {
    let is = |other: &[u8]| other.eq_ignore_ascii_case(name.as_bytes());
    let value = connect::fields(bytes).find(|(other, _)| is(other)).map(|(_, value)| value);
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}

/// A path with long segments shortened, such as a session's name.
fn short_path(target: &str) -> String {
    let cut = |segment: &str| match segment.char_indices().nth(6) {
        Some((end, _)) if segment.len() > 20 && !segment.contains(',') => format!("{}…", &segment[..end]),
        _ => segment.to_owned(),
    };
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let path = path.split('/').map(cut).collect::<Vec<_>>().join("/");
    query.map_or(path.clone(), |query| format!("{path}?{query}"))
}
