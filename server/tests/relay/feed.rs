//! Observers: they receive everything exactly once, and block nobody.

use crate::support::clock::Clock;
use crate::support::{Feed, Lab, Raw, handshake, heard, http, kernel, masked, message, refused, say, soon};
use futures_util::StreamExt;
use observation::{Event, FeedMessage, Gap, Seq};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// Sends `count` small frames and reads their echoes.
async fn chat(raw: &mut Raw, count: usize) {
    for _ in 0..count {
        raw.send(&masked(0x81, b"x")).await;
        assert_eq!(raw.take(3).await, b"\x81\x01x");
    }
}

#[tokio::test]
async fn a_new_observer_gets_everything_and_a_returning_one_the_rest() {
    let lab = Lab::new().await;
    let mut raw = lab.open().await;
    chat(&mut raw, 50).await;
    let mut late = lab.feed().await;
    assert_eq!((late.hello.session.as_str(), late.hello.payload_cap), (lab.id.as_str(), 16 << 10));
    for _ in 0..60 {
        late.next().await;
    }
    drop(late);
    let mut back = lab.feed_after(60).await;
    chat(&mut raw, 5).await;
    for seq in 61..=111 {
        assert_eq!(back.next().await.seq, Seq(seq));
    }
    assert_eq!(back.gaps, []);
}

#[tokio::test]
async fn times_and_numbers_increase() {
    let lab = Lab::new().await;
    let (mut one, mut two) = (lab.open().await, lab.open().await);
    tokio::join!(chat(&mut one, 100), chat(&mut two, 100));
    let mut feed = lab.feed().await;
    let mut before = 0;
    for _ in 0..402 {
        let observation = feed.next().await;
        assert!(observation.at_us >= before);
        before = observation.at_us;
    }
    assert!(feed.hello.now_us >= before);
}

#[tokio::test]
async fn dropped_observations_are_a_gap() {
    let lab = Lab::with(|config| config.log_count = 20).await;
    let mut raw = lab.open().await;
    chat(&mut raw, 50).await;
    let mut feed = lab.feed_after(10).await;
    assert_eq!(feed.next().await.seq, Seq(82));
    assert_eq!(feed.gaps, [Gap { from: Seq(11), to: Seq(81) }]);
    chat(&mut raw, 1).await;
    for seq in 83..=103 {
        assert_eq!(feed.next().await.seq, Seq(seq));
    }
    assert_eq!(feed.gaps.len(), 1);
}

#[tokio::test]
async fn a_future_number_means_the_end_of_the_log() {
    let lab = Lab::new().await;
    let mut feed = lab.feed_after(u64::MAX).await;
    assert_eq!(feed.hello.next, Seq(1));
    let _raw = lab.open().await;
    assert_eq!(feed.next().await.seq, Seq(1));
}

#[tokio::test]
async fn a_flood_arrives_in_batches() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    // The feed collects observations for 8 ms after each message. While the clock is stopped, it collects all frames of this test.
    let clock = Clock::stop();
    for _ in 0..100 {
        chat(&mut raw, 30).await;
        clock.pass(Duration::from_millis(8)).await;
    }
    drop(clock);
    for _ in 0..6001 {
        feed.next().await;
    }
    assert!(feed.batches.len() < 400, "{} messages for 6001 observations", feed.batches.len());
    assert!(feed.batches.iter().all(|count| *count <= 512));
    // The bytes limit batches of large observations.
    let payload = vec![0; 16 << 10];
    raw.send(&masked(0x82, &payload).repeat(100)).await;
    let answers = raw.take(100 * (4 + (16 << 10)));
    answers.await;
    feed.batches.clear();
    for _ in 0..200 {
        feed.next().await;
    }
    assert!(feed.batches.iter().all(|count| *count <= 16), "{:?}", feed.batches);
}

