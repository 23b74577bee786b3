//! The text of a row of the sequence: a pure function of the record.

mod ends;
mod head;
mod parts;
mod script;
mod stopped;

pub use ends::Ends;
pub use parts::{Arrow, Middle, PageText, Stop, WireText};
pub use script::act;

use self::parts::{PREVIEW, band, deliberate_label, front, plain};
use crate::lab::Record;
use crate::lab::explain;
use crate::ui::format;
use observation::event::Cause;
use observation::page::PageAct;
use observation::round_trip::RoundTrip;
use observation::sequence::{PageSide, Row, RowKey};
use observation::{
    Act, Asked, Closed, Deliberate, Event, Frame, Gap, Hop, Leg, MessageKind, Opening, Origin, Party, Records, Refusal,
    Tunnel,
};
use wire::close::ClosePayload;
use wire::deflate::NAME;
use wire::opcode::Opcode;

/// A row, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowText {
    /// The side of the hop, if something is between client and server.
    pub leg: Option<Leg>,
    /// Milliseconds since its connection began; empty if the relay recorded no time.
    pub time: String,
    pub page: PageText,
    pub middle: Middle,
    /// What the wire carried.
    pub wire: WireText,
}

pub fn describe(record: &Record, row: &Row) -> RowText {
    let observation = record.observation(row.key);
    let time = observation.and_then(|seen| {
        let began = record.began_us(seen.connection)?;
        let at_us = match (row.key, &seen.event) {
            (
                RowKey::Request(_),
                Event::Opening(Opening { requested_us, .. }) | Event::Refusal(Refusal { requested_us, .. }),
            ) => *requested_us,
            _ => seen.at_us,
        };
        Some(format::milliseconds(at_us.saturating_sub(began)))
    });
    let connection = observation.and_then(|seen| record.transcript.connection(seen.connection));
    let hop = connection.and_then(|connection| connection.hop.as_ref());
    let ends = Ends::in_record(record, hop, client(&row.page));
    let (mut middle, wire) = match (row.key, observation.map(|seen| (&seen.event, seen.connection.0))) {
        (RowKey::Request(_), Some((Event::Asked(Asked { request, route, deliberate, .. }), number))) => {
            head::request(request, route, deliberate, number)
        }
        (RowKey::Request(_), Some((Event::Opening(Opening { request, route, .. }), number))) => {
            head::request(request, route, &[], number)
        }
        (RowKey::Request(_), Some((Event::Refusal(Refusal { request, route, .. }), number))) => {
            head::request(request, route, &[], number)
        }
        (RowKey::Response(_), Some((Event::Opening(opening), _))) => {
            head::response(&opening.response, opening.deflate.map_or("", |_| NAME), &opening.deliberate, false)
        }
        (RowKey::Response(_), Some((Event::Refusal(refusal), _))) if refusal.status.is_none() => {
            head::not_http(refusal, &ends)
        }
        (RowKey::Response(_), Some((Event::Refusal(refusal), _))) => {
            head::response(&refusal.response, "refused", &refusal.deliberate, true)
        }
        (RowKey::Tunnel(_), Some((Event::Tunnel(line), number))) => tunnel(line, number),
        (RowKey::Records(_), Some((Event::Records(some), _))) => records(some),
        (RowKey::Frame(seq), Some((Event::Frame(seen), _))) => {
            frame(seen, record.transcript.round_trips().ending_with(seq))
        }
        (RowKey::End(_), Some((Event::Closed(closed), _))) => end(closed, &ends),
        (RowKey::Act(_), Some((Event::Act(done), _))) => of_act(done, hop),
        (RowKey::Opened(_), Some((Event::Opening(opening), _))) => {
            (head::opened(&opening.route, &ends), WireText::default())
        }
        (RowKey::Gap(from, to), _) => (band(gap(Gap { from, to }), "gap"), WireText::default()),
        (RowKey::Page(_), _) => unseen(record, row),
        // The observation was dropped to stay within the limits.
        _ => (band("dropped", "gap"), WireText::default()),
    };
    let page_time = || {
        let event = record.events(&row.page).next().filter(|_| matches!(row.key, RowKey::Page(_)))?;
        Some(format::milliseconds(record.journal.since_began_us(event)))
    };
    let time = time.or_else(page_time);
    // A connection opens at the time of its 101.
    let time = time.filter(|_| !matches!(row.key, RowKey::Opened(_)));
    if let Middle::Arrow(arrow) = &mut middle {
        arrow.direction = ends.direction(arrow.from);
    }
    RowText { leg: ends.half, time: time.unwrap_or_default(), page: script::page(record, row), middle, wire }
}

