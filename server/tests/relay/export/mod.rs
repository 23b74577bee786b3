//! Exported sessions. Independent readers, which share no code with the relay, read each file.

mod files;
mod har;
mod http2;
mod pcapng;
mod readers;
mod tokens;
pub(crate) mod tshark;

use crate::support::deflate::Deflating;
use crate::support::raw::KEY;
use crate::support::{Answer, Feed, Lab, Raw, handshake, http, masked, soon};
use framescope::args::Config;
use observation::{Event, Observation};
use tokio::io::AsyncWriteExt;

/// A session with all kinds of events, and its observations.
struct Recorded {
    lab: Lab,
    observations: Vec<Observation>,
}

/// The connections of [`Recorded`], by their numbers.
const TALK: u32 = 1;
const COMPRESSED: u32 = 2;
const REFUSED: u32 = 3;
const MALFORMED: u32 = 4;
const BROKEN: u32 = 5;
const TOO_BIG: u32 = 6;
const LARGE: u32 = 7;
const CUT: u32 = 8;
const DELIBERATE: u32 = 9;
const RESET: u32 = 10;
const STILL_OPEN: u32 = 11;

impl Recorded {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let lab = Lab::with(change).await;
        let mut feed = lab.feed().await;
        let mut observations = Vec::new();
        talk(&lab).await;
        until_over(&mut feed, &mut observations).await;
        compressed(&lab).await;
        until_over(&mut feed, &mut observations).await;
        for request in [handshake(&lab.path(), "").replace("Version: 13", "Version: 8"), no_http(&lab)] {
            let mut raw = lab.raw().await;
            raw.send(request.as_bytes()).await;
            raw.rest().await;
            until_over(&mut feed, &mut observations).await;
        }
        for broken in [&b"\x81\x05Hello"[..], &[0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4, 5, 6]] {
            let mut raw = lab.open().await;
            raw.send(&[masked(0x81, b"before"), broken.to_vec()].concat()).await;
            raw.rest().await;
            until_over(&mut feed, &mut observations).await;
        }
        large(&lab).await;
        until_over(&mut feed, &mut observations).await;
        let mut raw = lab.open().await;
        raw.send(&masked(0x81, b"half a frame")[..10]).await;
        raw.0.shutdown().await.unwrap();
        until_over(&mut feed, &mut observations).await;
        for behaviour in ["?fault=rsv1@2", "?drop-after=1&drop-by=reset"] {
            let mut raw = Raw::open(lab.address(), &format!("{}{behaviour}", lab.path())).await;
            raw.send(&[masked(0x81, b"one"), masked(0x81, b"two")].concat()).await;
            let _ = soon(tokio::io::AsyncReadExt::read(&mut raw.0, &mut [0; 1])).await;
            raw.0.shutdown().await.unwrap_or_default();
            until_over(&mut feed, &mut observations).await;
        }
        let mut open = lab.open().await;
        open.send(&masked(0x01, b"no end")).await;
        // The opening, the frame, and its echo.
        for _ in 0..3 {
            observations.push(feed.next().await);
        }
        // It stays open until the end of the test.
        std::mem::forget(open);
        Self { lab, observations }
    }

    async fn download(&self, file: &str) -> Answer {
        download(&self.lab, file).await
    }

    /// The observations of one connection.
    fn of(&self, connection: u32) -> Vec<&Observation> {
        self.observations.iter().filter(|observation| observation.connection.0 == connection).collect()
    }
}

/// A file of the session.
async fn download(lab: &Lab, file: &str) -> Answer {
    http(lab.address(), "GET", &format!("/api/sessions/{}/{file}", lab.id), "").await.dechunked()
}

async fn until_over(feed: &mut Feed, observations: &mut Vec<Observation>) {
    loop {
        let next = feed.next().await;
        let over = matches!(next.event, Event::Closed(_) | Event::Refusal(_));
        observations.push(next);
        if over {
            return;
        }
    }
}

/// Every kind of frame and every form of length, fragments with a ping between them, and a close frame.
async fn talk(lab: &Lab) {
    let mut raw = Raw::connect(lab.address()).await;
    let more = format!("Sec-WebSocket-Protocol: chat, {}\r\nReferer: http://lab/s/{}\r\n", lab.id, lab.id);
    raw.send(handshake(&lab.path(), &more).as_bytes()).await;
    raw.head().await;
    for frame in [
        masked(0x81, "Grüße, 世界".as_bytes()),
        masked(0x81, b""),
        masked(0x82, &[0, 1, 2, 0xff]),
        masked(0x82, &[7; 300]),
        masked(0x89, b"still there?"),
        masked(0x01, b"in "),
        masked(0x89, b""),
        masked(0x00, "three ".as_bytes()),
        masked(0x80, b"pieces"),
        masked(0x8a, b"unasked"),
    ] {
        raw.send(&frame).await;
    }
    raw.send(&masked(0x88, b"\x0f\xa0c'est fini")).await;
    raw.rest().await;
}

async fn compressed(lab: &Lab) {
    let mut raw = lab.open_deflate("?deflate=on").await;
    let mut deflating = Deflating::new();
    for text in ["again and again and again", "again and again and again", ""] {
        raw.send(&masked(0xc1, &deflating.message(text.as_bytes()))).await;
        raw.message().await;
    }
    raw.send(&masked(0x88, b"\x03\xe8")).await;
    raw.rest().await;
}

/// Frames that the relay records in part: one fits into a packet, one does not, and a small frame follows each.
async fn large(lab: &Lab) {
    let mut raw = lab.open().await;
    for length in [20_000, 200_000] {
        let payload: Vec<u8> = (0..length).map(|at: u32| b'a' + (at % 26) as u8).collect();
        for frame in [masked(0x82, &payload), masked(0x81, &payload), masked(0x81, b"behind it")] {
            raw.send(&frame).await;
            raw.frame().await;
        }
    }
    raw.send(&masked(0x88, b"\x03\xe8")).await;
    raw.rest().await;
}

fn no_http(lab: &Lab) -> String {
    format!("GET /lab/{} HTTP/1.1\r\nHost: lab\r\nSec-WebSocket-Key {KEY}\r\n\r\n", lab.id)
}
