//! Files that real programs have written (see `golden/README.md`), and Framescope's own exports read back.

mod har;

use export::{Format, Recording};
use import::{Limits, import};
use observation::document::{Document, Secrets};
use observation::{ConnectionNumber, Event, Frame, Inflated, Observation, Opening, SessionId};
use std::time::{Duration, UNIX_EPOCH};

const NOW: Duration = Duration::from_secs(1_796_000_000);
/// The relay's export of the conversation that is also in the captures.
const RELAY: &str = include_str!("../../golden/framescope.json");

#[track_caller]
fn read(file: &[u8]) -> Document {
    import(file, &Limits::PAGE, NOW).unwrap_or_else(|error| panic!("{error}"))
}

fn events(document: &Document, connection: u32) -> Vec<&Event> {
    let seen = document.observations.iter().filter(|seen| seen.connection == ConnectionNumber(connection));
    seen.map(|observation| &observation.event).collect()
}

/// The frames of a connection, without what only the relay knows: which content it had compressed into which fragment.
fn frames(document: &Document, connection: u32) -> Vec<Frame> {
    let frame = |event: &&Event| match event {
        Event::Frame(frame) if frame.opcode == 0 || !frame.fin => {
            Some(Frame { inflated: frame.inflated.as_ref().map(|_| Inflated::default()), ..frame.clone() })
        }
        Event::Frame(frame) => Some(frame.clone()),
        _ => None,
    };
    events(document, connection).iter().filter_map(frame).collect()
}

/// What all fragments of a connection's compressed messages inflate to, the client's before the server's.
fn content(document: &Document, connection: u32) -> Vec<u8> {
    let mut parts = [Vec::new(), Vec::new()];
    for event in events(document, connection) {
        if let Event::Frame(frame) = event {
            parts[usize::from(!frame.masked)].extend(frame.content());
        }
    }
    parts.concat()
}

fn opening(document: &Document, connection: u32) -> &Opening {
    let opening = events(document, connection).into_iter().find_map(|event| match event {
        Event::Opening(opening) => Some(opening),
        _ => None,
    });
    opening.expect("an opening")
}

#[track_caller]
fn same_frames(imported: &Document, relay: &Document, connection: u32) {
    assert!(!frames(relay, connection).is_empty());
    assert_eq!(frames(imported, connection), frames(relay, connection));
    assert_eq!(content(imported, connection), content(relay, connection));
    let closed =
        |document| events(document, connection).into_iter().find(|event| matches!(event, Event::Closed(_))).cloned();
    assert_eq!(closed(imported), closed(relay));
}

#[test]
fn a_capture_has_the_frames_that_the_relay_recorded() {
    let relay = read(RELAY.as_bytes());
    let capture = read(include_bytes!("../../golden/dumpcap.pcapng"));
    for connection in [1, 3] {
        same_frames(&capture, &relay, connection);
        let (imported, recorded) = (opening(&capture, connection), opening(&relay, connection));
        assert_eq!(imported.response, recorded.response);
        // The export conceals the session's name.
        assert_eq!(imported.request.len(), recorded.request.len());
        assert_eq!((imported.deflate, &imported.subprotocol), (recorded.deflate, &recorded.subprotocol));
    }
    let [Event::Refusal(imported)] = events(&capture, 2)[..] else { panic!("a refusal") };
    let [Event::Refusal(recorded)] = events(&relay, 2)[..] else { panic!("a refusal") };
    assert_eq!((&imported.response, imported.status), (&recorded.response, recorded.status));
    // The fourth connection of the relay is encrypted.
    assert!(events(&capture, 4).is_empty());
    let import = capture.import.expect("an imported document");
    assert_eq!(import.program.map(|name| name.starts_with("Dumpcap")), Some(true));
    assert_eq!(import.problems.len(), 1);
    assert!(import.problems[0].text.starts_with("1 TCP connection is encrypted with TLS"));
}

#[test]
fn the_older_format_has_the_same_conversation() {
    let (old, new) =
        (read(include_bytes!("../../golden/dumpcap.pcap")), read(include_bytes!("../../golden/dumpcap.pcapng")));
    // Masking keys are random, and pings are empty or not.
    let kinds = |document: &Document| {
        let frames = frames(document, 1).into_iter().chain(frames(document, 3));
        frames.map(|frame| (frame.from, frame.opcode, frame.length, frame.position)).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&old), kinds(&new));
    assert_eq!(content(&old, 1), content(&new, 1));
}

fn exported(format: Format, observations: &[Observation]) -> Vec<u8> {
    let recording = Recording {
        rules: None,
        session: SessionId::from_random([0xA5; 16]),
        began: UNIX_EPOCH + Duration::from_secs(1_795_608_000),
        exported: UNIX_EPOCH + NOW,
        port: 8080,
        secrets: Secrets::Kept,
    };
    export::export(format, &recording, observations.iter().cloned())
}

#[test]
fn an_exported_capture_read_back_has_the_same_frames_and_times() {
    let relay = read(RELAY.as_bytes());
    let back = read(&exported(Format::Pcapng, &relay.observations));
    for connection in [1, 3, 4] {
        same_frames(&back, &relay, connection);
        assert_eq!(opening(&back, connection).request, opening(&relay, connection).request);
    }
    assert_eq!(events(&back, 2).len(), 1);
    assert_eq!(back.import.expect("an imported document").problems, []);
    // The relay's records of TLS are not in a capture.
    let times = |document: &[Observation]| {
        let frames = document.iter().filter(|seen| matches!(seen.event, Event::Frame(_)));
        frames.map(|seen| seen.at_us).collect::<Vec<_>>()
    };
    let (first, first_back) = (times(&relay.observations)[0], times(&back.observations)[0]);
    let since = |times: Vec<u64>, first| times.into_iter().map(|at| at - first).collect::<Vec<_>>();
    assert_eq!(since(times(&back.observations), first_back), since(times(&relay.observations), first));
}

#[test]
fn an_exported_capture_of_which_the_start_is_gone_or_payloads_are_cut() {
    let relay = read(RELAY.as_bytes());
    let mut observations = relay.observations.clone();
    for seen in &mut observations {
        if let Event::Frame(frame) = &mut seen.event
            && seen.connection == ConnectionNumber(3)
            && frame.length > 100
        {
            frame.payload.truncate(100);
        }
    }
    let cut = Document { observations: observations.clone(), ..relay.clone() };
    same_frames(&read(&exported(Format::Pcapng, &observations)), &cut, 3);
    // Only the third connection, without its opening.
    let rest: Vec<_> = observations
        .into_iter()
        .filter(|seen| seen.connection == ConnectionNumber(3) && !matches!(seen.event, Event::Opening(_)))
        .collect();
    let joined = read(&exported(Format::Pcapng, &rest));
    assert_eq!(frames(&joined, 1), frames(&cut, 3));
    let problems = joined.import.expect("an imported document").problems;
    assert!(problems[0].text.contains("the start of this connection is not in the capture"));
}
