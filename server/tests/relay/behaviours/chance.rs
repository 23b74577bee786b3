//! What a behavior leaves to chance: tokens, the order of replies, the moment of silence, random bytes, and drawn faults.

use super::{ask, close_from_client, events_and_end, frame, frames, name, nothing_but_a_pong, open};
use crate::support::clock::Clock;
use crate::support::{Feed, Lab, Raw, masked, soon};
use observation::{Event, Party};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn ask_with(raw: &mut Raw, ids: impl IntoIterator<Item = u32>) {
    for id in ids {
        raw.send(&masked(0x81, json!({ "id": id }).to_string().as_bytes())).await;
    }
}

async fn answer(raw: &mut Raw) -> Value {
    let (first, payload) = raw.frame().await;
    assert_eq!(first, 0x81);
    serde_json::from_slice(&payload).unwrap()
}

#[tokio::test]
async fn a_token_is_in_each_reply() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = open(&lab, "deflate=off&reply=token").await;
    let mut tokens = BTreeSet::new();
    for id in 1..=3 {
        ask_with(&mut raw, [id]).await;
        let reply = answer(&mut raw).await;
        assert_eq!((&reply["id"], reply.as_object().unwrap().len()), (&json!(id), 2));
        tokens.insert(reply["token"].as_str().unwrap().to_owned());
    }
    assert_eq!(tokens.len(), 3);
    raw.send(&masked(0x82, b"{}")).await;
    assert_eq!(answer(&mut raw).await.as_object().unwrap().keys().collect::<Vec<_>>(), ["token"]);
    close_from_client(&mut raw).await;
    let (events, _) = events_and_end(&mut feed).await;
    let sent = frames(events, Party::Server);
    assert!(sent[..4].iter().all(|frame| frame.deliberate.as_ref().map(name) == Some(("reply", None))));
}

#[tokio::test]
async fn shuffled_replies_are_never_in_the_order_of_their_messages() {
    let lab = Lab::new().await;
    for _ in 0..20 {
        let mut raw = open(&lab, "deflate=off&shuffle=3").await;
        ask_with(&mut raw, [1, 2]).await;
        nothing_but_a_pong(&mut raw).await;
        ask_with(&mut raw, [3]).await;
        let mut order = Vec::new();
        for _ in 0..3 {
            order.push(answer(&mut raw).await["id"].as_u64().unwrap());
        }
        assert!(order.iter().zip(1..).all(|(id, place)| *id != place), "{order:?}");
    }
}

#[tokio::test]
async fn replies_wait_for_each_other_for_one_second() {
    let lab = Lab::new().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "deflate=off&shuffle=5").await;
    ask_with(&mut raw, [1]).await;
    nothing_but_a_pong(&mut raw).await;
    clock.pass(Duration::from_millis(980)).await;
    nothing_but_a_pong(&mut raw).await;
    clock.pass(Duration::from_millis(20)).await;
    drop(clock);
    assert_eq!(answer(&mut raw).await["id"], 1);
    // The next ones wait anew, and a close frame ends that.
    ask_with(&mut raw, [2]).await;
    close_from_client(&mut raw).await;
}

/// Messages that wait for each other must not fill the relay's memory.
#[tokio::test]
async fn large_messages_that_wait_stop_the_reading() {
    let lab = Lab::new().await;
    let mut raw = open(&lab, "deflate=off&shuffle=16").await;
    let large = masked(0x82, &vec![7; 600_000]);
    let (mut read, mut write) = raw.0.split();
    let send = async {
        for bytes in [&large, &large, &masked(0x89, b"?")] {
            write.write_all(bytes).await.unwrap();
        }
    };
    let mut received = vec![0; 2 * 600_010 + 3];
    let (_, all) = tokio::join!(soon(send), soon(read.read_exact(&mut received)));
    all.unwrap();
    // The pong comes last: the relay read the ping only when it had sent the replies.
    assert_eq!(received[2 * 600_010..], frame(0x8a, b"?"));
}

#[tokio::test]
async fn a_server_falls_silent() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = open(&lab, "deflate=off&silent-after=2").await;
    for text in ["one", "two"] {
        raw.send(&masked(0x81, text.as_bytes())).await;
        assert_eq!(raw.frame().await, (0x81, text.into()));
    }
    raw.send(&[masked(0x81, b"three"), masked(0x89, b"?"), masked(0x88, b"\x03\xe8")].concat()).await;
    let (replies, names) = until_silent_at_close(&mut feed).await;
    assert_eq!((replies, names), (2, ["silent-after", "reply", "pong", "close-answer"].map(str::to_owned).into()));
}

/// How many frames the server sent, and the names of its acts, up to the close frame that it does not answer.
async fn until_silent_at_close(feed: &mut Feed) -> (usize, Vec<String>) {
    let (mut replies, mut names) = (0, Vec::new());
    while names.last().is_none_or(|name| name != "close-answer") {
        match feed.next().await.event {
            Event::Act(act) => names.push(act.deliberate.what.into_owned()),
            Event::Frame(frame) => replies += usize::from(frame.from == Party::Server),
            _ => {}
        }
    }
    (replies, names)
}

#[tokio::test]
async fn the_number_of_replies_before_the_silence_is_drawn() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut counts = BTreeSet::new();
    // In 60 draws, one of three numbers is missing once in ten billion times.
    for _ in 0..60 {
        let mut raw = open(&lab, "deflate=off&silent-after=1-3&reply=token").await;
        ask_with(&mut raw, 1..=4).await;
        raw.send(&masked(0x88, b"")).await;
        counts.insert(until_silent_at_close(&mut feed).await.0);
        drop(raw);
        feed.until_closed().await;
    }
    assert_eq!(counts, BTreeSet::from([1, 2, 3]));
}

#[tokio::test]
async fn random_bytes_greet_a_client() {
    let lab = Lab::new().await;
    let mut greetings = BTreeSet::new();
    for _ in 0..2 {
        let mut raw = open(&lab, "deflate=off&greet-bytes=16").await;
        let (first, payload) = raw.frame().await;
        assert_eq!((first, payload.len()), (0x82, 16));
        greetings.insert(payload);
        close_from_client(&mut raw).await;
    }
    assert_eq!(greetings.len(), 2);
}

#[tokio::test]
async fn the_offered_subprotocols_are_selected_in_turn() {
    let lab = Lab::new().await;
    let mut selected = Vec::new();
    for offered in ["a, b, c", "a, b, c", "a, b, c", "a, b, c", "x", ""] {
        let header = if offered.is_empty() { String::new() } else { format!("Sec-WebSocket-Protocol: {offered}\r\n") };
        let mut raw = ask(&lab, "subprotocol=in-turn", &header).await;
        let head = raw.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        selected.push(
            head.lines()
                .find_map(|line| Some(line.strip_prefix("Sec-WebSocket-Protocol: ")?.to_owned()))
                .unwrap_or_default(),
        );
    }
    assert_eq!(selected, ["a", "b", "c", "a", "x", ""]);
}

#[tokio::test]
async fn one_of_several_faults_is_drawn() {
    let lab = Lab::new().await;
    let mut firsts = BTreeSet::new();
    for _ in 0..60 {
        let mut raw = open(&lab, "deflate=off&fault=rsv1|rsv2|reserved-data").await;
        raw.send(&masked(0x81, b"?")).await;
        firsts.insert(raw.frame().await.0);
    }
    assert_eq!(firsts, BTreeSet::from([0xc1, 0xa1, 0x83]));
}
