//! `--admin-listen`: metrics, liveness and readiness, beside a relay that is full.

use crate::support::{HOUR, Lab, Raw, eventually, http, masked};
use framescope::args::{Arguments, Config};
use framescope::{Relay, StartError};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

pub(crate) async fn watched(change: impl FnOnce(&mut Config)) -> (Lab, SocketAddr) {
    let lab = Lab::with(|config| {
        config.operation.admin_listen = Some(([127, 0, 0, 1], 0).into());
        change(config);
    });
    let lab = lab.await;
    let admin = lab.relay.admin_address().unwrap();
    (lab, admin)
}

/// The value of each series, by its name with its labels.
pub(crate) async fn metrics(admin: SocketAddr) -> BTreeMap<String, f64> {
    let answer = ask(admin, "/metrics", "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(answer.body).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

pub(crate) async fn ask(admin: SocketAddr, path: &str, more: &str) -> crate::support::Answer {
    http(admin, "GET", path, more).await
}

async fn body(admin: SocketAddr, path: &str) -> (u16, String) {
    let answer = ask(admin, path, "").await;
    (answer.status, String::from_utf8(answer.body).unwrap())
}

#[tokio::test]
async fn metrics_say_what_crossed_a_connection() {
    let (lab, admin) = watched(|_| {}).await;
    let before = metrics(admin).await;
    assert_eq!(before["framescope_frames_total{path=\"lab\",direction=\"in\"}"], 0.0);
    let mut raw = lab.open().await;
    let _feed = lab.feed().await;
    raw.send(&masked(0x81, b"Hello")).await;
    raw.frame().await;
    let open = metrics(admin).await;
    assert_eq!(open["framescope_websockets{path=\"lab\"}"], 1.0);
    assert_eq!(open["framescope_observers"], 1.0);
    assert_eq!(open["framescope_sessions"], 1.0);
    assert_eq!(open["framescope_echo_seconds_count"], 1.0);
    assert_eq!(open["framescope_handshake_seconds_count"], 1.0);
    raw.send(&masked(0x88, &4321_u16.to_be_bytes())).await;
    raw.frame().await;
    drop(raw);
    let ended = "framescope_websockets_closed_total{path=\"lab\",cause=\"closing-handshake\"}";
    eventually(async || metrics(admin).await.contains_key(ended)).await;
    let after = metrics(admin).await;
    for (name, expect) in [
        (ended, 1.0),
        ("framescope_websockets{path=\"lab\"}", 0.0),
        ("framescope_websockets_opened_total{path=\"lab\"}", 1.0),
        ("framescope_close_codes_total{first=\"client\",code=\"4000-4999\"}", 1.0),
        // A text frame and a close frame, each with a header of 6 bytes; the answers have headers of 2.
        ("framescope_frames_total{path=\"lab\",direction=\"in\"}", 2.0),
        ("framescope_frames_total{path=\"lab\",direction=\"out\"}", 2.0),
        ("framescope_bytes_total{path=\"lab\",direction=\"in\"}", 6.0 + 5.0 + 6.0 + 2.0),
        ("framescope_bytes_total{path=\"lab\",direction=\"out\"}", 2.0 + 5.0 + 2.0 + 2.0),
        // The opening, four frames, and the end.
        ("framescope_log_observations_total", 6.0),
        ("framescope_log_dropped_observations_total", 0.0),
        ("framescope_frames_total{path=\"echo\",direction=\"in\"}", 0.0),
    ] {
        assert_eq!(after[name], expect, "{name}");
    }
    assert!(
        after["framescope_log_bytes"] > 0.0 && after["framescope_log_bytes"] <= after["framescope_log_bytes_limit"]
    );
    #[cfg(target_os = "linux")]
    for name in ["process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds", "process_threads"] {
        assert!(after[name] > 0.0, "{name}");
    }
}

#[tokio::test]
async fn metrics_count_echoes_violations_and_refusals() {
    let (lab, admin) = watched(|_| {}).await;
    let mut echo = Raw::open(lab.address(), "/echo").await;
    // An unmasked frame.
    echo.send(&[0x81, 0x00]).await;
    echo.rest().await;
    drop(echo);
    assert_eq!(http(lab.address(), "GET", "/lab/unknown", "").await.status, 404);
    assert_eq!(http(lab.address(), "GET", "/api/sessions/unknown", "").await.status, 404);
    assert_eq!(http(lab.address(), "GET", "/api/sessions/x", "Host: x\r\n").await.status, 421);
    let ended = "framescope_websockets_closed_total{path=\"echo\",cause=\"violation\"}";
    eventually(async || metrics(admin).await.contains_key(ended)).await;
    let after = metrics(admin).await;
    assert_eq!(after["framescope_violations_total{rule=\"client-frame-unmasked\"}"], 1.0);
    assert_eq!(after["framescope_close_codes_total{first=\"server\",code=\"1002\"}"], 1.0);
    assert_eq!(after["framescope_refusals_total{reason=\"session-unknown\"}"], 2.0);
    assert_eq!(after["framescope_refusals_total{reason=\"misdirected\"}"], 1.0);
}

/// A scrape of a program that asks for it.
#[tokio::test]
async fn metrics_come_as_openmetrics_too() {
    let (_lab, admin) = watched(|_| {}).await;
    let accept = "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n";
    let answer = ask(admin, "/metrics", accept).await;
    assert_eq!(answer.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(text.contains("# TYPE framescope_frames counter\n"), "{text}");
    assert_eq!(text.matches("# EOF").count(), 1);
}

#[tokio::test]
async fn observations_that_an_observer_missed_are_counted() {
    let (lab, admin) = watched(|config| config.log_count = 4).await;
    let mut raw = lab.open().await;
    for _ in 0..8 {
        raw.send(&masked(0x81, b"")).await;
        raw.frame().await;
    }
    let mut feed = lab.feed().await;
    feed.next().await;
    let after = metrics(admin).await;
    // The opening and 16 frames.
    assert_eq!(after["framescope_log_dropped_observations_total"], 17.0 - 4.0);
    assert_eq!(after["framescope_feed_gaps_total"], 1.0);
    assert_eq!(after["framescope_feed_skipped_total"], 17.0 - 4.0);
}

/// The attack: visitors hold all connections, and a probe then restarts the relay, which ends every session.
#[tokio::test]
async fn a_full_relay_is_alive_and_not_ready() {
    let (lab, admin) = watched(|config| config.max_connections = 1).await;
    eventually(async || body(admin, "/readyz").await.0 == 200).await;
    let held = lab.open().await;
    assert_eq!(http(lab.address(), "GET", "/healthz", "").await.status, 503);
    assert_eq!(body(admin, "/healthz").await, (200, "ok\n".to_owned()));
    let (status, reasons) = body(admin, "/readyz").await;
    assert_eq!((status, reasons.contains("--max-connections")), (503, true), "{reasons}");
    let full = metrics(admin).await;
    assert_eq!(full["framescope_tcp_turned_away_total{reason=\"relay-full\"}"], 1.0);
    assert_eq!(full["framescope_tcp_connections"], full["framescope_tcp_connections_limit"]);
    drop(held);
    eventually(async || body(admin, "/readyz").await == (200, "ready\n".to_owned())).await;
}

#[tokio::test]
async fn a_relay_without_free_sessions_is_not_ready() {
    let (lab, admin) = watched(|config| config.max_sessions = 1).await;
    let _used = lab.open().await;
    let (status, reasons) = body(admin, "/readyz").await;
    assert_eq!((status, reasons.contains("--max-sessions")), (503, true), "{reasons}");
}

#[tokio::test]
async fn a_relay_that_drains_is_not_ready_until_it_has_stopped() {
    let (lab, admin) = watched(|config| config.shutdown_grace = HOUR).await;
    let mut raw = lab.open().await;
    lab.relay.drain(Duration::from_secs(5));
    assert_eq!(body(admin, "/healthz").await.0, 200);
    let (status, reasons) = body(admin, "/readyz").await;
    assert_eq!((status, reasons.contains("draining")), (503, true), "{reasons}");
    assert_eq!(metrics(admin).await["framescope_draining"], 1.0);
    let stopping = tokio::spawn(lab.relay.stop());
    raw.frame().await;
    assert_eq!(body(admin, "/readyz").await.0, 503);
    drop(raw);
    crate::support::soon(stopping).await.unwrap();
    assert!(tokio::net::TcpStream::connect(admin).await.is_err());
}

/// DNS rebinding, as on the relay's other listeners.
#[tokio::test]
async fn the_admin_listener_answers_only_to_this_machine() {
    let (_lab, admin) = watched(|_| {}).await;
    let mut raw = Raw::connect(admin).await;
    raw.send(b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await;
    assert!(raw.head().await.starts_with("HTTP/1.1 421 "));
    for host in ["localhost:9", "127.0.0.1", "[::1]:9"] {
        let mut raw = Raw::connect(admin).await;
        raw.send(format!("GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes()).await;
        assert!(raw.head().await.starts_with("HTTP/1.1 200 "), "{host}");
    }
    assert_eq!(ask(admin, "/elsewhere", "").await.status, 404);
}

#[tokio::test]
async fn an_admin_address_for_other_machines_needs_a_flag() {
    let any = |remote| {
        let mut config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
        config.operation.admin_listen = Some(([0, 0, 0, 0], 0).into());
        config.operation.admin_remote = remote;
        config
    };
    let refused = Relay::start(any(false)).await.unwrap_err();
    assert!(matches!(refused, StartError::AdminRemote(_)));
    let words = refused.to_string();
    assert!(words.contains("0.0.0.0:0") && words.contains("--admin-remote") && words.contains("127.0.0.1"), "{words}");
    Relay::start(any(true)).await.unwrap().stop().await;
    use clap::Parser;
    assert!(Arguments::try_parse_from(["framescope", "serve", "--admin-remote"]).is_err());
}

#[tokio::test]
async fn visitors_do_not_see_what_operators_see() {
    let (lab, _admin) = watched(|_| {}).await;
    for path in ["/metrics", "/readyz"] {
        let answer = http(lab.address(), "GET", path, "").await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!text.contains("framescope_") && !text.contains("ready\n"), "{path}: {text}");
    }
}
