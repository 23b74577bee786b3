//! What stands in Redis: neither names nor contents, and nothing for longer than a session.

use crate::cluster::Cluster;
use crate::support::redis::RedisServer;
use crate::support::{Raw, eventually, handshake, masked};
use observation::command::Command;

/// Every key with everything in it, as bytes.
async fn everything(redis: &RedisServer) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for key in redis.command::<Vec<String>>(&["KEYS", "*"]).await {
        let kind: String = redis.command(&["TYPE", &key]).await;
        let words: &[&str] = match &*kind {
            "hash" => &["HGETALL", &key],
            "stream" => &["XRANGE", &key, "-", "+"],
            "zset" => &["ZRANGE", &key, "0", "-1", "WITHSCORES"],
            "set" => &["SMEMBERS", &key],
            "string" => &["GET", &key],
            "none" => continue,
            other => panic!("{key} is a {other}"),
        };
        let value: redis::Value = redis.command(words).await;
        let mut bytes = Vec::new();
        flatten(value, &mut bytes);
        all.push((key, bytes));
    }
    all
}

fn flatten(value: redis::Value, bytes: &mut Vec<u8>) {
    match value {
        redis::Value::BulkString(text) => bytes.extend(text),
        redis::Value::SimpleString(text) => bytes.extend(text.into_bytes()),
        redis::Value::Array(values) => values.into_iter().for_each(|value| flatten(value, bytes)),
        redis::Value::Map(pairs) => pairs.into_iter().for_each(|(key, value)| {
            flatten(key, bytes);
            flatten(value, bytes);
        }),
        _ => {}
    }
    bytes.push(b'\n');
}

#[tokio::test]
async fn neither_names_nor_contents_are_readable() {
    let Some(site) = Cluster::of(2, &[]).await else { return };
    let watch = site.get(0, "").await.json()["watch"].as_str().unwrap().to_owned();
    let mut feed = site.feed(1).await;
    let mut raw = Raw::connect(site.address(0)).await;
    raw.send(handshake(&site.path(), "X-Secret: in-a-header\r\nCookie: in-a-cookie\r\n").as_bytes()).await;
    raw.head().await;
    for _ in 0..50 {
        raw.send(&masked(0x81, b"in-a-payload")).await;
        raw.frame().await;
    }
    let connection = feed.next().await.connection.0;
    assert_eq!(feed.command(connection, Command::Text("in-a-command".to_owned())).await, None);
    raw.frame().await;
    let rules = r#"{"id": 8, "rules": {"set": [{"name": "in-a-rule", "then": {"note": "in-a-rule"}}]}}"#;
    assert_eq!(feed.say(rules).await.refused, None);
    raw.send(&masked(0x88, b"\x03\xe8in-a-reason")).await;
    raw.rest().await;
    feed.until_closed().await;

    let all = everything(&site.redis).await;
    assert!(all.iter().any(|(key, bytes)| key.starts_with("framescope:l:") && bytes.len() > 1000), "it is recorded");
    for (key, bytes) in &all {
        assert!(key.starts_with("framescope:"), "{key}");
        for secret in
            [&*site.id, &*watch, &watch["watch-".len()..], "in-a-", "GET /", "Host", "127.0.0.1", "Sec-WebSocket"]
        {
            let is_in = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_in(bytes) && !is_in(key.as_bytes()), "{secret} is in {key}");
        }
    }
}

#[tokio::test]
async fn nothing_of_a_session_is_left_when_it_expires() {
    let Some(site) = Cluster::of(2, &["--session-ttl", "2s"]).await else { return };
    let mut feed = site.feed(1).await;
    let mut raw = site.open(0).await;
    raw.send(&masked(0x88, b"\x03\xe8")).await;
    raw.rest().await;
    feed.until_closed().await;
    let hash = everything(&site.redis).await;
    let hash = hash.iter().find_map(|(key, _)| key.strip_prefix("framescope:s:")).unwrap().to_owned();
    for key in ["s", "l"].map(|kind| format!("framescope:{kind}:{hash}")) {
        let left: i64 = site.redis.command(&["PTTL", &key]).await;
        assert!((0..=2000).contains(&left), "{key} expires in {left} ms");
    }
    // While somebody observes it, it stays; `until_closed` above took a part of the time.
    drop(feed);
    eventually(async || {
        let all = everything(&site.redis).await;
        let has_it = |(key, bytes): &(String, Vec<u8>)| {
            key.contains(&hash) || bytes.windows(hash.len()).any(|window| window == hash.as_bytes())
        };
        // Lists of sessions keep the hash: those of all and of a client until the next one is created, and that of a relay as long as
        // the relay is there.
        let is_list =
            |key: &str| ["sessions", "a:", "own:"].iter().any(|list| key["framescope:".len()..].starts_with(list));
        !all.iter().any(|entry| has_it(entry) && !is_list(&entry.0))
    })
    .await;
}
