//! How much a client may do in a time.

use super::limited;
use crate::support::clock::Clock;
use crate::support::{Answer, Feed, Lab, Raw, handshake, http, masked};
use observation::{Command, Event, deliberate};
use std::time::Duration;
use tokio::time::Instant;

/// Checks an answer to a client over its limit.
#[track_caller]
fn check(answer: &Answer, flag: &str) {
    assert_eq!(answer.status, 429, "{}", answer.head);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    let json = answer.json();
    let error = json["error"].as_str().unwrap();
    assert!((1..=60).contains(&wait) && error.contains(&format!("in {wait} second")), "{error}");
    assert!(error.contains("(127.0.0.1)") && error.ends_with(flag), "{error}");
}

#[tokio::test]
async fn sessions_exports_and_gradings_have_a_rate() {
    let lab = limited(|limits| {
        limits.client_session_rate = "2/m".parse().unwrap();
        limits.client_exports = "1/m".parse().unwrap();
        limits.client_receipts = "1/m".parse().unwrap();
    })
    .await;
    let create = || http(lab.address(), "POST", "/api/sessions", "");
    assert_eq!(create().await.status, 201, "the second one");
    check(&create().await, "--client-session-rate");
    let file = format!("/api/sessions/{}/export.json", lab.id);
    assert_eq!(http(lab.address(), "GET", &file, "").await.status, 200);
    check(&http(lab.address(), "GET", &file, "").await, "--client-exports");
    let attempt = format!("/api/sessions/{}/receipts", lab.id);
    assert_eq!(http(lab.address(), "POST", &attempt, "Content-Length: 0\r\n").await.status, 400);
    check(&http(lab.address(), "POST", &attempt, "Content-Length: 0\r\n").await, "--client-receipts");
    check(&http(lab.address(), "POST", "/api/receipts/verify", "Content-Length: 0\r\n").await, "--client-receipts");
}

#[tokio::test]
async fn handshakes_have_a_rate_and_the_session_records_a_refusal() {
    let lab = limited(|limits| limits.client_handshakes = "3/m".parse().unwrap()).await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let _one = Raw::open(lab.address(), "/echo").await;
    // A request that is not upgraded counts too.
    assert_eq!(http(lab.address(), "GET", &lab.path(), "").await.status, 426);
    assert_eq!(clock.pass_until(feed.refusal()).await.status, Some(426));
    let mut raw = lab.raw().await;
    raw.send(handshake(&lab.path(), "").as_bytes()).await;
    let head = raw.head().await;
    assert!(
        head.starts_with("HTTP/1.1 429 Too Many Requests\r\n") && head.contains("\r\nRetry-After: 20\r\n"),
        "{head}"
    );
    let recorded = clock.pass_until(feed.refusal()).await;
    assert_eq!((recorded.status, &*recorded.rule), (Some(429), "client-limit"));
    assert!(recorded.explanation.contains("the limit is 3 per minute"), "{}", recorded.explanation);
    assert_eq!(raw.rest().await, format!("{}.\n", recorded.explanation).as_bytes());
    let observe = format!("/api/sessions/{}/observe", lab.id);
    let mut raw = lab.raw().await;
    raw.send(handshake(&observe, "").as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 429 "));
    // The client gets in again when the time is over.
    clock.pass(Duration::from_secs(20)).await;
    lab.open().await;
}

#[tokio::test]
async fn commands_have_a_rate_and_the_session_records_a_refusal() {
    let lab = limited(|limits| limits.client_commands = "2/m".parse().unwrap()).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    feed.opening().await;
    assert_eq!(feed.command(1, Command::Text("one".to_owned())).await, None);
    assert_eq!(raw.frame().await, (0x81, b"one".to_vec()));
    assert!(feed.say("no command").await.refused.unwrap().contains("not a valid command"));
    let refused = feed.command(1, Command::Text("three".to_owned())).await.unwrap();
    assert!(refused.contains("too many commands") && refused.ends_with("--client-commands"), "{refused}");
    assert!(feed.say("no command").await.refused.unwrap().contains("too many commands"));
    feed.frame().await;
    let Event::Act(act) = feed.next().await.event else { panic!("the refused command is recorded") };
    assert_eq!(act.refused, Some(refused));
    // Another observer has the same address.
    let mut other = lab.feed().await;
    assert!(other.command(1, Command::Text("four".to_owned())).await.is_some());
}

/// Transfers `parts` messages of 64 KiB and returns how long that took.
async fn transfer(raw: &mut Raw, clock: &Clock, parts: usize) -> Duration {
    let began = Instant::now();
    let payload = vec![7; 64 << 10];
    for _ in 0..parts {
        raw.send(&masked(0x82, &payload)).await;
        assert!(clock.pass_until(raw.frame()).await.1 == payload);
    }
    began.elapsed()
}

#[tokio::test]
async fn bytes_have_a_rate_and_the_session_records_that_a_connection_is_slowed_down() {
    let lab = limited(|limits| limits.client_bytes = "128KiB/s".parse().unwrap()).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    feed.opening().await;
    let clock = Clock::stop();
    // A second's worth may be transferred at once. Each part counts twice: it is read and written.
    transfer(&mut raw, &clock, 1).await;
    let took = transfer(&mut raw, &clock, 10).await;
    assert!(took >= Duration::from_secs(9), "{took:?}");
    let mut acts = Vec::new();
    for _ in 0..23 {
        if let Event::Act(act) = feed.next().await.event {
            acts.push(act.deliberate);
        }
    }
    assert_eq!(
        acts.iter().map(|act| (act.by, &*act.what)).collect::<Vec<_>>(),
        [(deliberate::Origin::Limit, "client-bytes")]
    );
}

#[tokio::test]
async fn bytes_through_a_middlebox_have_the_same_rate() {
    let lab = limited(|limits| limits.client_bytes = "128KiB/s".parse().unwrap()).await;
    let mut feed = lab.feed().await;
    let mut raw = Raw::open(lab.address(), &format!("/via/rewrite{}", lab.path())).await;
    let clock = Clock::stop();
    // The bytes of the request and of its echo cross the middlebox, and each is read and written.
    let took = transfer(&mut raw, &clock, 6).await;
    assert!(took >= Duration::from_secs(9), "{took:?}");
    let slowed = async {
        loop {
            if let Event::Act(act) = feed.next().await.event
                && act.deliberate.what == "client-bytes"
            {
                return act;
            }
        }
    };
    assert_eq!(slowed.await.deliberate.by, deliberate::Origin::Limit);
}

#[tokio::test]
async fn clients_on_this_machine_have_no_limits_by_default() {
    let lab = Lab::with(|config| {
        config.client.client_handshakes = "1/h".parse().unwrap();
        config.client.client_connections = "1".parse().unwrap();
        config.client.client_sessions = "1".parse().unwrap();
    })
    .await;
    assert_eq!(http(lab.address(), "POST", "/api/sessions", "").await.status, 201);
    let _open = [lab.open().await, lab.open().await];
    Feed::open(lab.address(), &lab.id, 0).await;
}
