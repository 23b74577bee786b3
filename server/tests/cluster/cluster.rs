//! Relays that share a Redis, and one session of theirs.

use crate::relay::RelayProcess;
use crate::support::redis::RedisServer;
use crate::support::{Answer, Feed, Raw, http};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) struct Cluster {
    pub(crate) redis: RedisServer,
    pub(crate) relays: Vec<RelayProcess>,
    pub(crate) id: String,
    pub(crate) folder: Folder,
}

impl Cluster {
    /// `None` without redis-server.
    pub(crate) async fn of(relays: usize, more: &[&str]) -> Option<Self> {
        let redis = RedisServer::start().await?;
        let url = redis.url();
        let urls = vec![&*url; relays];
        Self::with(redis, &urls, more).await
    }

    /// Relays that reach Redis at these URLs.
    pub(crate) async fn with(redis: RedisServer, urls: &[&str], more: &[&str]) -> Option<Self> {
        let folder = Folder::new();
        let mut relays = Vec::new();
        // A busy machine may be late.
        let more = [more, &["--redis-wait", "1m"]].concat();
        for url in urls {
            relays.push(folder.relay(url, &more).await.unwrap());
        }
        let created = http(relays[0].address, "POST", "/api/sessions", "").await;
        let id = created.json()["id"].as_str().unwrap().to_owned();
        Some(Self { redis, relays, id, folder })
    }

    pub(crate) fn address(&self, relay: usize) -> SocketAddr {
        self.relays[relay].address
    }

    pub(crate) fn path(&self) -> String {
        format!("/lab/{}", self.id)
    }

    /// A lab connection on this relay.
    pub(crate) async fn open(&self, relay: usize) -> Raw {
        Raw::open(self.address(relay), &self.path()).await
    }

    pub(crate) async fn feed(&self, relay: usize) -> Feed {
        Feed::open(self.address(relay), &self.id, 0).await
    }

    /// A path below the session, such as `/export.json`.
    pub(crate) async fn get(&self, relay: usize, path: &str) -> Answer {
        http(self.address(relay), "GET", &format!("/api/sessions/{}{path}", self.id), "").await.dechunked()
    }
}

/// A folder for the files of one test, removed at its end. It has a small course, which loads quickly.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    count: AtomicU32,
}

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("cluster-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        framescope::course::begin(&path.join("course")).unwrap();
        Self { path, count: AtomicU32::new(0) }
    }

    pub(crate) fn receipt_key(&self) -> String {
        self.path.join("receipt.pem").display().to_string()
    }

    /// Starts a relay. The error is what it logs if it does not start.
    pub(crate) async fn relay(&self, url: &str, more: &[&str]) -> Result<RelayProcess, String> {
        let key = self.receipt_key();
        self.relay_with_key(url, &key, more).await
    }

    pub(crate) async fn relay_with_key(&self, url: &str, key: &str, more: &[&str]) -> Result<RelayProcess, String> {
        let log = self.path.join(format!("relay-{}.log", self.count.fetch_add(1, Ordering::Relaxed)));
        let own = ["--redis", url, "--receipt-key", key];
        let mut flags: Vec<_> = own.iter().chain(more).map(ToString::to_string).collect();
        if !more.contains(&"--course") {
            flags.extend(["--course".to_owned(), self.path.join("course").display().to_string()]);
        }
        RelayProcess::start(&flags, &log).await
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
