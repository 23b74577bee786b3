//! One session on several relays, with nothing wrong.

use crate::cluster::Cluster;
use crate::support::{Feed, Raw, eventually, handshake, http, masked, soon};
use observation::command::Command;
use observation::event::Cause;
use observation::{Document, Event, Observation, SessionId};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// Sends a message and reads its echo.
async fn echo(raw: &mut Raw, text: &str) {
    raw.send(&masked(0x81, text.as_bytes())).await;
    assert_eq!(raw.frame().await, (0x81, text.as_bytes().to_vec()));
}

async fn take(feed: &mut Feed, count: usize) -> Vec<Observation> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(feed.next().await);
    }
    all
}

#[tokio::test]
async fn numbers_ascend_whichever_relay_records() {
    let Some(site) = Cluster::of(2, &[]).await else { return };
    let (mut here, mut there) = (site.feed(0).await, site.feed(1).await);
    assert!(here.hello.shared && there.hello.shared);
    let (mut one, mut two) = (site.open(0).await, site.open(1).await);
    for number in 0..20 {
        echo(&mut one, &format!("one {number}")).await;
        echo(&mut two, &format!("two {number}")).await;
    }
    // `Feed` checks that there is no hole.
    let (seen_here, seen_there) = (take(&mut here, 82).await, take(&mut there, 82).await);
    assert_eq!(seen_here, seen_there);
    assert_eq!((here.gaps.len(), there.gaps.len()), (0, 0));
    // One who comes later, and one who comes back.
    let mut late = site.feed(1).await;
    assert_eq!(take(&mut late, 82).await, seen_here);
    let mut back = Feed::open(site.address(0), &site.id, 40).await;
    assert_eq!(take(&mut back, 42).await, seen_here[40..]);
}

#[tokio::test]
async fn a_connection_number_is_given_once() {
    let Some(site) = Cluster::of(3, &[]).await else { return };
    let mut feed = site.feed(0).await;
    let open = |relay: usize| {
        let (address, path) = (site.address(relay), site.path());
        async move { Raw::open(address, &path).await }
    };
    let mut raws = Vec::new();
    for _ in 0..4 {
        let three = tokio::join!(open(0), open(1), open(2));
        raws.extend([three.0, three.1, three.2]);
    }
    let opened = take(&mut feed, 12).await;
    let numbers: BTreeSet<_> = opened.iter().map(|opening| opening.connection.0).collect();
    assert_eq!(numbers, (1..=12).collect());
}

#[tokio::test]
async fn a_command_finds_the_relay_of_its_connection() {
    let Some(site) = Cluster::of(2, &[]).await else { return };
    let mut feed = site.feed(1).await;
    let mut raw = site.open(0).await;
    let connection = feed.next().await.connection.0;
    assert_eq!(feed.command(connection, Command::Text("hello from there".to_owned())).await, None);
    assert_eq!(raw.frame().await, (0x81, b"hello from there".to_vec()));
    let sent = feed.frame().await;
    assert!(sent.deliberate.is_some(), "{sent:?}");
    // A command that the connection refuses, and one for a connection that has ended.
    let refused = feed.command(connection, Command::Behave("no-such-setting=1".to_owned())).await.unwrap();
    assert!(refused.contains("no-such-setting"), "{refused}");
    raw.send(&masked(0x88, b"\x03\xe8")).await;
    raw.rest().await;
    feed.until_closed().await;
    let gone = feed.command(connection, Command::Text("too late".to_owned())).await.unwrap();
    assert!(gone.contains(&format!("connection {connection}")), "{gone}");
}

#[tokio::test]
async fn the_watch_only_name_works_on_all_relays() {
    let Some(site) = Cluster::of(2, &[]).await else { return };
    let watch = site.get(0, "").await.json()["watch"].as_str().unwrap().to_owned();
    let shown = http(site.address(1), "GET", &format!("/api/sessions/{watch}"), "").await;
    assert_eq!(shown.json()["watch"], watch);
    let mut watcher = Feed::open(site.address(1), &watch, 0).await;
    let mut raw = site.open(0).await;
    let opening = watcher.opening().await;
    let request = String::from_utf8(opening.request).unwrap();
    assert!(!request.contains(&site.id), "{request}");
    echo(&mut raw, "seen").await;
    assert_eq!(watcher.frame().await.content(), b"seen");
    assert!(watcher.command(1, Command::Text("no".to_owned())).await.unwrap().contains("watch-only"));
    // The name does not open connections anywhere.
    let mut refused = Raw::connect(site.address(1)).await;
    refused.send(handshake(&format!("/lab/{watch}"), "").as_bytes()).await;
    assert!(refused.head().await.starts_with("HTTP/1.1 403 "));
}

