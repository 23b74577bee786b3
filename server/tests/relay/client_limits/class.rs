//! A class behind one router: thirty learners have one address, and must not notice the limits.

use super::limited;
use crate::support::{Feed, Lab, Raw, http, masked};
use observation::{Command, Event};
use std::sync::Arc;
use tokio::task::JoinSet;

const LEARNERS: usize = 30;
/// What a browser asks for when it opens a page, at most six at once.
const FILES: usize = 24;
/// Lessons and challenges that a learner opens, each with a session of its own.
const PAGES: usize = 3;
const CONNECTIONS: usize = 8;

/// A page with everything that learners do on it.
async fn one_page(lab: &Lab, large: &[u8]) {
    for _ in 0..FILES {
        assert_eq!(http(lab.address(), "GET", "/api/routes", "").await.status, 200);
    }
    let created = http(lab.address(), "POST", "/api/sessions", "").await;
    assert_eq!(created.status, 201);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let mut feed = Feed::open(lab.address(), &id, 0).await;
    for number in 1..=CONNECTIONS {
        let mut raw = Raw::open(lab.address(), &format!("/lab/{id}?fragments=2")).await;
        feed.opening().await;
        for _ in 0..20 {
            raw.send(&masked(0x81, b"Hello from the class")).await;
            raw.message().await;
        }
        assert_eq!(
            feed.command(u32::try_from(number).unwrap(), Command::Text("from the console".to_owned())).await,
            None
        );
        raw.message().await;
        raw.send(large).await;
        raw.message().await;
        raw.send(&masked(0x88, b"\x03\xe8")).await;
        let (events, closed) = feed.until_closed().await;
        assert!(closed.clean, "{closed:?}");
        assert!(!events.iter().any(|event| matches!(event, Event::Act(_) | Event::Refusal(_))), "a limit was reached");
    }
    for _ in 0..5 {
        let attempt = format!("/api/sessions/{id}/receipts");
        assert_eq!(
            http(lab.address(), "POST", &attempt, "Content-Length: 0\r\n").await.status,
            400,
            "an empty attempt"
        );
    }
    for format in ["har", "pcapng"] {
        let file = format!("/api/sessions/{id}/export.{format}");
        // A late machine may have no slot for an export in time, which is no limit of a client.
        let status = loop {
            match http(lab.address(), "GET", &file, "").await.status {
                503 => {}
                status => break status,
            }
        };
        assert_eq!(status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_learners_at_one_address_do_not_notice_the_limits() {
    let lab = Arc::new(limited(|_| {}).await);
    let large: Arc<[u8]> = masked(0x82, &vec![b'x'; 256 << 10]).into();
    let mut learners = JoinSet::new();
    for _ in 0..LEARNERS {
        let (lab, large) = (Arc::clone(&lab), Arc::clone(&large));
        learners.spawn(async move {
            for _ in 0..PAGES {
                one_page(&lab, &large).await;
            }
        });
    }
    // No limit for all of them together: each step of a learner has one.
    while let Some(learner) = learners.join_next().await {
        learner.unwrap();
    }
}
