//! Sessions that another version of the relay has recorded. `golden/format-1.json` is what the first version with `--redis` left in Redis, with
//! what its observers saw.
//!
//! `FRAMESCOPE_WRITE_GOLDEN=1` writes the file anew. Do so only together with a new format, and keep the old file and its test.

use crate::cluster::Cluster;
use crate::support::redis::RedisServer;
use crate::support::{Feed, Raw, handshake, http, masked, soon};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use observation::{Event, Observation};
use redis::Value;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

#[derive(Serialize, Deserialize)]
struct Golden {
    /// The name of the session.
    session: String,
    /// What observers saw, up to the end of the last connection.
    observations: Vec<Observation>,
    /// Commands that put the session into Redis; their words in base64.
    commands: Vec<Vec<String>>,
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/golden/format-1.json")
}

#[tokio::test]
async fn what_format_1_recorded_can_be_read() {
    if std::env::var_os("FRAMESCOPE_WRITE_GOLDEN").is_some() {
        write().await;
    }
    let golden: Golden = serde_json::from_str(&std::fs::read_to_string(file()).unwrap()).unwrap();
    let Some(site) = Cluster::of(1, &[]).await else { return };
    let client = redis::Client::open(site.redis.unix_url()).unwrap();
    let mut connection = soon(client.get_multiplexed_async_connection()).await.unwrap();
    for command in &golden.commands {
        let words: Vec<_> = command.iter().map(|word| STANDARD.decode(word).unwrap()).collect();
        soon(redis::Cmd::new().arg(words).query_async::<Value>(&mut connection)).await.unwrap();
    }
    let shown = http(site.address(0), "GET", &format!("/api/sessions/{}", golden.session), "").await;
    assert_eq!(shown.status, 200);
    let mut feed = Feed::open(site.address(0), &golden.session, 0).await;
    for expected in &golden.observations {
        assert_eq!(&feed.next().await, expected);
    }
    // The session goes on, and its old name for watching leads to it.
    let _raw = Raw::open(site.address(0), &format!("/lab/{}", golden.session)).await;
    while !matches!(feed.next().await.event, Event::Opening(_)) {}
    let watch = shown.json()["watch"].as_str().unwrap().to_owned();
    let mut watcher = Feed::open(site.address(0), &watch, 0).await;
    assert_eq!(watcher.next().await.seq.0, 1);
}

/// Records all kinds of observations, one connection of a lost relay among them, and writes the file.
async fn write() {
    let mut site = Cluster::of(2, &["--redis-lease", "1s"]).await.unwrap();
    let mut feed = site.feed(1).await;
    let behaviours = ["", "?fragments=3", "?deflate=on", "?close=4000", "?refuse=403", "?no-such-setting=1"];
    for query in behaviours {
        let mut raw = Raw::connect(site.address(0)).await;
        let offer = crate::support::DEFLATE_OFFER;
        raw.send(handshake(&format!("{}{query}", site.path()), offer).as_bytes()).await;
        if raw.head().await.starts_with("HTTP/1.1 101 ") {
            for payload in [&b"text"[..], &[b'x'; 400], b""] {
                raw.send(&masked(0x81, payload)).await;
            }
            // A frame with a reserved bit: a violation.
            raw.send(&masked(0xB1, b"broken")).await;
        }
        raw.rest().await;
    }
    let via = format!("/via/rewrite{}", site.path());
    let mut raw = Raw::connect(site.address(0)).await;
    raw.send(handshake(&via, "").as_bytes()).await;
    raw.head().await;
    raw.send(&masked(0x88, b"\x03\xe8")).await;
    raw.rest().await;
    let _lost = site.open(0).await;
    let mut observations = vec![feed.next().await];
    site.relays[0].signal("KILL").await;
    let is_last = |seen: &Observation| matches!(&seen.event, Event::Closed(closed) if closed.cause == observation::event::Cause::RelayLost);
    while !is_last(&observations[observations.len() - 1]) {
        observations.push(feed.next().await);
    }
    drop(feed);
    site.relays.truncate(1);
    let commands = dump(&site.redis).await;
    let golden = Golden { session: site.id.clone(), observations, commands };
    std::fs::create_dir_all(file().parent().unwrap()).unwrap();
    std::fs::write(file(), serde_json::to_string_pretty(&golden).unwrap() + "\n").unwrap();
}

async fn dump(redis: &RedisServer) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let words = |value: Value| match value {
        Value::Array(values) => values,
        other => panic!("a list, not {other:?}"),
    };
    let bytes = |value: Value| match value {
        Value::BulkString(bytes) => bytes,
        other => panic!("bytes, not {other:?}"),
    };
    for key in redis.command::<Vec<String>>(&["KEYS", "framescope:[sl]:*"]).await {
        let mut begin = |first: Vec<Vec<u8>>, rest: Vec<Value>| {
            let all = first.into_iter().chain(rest.into_iter().map(bytes));
            commands.push(all.map(|word| STANDARD.encode(word)).collect());
        };
        let name = key.clone().into_bytes();
        if key.starts_with("framescope:s:") {
            begin(vec![b"HSET".to_vec(), name], words(redis.command(&["HGETALL", &key]).await));
        } else {
            for entry in words(redis.command(&["XRANGE", &key, "-", "+"]).await) {
                let [id, fields] = <[Value; 2]>::try_from(words(entry)).unwrap();
                begin(vec![b"XADD".to_vec(), name.clone(), bytes(id)], words(fields));
            }
        }
    }
    commands
}
