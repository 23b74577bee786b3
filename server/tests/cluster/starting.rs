//! How a relay finds Redis, and why it may refuse to start.

use crate::cluster::{Cluster, Folder};
use crate::support::redis::{Options, RedisServer, User};
use crate::support::{eventually, http, soon};
use std::net::TcpListener;

/// What the relay says when it does not start.
async fn refusal(folder: &Folder, url: &str, more: &[&str]) -> String {
    match folder.relay(url, more).await {
        Ok(_) => panic!("it starts with {url} {more:?}"),
        Err(log) => log,
    }
}

#[track_caller]
fn says(log: &str, words: &[&str]) {
    for word in words {
        assert!(log.contains(word), "{word}: {log}");
    }
}

/// Two relays share a session through this server.
async fn works(redis: RedisServer, url: &str, more: &[&str]) {
    let site = Cluster::with(redis, &[url, url], more).await.unwrap();
    let mut feed = site.feed(1).await;
    let _raw = site.open(0).await;
    feed.opening().await;
}

#[tokio::test]
async fn without_redis_there_is_a_clear_error() {
    let folder = Folder::new();
    // Nobody listens there any more.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let log = refusal(&folder, &format!("redis://{free}"), &[]).await;
    says(&log, &["Connection refused", "--redis-wait"]);
    let log = refusal(&folder, "http://127.0.0.1:1", &[]).await;
    says(&log, &["--redis", "redis://"]);
    let log = refusal(&folder, &format!("redis://{free}"), &["--redis-lease", "100ms"]).await;
    says(&log, &["--redis-lease", "500ms"]);
}

#[tokio::test]
async fn the_key_of_receipts_is_required() {
    let folder = Folder::new();
    let flags: Vec<_> = ["--redis", "redis://127.0.0.1:1"].map(str::to_owned).into();
    let log = crate::relay::RelayProcess::start(&flags, &folder.path.join("log")).await;
    says(&log.err().unwrap(), &["--receipt-key"]);
}

#[tokio::test]
async fn a_relay_can_wait_for_redis() {
    let Some(mut redis) = RedisServer::start().await else { return };
    let folder = Folder::new();
    redis.kill().await;
    let url = redis.url();
    let log = folder.path.join("relay-0.log");
    let waits = async || folder.relay(&url, &["--redis-wait", "1m"]).await.unwrap();
    let mut starts = async || {
        // It says that it waits.
        eventually(async || std::fs::read_to_string(&log).is_ok_and(|log| log.contains("Redis"))).await;
        redis.start_again().await;
    };
    let (relay, ()) = tokio::join!(waits(), starts());
    assert_eq!(http(relay.address, "POST", "/api/sessions", "").await.status, 201);
}

#[tokio::test]
async fn a_wrong_password_and_missing_rights_are_named() {
    let user = User { name: "framescope", password: "secret", rules: "~framescope:* +@all".to_owned() };
    let allowed = Options { user: Some(user.clone()), ..Options::default() };
    let Some(redis) = RedisServer::with(allowed).await else { return };
    let folder = Folder::new();
    let log = refusal(&folder, &redis.url().replace("secret", "guess"), &[]).await;
    says(&log, &["Password authentication failed"]);
    assert!(!log.contains("guess"), "a password is not logged: {log}");
    let log = refusal(&folder, &format!("redis://{}", redis.address), &[]).await;
    says(&log, &["NOAUTH"]);
    let log = refusal(&folder, &redis.url(), &["--redis-prefix", "elsewhere"]).await;
    says(&log, &["no permissions"]);
    let url = redis.url();
    works(redis, &url, &[]).await;
    let narrow = User { rules: "~framescope:* +@read".to_owned(), ..user };
    let redis = RedisServer::with(Options { user: Some(narrow), ..Options::default() }).await.unwrap();
    let log = refusal(&folder, &redis.url(), &[]).await;
    says(&log, &["no permissions"]);
}

#[tokio::test]
async fn tls_with_an_own_authority() {
    let Some(redis) = RedisServer::with(Options { tls: true, ..Options::default() }).await else { return };
    let folder = Folder::new();
    let log = refusal(&folder, &redis.tls_url(), &[]).await;
    says(&log, &["certificate", "--redis-ca"]);
    let ca = redis.ca_file().display().to_string();
    // The certificate is for `localhost` and has no addresses.
    let url = redis.tls_url();
    works(redis, &url, &["--redis-ca", &ca]).await;
}

#[tokio::test]
async fn a_unix_socket() {
    let user = User { name: "framescope", password: "secret", rules: "~framescope:* +@all".to_owned() };
    let Some(redis) = RedisServer::with(Options { user: Some(user), ..Options::default() }).await else { return };
    let url = redis.unix_url();
    works(redis, &url, &[]).await;
}

#[tokio::test]
async fn a_relay_with_another_key_may_not_join() {
    let Some(site) = Cluster::of(1, &[]).await else { return };
    let other = site.folder.path.join("other.pem").display().to_string();
    let log = site.folder.relay_with_key(&site.redis.url(), &other, &[]).await.err().unwrap();
    says(&log, &["--receipt-key"]);
    // Another prefix is another site.
    site.folder.relay_with_key(&site.redis.url(), &other, &["--redis-prefix", "other"]).await.unwrap();
}

#[tokio::test]
async fn a_relay_with_another_format_or_course_may_not_join() {
    let Some(site) = Cluster::of(1, &[]).await else { return };
    let course = site.folder.path.join("other-course");
    framescope::course::begin(&course).unwrap();
    let file = course.join("lessons/hello.md");
    let lesson = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, lesson + "\nOne more paragraph.\n").unwrap();
    let flags = ["--course", course.to_str().unwrap()];
    says(&refusal(&site.folder, &site.redis.url(), &flags).await, &["course"]);
    site.redis.command::<()>(&["HSET", "framescope:site", "format", "0"]).await;
    says(&refusal(&site.folder, &site.redis.url(), &[]).await, &["format"]);
}

#[tokio::test]
async fn a_replica_is_not_written_to() {
    let Some(redis) = RedisServer::start().await else { return };
    let replica = RedisServer::with(Options { replica_of: Some(redis.address), ..Options::default() }).await.unwrap();
    let folder = Folder::new();
    says(&refusal(&folder, &replica.url(), &[]).await, &["replica"]);
    let _ = soon(redis.try_command::<String>(&["PING"])).await;
}