fn frame(frame: &Frame, trip: Option<RoundTrip>) -> (Middle, WireText) {
    let opcode = frame.opcode();
    let mut detail = Vec::new();
    if let Some(position) = frame.position.filter(|at| at.fragment > 1 || !at.last) {
        detail.push(format!("fragment {}", position.fragment));
    }
    if frame.fin {
        detail.push("FIN".to_owned());
    }
    let bits = [(frame.rsv1, "RSV1"), (frame.rsv2, "RSV2"), (frame.rsv3, "RSV3")];
    detail.extend(bits.into_iter().filter(|(set, _)| *set).map(|(_, name)| name.to_owned()));
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
    detail.extend(trip.map(|trip| {
        let doubt = if trip.is_uncertain { " (uncertain)" } else { "" };
        format!("{} ms{doubt}", format::milliseconds(trip.us))
    }));
    let cut_off = frame.payload_bytes < frame.length;
    if frame.violations.is_empty() && cut_off {
        detail.push("cut off".to_owned());
    }
    let violation = frame.violations.first();
    let purpose = match (&frame.deliberate, violation) {
        (None, violation) => {
            detail.extend(violation.map(|violation| explain::verdict(violation, true)));
            String::new()
        }
        (Some(_), Some(violation)) => format!("deliberate · {}", explain::section(violation.rfc, &violation.section)),
        (Some(deliberate), None) => deliberate_label(deliberate),
    };
    let arrow = Arrow {
        from: frame.from,
        direction: String::new(),
        badge: badge(opcode),
        badge_class: badge_class(frame),
        text,
        detail: detail.join(" · "),
        purpose,
        control: opcode.is_control(),
        wrong: violation.is_some(),
        stop: None,
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
        other => other.name().to_ascii_uppercase(),
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

/// Who is at the client's end: this page's browser, or another client.
pub fn client(page: &PageSide) -> &'static str {
    if *page == PageSide::Elsewhere { "client" } else { "browser" }
}

/// A connection to a middlebox in front of TLS.
fn tunnel(tunnel: &Tunnel, connection: u32) -> (Middle, WireText) {
    let host = tunnel.server_name.as_deref().unwrap_or("an unnamed host");
    let arrow = Arrow {
        badge: "TLS".into(),
        badge_class: "http",
        text: format!("connection for {host}"),
        detail: format!("connection {connection}"),
        ..Arrow::of(Party::Client)
    };
    (Middle::Arrow(arrow), WireText { code: String::new(), words: "only the host name is readable".into() })
}

/// TLS records that crossed such a connection.
fn records(seen: &Records) -> (Middle, WireText) {
    let bytes: u64 =
        seen.records.iter().map(|record| observation::eavesdrop::RECORD_HEADER + u64::from(record.length)).sum();
    let missed = (seen.missed > 0).then(|| format!(" · {} before, not kept", format::count(seen.missed)));
    let arrow = Arrow {
        badge: "TLS".into(),
        badge_class: "http",
        text: format::plural(seen.records.len() as u64, "record"),
        detail: format!("{}, unreadable{}", format::bytes(bytes), missed.unwrap_or_default()),
        ..Arrow::of(seen.from)
    };
    let front = seen.records.first().map_or(WireText::default(), |record| {
        let header = [&[record.content_type][..], &record.version.to_be_bytes(), &record.length.to_be_bytes()].concat();
        front(&[header, record.fragment.clone()].concat(), bytes)
    });
    (Middle::Arrow(arrow), front)
}

fn end(closed: &Closed, ends: &Ends) -> (Middle, WireText) {
    // The counts are unknown.
    if closed.cause == Cause::RelayLost {
        let words = format!("CLOSED{}: the relay that had it is gone", ends.between());
        return (band(words, "closed unclean"), WireText::default());
    }
    let who = match closed.first {
        Some(party) => format!("{} closed first", ends.the(party)),
        None => "no close frame".to_owned(),
    };
    let code = closed.code.map_or(String::new(), |code| format!(", {code}"));
    let class = if closed.clean { "closed" } else { "closed unclean" };
    let frames = closed.client.frames + closed.server.frames;
    let bytes = closed.client.bytes + closed.server.bytes;
    let words = format!("{}, {}", format::plural(frames, "frame"), format::size(bytes));
    (band(format!("CLOSED{}: {who}{code}", ends.between()), class), WireText { code: String::new(), words })
}

/// A deliberate act that is not a frame.
fn of_act(act: &Act, hop: Option<&Hop>) -> (Middle, WireText) {
    let Deliberate { what, explanation, by, .. } = &act.deliberate;
    if let Some(arrow) = stopped::arrow(act) {
        return (Middle::Arrow(arrow), WireText::default());
    }
    let middle = match &act.refused {
        Some(why) => band(format!("NOT DONE: {what}: {}", plain(why)), "act"),
        None if act.sent > 0 => {
            // A middlebox is the server on its client side, and the client on its server side. Commands there go to the lab.
            let is_client = hop.is_some_and(|hop| match by {
                Origin::Middlebox => hop.leg == Leg::Far,
                _ => hop.leads_to_a_server(),
            });
            Middle::Arrow(Arrow {
                badge: "RAW".into(),
                badge_class: "http",
                text: act.bytes.iter().take(PREVIEW).map(|&byte| format::ascii(byte)).collect(),
                detail: format::bytes(act.sent),
                purpose: deliberate_label(&act.deliberate),
                ..Arrow::of(if is_client { Party::Client } else { Party::Server })
            })
        }
        None if *by == Origin::Middlebox => {
            band(format!("{}: {}", what.to_ascii_uppercase(), plain(explanation)), "act")
        }
        None if *by == Origin::Console => band(format!("BY HAND: {}", plain(explanation)), "act"),
        None if *by == Origin::Rule => band(format!("{}: {}", what.to_ascii_uppercase(), plain(explanation)), "act"),
        None if *by == Origin::Limit => band(format!("LIMIT: {}", plain(explanation)), "act"),
        None => band(format!("DELIBERATE: {}", plain(explanation)), "act"),
    };
    (middle, front(&act.bytes, act.sent))
}

fn gap(gap: Gap) -> String {
    match gap.missing() {
        _ if gap.is_leap() => "Recording was interrupted: some observations may be missing".to_owned(),
        Some(missing) => format!("{} dropped from the relay’s log", format::plural(missing, "observation")),
        None => "Observations dropped from the relay’s log".to_owned(),
    }
}

/// A row of an event that only the page has seen.
fn unseen(record: &Record, row: &Row) -> (Middle, WireText) {
    let event = record.events(&row.page).next();
    let watched = event.is_some_and(|event| record.sequence.is_watched(event.socket));
    let first = event.is_some_and(|event| matches!(event.act, PageAct::Constructed { .. }));
    let words = match (watched, first) {
        (true, _) => "not seen by the relay",
        (false, true) => "another server, so not visible",
        (false, false) => "not visible",
    };
    let text = event.map_or("", |event| match event.act {
        PageAct::Constructed { .. } => "the browser starts a handshake",
        PageAct::Open { .. } => "the handshake is complete",
        PageAct::Sent(_) => "the browser sends a message",
        PageAct::Received(_) => "a message arrived",
        PageAct::CloseCalled { .. } => "the closing handshake starts",
        PageAct::Error => "something failed; JavaScript is not told what",
        PageAct::Closed { .. } => "the socket is closed",
    });
    (band(text, "unseen"), WireText { code: String::new(), words: words.into() })
}
