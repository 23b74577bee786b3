//! Pairing that depends on the order of both streams: gaps, sockets without a relay, and waiting events.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::rows::{Table, table};
use crate::streams::{CLIENT, SERVER, Streams, fingerprint};
use observation::event::{Cause, Closed, Count, Event};
use observation::page::{EventNumber, PageEvent, SocketNumber};
use observation::sequence::{RowKey, Sequence};
use observation::{ConnectionNumber, Gap, Observation, Seq, Transcript};
use std::rc::Rc;

/// Feeds `parts` in this order.
enum Part<'a> {
    Page(&'a [PageEvent]),
    Wire(&'a [(usize, Observation)]),
    Gap(u64, u64),
}

fn in_order(sequence: &mut Sequence, parts: &[Part<'_>]) {
    for part in parts {
        match part {
            Part::Page(events) => events.iter().for_each(|event| sequence.page(event)),
            Part::Wire(observations) => observations.iter().for_each(|(_, observation)| sequence.observe(observation)),
            Part::Gap(from, to) => sequence.gap(Gap { from: Seq(*from), to: Seq(*to) }),
        }
    }
}

#[track_caller]
fn check_rows(streams: &Streams, sequence: &Sequence, expect: &[(&str, &str)]) {
    let expect: Table = expect.iter().map(|&(wire, page)| (wire.to_owned(), page.to_owned())).collect();
    assert_eq!(table(streams, sequence), expect);
}

fn expecting(sockets: &[u32]) -> Sequence {
    let mut sequence = Sequence::new(100);
    for &socket in sockets {
        sequence.expect(SocketNumber(socket), fingerprint());
    }
    sequence
}

#[test]
fn waiting_events_follow_all_rows() {
    let mut streams = Streams::default();
    streams.constructed(1).open(1).sent(1, "a").opening(1, true).text(1, CLIENT, "a");
    let mut sequence = expecting(&[1]);
    in_order(&mut sequence, &[Part::Page(&streams.events)]);
    check_rows(&streams, &sequence, &[("-", "1 new"), ("-", "1 open"), ("-", "1 send a")]);
    assert_eq!(sequence.position(RowKey::Page(EventNumber(3))), Some(2));
    in_order(&mut sequence, &[Part::Wire(&streams.observations[..1])]);
    let rows = [("request", "1 new"), ("response", "1 open"), ("opened", "(nothing)"), ("-", "1 send a")];
    check_rows(&streams, &sequence, &rows);
    assert_eq!(sequence.position(RowKey::Page(EventNumber(3))), Some(3));
    assert_eq!(sequence.position(RowKey::Page(EventNumber(1))), None, "it has joined");
    assert_eq!(sequence.owner(ConnectionNumber(1)), Some(SocketNumber(1)));
    assert_eq!(sequence.connection(SocketNumber(1)), Some(ConnectionNumber(1)));
    assert!(sequence.get(4).is_none() && !sequence.is_empty());
}

#[test]
fn no_event_waits_after_the_recorded_end() {
    let mut streams = Streams::default();
    streams.constructed(1).open(1).sent(1, "a").closed(1, 1006).opening(1, true).end(1);
    streams.constructed(2).close_called(2).refusal(2).error(2).closed(2, 1006).opening(3, false);
    let (events, observations) = (&streams.events, &streams.observations);
    let mut sequence = expecting(&[1, 2]);
    // The first socket's events come after its end, the second's close() before its refusal.
    in_order(
        &mut sequence,
        &[
            Part::Page(&events[..2]),
            Part::Wire(&observations[..2]),
            Part::Page(&events[2..6]),
            Part::Wire(&observations[2..]),
            Part::Page(&events[6..]),
        ],
    );
    check_rows(
        &streams,
        &sequence,
        &[
            ("request", "1 new"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("end", "1 close 1006"),
            ("-", "1 send a"),
            ("request", "2 new"),
            ("response", "2 error, 2 close 1006"),
            ("-", "2 close()"),
            ("request", "(elsewhere)"),
            ("response", "(elsewhere)"),
            ("opened", "(elsewhere)"),
        ],
    );
}

#[test]
fn without_a_relay_each_event_is_a_row() {
    let mut streams = Streams::default();
    streams.constructed(1).open(1).sent(1, "a").received(1, "a").close_called(1).closed(1, 1000);
    streams.opening(1, true);
    let mut sequence = expecting(&[]);
    in_order(&mut sequence, &[Part::Page(&streams.events), Part::Wire(&streams.observations)]);
    check_rows(
        &streams,
        &sequence,
        &[
            ("-", "1 new"),
            ("-", "1 open"),
            ("-", "1 send a"),
            ("-", "1 message a"),
            ("-", "1 close()"),
            ("-", "1 close 1000"),
            ("request", "(elsewhere)"),
            ("response", "(elsewhere)"),
            ("opened", "(elsewhere)"),
        ],
    );
    assert!(!sequence.is_watched(SocketNumber(1)) && sequence.connection(SocketNumber(1)).is_none());
}

/// A message in a gap is known to be missing when the next message from the same side arrives, or the end.
#[test]
fn events_with_frames_in_a_gap_get_their_own_rows() {
    let mut streams = Streams::default();
    streams
        .constructed(1)
        .open(1)
        .sent(1, "a")
        .sent(1, "b")
        .sent(1, "c")
        .sent(1, "d")
        .received(1, "x")
        .received(1, "y");
    streams.opening(1, true).text(1, CLIENT, "a").text(1, CLIENT, "b").text(1, SERVER, "x");
    streams.text(1, CLIENT, "c").text(1, CLIENT, "d").text(1, SERVER, "y").end(1);
    let (events, observations) = (&streams.events, &streams.observations);
    let mut sequence = expecting(&[1]);
    // b and x are missing, and b is known to be missing before c arrives.
    in_order(
        &mut sequence,
        &[
            Part::Page(&events[..5]),
            Part::Wire(&observations[..2]),
            Part::Gap(3, 4),
            Part::Wire(&observations[4..7]),
            Part::Page(&events[5..]),
            Part::Wire(&observations[7..]),
        ],
    );
    check_rows(
        &streams,
        &sequence,
        &[
            ("request", "1 new"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("client a", "1 send a"),
            ("gap 3-4", "(elsewhere)"),
            ("-", "1 send b"),
            ("client c", "1 send c"),
            ("client d", "1 send d"),
            ("server y", "1 message y"),
            ("-", "1 message x"),
            ("end", "(nothing)"),
        ],
    );
}

/// JavaScript sees 1006 at once. Another relay records the end seconds later, when the page has connected again.
#[test]
fn the_end_of_a_connection_whose_relay_is_gone_meets_its_close_event() {
    let mut streams = Streams::default();
    streams.constructed(1).open(1).sent(1, "a").error(1).closed(1, 1006).constructed(2).open(2).sent(2, "b");
    streams.opening(1, true).text(1, CLIENT, "a").opening(2, true).text(2, CLIENT, "b");
    streams.event(1, Event::Closed(relay_lost()));
    let mut sequence = expecting(&[1, 2]);
    let (events, observations) = (&streams.events, &streams.observations);
    let parts = [Part::Wire(&observations[..2]), Part::Page(&events[5..]), Part::Wire(&observations[2..])];
    in_order(&mut sequence, &[Part::Page(&events[..5])]);
    in_order(&mut sequence, &parts);
    let rows = [
        ("request", "1 new"),
        ("response", "1 open"),
        ("opened", "(nothing)"),
        ("client a", "1 send a"),
        ("request", "2 new"),
        ("response", "2 open"),
        ("opened", "(nothing)"),
        ("client b", "2 send b"),
        ("end", "1 error, 1 close 1006"),
    ];
    check_rows(&streams, &sequence, &rows);
}

/// After a loss, relays continue with much higher numbers of observations and connections. An open connection goes on.
#[test]
fn pairing_continues_after_a_leap() {
    let leap = Gap { from: Seq(3), to: Seq(Gap::LEAP - 1) };
    let mut streams = Streams::default();
    streams.constructed(1).open(1).sent(1, "a").received(1, "b").closed(1, 1000);
    streams.constructed(2).open(2).sent(2, "c").constructed(3).open(3).sent(3, "d");
    streams.opening(1, true).text(1, CLIENT, "a").text(1, SERVER, "b").end(1);
    streams.opening(1_001, true).text(1_001, CLIENT, "c").opening(1_000_001, true).text(1_000_001, CLIENT, "d");
    let (mut sequence, mut transcript) = (expecting(&[1, 2, 3]), Transcript::new(100));
    in_order(&mut sequence, &[Part::Page(&streams.events[..4])]);
    for (index, (_, seen)) in streams.observations.iter().enumerate() {
        if index == 2 {
            sequence.gap(leap);
            transcript.gap(leap);
            in_order(&mut sequence, &[Part::Page(&streams.events[4..])]);
        }
        let number = if index < 2 { seen.seq.0 } else { Gap::LEAP + index as u64 - 2 };
        let seen = Observation { seq: Seq(number), ..seen.clone() };
        assert!(transcript.observe(Rc::new(seen.clone())), "{number}");
        sequence.observe(&seen);
    }
    let sockets = [1, 2, 3].map(|number| sequence.connection(SocketNumber(number)));
    assert_eq!(sockets, [1, 1_001, 1_000_001].map(|number| Some(ConnectionNumber(number))));
    assert!((0..sequence.len()).all(|index| !matches!(sequence.get(index).expect("a row").key, RowKey::Page(_))));
    assert_eq!(transcript.last(), Seq(Gap::LEAP + 5));
    let is_over =
        |number| transcript.connection(ConnectionNumber(number)).map(|connection| connection.closed.is_some());
    assert_eq!([1, 1_001, 1_000_001].map(is_over), [Some(true), Some(false), Some(false)]);
}

fn relay_lost() -> Closed {
    let (client, server) = (Count::default(), Count::default());
    let cause = Cause::RelayLost;
    Closed { first: None, code: None, reason: String::new(), clean: false, cause, client, server }
}

/// Whether the record of a socket that opened or ended is in the gap is unknown. No pairing is better than a wrong one.
#[test]
fn a_socket_whose_opening_may_be_in_a_gap_is_not_paired_with_the_next() {
    let mut streams = Streams::default();
    streams.constructed(1).open(1).sent(1, "a").closed(1, 1006).constructed(2).open(2);
    streams.opening(1, true).end(1).opening(2, true);
    let mut sequence = expecting(&[1, 2]);
    in_order(
        &mut sequence,
        &[
            Part::Page(&streams.events[..2]),
            Part::Gap(1, 2),
            Part::Page(&streams.events[2..]),
            Part::Wire(&streams.observations[2..]),
        ],
    );
    check_rows(
        &streams,
        &sequence,
        &[
            ("gap 1-2", "(elsewhere)"),
            ("-", "1 new"),
            ("-", "1 open"),
            ("-", "1 send a"),
            ("-", "1 close 1006"),
            ("request", "2 new"),
            ("response", "2 open"),
            ("opened", "(nothing)"),
        ],
    );
    assert!(sequence.is_watched(SocketNumber(1)) && sequence.connection(SocketNumber(1)).is_none());
}

#[test]
fn more_than_the_capacity_does_not_wait() {
    let mut streams = Streams::default();
    streams.constructed(1).open(1).sent(1, "a").sent(1, "b").opening(1, true);
    let mut sequence = Sequence::new(3);
    sequence.expect(SocketNumber(1), fingerprint());
    in_order(&mut sequence, &[Part::Page(&streams.events)]);
    // The oldest event no longer waits. The row that it would have joined arrives without it.
    check_rows(&streams, &sequence, &[("-", "1 new"), ("-", "1 open"), ("-", "1 send a"), ("-", "1 send b")]);
    in_order(&mut sequence, &[Part::Wire(&streams.observations)]);
    let rows = [
        ("request", "(nothing)"),
        ("response", "1 open"),
        ("opened", "(nothing)"),
        ("-", "1 send a"),
        ("-", "1 send b"),
    ];
    check_rows(&streams, &sequence, &rows);
}
