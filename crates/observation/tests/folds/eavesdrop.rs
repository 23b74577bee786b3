//! What an eavesdropper on the path can read: everything of an unencrypted connection, or only TLS records. Their content is shown
//! beside them.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::streams::{CLIENT, SERVER, Streams};
use observation::eavesdrop::{Contents, Encryption, PathView, Visible, visible};
use observation::{Act, ConnectionNumber, Deliberate, Event, Gap, Http, Party, Scheme, Transcript};
use std::rc::Rc;

const FIRST: ConnectionNumber = ConnectionNumber(1);

/// The passages of `streams` if observation `lost` is missing.
fn transcript(streams: &Streams, lost: Option<u64>) -> Transcript {
    let mut transcript = Transcript::new(1_000);
    for (_, observation) in &streams.observations {
        if Some(observation.seq.0) == lost {
            transcript.gap(Gap { from: observation.seq, to: observation.seq });
        } else {
            transcript.observe(Rc::new(observation.clone()));
        }
    }
    transcript
}

/// A passage: its sender, the lengths of its records, and its content by the numbers of the observations.
type Row = (Party, &'static [u16], &'static [(&'static str, u64)]);
type Table = Vec<(Party, Vec<u16>, Vec<(&'static str, u64)>)>;

fn table(transcript: &Transcript) -> Table {
    let line = PathView::of(transcript, FIRST).expect("known");
    let lengths = |&seq| match &transcript.get(seq).expect("kept").event {
        Event::Records(records) => records.records.iter().map(|record| record.length).collect::<Vec<_>>(),
        _ => panic!("no records"),
    };
    let held = |held: &Contents| {
        let name = match held {
            Contents::Handshake(_) => "handshake",
            Contents::Request(_) => "request",
            Contents::Response(_) => "response",
            Contents::Frame(_) => "frame",
            Contents::Bytes(_) => "bytes",
        };
        (name, held.seq().0)
    };
    let rows = line.passages.iter();
    rows.map(|it| (it.from, it.records.iter().flat_map(lengths).collect(), it.contents.iter().map(held).collect()))
        .collect()
}

#[track_caller]
fn check(streams: &Streams, lost: Option<u64>, expect: &[Row]) {
    let expect: Table = expect.iter().map(|(from, records, held)| (*from, records.to_vec(), held.to_vec())).collect();
    assert_eq!(table(&transcript(streams, lost)), expect);
}

/// An opening and the records of its handshake: observations 1 to 5.
fn in_tls() -> Streams {
    let mut streams = Streams::default();
    streams
        .opening_in_tls(1, Http::One)
        .records(1, CLIENT, &[512])
        .records(1, SERVER, &[90, 1, 1_200])
        .records(1, CLIENT, &[1, 53, 420])
        .records(1, SERVER, &[230, 146]);
    streams
}

const HANDSHAKE: [Row; 4] = [
    (CLIENT, &[512], &[("handshake", 1)]),
    (SERVER, &[90, 1, 1_200], &[("handshake", 1)]),
    (CLIENT, &[1, 53, 420], &[("handshake", 1)]),
    (SERVER, &[230, 146], &[("handshake", 1)]),
];

#[test]
fn without_tls_each_event_is_a_separate_passage() {
    let mut streams = Streams::default();
    let deliberate = Deliberate::by_console("raw", "bytes as they are", None);
    let wait = Act::of(Deliberate::by_console("pause", "nothing is read", None));
    let raw = Act { bytes: vec![0x81], sent: 1, ..Act::of(deliberate) };
    streams.opening(1, true).text(1, CLIENT, "a").text(1, CLIENT, "b").opening(2, false).text(2, CLIENT, "other");
    streams.text(1, SERVER, "a").event(1, Event::Act(wait)).event(1, Event::Act(raw)).end(1);
    check(
        &streams,
        None,
        &[
            (CLIENT, &[], &[("request", 1)]),
            (SERVER, &[], &[("response", 1)]),
            (CLIENT, &[], &[("frame", 2)]),
            (CLIENT, &[], &[("frame", 3)]),
            (SERVER, &[], &[("frame", 6)]),
            (SERVER, &[], &[("bytes", 8)]),
        ],
    );
    assert_eq!(PathView::of(&transcript(&streams, None), FIRST).map(|line| line.encryption), Some(Encryption::None));
}

/// The relay sees no records of TLS that a proxy ended. Everything between the proxy and the relay can be read.
#[test]
fn tls_that_ended_in_front_of_the_relay_is_not_called_unencrypted() {
    let encryption = |scheme| {
        let mut streams = Streams::default();
        streams.opening_behind_proxy(1, scheme).text(1, CLIENT, "a");
        check(
            &streams,
            None,
            &[(CLIENT, &[], &[("request", 1)]), (SERVER, &[], &[("response", 1)]), (CLIENT, &[], &[("frame", 2)])],
        );
        PathView::of(&transcript(&streams, None), FIRST).expect("known").encryption
    };
    assert_eq!(encryption(Some(Scheme::Https)), Encryption::EndedInFront);
    assert_eq!((encryption(Some(Scheme::Http)), encryption(None)), (Encryption::None, Encryption::None));
}

#[test]
fn a_request_at_a_middlebox_is_shown_once_when_it_arrives() {
    let mut streams = Streams::default();
    streams.asked(1, true).opening_beyond(2, 1).opening(1, true);
    check(&streams, None, &[(CLIENT, &[], &[("request", 1)]), (SERVER, &[], &[("response", 3)])]);
    let mut streams = Streams::default();
    streams.asked(1, true).refusal(1);
    check(&streams, None, &[(CLIENT, &[], &[("request", 1)]), (SERVER, &[], &[("response", 2)])]);
}

#[test]
fn client_records_precede_their_frames_and_server_records_follow() {
    let mut streams = in_tls();
    streams
        .records(1, CLIENT, &[28])
        .text(1, CLIENT, "a")
        .text(1, SERVER, "a")
        .records(1, SERVER, &[24])
        // Two frames in one write, and their echoes.
        .records(1, CLIENT, &[56])
        .text(1, CLIENT, "b")
        .text(1, CLIENT, "c")
        .text(1, SERVER, "b")
        .text(1, SERVER, "c")
        .records(1, SERVER, &[29]);
    let talk: [Row; 4] = [
        (CLIENT, &[28], &[("frame", 7)]),
        (SERVER, &[24], &[("frame", 8)]),
        (CLIENT, &[56], &[("frame", 11), ("frame", 12)]),
        (SERVER, &[29], &[("frame", 13), ("frame", 14)]),
    ];
    check(&streams, None, &[&HANDSHAKE[..], &talk].concat());
}

#[test]
fn large_frames_take_several_records_in_each_direction() {
    let mut streams = in_tls();
    streams
        // The server sends first, while a client's record is in flight.
        .text(1, SERVER, "hello")
        .records(1, SERVER, &[16_401, 16_401])
        .records(1, SERVER, &[77])
        .records(1, CLIENT, &[16_401])
        .records(1, CLIENT, &[300])
        .text(1, CLIENT, "large")
        .records(1, CLIENT, &[28])
        .text(1, CLIENT, "small");
    let talk: [Row; 3] = [
        (SERVER, &[16_401, 16_401, 77], &[("frame", 6)]),
        (CLIENT, &[16_401, 300], &[("frame", 11)]),
        (CLIENT, &[28], &[("frame", 13)]),
    ];
    check(&streams, None, &[&HANDSHAKE[..], &talk].concat());
}

#[test]
fn records_of_the_first_frame_do_not_belong_to_the_handshake() {
    let mut streams = in_tls();
    // The relay sends nothing between the handshake and the client's first frame.
    streams.records(1, CLIENT, &[28]).text(1, CLIENT, "a");
    check(&streams, None, &[&HANDSHAKE[..], &[(CLIENT, &[28], &[("frame", 7)])]].concat());
}

#[test]
fn records_without_known_content_are_empty() {
    let mut streams = in_tls();
    streams.text(1, SERVER, "bye").records(1, SERVER, &[24]).end(1).records(1, CLIENT, &[19]);
    let talk: [Row; 2] = [(SERVER, &[24], &[("frame", 6)]), (CLIENT, &[19], &[])];
    check(&streams, None, &[&HANDSHAKE[..], &talk].concat());
    let mut streams = Streams::default();
    streams.tunnel(1).records(1, CLIENT, &[512]).records(1, SERVER, &[90]).end(1);
    check(&streams, None, &[(CLIENT, &[512], &[]), (SERVER, &[90], &[])]);
}

#[test]
fn records_and_frames_are_not_paired_across_a_gap() {
    let mut streams = in_tls();
    streams.records(1, CLIENT, &[28]).text(1, CLIENT, "a").records(1, CLIENT, &[29]).text(1, CLIENT, "b");
    streams.text(1, SERVER, "a").text(1, SERVER, "b").records(1, SERVER, &[53]);
    // The gap has the frame of the first records, and the records of the second frame.
    let lost_frame: [Row; 4] = [
        (CLIENT, &[28], &[("handshake", 1)]),
        (CLIENT, &[29], &[("frame", 9)]),
        (SERVER, &[53], &[("frame", 10), ("frame", 11)]),
        (CLIENT, &[], &[("frame", 9)]),
    ];
    check(&streams, Some(7), &[&HANDSHAKE[..], &lost_frame[..3]].concat());
    let lost_records = [(CLIENT, &[28][..], &[("frame", 7)][..]), lost_frame[3], lost_frame[2]];
    check(&streams, Some(8), &[&HANDSHAKE[..], &lost_records].concat());
}

#[test]
fn the_cover_says_what_stays_visible_and_who_shares_it() {
    let cover = |http| {
        let mut streams = Streams::default();
        PathView::of(&transcript(streams.opening_in_tls(1, http), None), FIRST).expect("known").encryption
    };
    let tls = |shared| Encryption::Tls { server_name: Some("lab".to_owned()), shared };
    assert_eq!((cover(Http::One), cover(Http::Two)), (tls(false), tls(true)));
    let mut midway = Streams::default();
    assert_eq!(PathView::of(&transcript(midway.text(1, CLIENT, "a"), None), FIRST), None);

    let transcript = transcript(&in_tls(), None);
    let line = PathView::of(&transcript, FIRST).expect("known");
    assert_eq!(
        visible(&transcript, &line, CLIENT),
        Visible { records: 4, bytes: 512 + 1 + 53 + 420 + 4 * 5, missed: 0 }
    );
    assert_eq!(visible(&transcript, &line, SERVER).records, 5);
    assert_eq!(line.passage_of(observation::Seq(4)), Some(2));
    assert_eq!(line.passage_of(observation::Seq(1)), Some(0));
    assert_eq!(line.passage_of(observation::Seq(99)), None);
}
