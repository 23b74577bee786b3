//! What a client of HTTP/2 cannot do: hold a connection, a stream or a shutdown for as long as it likes.

use super::raw_h2::{DATA, GOAWAY, HEADERS, RST_STREAM, RawH2};
use super::{Folder, Secure};
use crate::support::HOUR;
use crate::support::clock::Clock;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

/// Moves the clock until `what` has happened, by at most five minutes.
async fn in_minutes<T>(clock: &Clock, what: impl Future<Output = T>) -> T {
    clock.pass_minutes_until(timeout(Duration::from_secs(300), what)).await.expect("it takes longer than five minutes")
}

#[tokio::test]
async fn without_a_preface_the_connection_ends() {
    let secure = Secure::with("h2-preface", |config| config.head_timeout = Duration::from_millis(200)).await;
    let clock = Clock::stop();
    for said in [&b""[..], b"PRI * HTTP/2.0\r\n"] {
        let mut tls = secure.connect(&[b"h2"]).await;
        tls.write_all(said).await.unwrap();
        let _ = in_minutes(&clock, tls.read_to_end(&mut Vec::new())).await;
    }
    // The slots are free again for others, and other bytes than a preface are refused.
    let mut tls = secure.connect(&[b"h2"]).await;
    tls.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut refused = Vec::new();
    let _ = in_minutes(&clock, tls.read_to_end(&mut refused)).await;
    assert!(!refused.starts_with(b"HTTP/"), "{refused:?}");
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_silent_connections() {
    let secure = Secure::with("h2-silent", |config| {
        (config.head_timeout, config.shutdown_grace) = (HOUR, HOUR);
    });
    let secure = secure.await;
    // One without a preface, and one that does not answer afterwards.
    let _before = secure.connect(&[b"h2"]).await;
    let _after = RawH2::open(&secure, 0).await;
    let clock = Clock::stop();
    in_minutes(&clock, secure.lab.relay.stop()).await;
}

/// The page as a folder with one large file.
async fn with_large_file(name: &str, size: usize) -> (Secure, Folder) {
    let page = Folder::new(&format!("{name}-page"));
    std::fs::create_dir_all(&page.0).unwrap();
    std::fs::write(page.0.join("index.html"), "page").unwrap();
    std::fs::write(page.0.join("large.txt"), vec![b'x'; size]).unwrap();
    let folder = page.0.clone();
    (Secure::with(name, |config| config.page = Some(folder)).await, page)
}

#[tokio::test]
async fn a_response_that_nobody_reads_is_reset_and_an_idle_connection_ends() {
    let (secure, _page) = with_large_file("h2-stalled", 100_000).await;
    let mut client = RawH2::open(&secure, 0).await;
    for (stream, path) in [(1, "/large.txt"), (3, "/"), (5, "/api/behaviours")] {
        client.get(stream, path).await;
        let head = client.frame().await.unwrap();
        assert!(head.is_ok() && head.stream == stream, "{head:?}");
    }
    let clock = Clock::stop();
    let mut reset = Vec::new();
    for _ in 0..3 {
        let frame = in_minutes(&clock, client.frame()).await.unwrap();
        assert_eq!(frame.kind, RST_STREAM);
        reset.push(frame.stream);
    }
    reset.sort_unstable();
    assert_eq!(reset, [1, 3, 5]);
    // The client does not close, so the relay does.
    let mut last = None;
    while let Some(frame) = in_minutes(&clock, client.frame()).await {
        last = Some(frame.kind);
    }
    assert_eq!(last, Some(GOAWAY));
}

#[tokio::test]
async fn a_slow_download_is_not_an_idle_connection() {
    const SIZE: usize = 400_000;
    let (secure, _page) = with_large_file("h2-slow", SIZE).await;
    let mut client = RawH2::open(&secure, 0).await;
    client.get(1, "/large.txt").await;
    assert!(client.frame().await.unwrap().is_ok());
    let clock = Clock::stop();
    let (mut got, mut allowed) = (0, 0);
    loop {
        if got == allowed {
            // 40 KB every 10 seconds: 100 seconds for the file.
            clock.pass_minutes_until(sleep(Duration::from_secs(10))).await;
            allowed = SIZE.min(allowed + 40_000);
            client.widen(0, 40_000).await;
            client.widen(1, 40_000).await;
        }
        let frame = in_minutes(&clock, client.frame()).await.unwrap();
        assert_eq!(frame.kind, DATA, "{frame:?}");
        got += frame.payload.len();
        if frame.ends_stream() {
            break;
        }
    }
    assert_eq!(got, SIZE);
}

#[tokio::test]
async fn an_idle_connection_says_goodbye_a_minute_after_its_last_response() {
    let secure = Secure::new("h2-idle").await;
    let mut client = RawH2::open(&secure, 1 << 16).await;
    let clock = Clock::stop();
    for stream in [1, 3] {
        // It reads meanwhile, because it has to answer pings.
        let silence = timeout(Duration::from_secs(50), client.frame());
        assert!(clock.pass_minutes_until(silence).await.is_err());
        client.get(stream, "/healthz").await;
        assert_eq!(in_minutes(&clock, client.frame()).await.unwrap().kind, HEADERS);
        assert!(in_minutes(&clock, client.frame()).await.unwrap().ends_stream());
    }
    assert_eq!(in_minutes(&clock, client.frame()).await.unwrap().kind, GOAWAY);
}
