//! Round trips: from the relay's ping to the pong with the same payload.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::streams::{CLIENT, SERVER, Streams};
use observation::round_trip::{RoundTrip, RoundTrips};
use observation::{ConnectionNumber, Event, Intermediary, Observation, Seq};
use wire::opcode::Opcode;

const FIRST: ConnectionNumber = ConnectionNumber(1);

fn fold(capacity: usize, streams: &Streams) -> RoundTrips {
    let mut trips = RoundTrips::new(capacity);
    for (_, observation) in &streams.observations {
        trips.observe(observation);
    }
    trips
}

/// The numbers of pings and their pongs, with the time between.
fn pairs(trips: &RoundTrips, connection: ConnectionNumber) -> Vec<(u64, u64, u64)> {
    trips.of(connection).map(|trip| (trip.ping.0, trip.pong.0, trip.us)).collect()
}

fn ping(streams: &mut Streams, connection: u32, payload: &str) {
    streams.frame(connection, SERVER, true, Opcode::Ping, payload);
}

fn pong(streams: &mut Streams, connection: u32, payload: &str) {
    streams.frame(connection, CLIENT, true, Opcode::Pong, payload);
}

#[test]
fn a_pong_answers_the_ping_with_its_payload() {
    let mut streams = Streams::default();
    streams.opening(1, true);
    ping(&mut streams, 1, "a");
    streams.text(1, CLIENT, "a");
    pong(&mut streams, 1, "a");
    ping(&mut streams, 1, "b");
    pong(&mut streams, 1, "");
    pong(&mut streams, 1, "b");
    pong(&mut streams, 1, "b");
    let trips = fold(10, &streams);
    // Each observation comes a microsecond after the one before.
    assert_eq!(pairs(&trips, FIRST), [(2, 4, 2), (5, 7, 2)]);
    let expect = RoundTrip { connection: FIRST, ping: Seq(5), pong: Seq(7), us: 2, is_uncertain: false };
    assert_eq!(trips.ending_with(Seq(7)), Some(expect));
    assert_eq!([2, 6, 8].map(|other| trips.ending_with(Seq(other))), [None; 3]);
}

/// A pong does not say which of several equal pings it answers. RFC 6455 §5.5.3.
#[test]
fn a_pong_answers_the_oldest_of_equal_pings() {
    let mut streams = Streams::default();
    for payload in ["x", "y", "x", "z"] {
        ping(&mut streams, 1, payload);
    }
    for payload in ["x", "y", "z"] {
        pong(&mut streams, 1, payload);
    }
    let trips = fold(10, &streams);
    assert_eq!(pairs(&trips, FIRST), [(1, 5, 4), (2, 6, 4), (4, 7, 3)]);
    assert_eq!(trips.of(FIRST).map(|trip| trip.is_uncertain).collect::<Vec<_>>(), [true, false, false]);
}

/// Only a prefix of the payload is known, so it proves nothing.
#[test]
fn a_truncated_pong_is_uncertain() {
    let mut streams = Streams::default();
    ping(&mut streams, 1, "pay");
    pong(&mut streams, 1, "pay");
    for (_, observation) in &mut streams.observations {
        if let Event::Frame(frame) = &mut observation.event {
            (frame.length, frame.payload_bytes) = (9, 9);
        }
    }
    assert_eq!(fold(10, &streams).of(FIRST).map(|trip| trip.is_uncertain).collect::<Vec<_>>(), [true]);
}

/// On the server side of `/relay`, the relay is the client, and its pings measure the way to the server.
#[test]
fn pings_to_another_server_count() {
    let mut streams = Streams::default();
    streams.opening_beyond(2, 1);
    let Some((_, Observation { event: Event::Opening(opening), .. })) = streams.observations.last_mut() else {
        panic!("an opening")
    };
    if let Some(hop) = &mut opening.route.hop {
        hop.middle = Intermediary::Relay;
    }
    streams.frame(2, CLIENT, true, Opcode::Ping, "p").frame(2, SERVER, true, Opcode::Pong, "p");
    ping(&mut streams, 2, "q");
    pong(&mut streams, 2, "q");
    // The same on the server side of a middlebox: the lab, which is the relay itself, answers.
    streams.opening_beyond(4, 3);
    streams.frame(4, CLIENT, true, Opcode::Ping, "p").frame(4, SERVER, true, Opcode::Pong, "p");
    let trips = fold(10, &streams);
    assert_eq!(pairs(&trips, ConnectionNumber(2)), [(2, 3, 1), (4, 5, 1)]);
    assert_eq!(pairs(&trips, ConnectionNumber(4)), []);
}

#[test]
fn only_the_relays_pings_on_the_same_connection() {
    let mut streams = Streams::default();
    streams.frame(1, CLIENT, true, Opcode::Ping, "p").frame(1, SERVER, true, Opcode::Pong, "p");
    ping(&mut streams, 1, "p");
    pong(&mut streams, 2, "p");
    ping(&mut streams, 2, "q");
    pong(&mut streams, 2, "q");
    let trips = fold(10, &streams);
    assert_eq!((pairs(&trips, FIRST), pairs(&trips, ConnectionNumber(2))), (vec![], vec![(5, 6, 1)]));
}

#[test]
fn pings_in_gaps_or_on_closed_connections_are_dropped() {
    let mut streams = Streams::default();
    ping(&mut streams, 1, "p");
    streams.end(1);
    pong(&mut streams, 1, "p");
    assert_eq!(pairs(&fold(10, &streams), FIRST), []);
    let mut trips = RoundTrips::new(10);
    trips.observe(&streams.observations[0].1);
    trips.gap();
    trips.observe(&streams.observations[2].1);
    assert_eq!(pairs(&trips, FIRST), []);
}

#[test]
fn both_bounds() {
    let mut streams = Streams::default();
    for n in 0..33 {
        ping(&mut streams, 1, &n.to_string());
    }
    // The oldest of 33 pings is dropped. The second still waits.
    pong(&mut streams, 1, "0");
    for n in 1..33 {
        pong(&mut streams, 1, &n.to_string());
    }
    let trips = fold(5, &streams);
    assert_eq!(pairs(&trips, FIRST).len(), 5);
    assert_eq!(trips.of(FIRST).next().map(|trip| trip.ping), Some(Seq(29)));
    assert_eq!(fold(100, &streams).of(FIRST).next().map(|trip| trip.ping), Some(Seq(2)));
    assert_eq!(pairs(&fold(0, &streams), FIRST).len(), 1, "one is the least");
}
