//! A challenge that asks what the server does wrong: the relay tells nobody until the session has passed it.

use super::post;
use crate::support::{Feed, Lab, Raw, handshake, http, masked};
use curriculum::grade::Report;
use observation::{Command, Event, Observation};
use serde_json::{Value, json};

const NAMES: [&str; 16] = [
    "masked",
    "rsv1",
    "rsv2",
    "rsv3",
    "reserved-data",
    "reserved-control",
    "invalid-utf8",
    "nothing-to-continue",
    "message-inside-message",
    "length-not-minimal",
    "length-top-bit",
    "ping-too-long",
    "ping-fragmented",
    "close-one-byte",
    "close-1005",
    "close-reason-not-utf8",
];
const REASON: &str = "Invalid reserved bit";

/// The rule that the first frame of a server breaks.
fn name_of(bytes: &[u8]) -> &'static str {
    let (fin, opcode, short) = (bytes[0] & 0x80 != 0, bytes[0] & 0x0F, bytes[1] & 0x7F);
    match (bytes[0] & 0x70, opcode) {
        (0x40, _) => "rsv1",
        (0x20, _) => "rsv2",
        (0x10, _) => "rsv3",
        _ if bytes[1] & 0x80 != 0 => "masked",
        (_, 3..=7) => "reserved-data",
        (_, 11..) => "reserved-control",
        (_, 9) if fin => "ping-too-long",
        (_, 9) => "ping-fragmented",
        (_, 0) => "nothing-to-continue",
        (_, 8) if short == 1 => "close-one-byte",
        (_, 8) if bytes[2..4] == 1005_u16.to_be_bytes() => "close-1005",
        (_, 8) => "close-reason-not-utf8",
        _ if short == 127 && bytes[2] & 0x80 != 0 => "length-top-bit",
        _ if short >= 126 => "length-not-minimal",
        _ if fin => "invalid-utf8",
        _ => "message-inside-message",
    }
}

fn path(lab: &Lab) -> String {
    format!("{}?challenge=find-the-fault", lab.path())
}

/// Sends `text`, and closes as a browser does. Returns what the server sent.
async fn say(lab: &Lab, text: &str) -> Vec<u8> {
    let mut raw = Raw::open(lab.address(), &path(lab)).await;
    let close = [&1002_u16.to_be_bytes()[..], REASON.as_bytes()].concat();
    raw.send(&[masked(0x81, text.as_bytes()), masked(0x88, &close)].concat()).await;
    raw.rest().await
}

/// Whether the challenge is passed, and the verdict on the names.
async fn graded(lab: &Lab, since: u64) -> (bool, String) {
    let ask = async |only_report: bool| {
        let request = json!({ "challenge": "find-the-fault", "since": since, "only_report": only_report }).to_string();
        post(lab.address(), &format!("/api/sessions/{}/receipts", lab.id), request.as_bytes()).await
    };
    let answer = ask(true).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let report: Report = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(ask(false).await.status, if report.passed() { 200 } else { 422 });
    (report.passed(), report.verdicts[0].found.clone())
}

/// Everything that observers and exports say of this session so far, as text.
async fn told(lab: &Lab) -> Vec<String> {
    let mut texts = Vec::new();
    for format in ["json", "har", "pcapng"] {
        let file = http(lab.address(), "GET", &format!("/api/sessions/{}/export.{format}", lab.id), "").await;
        assert_eq!(file.status, 200);
        texts.push(String::from_utf8_lossy(&file.body).into_owned());
    }
    let last = lab.feed().await.hello.next.0 - 1;
    let mut feed = lab.feed_after(0).await;
    let observations = observed(&mut feed, last).await;
    texts.push(serde_json::to_string(&observations).unwrap());
    texts
}

async fn observed(feed: &mut Feed, last: u64) -> Vec<Observation> {
    let mut all = Vec::new();
    while all.last().is_none_or(|last_seen: &Observation| last_seen.seq.0 < last) {
        all.push(feed.next().await);
    }
    all
}

/// Names the rules until the challenge is passed.
async fn pass(lab: &Lab, mut received: Vec<u8>) {
    for _ in 0..40 {
        received = say(lab, name_of(&received)).await;
        if graded(lab, 0).await.0 {
            return;
        }
    }
    panic!("named right 40 times, and not passed");
}

