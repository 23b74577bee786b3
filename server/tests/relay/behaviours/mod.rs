//! The settings in the URL of a lab connection: the exact bytes that they cause, and what observers receive.

mod chance;
mod closing;
mod composed;
mod faults;
mod half_closed;
mod heartbeat;
pub(crate) mod limits;
mod noise;
mod opening;
mod script;
mod session_script;
mod settings;
mod talk;

use crate::support::{Feed, Lab, Raw, handshake, masked, soon};
use observation::event::{Cause, Closed, Frame};
use observation::{Act, Deliberate, Event, Party};
use std::io;
use tokio::io::AsyncReadExt;

/// A raw connection after the opening handshake with these settings.
pub(crate) async fn open(lab: &Lab, query: &str) -> Raw {
    Raw::open(lab.address(), &format!("{}?{query}", lab.path())).await
}

/// A raw connection with these settings and permessage-deflate.
pub(crate) async fn open_deflate(lab: &Lab, query: &str) -> Raw {
    lab.open_deflate(&format!("?{query}")).await
}

/// A raw connection on which only the request with these settings was sent.
pub(crate) async fn ask(lab: &Lab, query: &str, more: &str) -> Raw {
    let mut raw = lab.raw().await;
    raw.send(handshake(&format!("{}?{query}", lab.path()), more).as_bytes()).await;
    raw
}

/// A valid frame from the relay.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(length as u8),
        length @ 126..=0xFFFF => {
            frame.push(126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason.as_bytes()].concat()
}

/// Sends the client's close frame and expects the relay's as the last bytes.
pub(crate) async fn close_from_client(raw: &mut Raw) {
    raw.send(&masked(0x88, &close(1000, ""))).await;
    assert_eq!(raw.rest().await, frame(0x88, &close(1000, "")));
}

/// Expects the relay's close frame and answers it.
pub(crate) async fn close_from_server(raw: &mut Raw, code: u16, reason: &str) {
    assert_eq!(raw.frame().await, (0x88, close(code, reason)));
    raw.send(&masked(0x88, &close(code, ""))).await;
    assert_eq!(raw.rest().await, b"");
}

/// The bytes until the connection ends or breaks, and how it ends.
pub(crate) async fn until_broken(raw: &mut Raw) -> (Vec<u8>, io::Result<()>) {
    let mut bytes = Vec::new();
    let ended = soon(raw.0.read_to_end(&mut bytes)).await;
    (bytes, ended.map(|_| ()))
}

/// Sends a ping and expects only its pong. Everything that the relay sent before was already read.
pub(crate) async fn nothing_but_a_pong(raw: &mut Raw) {
    raw.send(&masked(0x89, b"barrier")).await;
    assert_eq!(raw.frame().await, (0x8a, b"barrier".to_vec()));
}

/// Name, RFC and section.
pub(crate) fn name(deliberate: &Deliberate) -> (&str, Option<(u16, &str)>) {
    (deliberate.what.as_ref(), deliberate.rule.as_ref().map(|rule| (rule.rfc, rule.section.as_ref())))
}

pub(crate) fn frames(events: Vec<Event>, from: Party) -> Vec<Frame> {
    let frame = |event| match event {
        Event::Frame(frame) if frame.from == from => Some(frame),
        _ => None,
    };
    events.into_iter().filter_map(frame).collect()
}

pub(crate) fn acts(events: &[Event]) -> Vec<&Act> {
    let acts = events.iter().filter_map(|event| match event {
        Event::Act(act) => Some(act),
        _ => None,
    });
    acts.collect()
}

pub(crate) fn rules(frame: &Frame) -> Vec<&str> {
    frame.violations.iter().map(|violation| violation.rule.as_ref()).collect()
}

/// The recorded events of a connection in short: `> text`, `< pong`, `! drop`.
pub(crate) fn summary(events: &[Event]) -> Vec<String> {
    let word = |event: &Event| match event {
        Event::Frame(frame) => {
            let arrow = if frame.from == Party::Client { '>' } else { '<' };
            format!("{arrow} {}", frame.opcode().name())
        }
        Event::Act(act) if act.refused.is_some() => format!("? {}", act.deliberate.what),
        Event::Act(act) => format!("! {}", act.deliberate.what),
        Event::Opening(_) => "opening".to_owned(),
        Event::Refusal(_) => "refusal".to_owned(),
        Event::Closed(_) => "closed".to_owned(),
        Event::Note(_) => "note".to_owned(),
        Event::Asked(_) | Event::Tunnel(_) | Event::Records(_) => unreachable!("there is no hop"),
    };
    events.iter().map(word).collect()
}

/// Waits until this time has passed for the relay too, as seen on another of its connections.
pub(crate) async fn let_pass(lab: &Lab, time: &str) {
    let mut other = Raw::open(lab.address(), &format!("/echo?drop-after={time}")).await;
    other.rest().await;
}

/// All of the next connection: the events after its opening, and its end.
pub(crate) async fn events_and_end(feed: &mut Feed) -> (Vec<Event>, Closed) {
    feed.opening().await;
    let (events, closed) = feed.until_closed().await;
    // The counts at the end match the recorded frames.
    let sent = frames(events.clone(), Party::Server);
    let raw: u64 = acts(&events).iter().map(|act| act.sent).sum();
    assert_eq!(closed.server.frames, sent.len() as u64, "{events:?}");
    assert_eq!(closed.server.bytes, sent.iter().map(Frame::wire_bytes).sum::<u64>() + raw, "{events:?}");
    (events, closed)
}

/// How it ended: cause, code, and whether both sides sent a close frame.
pub(crate) fn ending(closed: &Closed) -> (Cause, Option<u16>, bool) {
    (closed.cause, closed.code, closed.clean)
}
