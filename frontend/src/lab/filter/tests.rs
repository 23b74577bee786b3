use super::{Filter, Scan};
use crate::lab::Record;
use crate::lab::store::record::Incoming;
use observation::sequence::{PageSide, Row, RowKey};
use observation::{ConnectionNumber, Deliberate, Event, FeedMessage, Frame, Observation, Origin, Seq};
use wire::header::FrameHeader;
use wire::opcode::Opcode;

fn frame(seq: u64, opcode: Opcode, payload: &[u8], connection: u32) -> Observation {
    let sender = if seq == 1 { wire::Sender::Client } else { wire::Sender::Server };
    let header = FrameHeader::unmasked(true, opcode, payload.len() as u64);
    let event = Event::Frame(Frame::new(sender, &header, payload.to_vec(), payload.len() as u64));
    Observation { seq: Seq(seq), at_us: seq * 1_000_000, connection: ConnectionNumber(connection), event }
}

fn record_of(items: Vec<Observation>) -> Record {
    let mut record = Record::default();
    record.take_in(Incoming::Feed(FeedMessage::Observations(items)));
    record
}

fn record() -> Record {
    let mut items = vec![
        frame(1, Opcode::Text, br#"{"type": "ping", "text": "Hello you"}"#, 1),
        frame(2, Opcode::Text, b"Hello", 1),
        frame(3, Opcode::Ping, b"", 2),
    ];
    if let Event::Frame(ping) = &mut items[2].event {
        let (what, explanation) = ("ping-every".into(), "a heartbeat".into());
        ping.deliberate = Some(Deliberate { by: Origin::Behaviour, what, explanation, rule: None });
    }
    record_of(items)
}

#[track_caller]
fn check(filter: &str, expect: &[u64]) {
    let (record, filter) = (record(), Filter::parse(filter).expect("a filter"));
    let row = |seq| Row { key: RowKey::Frame(Seq(seq)), page: PageSide::Nothing };
    let hits: Vec<u64> = (1..=3).filter(|&seq| filter.matches(&record, &row(seq))).collect();
    assert_eq!(hits, expect);
}

#[test]
fn every_term_must_fit() {
    check("", &[1, 2, 3]);
    check("hello", &[1, 2]);
    check("from:server", &[2, 3]);
    check("from:browser hello", &[1]);
    check("opcode:ping", &[3]);
    check("connection:2", &[3]);
    check("is:wrong", &[]);
    check("is:deliberate", &[3]);
    check("is:deliberate from:browser", &[]);
    check("opcode:ping hello", &[]);
}

#[test]
fn terms_can_be_excluded_compared_and_read_as_json() {
    check("-opcode:ping", &[1, 2]);
    check("-hello", &[3]);
    check("\"hello you\"", &[1]);
    check("/^H.*o$/", &[2]);
    check("/^h/i", &[2]);
    check("size:>5", &[1]);
    check("size:<=5 -size:0", &[2]);
    check("json:$.type=ping", &[1]);
    check("json:$.type=pong", &[]);
    check("json:$.type", &[1]);
    check("-json:$.type", &[2, 3]);
    check("is:fragmented", &[]);
    // The first connection began with its first frame.
    check("after:1s connection:1", &[2]);
    check("before:1s connection:1", &[1]);
}

#[test]
fn found_texts_are_marked() {
    let marks = |filter: &str, text: &str| Filter::parse(filter).unwrap().marks(text);
    assert_eq!(marks("hello", "Hello hello"), [0..5, 6..11]);
    assert_eq!(marks("ell lo /o+/ -h x", "Helloo x"), [1..6, 7..8]);
    assert_eq!(marks("é", "aé é"), [1..3, 4..6]);
    assert!(marks("/x*/", "abc").is_empty() && marks("opcode:ping", "ping").is_empty());
}

#[test]
fn a_scan_goes_on_where_it_stopped_and_forgets_dropped_rows() {
    let text = |seq: u64| frame(seq, Opcode::Text, if seq.is_multiple_of(2) { b"even" } else { b"odd" }, 1);
    let mut record = record_of((1..=3000).map(text).collect());
    let mut scan = Scan::new(Filter::parse("even").unwrap());
    let mut slices = 0;
    while slices == 0 || !scan.is_done() {
        scan.go_on(&record, || true);
        slices += 1;
    }
    assert!(slices > 3, "it took {slices} slices");
    assert_eq!((scan.len(), scan.get(0), scan.index_of(3), scan.before(4)), (1500, Some(1), Some(1), 2));
    record.take_in(Incoming::Feed(FeedMessage::Observations((3001..=61_000).map(text).collect())));
    while !scan.is_done() || scan.len() < 30_000 {
        scan.go_on(&record, || false);
    }
    assert_eq!((scan.len(), scan.get(0)), (30_000, Some(1001)));
}