#[tokio::test]
async fn an_observer_that_never_reads_blocks_nobody() {
    let change = |config: &mut framescope::args::Config| {
        (config.log_count, config.write_timeout) = (1000, Duration::from_millis(300));
        config.session_observers = 1;
    };
    let lab = Lab::with(change).await;
    let path = format!("/api/sessions/{}/observe", lab.id);
    let mut deaf = kernel::deaf(lab.address()).await;
    deaf.send(handshake(&path, "").as_bytes()).await;
    deaf.head().await;
    let mut raw = lab.open().await;
    let payload = vec![b'x'; 8000];
    // How long the kernel's buffers take to fill depends on the machine. The echo continues until the relay has dropped the deaf
    // observer and another one gets its slot.
    let url = format!("ws://{}{path}", lab.address());
    let until_given_up = async {
        let mut rounds = 0;
        loop {
            raw.send(&masked(0x82, &payload)).await;
            raw.take(8004).await;
            rounds += 1;
            if rounds % 100 == 0
                && let Ok((socket, _)) = connect_async(&url).await
            {
                break socket;
            }
        }
    };
    let mut other = soon(until_given_up).await;
    let mut sink = Vec::new();
    let _ = soon(tokio::io::AsyncReadExt::read_to_end(&mut deaf.0, &mut sink)).await;
    // The other observer reads the part of the log that still exists.
    assert!(matches!(message(&mut other).await, Ok(FeedMessage::Hello(_))));
    assert!(matches!(message(&mut other).await, Ok(FeedMessage::Gap(_))));
}

#[tokio::test]
async fn the_subprotocol_is_optional_and_others_are_refused() {
    let lab = Lab::new().await;
    let url = format!("ws://{}/api/sessions/{}/observe", lab.address(), lab.id);
    let (mut socket, response) = soon(connect_async(&url)).await.unwrap();
    assert!(response.headers().get("sec-websocket-protocol").is_none());
    assert!(message(&mut socket).await.is_ok());
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("chat"));
    assert_eq!(refused(soon(connect_async(request)).await.unwrap_err()), 400);
}

#[tokio::test]
async fn plain_and_invalid_requests_get_json_errors() {
    let lab = Lab::new().await;
    let path = format!("/api/sessions/{}/observe", lab.id);
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    let plain = http(lab.address(), "GET", &path, "").await;
    assert_eq!((plain.status, plain.header("upgrade")), (426, Some("websocket")));
    assert!(plain.json()["hint"].as_str().unwrap().contains("websocat"));
    assert_eq!(http(lab.address(), "POST", &path, "").await.status, 405);
    let unknown = http(lab.address(), "GET", "/api/sessions/aaaaaaaaaaaaaaaaaaaaaaaaaa/observe", upgrade).await;
    assert_eq!(unknown.status, 404);
    let mut raw = lab.raw().await;
    raw.send(handshake(&path, "Content-Length: 5\r\n").as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 400 "), "an upgrade request must not have a body");
    let url = format!("ws://{}{path}?after=x", lab.address());
    assert_eq!(refused(soon(connect_async(url)).await.unwrap_err()), 400);
}

#[tokio::test]
async fn observers_are_limited() {
    let lab = Lab::with(|config| config.session_observers = 1).await;
    let feed = lab.feed().await;
    let url = format!("ws://{}/api/sessions/{}/observe", lab.address(), lab.id);
    assert_eq!(refused(soon(connect_async(&url)).await.unwrap_err()), 503);
    drop(feed);
    crate::support::eventually(async || connect_async(&url).await.is_ok()).await;
}

#[tokio::test]
async fn messages_from_observers_are_ignored_and_limited() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    say(&mut feed.socket, Message::text("{\"type\":\"from-the-future\"}")).await;
    say(&mut feed.socket, Message::binary(vec![0; 1000])).await;
    let _raw = lab.open().await;
    feed.opening().await;
    let _ = futures_util::SinkExt::send(&mut feed.socket, Message::binary(vec![0; 100_000])).await;
    soon(async { while let Some(Ok(_)) = feed.socket.next().await {} }).await;
}

#[tokio::test]
async fn a_silent_observer_is_pinged_and_then_dropped() {
    let lab = Lab::with(|config| config.observer_ping = Duration::from_millis(50)).await;
    let path = format!("/api/sessions/{}/observe", lab.id);
    let mut mute = Raw::open(lab.address(), &path).await;
    // This client does not answer pings, so the relay ends the connection.
    let all = mute.rest().await;
    assert!(all.windows(2).any(|pair| pair == [0x89, 0]));
    // A client whose library answers pings stays connected.
    let mut feed: Feed = lab.feed().await;
    let clock = Clock::stop();
    for _ in 0..8 {
        clock.pass(Duration::from_millis(50)).await;
        assert!(heard(&mut feed.socket).await.is_ping());
        soon(futures_util::SinkExt::flush(&mut feed.socket)).await.unwrap();
    }
    drop(clock);
    let mut raw = lab.open().await;
    raw.0.shutdown().await.unwrap();
    assert!(matches!(feed.next().await.event, Event::Opening(_)));
}
