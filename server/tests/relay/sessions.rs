//! Sessions: creation, requests, limits and expiry.

use crate::support::clock::Clock;
use crate::support::{Feed, Lab, Raw, http, masked};
use observation::Seq;
use std::time::Duration;

#[tokio::test]
async fn a_session_lists_its_addresses() {
    let lab = Lab::new().await;
    let created = http(lab.address(), "POST", "/api/sessions", "").await;
    let json = created.json();
    let id = json["id"].as_str().unwrap();
    assert_eq!(created.status, 201);
    assert_eq!(created.header("location"), Some(format!("/api/sessions/{id}").as_str()));
    assert_eq!(json["lab"], format!("/lab/{id}"));
    assert_eq!(json["observe"], format!("/api/sessions/{id}/observe"));
    let shown = http(lab.address(), "GET", &format!("/api/sessions/{id}"), "").await;
    assert_eq!((shown.status, shown.json()), (200, json));
    assert_eq!(shown.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn an_unknown_session_is_not_found() {
    let lab = Lab::new().await;
    for name in ["aaaaaaaaaaaaaaaaaaaaaaaaaa", "x", "%ff", "AAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let answer = http(lab.address(), "GET", &format!("/api/sessions/{name}"), "").await;
        assert_eq!(answer.status, 404, "{name}");
        assert!(answer.json()["hint"].as_str().unwrap().contains("POST /api/sessions"));
    }
}

#[tokio::test]
async fn other_addresses_and_methods_get_json_errors() {
    let lab = Lab::new().await;
    for (method, path, status) in
        [("GET", "/api/nothing", 404), ("DELETE", "/api/sessions", 405), ("GET", "/api/sessions", 405)]
    {
        let answer = http(lab.address(), method, path, "").await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.json()["error"].is_string());
    }
}

#[tokio::test]
async fn a_large_body_is_refused_without_reading_it() {
    let lab = Lab::new().await;
    let announced = http(lab.address(), "POST", "/api/sessions", "Content-Length: 99999999999\r\n").await;
    assert_eq!(announced.status, 413);
    let mut raw = lab.raw().await;
    raw.send(b"POST /api/sessions HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    raw.send(&[b"800\r\n", &[b'x'; 0x800][..], b"\r\n"].concat()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn a_full_relay_drops_empty_sessions_first() {
    let lab = Lab::with(|config| config.max_sessions = 2).await;
    // The first session is not empty.
    drop(lab.open().await);
    let create = || http(lab.address(), "POST", "/api/sessions", "");
    let second = create().await.json()["id"].as_str().unwrap().to_owned();
    let third = create().await.json()["id"].as_str().unwrap().to_owned();
    let status = async |id: &str| http(lab.address(), "GET", &format!("/api/sessions/{id}"), "").await.status;
    assert_eq!([status(&lab.id).await, status(&second).await, status(&third).await], [200, 404, 200]);
    let _used = Raw::open(lab.address(), &format!("/lab/{third}")).await;
    let full = create().await;
    assert_eq!((full.status, full.header("retry-after")), (503, Some("60")));
    assert!(full.json()["hint"].as_str().unwrap().contains("again"));
}

#[tokio::test]
async fn a_session_expires_without_connections_and_observers() {
    let lab = Lab::with(|config| config.session_ttl = Duration::from_millis(200)).await;
    let clock = Clock::stop();
    let raw = lab.open().await;
    let other = http(lab.address(), "POST", "/api/sessions", "").await.json()["id"].as_str().unwrap().to_owned();
    // Each request uses the session, which keeps it for another 200 ms.
    let status = async |id: &str| http(lab.address(), "GET", &format!("/api/sessions/{id}"), "").await.status;
    clock.pass(Duration::from_millis(150)).await;
    assert_eq!(status(&other).await, 200);
    clock.pass(Duration::from_millis(150)).await;
    assert_eq!(status(&other).await, 200);
    clock.pass(Duration::from_millis(300)).await;
    assert_eq!(status(&other).await, 404);
    assert_eq!(status(&lab.id).await, 200, "someone is connected");
    drop(raw);
    clock.pass(Duration::from_millis(300)).await;
    assert_eq!(status(&lab.id).await, 404);
}

/// The attack: sessions that fill the memory of all logs, and then leave it filled.
#[tokio::test]
async fn full_logs_of_others_do_not_empty_a_new_one() {
    let change = |config: &mut framescope::args::Config| {
        (config.log_bytes, config.all_logs_bytes) = (1 << 20, 2 << 20);
    };
    let lab = Lab::with(change).await;
    let create =
        async || http(lab.address(), "POST", "/api/sessions", "").await.json()["id"].as_str().unwrap().to_owned();
    let talk = async |id: &str, messages: usize| {
        let mut raw = Raw::open(lab.address(), &format!("/lab/{id}")).await;
        for _ in 0..messages {
            raw.send(&masked(0x81, &[b'x'; 400])).await;
            raw.frame().await;
        }
    };
    for _ in 0..3 {
        talk(&create().await, 1500).await;
    }
    let learner = create().await;
    talk(&learner, 40).await;
    let mut feed = Feed::open(lab.address(), &learner, 0).await;
    assert_eq!(feed.next().await.seq, Seq(1));
    for _ in 0..80 {
        feed.next().await;
    }
    assert_eq!(feed.gaps, []);
}
