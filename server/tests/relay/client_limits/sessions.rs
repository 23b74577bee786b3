//! How many sessions a client may have, and which one goes when the relay is full.

use super::{limited, limited_with};
use crate::support::clock::Clock;
use crate::support::{Feed, Lab, Raw, http};
use std::time::Duration;

async fn create(lab: &Lab) -> Result<String, (u16, String)> {
    let answer = http(lab.address(), "POST", "/api/sessions", "").await;
    match answer.status {
        201 => Ok(answer.json()["id"].as_str().unwrap().to_owned()),
        status => Err((status, answer.json()["error"].as_str().unwrap().to_owned())),
    }
}

async fn exists(lab: &Lab, id: &str) -> bool {
    http(lab.address(), "GET", &format!("/api/sessions/{id}"), "").await.status == 200
}

#[tokio::test]
async fn a_client_has_so_many_sessions_and_its_empty_ones_are_replaced() {
    let lab = limited(|limits| limits.client_sessions = "2".parse().unwrap()).await;
    drop(lab.open().await);
    let second = create(&lab).await.unwrap();
    let third = create(&lab).await.unwrap();
    assert_eq!(
        [exists(&lab, &lab.id).await, exists(&lab, &second).await, exists(&lab, &third).await],
        [true, false, true]
    );
    let _observer = Feed::open(lab.address(), &third, 0).await;
    let (status, error) = create(&lab).await.unwrap_err();
    assert!(status == 429 && error.contains("too many sessions") && error.ends_with("--client-sessions"), "{error}");
}

/// The attack: one client makes all sessions, and keeps each with a single refused request.
#[tokio::test]
async fn sessions_with_only_refused_requests_go_first() {
    let lab = Lab::with(|config| config.max_sessions = 20).await;
    for _ in 0..40 {
        let id = create(&lab).await.unwrap();
        for path in [format!("/lab/{id}"), format!("/via/rewrite/lab/{id}"), format!("/relay/{id}?to=ws://a")] {
            assert!(http(lab.address(), "GET", &path, "").await.status >= 400, "{path}");
        }
    }
    let learner = create(&lab).await.expect("there is room for a learner");
    let _used = Raw::open(lab.address(), &format!("/lab/{learner}")).await;
    for _ in 0..40 {
        create(&lab).await.unwrap();
    }
    assert!(exists(&lab, &learner).await);
}

#[tokio::test]
async fn a_full_relay_replaces_a_session_of_the_same_client_that_was_unused_for_a_minute() {
    let lab = limited_with(|config| config.max_sessions = 2).await;
    drop(lab.open().await);
    let second = create(&lab).await.unwrap();
    let _used = Raw::open(lab.address(), &format!("/lab/{second}")).await;
    assert_eq!(create(&lab).await.unwrap_err().0, 503);
    let clock = Clock::stop();
    clock.pass(Duration::from_secs(60)).await;
    let third = create(&lab).await.unwrap();
    assert_eq!(
        [exists(&lab, &lab.id).await, exists(&lab, &second).await, exists(&lab, &third).await],
        [false, true, true]
    );
}
