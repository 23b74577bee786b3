//! WebSockets over TLS on separate connections.

use super::{Secure, brief, opening, until};
use crate::support::clock::Clock;
use crate::support::raw::ACCEPT;
use crate::support::{HOUR, Lab, Raw, eventually, handshake, http, masked, soon};
use framescope::args::Config;
use observation::command::DropBy;
use observation::event::Cause;
use observation::{Command, Event, Http, Party};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

async fn open(secure: &Secure, query: &str) -> TlsStream<TcpStream> {
    let mut tls = secure.connect(&[b"http/1.1"]).await;
    let request = handshake(&format!("{}{query}", secure.lab.path()), "");
    soon(tls.write_all(request.as_bytes())).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(tls.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 ") && head.contains(ACCEPT), "{head}");
    tls
}

async fn take(tls: &mut (impl AsyncRead + Unpin), count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    soon(tls.read_exact(&mut bytes)).await.unwrap();
    bytes
}

#[tokio::test]
async fn an_echo_and_the_negotiated_tls_parameters() {
    let secure = Secure::new("echo").await;
    let mut feed = secure.lab.feed().await;
    let mut tls = open(&secure, "").await;
    let seen = opening(&mut feed).await;
    let negotiated = seen.route.tls.unwrap();
    assert_eq!((seen.route.http, negotiated.version.as_str()), (Http::One, "TLS 1.3"));
    assert!(
        negotiated.cipher_suite.starts_with("TLS_AES_") || negotiated.cipher_suite.starts_with("TLS_CHACHA20_"),
        "{negotiated:?}"
    );
    assert_eq!((negotiated.server_name.as_deref(), negotiated.alpn.as_deref()), (Some("localhost"), Some("http/1.1")));
    assert!(String::from_utf8(seen.request).unwrap().starts_with(&format!("GET {} HTTP/1.1\r\n", secure.lab.path())));

    soon(tls.write_all(&masked(0x81, b"the eavesdropper's"))).await.unwrap();
    assert_eq!(take(&mut tls, 20).await, [b"\x81\x12", &b"the eavesdropper's"[..]].concat());
    soon(tls.write_all(&masked(0x88, b"\x03\xe8"))).await.unwrap();
    assert_eq!(take(&mut tls, 4).await, b"\x88\x02\x03\xe8");
    drop(tls);
    let events = until(&mut feed, |event| matches!(event, Event::Closed(_))).await;
    let told: Vec<_> = events.iter().map(brief).collect();
    // ClientHello. ServerHello, a ChangeCipherSpec for old middleboxes, and encrypted records. The client's Finished message and its
    // request.
    let handshake = ["> 22", "< 22 20 23", "> 20 23 23"];
    assert_eq!(told[..3], handshake);
    let events_and_end =
        ["> 23", "> frame 1", "< frame 1", "< 23", "> 23", "> frame 8", "< frame 8", "< 23", "closed ClosingHandshake"];
    assert_eq!(told[told.len() - events_and_end.len()..], events_and_end, "{told:?}");
}

/// A record is its header and ciphertext. It does not reveal the content.
#[tokio::test]
async fn records_show_lengths_and_no_content() {
    let secure = Secure::new("records").await;
    let mut feed = secure.lab.feed().await;
    let mut tls = open(&secure, "?greet=a%20greeting%20in%20words").await;
    opening(&mut feed).await;
    // Only the greeting: one write is one record.
    take(&mut tls, 2 + "a greeting in words".len()).await;
    soon(tls.write_all(&masked(0x81, &[b'w'; 100]))).await.unwrap();
    take(&mut tls, 102).await;
    let is_echo =
        |event: &Event| matches!(event, Event::Frame(frame) if frame.from == Party::Server && frame.length == 100);
    let mut events = until(&mut feed, is_echo).await;
    events.push(feed.next().await.event);
    let records: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Records(records) => Some(records.records.iter().map(move |record| (records.from, record))),
            _ => None,
        })
        .flatten()
        .collect();
    // TLS 1.3 adds a byte of type and 16 of tag: RFC 8446 §5.2. A client's frame has 6 bytes in front of 100, a server's 2.
    let last = &records[records.len() - 2..];
    assert_eq!((last[0].0, last[0].1.length), (Party::Client, 106 + 17));
    assert_eq!((last[1].0, last[1].1.length), (Party::Server, 102 + 17));
    for (_, record) in &records {
        assert_eq!((record.version == 0x0303 || record.version == 0x0301, record.content_type / 4), (true, 5));
        let words = [&b"wwww"[..], b"greeting", b"GET ", secure.lab.id.as_bytes()];
        assert!(words.iter().all(|words| !record.fragment.windows(words.len()).any(|window| window == *words)));
        assert_eq!(record.fragment.len(), usize::from(record.length).min(256));
    }
    // The host name is visible, because the ClientHello is not encrypted.
    assert!(records[0].1.fragment.windows(9).any(|window| window == b"localhost"));
}