#[tokio::test]
async fn any_relay_exports_and_grades_what_another_one_recorded() {
    let Some(site) = Cluster::of(2, &[]).await else { return };
    let answer = http(site.address(0), "GET", "/api/course/challenges/first-echo", "").await;
    let challenge: curriculum::challenge::Challenge = serde_json::from_slice(&answer.body).unwrap();
    let words = challenge.open_values(&SessionId::parse(&site.id).unwrap())["words"].clone();
    let mut raw = Raw::open(site.address(0), &format!("{}?deflate=off", site.path())).await;
    echo(&mut raw, &words).await;
    raw.send(&masked(0x88, b"\x03\xe8")).await;
    raw.rest().await;
    let request = json!({ "challenge": "first-echo", "since": 0, "name": "Ada" }).to_string();
    let ask = async || {
        let mut raw = Raw::connect(site.address(1)).await;
        let length = request.len();
        let path = format!("/api/sessions/{}/receipts", site.id);
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        raw.send(&[head.as_bytes(), request.as_bytes()].concat()).await;
        let status = raw.head().await[9..12].to_owned();
        (status, String::from_utf8(raw.rest().await).unwrap())
    };
    // What was recorded there reaches the others within milliseconds, and the page asks again too.
    let granted = soon(async {
        loop {
            match ask().await {
                (status, text) if status == "200" => return text,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    });
    let granted = granted.await;
    assert!(granted.contains("framescope receipt"), "{granted}");

    // Files do not have the session's name, and neither have those who only watch.
    let watch = site.get(1, "").await.json()["watch"].as_str().unwrap().to_owned();
    let mut feed = Feed::open(site.address(1), &watch, 0).await;
    let mut seen = Vec::new();
    while seen.last().is_none_or(|last: &Observation| !matches!(last.event, Event::Closed(_))) {
        seen.push(feed.next().await);
    }
    for relay in [0, 1] {
        let json = site.get(relay, "/export.json").await;
        let document = Document::read(std::str::from_utf8(&json.body).unwrap(), usize::MAX).unwrap();
        assert_eq!(document.observations, seen, "relay {relay}");
    }
    assert!(String::from_utf8(site.get(1, "/export.har").await.body).unwrap().contains(&words));
}

#[tokio::test]
async fn connections_of_a_lost_relay_are_closed_once() {
    let Some(mut site) = Cluster::of(3, &["--redis-lease", "1s"]).await else { return };
    let (mut one, mut two) = (site.feed(1).await, site.feed(2).await);
    let mut raws = Vec::new();
    for _ in 0..3 {
        let mut raw = site.open(0).await;
        echo(&mut raw, "before").await;
        raws.push(raw);
    }
    take(&mut one, 9).await;
    site.relays[0].signal("KILL").await;
    site.relays[0].ended().await;
    let mut ended = BTreeSet::new();
    for closed in take(&mut one, 3).await {
        let Event::Closed(what) = closed.event else { panic!("an end, not {closed:?}") };
        assert_eq!((what.cause, what.clean), (Cause::RelayLost, false));
        ended.insert(closed.connection.0);
    }
    assert_eq!(ended, BTreeSet::from([1, 2, 3]));
    // What comes next is not another end of these.
    let mut raw = site.open(2).await;
    echo(&mut raw, "after").await;
    assert!(matches!(one.next().await.event, Event::Opening(_)));
    let (seen, same) = (take(&mut one, 2).await, take(&mut two, 15).await);
    assert_eq!(same[13..], seen);
}

#[tokio::test]
async fn a_relay_that_was_stopped_too_long_ends_its_connections() {
    let Some(site) = Cluster::of(2, &["--redis-lease", "1s"]).await else { return };
    let mut feed = site.feed(1).await;
    let mut raw = site.open(0).await;
    echo(&mut raw, "before").await;
    take(&mut feed, 3).await;
    site.relays[0].signal("STOP").await;
    assert_eq!(feed.closed().await.cause, Cause::RelayLost);
    raw.send(&masked(0x81, b"while it was stopped")).await;
    site.relays[0].signal("CONT").await;
    let mut last = raw.frame().await;
    while last.0 != 0x88 {
        last = raw.frame().await;
    }
    assert_eq!(u16::from_be_bytes([last.1[0], last.1[1]]), 1012);
    drop(raw);
    // It is a relay like any other again, and the connection has ended only once.
    eventually(async || http(site.relays[0].admin, "GET", "/readyz", "").await.status == 200).await;
    let mut raw = soon(async {
        loop {
            let mut raw = Raw::connect(site.address(0)).await;
            raw.send(handshake(&site.path(), "").as_bytes()).await;
            if raw.head().await.starts_with("HTTP/1.1 101 ") {
                return raw;
            }
        }
    })
    .await;
    echo(&mut raw, "after").await;
    let mut after = Vec::new();
    loop {
        let next = feed.next().await;
        if matches!(&next.event, Event::Frame(frame) if frame.content() == b"after") {
            break;
        }
        after.push(next);
    }
    let lost = after.iter().filter(|seen| seen.connection.0 == 1).count();
    assert_eq!(lost, 0, "nothing follows the end: {after:?}");
}
