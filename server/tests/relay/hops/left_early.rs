//! A client that leaves while its request waits: it is recorded as that, and the relay gives up what it was waiting for.

use super::upstream::{Upstream, switching};
use super::{Legs, relay_path, via};
use crate::support::clock::{Clock, settle};
use crate::support::{Lab, Raw, eventually, handshake, masked, soon};
use crate::tls::Secure;
use crate::tls::http2::{Client, VERSION, client, connect};
use observation::{Event, Intermediary};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// How a client can leave.
#[derive(Clone, Copy, Debug)]
enum Leave {
    /// It closes the connection. A client that only closes its half looks the same, so the relay waits for some time.
    Close,
    Reset,
}

impl Leave {
    fn leave(self, raw: Raw) {
        if matches!(self, Self::Reset) {
            raw.0.set_zero_linger().unwrap();
        }
        drop(raw);
    }
}

#[tokio::test]
async fn while_another_server_does_not_answer() {
    let upstream = Upstream::bind().await;
    let lab = Lab::with(|config| config.relay_to = vec![upstream.url("").parse().unwrap()]).await;
    for how in [Leave::Close, Leave::Reset] {
        let mut feed = lab.feed_after(u64::MAX).await;
        let mut raw = lab.raw().await;
        raw.send(handshake(&relay_path(&lab, &upstream.url("/")), "").as_bytes()).await;
        let (mut server, head) = upstream.accept_silently().await;
        let clock = Clock::stop();
        how.leave(raw);
        // The attempt is given up: its connection ends.
        assert_eq!(clock.pass_until(server.rest()).await, b"", "{how:?}");
        drop(clock);
        let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
        for leg in [&near, &far] {
            assert_eq!((&*leg.refusal().rule, leg.refusal().status), ("left-early", None), "{how:?}");
        }
        assert_eq!(far.refusal().request, head.as_bytes());
    }
    // The slots are free again.
    eventually(async || lab.open().await.0.shutdown().await.is_ok()).await;
}

/// A listener that answers no further connection: its queue is full.
async fn dead_listener() -> (std::net::SocketAddr, impl Drop) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
        queued.push(stream);
        assert!(queued.len() < 1000, "the queue never fills");
    }
    struct Held(
        #[expect(dead_code, reason = "they are open until this is dropped")] (tokio::net::TcpListener, Vec<TcpStream>),
    );
    impl Drop for Held {
        fn drop(&mut self) {}
    }
    (address, Held((listener, queued)))
}

#[tokio::test]
async fn while_the_relay_connects() {
    let (address, _held) = dead_listener().await;
    let url = format!("ws://{address}");
    let lab = Lab::with(|config| config.relay_to = vec![url.parse().unwrap()]).await;
    for how in [Leave::Close, Leave::Reset] {
        let mut feed = lab.feed_after(u64::MAX).await;
        let clock = Clock::stop();
        let mut raw = lab.raw().await;
        raw.send(handshake(&relay_path(&lab, &url), "").as_bytes()).await;
        let Event::Asked(_) = feed.next().await.event else { panic!("a request") };
        how.leave(raw);
        let left = clock.pass_until(feed.refusal()).await;
        drop(clock);
        assert_eq!(left.rule, "left-early", "{how:?}");
    }
}

#[tokio::test]
async fn while_a_middlebox_waits_for_the_lab() {
    let lab = Lab::new().await;
    for how in [Leave::Close, Leave::Reset] {
        let mut feed = lab.feed_after(u64::MAX).await;
        let clock = Clock::stop();
        let mut raw = lab.raw().await;
        raw.send(handshake(&via(&lab, "rewrite", "?open-delay=60s"), "").as_bytes()).await;
        let Event::Asked(_) = feed.next().await.event else { panic!("a request") };
        settle().await;
        how.leave(raw);
        let (near, far) = clock.pass_until(Legs::over(&mut feed, 2)).await.over_box("rewrite");
        drop(clock);
        for leg in [&near, &far] {
            assert_eq!((&*leg.refusal().rule, leg.refusal().status), ("left-early", None), "{how:?}");
        }
    }
}

