use super::*;
use observation::event::{Closed, Count, Frame, Opening};
use observation::{FeedMessage, Gap, Hello, Seq, SessionId};
use wire::header::{FrameHeader, LengthForm, PayloadLength, Rsv};
use wire::opcode::Opcode;

fn at(number: u64, connection: u32, event: Event) -> Observation {
    Observation { seq: Seq(number), at_us: number, connection: ConnectionNumber(connection), event }
}

fn opening(number: u64, connection: u32, tag: u32) -> Observation {
    let request = format!("GET /lab HTTP/1.1\r\nHost: lab\r\nx-model: {tag}\r\n\r\n").into_bytes();
    at(number, connection, Event::Opening(Opening { request, ..Opening::default() }))
}

fn says(number: u64, connection: u32, from: Sender, text: &str) -> Observation {
    let length = PayloadLength { bytes: text.len() as u64, form: LengthForm::Bits7 };
    let rsv = Rsv { rsv1: false, rsv2: false, rsv3: false };
    let header = FrameHeader { fin: true, rsv, opcode: Opcode::Text, masking_key: None, length };
    at(number, connection, Event::Frame(Frame::new(from, &header, text.as_bytes().to_vec(), text.len() as u64)))
}

fn closed(number: u64, connection: u32, cause: Cause) -> Observation {
    let (first, code, reason, clean) = (None, None, String::new(), false);
    let closed = Closed { first, code, reason, clean, cause, client: Count::default(), server: Count::default() };
    at(number, connection, Event::Closed(closed))
}

fn exchange(from: u64, connection: u32, message: u64) -> [Observation; 2] {
    let text = super::message(7, message);
    [says(from, connection, Sender::Client, &text), says(from + 1, connection, Sender::Server, &text)]
}

/// A client that sent two messages and closed.
fn good() -> Vec<Observation> {
    let mut all = vec![opening(1, 3, 7)];
    all.extend(exchange(2, 3, 1));
    all.extend(exchange(4, 3, 2));
    all.push(closed(6, 3, Cause::ClosingHandshake));
    all
}

fn verdict(all: &[Observation], deeds: Deeds, has_lost_data: bool) -> Vec<String> {
    let all = all.iter().map(|observation| (observation.seq.0, observation.clone())).collect();
    connections(&all, &[deeds], has_lost_data, true)
}

fn deeds() -> Deeds {
    Deeds { tag: 7, sent: 2, echoed: 2, ..Deeds::default() }
}

#[track_caller]
fn finds(all: &[Observation], deeds: Deeds, has_lost_data: bool, what: &str) {
    let faults = verdict(all, deeds, has_lost_data);
    assert!(faults.iter().any(|fault| fault.contains(what)), "{what}: {faults:?}");
}

#[test]
fn a_whole_connection_is_fine() {
    assert_eq!(verdict(&good(), deeds(), false), [""; 0]);
}

#[test]
fn what_is_missing_twice_or_late_is_found() {
    let without = |index: usize| {
        let mut all = good();
        all.remove(index);
        all
    };
    finds(&without(1), deeds(), false, "missing in the middle");
    finds(&without(3), deeds(), false, "what its relay recorded is missing");
    finds(&without(5), deeds(), false, "it never closed");
    assert_eq!(verdict(&without(1), deeds(), true), [""; 0]);
    let with = |more: Observation| [good(), vec![more]].concat();
    finds(&with(closed(7, 3, Cause::RelayLost)), deeds(), true, "it closed more than once");
    finds(&with(exchange(7, 3, 2)[0].clone()), deeds(), true, "messages are twice");
    finds(&with(exchange(7, 3, 3)[1].clone()), deeds(), true, "something follows its end");
    finds(&with(exchange(7, 4, 3)[0].clone()), deeds(), true, "has the connections");
    finds(&with(opening(7, 3, 8)), deeds(), true, "is of client Some(7) and of client 8");
    finds(&good(), Deeds { sent: 1, ..deeds() }, true, "a message that was never sent");
    finds(&good(), Deeds { disowned: true, ..deeds() }, false, "not `relay-lost`");
}

#[test]
fn a_killed_relay_takes_what_it_had_not_recorded() {
    let mut all = good();
    all.truncate(3);
    all.push(closed(4, 3, Cause::RelayLost));
    assert_eq!(verdict(&all, Deeds { orphaned: true, ..deeds() }, false), [""; 0]);
    assert_eq!(verdict(&[], Deeds { orphaned: true, ..deeds() }, false), [""; 0]);
    assert_eq!(verdict(&[], Deeds { lost: true, disowned: true, ..deeds() }, false), [""; 0]);
    finds(&[], deeds(), false, "what its relay recorded is missing");
}

fn view(messages: Vec<FeedMessage>) -> View {
    let mut view = View::default();
    messages.into_iter().for_each(|message| view.take(message));
    view
}

fn gap(from: u64, to: u64) -> FeedMessage {
    FeedMessage::Gap(Gap { from: Seq(from), to: Seq(to) })
}

fn hello(next: u64) -> FeedMessage {
    let session = SessionId::from_random([7; 16]);
    FeedMessage::Hello(Hello { session: session.clone(), watch: session, next: Seq(next), ..template() })
}

fn template() -> Hello {
    let text = format!(
        r#"{{"session":"{0}","watch":"{0}","next":1,"now_us":0,"payload_cap":1,"max_frame":1,"max_message":1}}"#,
        SessionId::from_random([7; 16])
    );
    serde_json::from_str(&text).unwrap()
}

#[test]
fn holes_and_repeated_numbers_are_faults() {
    let observed = |range: std::ops::Range<usize>| FeedMessage::Observations(good()[range].to_vec());
    assert_eq!(view(vec![hello(1), observed(0..3), observed(3..6)]).faults, [""; 0]);
    assert!(view(vec![hello(1), observed(0..2), observed(3..6)]).faults[0].starts_with("a hole before"));
    assert!(view(vec![hello(1), observed(0..2), observed(1..6)]).faults[0].starts_with("a number that has been"));
    // A relay that has lost its memory may say so from where it begins, but may not repeat a number.
    let resumed = vec![hello(1), observed(0..6), hello(3), gap(3, LEAP - 1)];
    let view_of = view(resumed);
    assert_eq!((view_of.faults.clone(), view_of.at), (Vec::new(), LEAP - 1));
    assert_eq!(gaps("one", &view_of, true), [""; 0]);
    assert_eq!(gaps("one", &view_of, false).len(), 1);
    assert_eq!(gaps("one", &view(vec![hello(9), gap(1, 8)]), true).len(), 1);
    assert!(!view(vec![hello(1), observed(0..6), hello(3), observed(2..6)]).faults.is_empty());
    assert!(!view(vec![hello(1), observed(0..6), gap(3, 9)]).faults.is_empty());
}

#[test]
fn observers_must_agree() {
    let whole = |all: Vec<Observation>| view(vec![hello(1), FeedMessage::Observations(all)]);
    let mut other = good();
    other[5] = closed(6, 3, Cause::RelayLost);
    let views = [("one".to_owned(), whole(good())), ("two".to_owned(), whole(other))];
    assert!(union(&views).unwrap_err()[0].starts_with("6 is"));
    let shorter = ("two".to_owned(), whole(good()[..5].to_vec()));
    assert_eq!(same(&views[0], &shorter, 6).len(), 1);
    assert_eq!(union(&[views[0].clone(), shorter]).unwrap().len(), 6);
}
