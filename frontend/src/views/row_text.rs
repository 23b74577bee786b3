//! What a row of the sequence says: a pure function of the record.

use crate::store::Record;
use crate::ui::format;
use crate::views::inspector::explain;
use observation::page::{PageAct, PageEvent, PagePayload};
use observation::sequence::{PageSide, Row, RowKey};
use observation::{Act, Closed, Event, Frame, Gap, MessageKind, Party, Seq};
use wire::close::ClosePayload;
use wire::deflate::NAME;
use wire::handshake::head::{RequestHead, ResponseHead, values};
use wire::opcode::Opcode;

/// How many characters of a payload a row may show.
const PREVIEW: usize = 80;

/// A row, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowText {
    /// Milliseconds since its connection began; empty where the relay has no time for it.
    pub time: String,
    pub page: PageText,
    pub middle: Middle,
    /// What the wire carried.
    pub wire: WireText,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageText {
    pub text: String,
    /// JavaScript saw nothing; the text says so in words that are not code.
    pub nothing: bool,
    /// A URL of the image that came or went.
    pub image: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Middle {
    Arrow(Arrow),
    /// A band across the lifelines.
    Band {
        text: String,
        class: &'static str,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    pub from: Party,
    pub badge: String,
    /// The badge's hue.
    pub badge_class: &'static str,
    pub text: String,
    pub detail: String,
    pub control: bool,
    pub wrong: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireText {
    /// Bytes or names, in the monospaced face.
    pub code: String,
    pub words: String,
}

pub fn describe(record: &Record, row: &Row) -> RowText {
    let observation = record.observation(row.key);
    let time = observation.and_then(|seen| {
        let began = record.began_us(seen.connection)?;
        Some(format::milliseconds(seen.at_us.saturating_sub(began)))
    });
    let (middle, wire) = match (row.key, observation.map(|seen| (&seen.event, seen.connection.0))) {
        (RowKey::Request(_), Some((Event::Opening(opening), number))) => request(&opening.request, number),
        (RowKey::Request(_), Some((Event::Refusal(refusal), number))) => request(&refusal.request, number),
        (RowKey::Response(_), Some((Event::Opening(opening), _))) => {
            response(&opening.response, opening.deflate.map_or("", |_| NAME), false)
        }
        (RowKey::Response(_), Some((Event::Refusal(refusal), _))) => response(&refusal.response, "refused", true),
        (RowKey::Frame(_), Some((Event::Frame(seen), _))) => frame(seen),
        (RowKey::End(_), Some((Event::Closed(closed), _))) => end(closed, client(&row.page)),
        (RowKey::Act(_), Some((Event::Act(act), _))) => deliberate(act),
        (RowKey::Opened(_), _) => {
            (band("OPEN: HTTP is over, only frames travel from here", "open"), WireText::default())
        }
        (RowKey::Gap(from, to), _) => gap(Gap { from, to }),
        (RowKey::Page(_), _) => unseen(record, row),
        // The observation was dropped to stay within bounds.
        _ => (band("no longer kept", "gap"), WireText::default()),
    };
    let page_time = || {
        let event = record.events(&row.page).next().filter(|_| matches!(row.key, RowKey::Page(_)))?;
        Some(format::milliseconds(record.journal.since_began_us(event)))
    };
    let time = time.or_else(page_time);
    // The moment after a 101 is that of the 101.
    let time = time.filter(|_| !matches!(row.key, RowKey::Opened(_)));
    RowText { time: time.unwrap_or_default(), page: page(record, row), middle, wire }
}

fn band(text: impl Into<String>, class: &'static str) -> Middle {
    Middle::Band { text: text.into(), class }
}

fn request(bytes: &[u8], connection: u32) -> (Middle, WireText) {
    let head = RequestHead::parse(bytes).ok().flatten();
    let (method, target, key) = match &head {
        Some(head) => {
            let key = values(bytes, &head.headers, "Sec-WebSocket-Key").next().map(String::from_utf8_lossy);
            let text = |span: &std::ops::Range<usize>| String::from_utf8_lossy(&bytes[span.clone()]).into_owned();
            (text(&head.method), text(&head.target), key.unwrap_or_default())
        }
        None => ("HTTP".into(), String::new(), "".into()),
    };
    let arrow = Arrow {
        from: Party::Client,
        badge: method,
        badge_class: "http",
        text: short_path(&target),
        detail: format!("connection {connection}"),
        control: false,
        wrong: false,
    };
    let words = format!("{} of HTTP", format::bytes(bytes.len() as u64));
    (Middle::Arrow(arrow), WireText { code: if key.is_empty() { String::new() } else { format!("key {key}") }, words })
}

/// A path with its long segments cut: a session's name says little in a row.
fn short_path(target: &str) -> String {
    let cut = |segment: &str| match segment.char_indices().nth(6) {
        Some((end, _)) if segment.len() > 20 => format!("{}…", &segment[..end]),
        _ => segment.to_owned(),
    };
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let path = path.split('/').map(cut).collect::<Vec<_>>().join("/");
    query.map_or(path.clone(), |query| format!("{path}?{query}"))
}

fn response(bytes: &[u8], detail: &str, refused: bool) -> (Middle, WireText) {
    let head = ResponseHead::parse(bytes).ok().flatten();
    let (status, reason, accept) = match &head {
        Some(head) => {
            let accept = values(bytes, &head.headers, "Sec-WebSocket-Accept").next().map(String::from_utf8_lossy);
            let reason = String::from_utf8_lossy(&bytes[head.reason.clone()]).into_owned();
            (head.status.to_string(), reason, accept.unwrap_or_default())
        }
        None => ("HTTP".into(), String::new(), "".into()),
    };
    let arrow = Arrow {
        from: Party::Server,
        badge: status,
        badge_class: if refused { "bad" } else { "http" },
        text: reason,
        detail: detail.to_owned(),
        control: false,
        wrong: refused,
    };
    let words = format!("{} of HTTP", format::bytes(bytes.len() as u64));
    let code = if accept.is_empty() { String::new() } else { format!("accept {accept}") };
    (Middle::Arrow(arrow), WireText { code, words })
}

fn frame(frame: &Frame) -> (Middle, WireText) {
    let opcode = frame.opcode();
    let mut detail = Vec::new();
    if let Some(position) = frame.position.filter(|at| at.fragment > 1 || !at.last) {
        detail.push(format!("fragment {}", position.fragment));
    }
    if frame.fin {
        detail.push("FIN".to_owned());
    }
    if frame.rsv1 {
        detail.push("RSV1".to_owned());
    }
    let size = format::bytes(if frame.inflated.is_some() { frame.content_bytes() } else { frame.length });
    let wire = format::bytes(frame.payload_bytes);
    let text = match opcode {
        Opcode::Close => close_text(frame),
        _ if frame.position.is_some_and(|at| at.kind == MessageKind::Binary) => {
            detail.extend(frame.inflated.as_ref().map(|_| format!("deflated to {wire}")));
            size
        }
        _ => {
            detail.push(match &frame.inflated {
                Some(inflated) => format!("deflated {} → {wire}", format::count(inflated.bytes)),
                None => size,
            });
            format::one_line(&String::from_utf8_lossy(&frame.content()), PREVIEW)
        }
    };
    if frame.masked {
        detail.push("masked".to_owned());
    }
    if frame.violations.is_empty() && frame.payload_bytes < frame.length {
        detail.push("cut off".to_owned());
    }
    detail.extend(frame.violations.first().map(|violation| explain::verdict(violation, true)));
    let arrow = Arrow {
        from: frame.from,
        badge: badge(opcode),
        badge_class: badge_class(frame),
        text,
        detail: detail.join(" · "),
        control: opcode.is_control(),
        wrong: !frame.violations.is_empty(),
    };
    let rest =
        if frame.payload_bytes == 0 { String::new() } else { format!("+ {}", format::count(frame.payload_bytes)) };
    (Middle::Arrow(arrow), WireText { code: format::hex(&frame.header), words: rest })
}

fn close_text(frame: &Frame) -> String {
    let close = ClosePayload::parse(&frame.unmasked_payload()).0;
    match close.code {
        None => "no code".into(),
        Some(code) if close.reason.is_empty() => format!("{code} {}", code.meaning()),
        Some(code) => format!("{code} {}", format::one_line(&close.reason, PREVIEW)),
    }
}

pub fn badge(opcode: Opcode) -> String {
    match opcode {
        Opcode::Continuation => "CONT".into(),
        Opcode::ReservedData(n) | Opcode::ReservedControl(n) => format!("OPCODE {n:X}"),
        other => other.name().to_uppercase(),
    }
}

pub fn badge_class(frame: &Frame) -> &'static str {
    if !frame.violations.is_empty() {
        return "bad";
    }
    match frame.opcode() {
        Opcode::Text => "text",
        Opcode::Binary => "bin",
        Opcode::Continuation => "cont",
        Opcode::Close => "close",
        Opcode::Ping | Opcode::Pong => "ping",
        Opcode::ReservedData(_) | Opcode::ReservedControl(_) => "bad",
    }
}

/// Who is at the other end: this page's browser, or another client.
pub fn client(page: &PageSide) -> &'static str {
    if *page == PageSide::Elsewhere { "client" } else { "browser" }
}

fn end(closed: &Closed, client: &str) -> (Middle, WireText) {
    let who = match closed.first {
        Some(Party::Client) => format!("the {client} said goodbye first"),
        Some(Party::Server) => "the relay said goodbye first".to_owned(),
        None => "no one said goodbye".to_owned(),
    };
    let code = closed.code.map_or(String::new(), |code| format!(", {code}"));
    let class = if closed.clean { "closed" } else { "closed unclean" };
    let frames = closed.client.frames + closed.server.frames;
    let bytes = closed.client.bytes + closed.server.bytes;
    let words = format!("{}, {}", format::plural(frames, "frame"), format::size(bytes));
    (band(format!("CLOSED: {who}{code}"), class), WireText { code: String::new(), words })
}

/// What the relay did on purpose that is no frame.
fn deliberate(act: &Act) -> (Middle, WireText) {
    let text = match &act.refused {
        Some(why) => format!("{} refused: {why}", act.deliberate.what),
        None => format!("ON PURPOSE: {}", act.deliberate.explanation),
    };
    let words = if act.sent == 0 { String::new() } else { format::bytes(act.sent) };
    (band(text, "act"), WireText { code: format::hex(&act.bytes[..act.bytes.len().min(14)]), words })
}

fn gap(Gap { from: Seq(from), to: Seq(to) }: Gap) -> (Middle, WireText) {
    let lost = format::plural(to + 1 - from, "observation");
    (band(format!("{lost} no longer kept by the relay"), "gap"), WireText::default())
}

/// A row that only the page knows of.
fn unseen(record: &Record, row: &Row) -> (Middle, WireText) {
    let event = record.events(&row.page).next();
    let watched = event.is_some_and(|event| record.sequence.is_watched(event.socket));
    let first = event.is_some_and(|event| matches!(event.act, PageAct::Constructed { .. }));
    let words = match (watched, first) {
        (true, _) => "not seen by the relay",
        (false, true) => "another server’s, so unseen",
        (false, false) => "unseen",
    };
    let text = event.map_or("", |event| match event.act {
        PageAct::Constructed { .. } => "the browser begins a handshake",
        PageAct::Open { .. } => "the handshake is complete",
        PageAct::Sent(_) => "a message leaves",
        PageAct::Received(_) => "a message came",
        PageAct::CloseCalled { .. } => "the goodbye begins",
        PageAct::Error => "something failed; JavaScript is not told what",
        PageAct::Closed { .. } => "the socket is closed",
    });
    (band(text, "unseen"), WireText { code: String::new(), words: words.into() })
}

fn page(record: &Record, row: &Row) -> PageText {
    let words = |text: &str| PageText { text: text.into(), nothing: true, image: None };
    match &row.page {
        PageSide::Nothing if matches!(row.key, RowKey::Opened(_)) => words(""),
        PageSide::Nothing => words("nothing"),
        PageSide::Fragment => words("nothing until FIN"),
        PageSide::Elsewhere => {
            words(if matches!(row.key, RowKey::Opened(_) | RowKey::Gap(..)) { "" } else { "not this page’s" })
        }
        PageSide::Events(numbers) => {
            let said: Vec<_> = record.events(&row.page).map(act).collect();
            let held = numbers.iter().filter_map(|&number| record.journal.payload(number));
            let image = held.filter_map(|held| held.image.as_ref()).map(|url| url.as_str().to_owned()).next();
            PageText { text: said.join(", "), nothing: false, image }
        }
    }
}

/// An event as a line of code.
pub fn act(event: &PageEvent) -> String {
    match &event.act {
        PageAct::Constructed { .. } => "new WebSocket()".into(),
        PageAct::Open { .. } => "onopen".into(),
        PageAct::Sent(payload) => format!("send({})", payload_text(payload)),
        PageAct::Received(payload) => format!("onmessage {}", payload_text(payload)),
        PageAct::CloseCalled { code: None, .. } => "close()".into(),
        PageAct::CloseCalled { code: Some(code), reason } if reason.is_empty() => format!("close({code})"),
        PageAct::CloseCalled { code: Some(code), reason } => {
            format!("close({code}, {})", format::quoted(reason, PREVIEW))
        }
        PageAct::Error => "onerror".into(),
        PageAct::Closed { code, .. } => format!("onclose {code}"),
    }
}

fn payload_text(payload: &PagePayload) -> String {
    match payload.kind {
        MessageKind::Text => format::quoted(&payload.preview, PREVIEW),
        MessageKind::Binary if payload.preview.is_empty() => format::bytes(payload.bytes),
        MessageKind::Binary => payload.preview.clone(),
    }
}