#[tokio::test]
async fn while_the_lab_delays_its_answer() {
    let lab = Lab::new().await;
    for query in ["open-delay=60s", "open-delay=60s&refuse=403", "open-delay=60s&open=garbage"] {
        for how in [Leave::Close, Leave::Reset] {
            let mut feed = lab.feed_after(u64::MAX).await;
            let clock = Clock::stop();
            let mut raw = lab.raw().await;
            let request = handshake(&format!("{}?{query}", lab.path()), "");
            // Frames that it has sent already do not hide that it has left.
            raw.send(&[request.as_bytes(), &masked(0x81, b"early"), &masked(0x82, &[0; 3000])].concat()).await;
            settle().await;
            how.leave(raw);
            let began = tokio::time::Instant::now();
            let left = clock.pass_until(feed.refusal()).await;
            // The behavior would have answered much later.
            assert!(began.elapsed() < Duration::from_secs(30), "{query} {how:?}");
            drop(clock);
            assert_eq!((&*left.rule, left.status), ("left-early", None), "{query} {how:?}");
        }
    }
}

/// `nc` closes its half and waits for the answer.
#[tokio::test]
async fn a_half_closed_client_still_gets_an_answer_that_comes_soon() {
    let upstream = Upstream::bind().await;
    let lab = Lab::with(|config| config.relay_to = vec![upstream.url("").parse().unwrap()]).await;
    let frame = masked(0x81, b"hi");
    for path in [format!("{}?open-delay=500ms", lab.path()), via(&lab, "rewrite", "?open-delay=500ms")] {
        let clock = Clock::stop();
        let mut raw = lab.raw().await;
        raw.send(handshake(&path, "").as_bytes()).await;
        settle().await;
        // These are read ahead while the request waits, and not lost.
        raw.send(&frame).await;
        raw.0.shutdown().await.unwrap();
        let head = clock.pass_until(raw.head()).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{path}: {head}");
        assert_eq!(clock.pass_until(raw.frame()).await, (0x81, b"hi".to_vec()), "{path}");
        drop(clock);
    }
    let mut raw = lab.raw().await;
    raw.send(&[handshake(&relay_path(&lab, &upstream.url("/")), "").as_bytes(), &frame].concat()).await;
    raw.0.shutdown().await.unwrap();
    let (mut server, head) = upstream.accept_silently().await;
    server.send(switching(&head, "").as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    assert_eq!(server.take(frame.len()).await, frame);
    let mut rest = Vec::new();
    soon(server.0.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(rest, b"", "its end is forwarded too");
}

/// Opens a stream for `path`, and resets it as soon as `waits` resolves.
async fn reset_stream<T>(client: &mut Client, path: &str, waits: impl Future<Output = T>) -> T {
    let mut ready = soon(client.clone().ready()).await.unwrap();
    let (response, mut sending) = ready.send_request(connect(path, "websocket", &[VERSION]), false).unwrap();
    let waited = waits.await;
    sending.send_reset(h2::Reason::CANCEL);
    assert!(soon(response).await.is_err());
    waited
}

#[tokio::test]
async fn a_stream_that_is_reset() {
    let upstream = Upstream::bind().await;
    let allowed = vec![upstream.url("").parse().unwrap()];
    let secure = Secure::with("h2-left", |config| config.relay_to = allowed).await;
    let lab = &secure.lab;
    let mut client = client(&secure).await;
    let mut feed = lab.feed().await;

    let relayed = relay_path(lab, &upstream.url("/"));
    let (mut server, _) = reset_stream(&mut client, &relayed, upstream.accept_silently()).await;
    assert_eq!(server.rest().await, b"", "the attempt is given up");
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((&*near.refusal().rule, &*far.refusal().rule), ("left-early", "left-early"));

    let through = via(lab, "rewrite", "?open-delay=60s");
    let Event::Asked(asked) = reset_stream(&mut client, &through, feed.next()).await.event else { panic!("a request") };
    assert!(asked.request.starts_with(b":method: CONNECT\r\n"));
    assert_eq!(feed.refusal().await.rule, "left-early");

    let mut feed = lab.feed_after(u64::MAX).await;
    let delayed = format!("{}?open-delay=60s", lab.path());
    reset_stream(&mut client, &delayed, settle()).await;
    let left = loop {
        let left = feed.refusal().await;
        if left.route.hop.is_none() {
            break left;
        }
    };
    assert_eq!(left.rule, "left-early");
}
