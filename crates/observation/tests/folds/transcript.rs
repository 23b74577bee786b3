//! A transcript folds observations by their numbers. It counts dropped observations too.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::streams::{CLIENT, SERVER, Streams};
use observation::transcript::Tally;
use observation::{ConnectionNumber, Gap, Observation, Party, Seq, Transcript};
use std::rc::Rc;
use wire::opcode::Opcode;

const FIRST: ConnectionNumber = ConnectionNumber(1);

fn observations(streams: &Streams) -> Vec<Rc<Observation>> {
    streams.observations.iter().map(|(_, observation)| Rc::new(observation.clone())).collect()
}

fn fold(capacity: usize, streams: &Streams) -> Transcript {
    let mut transcript = Transcript::new(capacity);
    for observation in observations(streams) {
        assert!(transcript.observe(observation));
    }
    transcript
}

fn numbers(transcript: &Transcript) -> Vec<u64> {
    transcript.iter().map(|observation| observation.seq.0).collect()
}

/// An opening, a message in three fragments with a ping and the other side's message between them, close frames, and the end.
fn a_life() -> Streams {
    let mut streams = Streams::default();
    streams
        .opening(1, true)
        .frame(1, CLIENT, false, Opcode::Text, "one")
        .frame(1, CLIENT, true, Opcode::Ping, "?")
        .frame(1, SERVER, true, Opcode::Text, "other")
        .frame(1, CLIENT, false, Opcode::Continuation, "two")
        .frame(1, CLIENT, true, Opcode::Continuation, "three")
        .text(1, CLIENT, "next")
        .close(1, SERVER)
        .close(1, CLIENT)
        .end(1);
    streams
}

#[test]
fn repeated_observations_change_nothing() {
    let streams = a_life();
    let mut transcript = fold(100, &streams);
    let before = format!("{transcript:?}");
    for observation in observations(&streams) {
        assert!(!transcript.observe(observation));
    }
    assert_eq!(format!("{transcript:?}"), before);
    assert_eq!(transcript.last(), Seq(10));
    assert_eq!(numbers(&transcript), (1..=10).collect::<Vec<_>>());
}

#[test]
fn beyond_its_capacity_it_keeps_the_newest_and_counts_all() {
    let streams = a_life();
    let transcript = fold(3, &streams);
    assert_eq!(numbers(&transcript), [8, 9, 10]);
    assert!(transcript.get(Seq(7)).is_none() && transcript.get(Seq(8)).is_some() && transcript.get(Seq(11)).is_none());
    let kept = transcript.connection(FIRST).expect("known");
    let all = fold(100, &streams);
    let counted = all.connection(FIRST).expect("known");
    assert_eq!((kept.client, kept.server, transcript.total()), (counted.client, counted.server, all.total()));
    // The time of the opening is known, but the opening was dropped.
    assert_eq!((kept.opening, kept.began_us, counted.began_us), (Some(Seq(1)), 0, 0));
    assert!(transcript.get(Seq(1)).is_none() && transcript.closed(FIRST).is_some());
    assert_eq!(numbers(&fold(0, &streams)), [10], "at least one is kept");
}

#[test]
fn observations_from_a_gap_are_ignored_later() {
    let all = observations(&a_life());
    let mut transcript = Transcript::new(100);
    assert!(transcript.observe(Rc::clone(&all[0])));
    transcript.gap(Gap { from: Seq(2), to: Seq(6) });
    assert_eq!(transcript.last(), Seq(6));
    assert!(!transcript.observe(Rc::clone(&all[3])));
    assert!(transcript.observe(Rc::clone(&all[6])));
    transcript.gap(Gap { from: Seq(2), to: Seq(3) });
    assert_eq!((transcript.last(), numbers(&transcript)), (Seq(7), vec![1, 7]));
    assert_eq!(transcript.frame(Seq(7)).expect("kept").payload, b"next");
    assert!(transcript.frame(Seq(1)).is_none(), "an opening is no frame");
}

#[test]
fn a_message_has_its_fragments_despite_frames_between() {
    let streams = a_life();
    let transcript = fold(100, &streams);
    let check = |transcript: &Transcript, from: Party, message: u64, expect: &[(u64, &str)]| {
        let found = transcript.message(FIRST, from, message);
        let found: Vec<_> = found
            .iter()
            .map(|(seq, frame)| (seq.0, String::from_utf8(frame.unmasked_payload()).expect("text")))
            .collect();
        assert_eq!(found.iter().map(|(seq, text)| (*seq, text.as_str())).collect::<Vec<_>>(), expect);
    };
    check(&transcript, CLIENT, 1, &[(2, "one"), (5, "two"), (6, "three")]);
    check(&transcript, CLIENT, 2, &[(7, "next")]);
    check(&transcript, SERVER, 1, &[(4, "other")]);
    check(&transcript, SERVER, 2, &[]);
    check(&fold(6, &streams), CLIENT, 1, &[(5, "two"), (6, "three")]);
    assert!(transcript.message(ConnectionNumber(2), CLIENT, 1).is_empty());
}