#[tokio::test]
async fn nothing_names_the_fault_until_the_challenge_is_passed() {
    let lab = Lab::new().await;
    let received = say(&lab, "hello").await;
    for _ in 0..3 {
        say(&lab, "hello").await;
    }
    for text in told(&lab).await {
        for name in NAMES {
            // Frames have fields of some of these names.
            let text = text.replace(&format!("\"{name}\":"), "");
            assert!(!text.contains(name), "{name}: {text}");
        }
        assert!(!text.contains(REASON), "{text}");
        assert!(!text.contains("must not be masked") && !text.contains("\"by\":\"behaviour\""), "{text}");
    }
    let last = lab.feed().await.hello.next.0 - 1;
    let observations = observed(&mut lab.feed_after(0).await, last).await;
    let frames = observations.iter().filter_map(|observation| match &observation.event {
        Event::Frame(frame) => Some(frame),
        _ => None,
    });
    assert!(frames.clone().count() > 8);
    assert!(frames.clone().all(|frame| frame.deliberate.is_none() && frame.violations.is_empty()));
    // The bytes are there: they are what a learner decodes.
    let first = frames.clone().find(|frame| frame.from == observation::Party::Server).unwrap();
    assert!(received.starts_with(&first.header));

    pass(&lab, say(&lab, "hello").await).await;
    let told = told(&lab).await;
    for text in [&told[0], &told[3]] {
        assert!(text.contains("\"by\":\"behaviour\""), "{text}");
    }
}

#[tokio::test]
async fn guesses_lose_points_whatever_an_attempt_leaves_out() {
    let lab = Lab::new().await;
    say(&lab, "hello").await;
    assert_eq!(graded(&lab, 0).await, (false, "You have not named a rule yet.".to_owned()));
    for name in NAMES {
        say(&lab, name).await;
    }
    let last = lab.feed().await.hello.next.0 - 1;
    let (passed, said) = graded(&lab, 0).await;
    assert!(!passed);
    assert!(said.contains("of 3 points") && said.contains("wrong name"), "{said}");
    assert_eq!(graded(&lab, last).await, (passed, said));
}

/// Otherwise, a learner would know the fault, having chosen it.
#[tokio::test]
async fn a_fault_that_an_observer_asked_for_is_not_the_servers() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    // Every other connection names a rule.
    for (connection, name) in (1..).step_by(2).zip(["rsv1", "masked", "reserved-data", "rsv2", "rsv3"]) {
        let mut raw = Raw::open(lab.address(), &path(&lab)).await;
        let is_opening = |it: &Observation| it.connection.0 == connection && matches!(it.event, Event::Opening(_));
        while !is_opening(&feed.next().await) {}
        assert_eq!(feed.command(connection, Command::Behave(format!("fault={name}"))).await, None);
        raw.send(&[masked(0x81, b"hello"), masked(0x88, b"\x03\xe8")].concat()).await;
        assert_eq!(name_of(&raw.rest().await), name);
        say(&lab, name).await;
    }
    assert_eq!(graded(&lab, 0).await, (false, "You have not named a rule yet.".to_owned()));
}

#[tokio::test]
async fn a_middlebox_would_tell_so_there_is_none() {
    let lab = Lab::new().await;
    let mut raw = lab.raw().await;
    raw.send(handshake(&format!("/via/slow{}", path(&lab)), "").as_bytes()).await;
    let head = raw.head().await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert!(String::from_utf8(raw.rest().await).unwrap().contains("takes no connections through a middlebox"));
}

#[tokio::test]
async fn the_page_learns_which_challenge_conceals_something() {
    let lab = Lab::new().await;
    let challenge: Value = http(lab.address(), "GET", "/api/course/challenges/find-the-fault", "").await.json();
    assert_eq!((&challenge["conceal"], &challenge["counts"]), (&json!(true), &json!("session")));
    let other: Value = http(lab.address(), "GET", "/api/course/challenges/first-echo", "").await.json();
    assert_eq!(other["conceal"], false);
}
