//! Captures, packet by packet: order, loss, link types, other protocols, and files that are cut or damaged.

mod damage;
mod links;
mod order;
mod start;
mod wire;

use import::{ImportError, Limits, import};
use observation::document::{Document, Place};
use observation::{Event, Frame, Opening, Refusal};
use std::time::Duration;

const NOW: Duration = Duration::from_secs(1_795_608_007);

#[track_caller]
fn read(file: &[u8]) -> Document {
    import(file, &Limits::PAGE, NOW).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn error(file: &[u8]) -> String {
    import(file, &Limits::PAGE, NOW).map(|document| document.observations.len()).expect_err("an error").to_string()
}

/// The events of a document with their connections, in words: what a test expects.
fn story(document: &Document) -> Vec<String> {
    document
        .observations
        .iter()
        .map(|observation| {
            let number = observation.connection.0;
            match &observation.event {
                Event::Opening(_) => format!("{number} opening"),
                Event::Refusal(Refusal { status, .. }) => format!("{number} refusal {status:?}"),
                Event::Frame(frame) => format!("{number} {}", words(frame)),
                Event::Closed(closed) => format!("{number} closed {:?} {:?}", closed.cause, closed.code),
                other => panic!("{other:?}"),
            }
        })
        .collect()
}

fn words(frame: &Frame) -> String {
    let from = if frame.masked { "c" } else { "s" };
    let missing = frame.length - frame.payload.len() as u64;
    let missing = if missing > 0 { format!(" -{missing}") } else { String::new() };
    let broken: String = frame.violations.iter().map(|violation| format!(" !{}", violation.rule)).collect();
    format!("{from} {:X} {}{missing}{broken}", frame.opcode, String::from_utf8_lossy(&frame.content()))
}

/// The problems of a document.
fn problems(document: &Document) -> Vec<(Place, String)> {
    let import = document.import.as_ref().expect("an imported document");
    import.problems.iter().map(|problem| (problem.place, problem.text.clone())).collect()
}

fn opening(document: &Document) -> &Opening {
    let opening = document.observations.iter().find_map(|observation| match &observation.event {
        Event::Opening(opening) => Some(opening),
        _ => None,
    });
    opening.expect("an opening")
}

#[test]
fn what_cannot_be_read_at_all_says_why() {
    for (file, says) in [
        (&b""[..], "the file is empty"),
        (b"\x1f\x8b\x08", "compressed (gzip): decompress it first"),
        (b"not a capture", "not a capture (pcap or pcapng), a HAR file"),
        (b"{\"a\": 1}", "not a capture"),
        (b"{\"log\": {}}", "it is not a HAR file"),
        (b"{\"log\": {\"entries\": []}}", "none of the requests in the HAR file (0) is a WebSocket"),
        (b"{\"log\"", "not valid JSON"),
        (b"{\"format\": \"framescope.session.v2\"}", "`framescope.session.v2`"),
        (b"{\xff}", "not valid JSON"),
        (b"\xd4\xc3\xb2\xa1", "damaged (its header of 24 bytes is incomplete)"),
        (b"\x0a\x0d\x0d\x0a", "damaged (its first block is incomplete)"),
    ] {
        assert!(error(file).contains(says), "{}", error(file));
    }
    let small = Limits { file: 3, ..Limits::PAGE };
    let error = import(b"1234", &small, NOW).map(|_| ()).expect_err("too large");
    assert_eq!(error, ImportError::TooLarge { bytes: 4, limit: 3 });
}

#[test]
fn a_document_is_returned_as_it_is() {
    let golden = include_str!("../../../observation/golden/document.json");
    let document = Document::read(golden, golden.len()).expect("a document");
    assert_eq!(read(golden.as_bytes()), document);
    assert_eq!(read(&[b"\xEF\xBB\xBF ", golden.as_bytes()].concat()), document);
}