#[tokio::test]
async fn large_messages_are_echoed_completely_to_a_late_reader() {
    let secure = Secure::new("large").await;
    let mut tls = open(&secure, "").await;
    let payload: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
    let (mut reading, mut writing) = tokio::io::split(&mut tls);
    let frame = masked(0x82, &payload);
    // The client reads nothing until both directions are full.
    let mut sent = 0;
    while let Ok(written) = tokio::time::timeout(Duration::from_millis(300), writing.write(&frame[sent..])).await {
        sent += written.unwrap();
        if sent == frame.len() {
            break;
        }
    }
    let rest = async { soon(writing.write_all(&frame[sent..])).await.unwrap() };
    let (echo, ()) = tokio::join!(take(&mut reading, payload.len() + 10), rest);
    assert!(echo[10..] == payload);
    soon(writing.flush()).await.unwrap();
    soon(tls.write_all(&masked(0x81, b"x"))).await.unwrap();
    assert_eq!(take(&mut tls, 3).await, b"\x81\x01x");
}

#[tokio::test]
async fn a_reset_also_resets_the_tcp_connection_below_tls() {
    let secure = Secure::new("reset").await;
    let mut feed = secure.lab.feed().await;
    let mut tls = open(&secure, "?drop-after=1&drop-by=reset").await;
    soon(tls.write_all(&masked(0x81, b"x"))).await.unwrap();
    let mut bytes = Vec::new();
    let ended = soon(tls.read_to_end(&mut bytes)).await.unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::ConnectionReset);
    let events = until(&mut feed, |event| matches!(event, Event::Closed(_))).await;
    assert!(matches!(events.last(), Some(Event::Closed(closed)) if closed.cause == Cause::Reset));
}

/// The relay cannot even send its close_notify.
#[tokio::test]
async fn a_dropped_connection_whose_client_does_not_read_gives_its_slot_back() {
    // Two connections: the feed, and this one.
    let change = |config: &mut Config| (config.max_connections, config.write_timeout) = (2, HOUR);
    let secure = Secure::with("dropped", change).await;
    let mut feed = secure.lab.feed().await;
    let mut tls = open(&secure, "").await;
    let frame = masked(0x82, &[0; 1 << 20]);
    // Until both directions are full.
    while let Ok(written) = tokio::time::timeout(Duration::from_millis(300), tls.write_all(&frame)).await {
        written.unwrap();
    }
    let number = feed.next().await.connection.0;
    assert_eq!(feed.command(number, Command::Drop(DropBy::Fin)).await, None);
    let clock = Clock::stop();
    let healthy = async || http(secure.lab.address(), "GET", "/healthz", "").await.status == 200;
    clock.pass_minutes_until(eventually(healthy)).await;
}

/// There is no TLS close_notify either, as when a tab is closed.
#[tokio::test]
async fn a_connection_that_ends_without_close_frame_or_close_notify() {
    let secure = Secure::new("ended").await;
    let mut feed = secure.lab.feed().await;
    let (mut tcp, _tls) = open(&secure, "").await.into_inner();
    soon(tcp.shutdown()).await.unwrap();
    let events = until(&mut feed, |event| matches!(event, Event::Closed(_))).await;
    let Some(Event::Closed(closed)) = events.last() else { unreachable!() };
    assert_eq!((closed.cause, closed.clean), (Cause::ConnectionEnded, false));
}

#[tokio::test]
async fn all_routes_work_over_tls() {
    let secure = Secure::new("routes").await;
    for (path, status) in [("/healthz", "200"), ("/api/behaviours", "200"), ("/lab/none", "404"), ("/echo", "426")] {
        let mut tls = secure.connect(&[]).await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        soon(tls.write_all(request.as_bytes())).await.unwrap();
        let mut answer = Vec::new();
        soon(tls.read_to_end(&mut answer)).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{path}: {answer}");
    }
}

/// Clients that do not speak TLS, or are too slow, are soon disconnected. Others are served.
#[tokio::test]
async fn what_is_no_tls_goes() {
    let secure = Secure::with("garbage", |config| config.head_timeout = Duration::from_millis(200)).await;
    let address = secure.lab.relay.tls_address().unwrap();
    let clock = Clock::stop();
    for said in [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], b"", b"\x16\x03\x01\xff\xff", &[0xff; 3000]] {
        let mut raw = Raw::connect(address).await;
        raw.send(said).await;
        let mut rest = Vec::new();
        let _ = clock.pass_until(soon(raw.0.read_to_end(&mut rest))).await;
        // At most an alert: 21, RFC 8446 §6.
        assert!(rest.is_empty() || rest[0] == 21, "{rest:?}");
    }
    open(&secure, "").await;
}

#[tokio::test]
async fn without_tls_the_route_is_plain_and_has_no_records() {
    let lab = Lab::new().await;
    assert_eq!(lab.relay.tls_address(), None);
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    assert_eq!(feed.opening().await.route, observation::Route::default());
    raw.send(&masked(0x81, b"a")).await;
    raw.take(3).await;
    assert!(matches!(feed.next().await.event, Event::Frame(_)));
    assert!(matches!(feed.next().await.event, Event::Frame(_)));
}
