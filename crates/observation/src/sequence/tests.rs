//! Tests of work and memory, which need private fields. The tests of the rows are in `tests/folds`.

use super::{Fingerprint, PageEvent, Sequence, SocketNumber};
use crate::event::{Closed, Event, Frame, Opening};
use crate::page::{EventNumber, PageAct, PagePayload};
use crate::{ConnectionNumber, MessageKind, Observation, Seq};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wire::Sender;
use wire::header::FrameHeader;
use wire::message::MessageTracker;
use wire::opcode::Opcode;

const MANY: u64 = 10_000;
const SOCKET: SocketNumber = SocketNumber(1);

fn sequence() -> Sequence {
    let mut sequence = Sequence::new(usize::MAX);
    sequence.expect(SOCKET, fingerprint());
    sequence
}

fn fingerprint() -> Fingerprint {
    let text = |text: &str| text.to_owned();
    Fingerprint { target: text("/"), origin: text("o"), user_agent: text("a") }
}

/// A new socket, `MANY` sends, its end.
fn events() -> impl Iterator<Item = PageEvent> {
    let payload = PagePayload { kind: MessageKind::Text, bytes: 0, utf16_length: 0, preview: String::new() };
    let new = PageAct::Constructed { url: String::new(), protocols: Vec::new() };
    let open = PageAct::Open { protocol: String::new(), extensions: String::new() };
    let closed = PageAct::Closed { code: 1006, reason: String::new(), was_clean: false };
    let sends = (0..MANY).map(move |_| PageAct::Sent(payload.clone()));
    let acts = [new, open].into_iter().chain(sends).chain([closed]);
    acts.zip(1..).map(|(act, n)| PageEvent { number: EventNumber(n), socket: SOCKET, at_us: n, act })
}

/// What the relay saw of them.
fn observations() -> impl Iterator<Item = Observation> {
    let request = b"GET / HTTP/1.1\r\nOrigin: o\r\nUser-Agent: a\r\n\r\n".to_vec();
    let opening = Event::Opening(Opening { request, ..Opening::default() });
    let mut tracker = MessageTracker::default();
    let frames = (0..MANY).map(move |_| {
        let mut frame = Frame::new(Sender::Client, &FrameHeader::unmasked(true, Opcode::Text, 0), Vec::new(), 0);
        frame.position = tracker.frame(Opcode::Text, true).0.map(Into::into);
        Event::Frame(frame)
    });
    let closed = Event::Closed(Closed {
        first: None,
        code: None,
        reason: String::new(),
        clean: false,
        cause: crate::event::Cause::ConnectionEnded,
        client: crate::event::Count::default(),
        server: crate::event::Count::default(),
    });
    let events = [opening].into_iter().chain(frames).chain([closed]);
    let connection = ConnectionNumber(1);
    events.zip(1..).map(move |(event, n)| Observation { seq: Seq(n), at_us: n, connection, event })
}

/// Every step looks up a key and takes from an end, whatever has come before: no search, no shifting.
#[test]
fn many_frames_take_the_same_work_each() {
    // All events wait: each observation takes the one in front.
    let mut page_first = sequence();
    events().for_each(|event| page_first.page(&event));
    assert_eq!(page_first.waiting.len() as u64, MANY + 3);
    for observation in observations() {
        let front = page_first.waiting.front().map(|waiting| waiting.event);
        page_first.observe(&observation);
        assert_ne!(page_first.waiting.front().map(|waiting| waiting.event), front);
    }
    assert_eq!((page_first.waiting.len(), page_first.sockets[&SOCKET].kept()), (0, 0));
    assert_eq!(page_first.len() as u64, MANY + 4);

    // In step, either ahead of the other: what is kept for joining does not grow with what has joined.
    for page_ahead in [true, false] {
        let mut in_step = sequence();
        let mut events = events();
        let mut observations = observations();
        // The opening is one observation and two events; then each event has its observation.
        events.by_ref().take(2).for_each(|event| in_step.page(&event));
        observations.by_ref().take(1).for_each(|observation| in_step.observe(&observation));
        for (event, observation) in events.zip(observations) {
            if page_ahead {
                in_step.page(&event);
            }
            in_step.observe(&observation);
            if !page_ahead {
                in_step.page(&event);
            }
            assert!(in_step.sockets[&SOCKET].kept() <= 2 && in_step.waiting.is_empty());
        }
        assert_eq!(in_step.sockets[&SOCKET].kept(), 0);
        assert_eq!(in_step.rows, page_first.rows);
    }
}

/// A page that goes on for days has had many sockets.
#[test]
fn a_socket_that_is_over_goes_with_its_last_row() {
    const CAPACITY: usize = 20;
    let mut sequence = Sequence::new(CAPACITY);
    let life: Vec<_> = [events().next(), events().nth(1), events().last()].into_iter().flatten().collect();
    let record: Vec<_> = [observations().next(), observations().last()].into_iter().flatten().collect();
    let (mut number, mut seq) = (0, 0);
    for n in 1..=100 {
        let socket = SocketNumber(n);
        // One in three is watched by no relay, and of another the relay has seen nothing.
        if n % 3 > 0 {
            sequence.expect(socket, fingerprint());
        }
        for event in &life {
            if n % 3 == 2 && matches!(event.act, PageAct::Open { .. }) {
                continue;
            }
            number += 1;
            sequence.page(&PageEvent { number: EventNumber(number), socket, ..event.clone() });
        }
        for observation in record.iter().filter(|_| n % 3 == 1) {
            seq += 1;
            sequence.observe(&Observation { seq: Seq(seq), connection: ConnectionNumber(n), ..observation.clone() });
        }
        // Each has two rows or more; the newest is kept, and what of the last ones has not been claimed.
        let kept = [sequence.sockets.len(), sequence.owners.len(), sequence.done.len(), sequence.unclaimed.len()];
        assert!(kept.iter().all(|&kept| kept <= CAPACITY / 2 + 4), "{kept:?} after {n}");
    }
    assert_eq!(sequence.owner(ConnectionNumber(1)), None);
    assert_eq!(sequence.connection(SocketNumber(100)), Some(ConnectionNumber(100)));
    // The newest one is known for as long as it is the newest.
    for n in 101..=200 {
        seq += 1;
        sequence.observe(&Observation { seq: Seq(seq), connection: ConnectionNumber(n), ..record[0].clone() });
    }
    assert_eq!((sequence.sockets.len(), sequence.owner(ConnectionNumber(100))), (1, Some(SocketNumber(100))));
}