#[test]
fn opening_refusal_and_end_are_found_by_their_connection() {
    let life = fold(100, &a_life());
    let connection = life.connection(FIRST).expect("known");
    assert_eq!((connection.opening, connection.refusal, connection.closed), (Some(Seq(1)), None, Some(Seq(10))));
    assert!(life.opening(FIRST).is_some() && life.refusal(FIRST).is_none() && life.closed(FIRST).is_some());

    let mut refused = Streams::default();
    let transcript = fold(100, refused.refusal(1));
    let connection = transcript.connection(FIRST).expect("known");
    assert_eq!((connection.opening, connection.refusal, connection.closed), (None, Some(Seq(1)), None));
    assert_eq!(transcript.refusal(FIRST).expect("kept").status, Some(503));
    assert!(transcript.opening(FIRST).is_none() && transcript.closed(FIRST).is_none());

    let mut midway = Streams::default();
    midway.opening(1, true).text(1, CLIENT, "after a gap");
    let mut transcript = Transcript::new(100);
    transcript.gap(Gap { from: Seq(1), to: Seq(1) });
    assert!(transcript.observe(Rc::clone(&observations(&midway)[1])));
    let connection = transcript.connection(FIRST).expect("known");
    assert_eq!((connection.opening, connection.closed, connection.began_us), (None, None, 2));
}

/// The known connections among the first `many`.
fn known(transcript: &Transcript, many: u32) -> Vec<u32> {
    (1..=many).filter(|&number| transcript.connection(ConnectionNumber(number)).is_some()).collect()
}

#[test]
fn ended_connections_are_dropped_with_their_last_observation() {
    // One connection stays open. Each of the others opens and ends.
    let mut streams = Streams::default();
    streams.opening(1, true);
    for number in 2..=50 {
        streams.opening(number, false).text(number, CLIENT, "a").end(number);
    }
    for number in 51..=99 {
        streams.refusal(number);
    }
    let mut transcript = fold(10, &streams);
    assert_eq!(known(&transcript, 99), [&[1][..], &(90..=99).collect::<Vec<_>>()].concat());
    assert_eq!(transcript.total().frames, 49, "they still count");

    // The first one may have ended in a gap. Without a gap, it would be kept forever.
    transcript.gap(Gap { from: Seq(198), to: Seq(300) });
    assert_eq!(known(&transcript, 99), (90..=99).collect::<Vec<_>>());
    // It had not ended.
    let mut again = observations(&streams)[1].as_ref().clone();
    (again.seq, again.at_us, again.connection) = (Seq(301), 301, FIRST);
    assert!(transcript.observe(Rc::new(again)));
    assert_eq!(transcript.connection(FIRST).expect("seen again").began_us, 0);
}

#[test]
fn a_connection_continues_after_a_gap() {
    let mut streams = Streams::default();
    streams.opening(1, true).opening(2, false).text(1, CLIENT, "lost").text(1, CLIENT, "a");
    for _ in 0..10 {
        streams.refusal(3);
    }
    let mut transcript = Transcript::new(3);
    for observation in observations(&streams) {
        if observation.seq == Seq(3) {
            transcript.gap(Gap { from: Seq(3), to: Seq(3) });
        }
        transcript.observe(observation);
    }
    // The second connection has had no observations since then.
    assert_eq!(known(&transcript, 3), [1, 3]);
    let first = transcript.connection(FIRST).expect("known");
    assert_eq!((first.began_us, first.client.frames), (0, 1));
}

#[test]
fn each_side_and_each_connection_is_counted_separately() {
    let mut streams = a_life();
    streams.opening(2, false).text(2, CLIENT, "hello");
    let transcript = fold(100, &streams);
    let first = transcript.connection(FIRST).expect("known");
    // Masked frames have six bytes of header, unmasked ones two.
    assert_eq!(first.client, Tally { frames: 6, bytes: 6 * 6 + 3 + 1 + 3 + 5 + 4 + 2, messages: 2 });
    assert_eq!(first.server, Tally { frames: 2, bytes: 2 * 2 + 5 + 2, messages: 1 });
    let second = transcript.connection(ConnectionNumber(2)).expect("known");
    assert_eq!((second.client, second.server), (Tally { frames: 1, bytes: 11, messages: 1 }, Tally::default()));
    let total = Tally { frames: 9, bytes: 54 + 11 + 11, messages: 4 };
    assert_eq!(transcript.total(), total);
    // A message counts from its first fragment.
    let mut unfinished = Streams::default();
    let transcript = fold(100, unfinished.frame(1, SERVER, false, Opcode::Binary, "..."));
    assert_eq!(transcript.total(), Tally { frames: 1, bytes: 5, messages: 1 });
}
