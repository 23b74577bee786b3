//! Routes with a hop: two connections. The page's socket is one of them.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::rows::{Table, merge, table};
use crate::streams::{CLIENT, SERVER, Streams};
use observation::page::SocketNumber;
use observation::{ConnectionNumber, Http, Leg, Transcript};
use std::rc::Rc;

const NEAR: ConnectionNumber = ConnectionNumber(1);
const FAR: ConnectionNumber = ConnectionNumber(2);

/// Checks that the final rows are `expect` for any order of the two streams.
#[track_caller]
fn check(streams: &Streams, expect: &[(&str, &str)]) {
    let expect: Table = expect.iter().map(|(wire, page)| ((*wire).to_owned(), (*page).to_owned())).collect();
    for choices in [vec![true; 40], vec![false; 40], [true, false].repeat(20), [false, false, true].repeat(14)] {
        let sequence = merge(streams, 100, choices);
        assert_eq!(table(streams, &sequence), expect);
    }
}

/// A message through a middlebox and its echo.
fn through_a_box() -> Streams {
    let mut streams = Streams::default();
    streams
        .constructed(1)
        .asked(1, true)
        .opening_beyond(2, 1)
        .opening(1, true)
        .open(1)
        .sent(1, "a")
        .text(1, CLIENT, "a")
        .text(2, CLIENT, "a")
        .text(2, SERVER, "a")
        .text(1, SERVER, "a")
        .received(1, "a");
    streams
}

#[test]
fn a_request_at_a_hop_has_one_row_and_the_socket_joins_the_near_leg() {
    let streams = through_a_box();
    check(
        &streams,
        &[
            ("request", "1 new"),
            ("request", "(elsewhere)"),
            ("response", "(elsewhere)"),
            ("opened", "(elsewhere)"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("client a", "1 send a"),
            ("client a", "(elsewhere)"),
            ("server a", "(elsewhere)"),
            ("server a", "1 message a"),
        ],
    );
    assert_eq!(merge(&streams, 100, []).connection(SocketNumber(1)), Some(NEAR));
}

#[test]
fn a_refusal_after_a_request_at_a_hop_ends_the_socket() {
    let mut streams = Streams::default();
    streams.constructed(1).asked(1, true).refusal(1).error(1).closed(1, 1006);
    check(&streams, &[("request", "1 new"), ("response", "1 error, 1 close 1006")]);
}

#[test]
fn in_front_of_tls_the_socket_joins_the_far_leg_and_only_tunnel_records_are_rows() {
    let mut streams = Streams::default();
    streams
        .constructed(1)
        .tunnel(2)
        .records(2, CLIENT, &[300])
        .records(2, SERVER, &[900])
        .opening_in_tls(1, Http::One)
        .records(1, CLIENT, &[300])
        .open(1)
        .sent(1, "a")
        .records(2, CLIENT, &[28])
        .records(1, CLIENT, &[28])
        .text(1, CLIENT, "a")
        .end(2)
        .records(2, CLIENT, &[28]);
    check(
        &streams,
        &[
            ("tunnel", "(elsewhere)"),
            ("records", "(elsewhere)"),
            ("records", "(elsewhere)"),
            ("request", "1 new"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("records", "(elsewhere)"),
            ("client a", "1 send a"),
            ("end", "(elsewhere)"),
        ],
    );
}

fn transcript(streams: &Streams) -> Transcript {
    let mut transcript = Transcript::new(100);
    streams.observations.iter().for_each(|(_, observation)| {
        transcript.observe(Rc::new(observation.clone()));
    });
    transcript
}

#[test]
fn both_legs_are_linked_once_the_far_one_arrives() {
    let mut streams = Streams::default();
    streams.asked(1, true);
    let near = transcript(&streams).connection(NEAR).cloned().expect("known");
    assert_eq!((near.hop.map(|hop| hop.leg), near.other), (Some(Leg::Near), None));
    assert!(near.asked.is_some() && near.opening.is_none());

    let both = transcript(&through_a_box());
    let (near, far) = (both.connection(NEAR).expect("known"), both.connection(FAR).expect("known"));
    assert_eq!((near.other, far.other), (Some(FAR), Some(NEAR)));
    let leg = |hop: &Option<observation::Hop>| hop.as_ref().map(|hop| (hop.leg, hop.middle.name().map(str::to_owned)));
    assert_eq!(leg(&near.hop), Some((Leg::Near, Some("box".to_owned()))));
    assert_eq!(leg(&far.hop), Some((Leg::Far, Some("box".to_owned()))));
    assert!(near.asked.is_some() && near.opening.is_some() && far.asked.is_none());
}
