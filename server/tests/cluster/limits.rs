//! Limits that count what all relays have.

use crate::cluster::Cluster;
use crate::support::{Raw, eventually, handshake, http, refused, soon};
use std::net::SocketAddr;
use tokio_tungstenite::connect_async;

async fn status(address: SocketAddr, path: &str) -> String {
    let mut raw = Raw::connect(address).await;
    raw.send(handshake(path, "").as_bytes()).await;
    raw.head().await[9..12].to_owned()
}

#[tokio::test]
async fn connections_of_a_session_are_counted_over_all_relays() {
    let Some(site) = Cluster::of(2, &["--session-connections", "3", "--redis-lease", "1s"]).await else { return };
    let (_one, two, _three) = (site.open(0).await, site.open(1).await, site.open(0).await);
    assert_eq!(status(site.address(1), &site.path()).await, "503");
    assert_eq!(status(site.address(0), &site.path()).await, "503");
    drop(two);
    eventually(async || status(site.address(0), &site.path()).await == "101").await;
}

#[tokio::test]
async fn a_lost_relay_takes_its_counts_along() {
    let Some(site) = Cluster::of(2, &["--session-connections", "2", "--redis-lease", "1s"]).await else { return };
    let (_one, _two) = (site.open(0).await, site.open(0).await);
    assert_eq!(status(site.address(1), &site.path()).await, "503");
    site.relays[0].signal("KILL").await;
    eventually(async || status(site.address(1), &site.path()).await == "101").await;
}

#[tokio::test]
async fn observers_of_a_session_are_counted_over_all_relays() {
    let Some(site) = Cluster::of(2, &["--session-observers", "2"]).await else { return };
    let (_one, _two) = (site.feed(0).await, site.feed(1).await);
    for relay in [0, 1] {
        let url = format!("ws://{}/api/sessions/{}/observe", site.address(relay), site.id);
        assert_eq!(refused(soon(connect_async(url)).await.unwrap_err()), 503);
    }
}

#[tokio::test]
async fn connections_of_a_client_are_counted_over_all_relays() {
    let flags = ["--client-limits-on-loopback", "on", "--client-connections", "3"];
    let Some(site) = Cluster::of(2, &flags).await else { return };
    let (_one, two, _three) = (site.open(0).await, site.open(1).await, site.open(0).await);
    assert_eq!(status(site.address(1), &site.path()).await, "429");
    drop(two);
    eventually(async || status(site.address(1), &site.path()).await == "101").await;
}

#[tokio::test]
async fn sessions_are_counted_over_all_relays() {
    let Some(site) = Cluster::of(2, &["--max-sessions", "3"]).await else { return };
    for relay in [1, 0] {
        assert_eq!(http(site.address(relay), "POST", "/api/sessions", "").await.status, 201);
    }
    let full = http(site.address(1), "POST", "/api/sessions", "").await;
    assert_eq!(full.status, 503, "{}", full.json());
}
