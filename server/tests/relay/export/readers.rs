//! Clients that do not read their export, or read it very slowly. They cannot keep others from theirs.

use crate::support::clock::Clock;
use crate::support::{Answer, HOUR, Lab, Raw, http, kernel, masked, soon};
use crate::tls::Secure;
use crate::tls::raw_h2::{RST_STREAM, RawH2};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::sleep;

fn path(session: &str) -> String {
    format!("/api/sessions/{session}/export.json")
}

async fn session(address: SocketAddr) -> String {
    http(address, "POST", "/api/sessions", "").await.json()["id"].as_str().unwrap().to_owned()
}

/// Records so much that an export has several parts.
async fn fill(address: SocketAddr, session: &str) {
    let mut raw = Raw::open(address, &format!("/lab/{session}")).await;
    raw.send(&masked(0x81, b"x").repeat(1000)).await;
    raw.take(3 * 1000).await;
}

/// An export, while the clock moves.
async fn export(clock: &Clock, address: SocketAddr, session: &str) -> Answer {
    clock.pass_minutes_until(http(address, "GET", &path(session), "")).await
}

/// The attack: one connection with exports of many sessions, whose windows stay closed.
#[tokio::test]
async fn one_connection_cannot_take_all_slots() {
    // Nothing but the need of others ends these exports.
    let secure = Secure::with("export-slots", |config| config.write_timeout = HOUR).await;
    let address = secure.lab.address();
    let mut client = RawH2::open(&secure, 0).await;
    for index in 0..8 {
        let other = session(address).await;
        fill(address, &other).await;
        client.get(1 + 2 * index, &path(&other)).await;
        assert!(soon(client.frame()).await.unwrap().is_ok());
    }
    let clock = Clock::stop();
    for _ in 0..3 {
        let other = session(address).await;
        assert_eq!(export(&clock, address, &other).await.status, 200);
    }
}

#[tokio::test]
async fn a_session_makes_one_export_at_a_time_and_a_stalled_one_ends() {
    let secure = Secure::new("export-one").await;
    let (address, id) = (secure.lab.address(), &secure.lab.id);
    fill(address, id).await;
    let mut client = RawH2::open(&secure, 0).await;
    client.get(1, &path(id)).await;
    assert!(soon(client.frame()).await.unwrap().is_ok());
    let clock = Clock::stop();
    let refused = export(&clock, address, id).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("5")));
    let json = refused.json();
    assert!(json["error"].as_str().unwrap().contains("another export of this session"), "{json}");
    assert!(json["hint"].as_str().unwrap().contains("Then try again"), "{json}");
    // The write timeout ends the first one.
    let reset = clock.pass_minutes_until(soon(client.frame())).await.unwrap();
    assert_eq!((reset.kind, reset.stream), (RST_STREAM, 1));
    assert_eq!(export(&clock, address, id).await.status, 200);
}

/// It reads often enough that no write is without progress for long, but takes longer for a part of the file than the write
/// timeout.
#[tokio::test]
async fn a_trickling_reader_is_ended() {
    const PAYLOAD: usize = 4 << 20;
    const EACH_SECOND: usize = 300_000;
    let change = |config: &mut framescope::args::Config| {
        (config.payload_cap, config.log_bytes, config.write_timeout) =
            (PAYLOAD as u64, 1 << 30, Duration::from_secs(10));
    };
    let lab = Lab::with(change).await;
    let mut raw = lab.open().await;
    // The file is larger than all socket buffers. One frame is one part.
    for _ in 0..kernel::more_than_buffered().div_ceil(PAYLOAD) {
        raw.send(&masked(0x82, &[0; PAYLOAD])).await;
        raw.frame().await;
    }
    let mut slow = kernel::deaf(lab.address()).await;
    slow.send(format!("GET {} HTTP/1.1\r\nHost: lab\r\n\r\n", path(&lab.id)).as_bytes()).await;
    assert!(slow.head().await.starts_with("HTTP/1.1 200 "));
    let clock = Clock::stop();
    let mut file = Vec::new();
    for second in 0..20 {
        clock.pass_minutes_until(sleep(Duration::from_secs(1))).await;
        while file.len() < second * EACH_SECOND && soon(slow.0.read_buf(&mut file)).await.is_ok_and(|count| count > 0) {
        }
    }
    let _ = clock.pass_minutes_until(soon(slow.0.read_to_end(&mut file))).await;
    assert!(!file.ends_with(b"\r\n0\r\n\r\n"), "the client can see that the file is incomplete");
}
