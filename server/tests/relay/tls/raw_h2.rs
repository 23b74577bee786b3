//! An HTTP/2 client that does only what a test says. It answers pings, and opens no window without being told.

use super::Secure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) struct RawH2(TlsStream<TcpStream>);

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn ends_stream(&self) -> bool {
        self.kind == DATA && self.flags & END_STREAM != 0
    }

    /// Whether it begins a response with status 200, which is entry 8 of HPACK's static table. RFC 7541, appendix A.
    pub(crate) fn is_ok(&self) -> bool {
        self.kind == HEADERS && self.payload[0] == 0x88
    }
}

impl RawH2 {
    /// A connection after its preface. `window` is the initial window of each stream for what the relay sends.
    pub(crate) async fn open(secure: &Secure, window: u32) -> Self {
        let mut this = Self(secure.connect(&[b"h2"]).await);
        this.write(PREFACE).await;
        // SETTINGS_INITIAL_WINDOW_SIZE. RFC 9113 §6.5.2.
        this.send(SETTINGS, 0, 0, &[&[0, 4][..], &window.to_be_bytes()].concat()).await;
        this
    }

    /// Sends a request. Names and paths here are short.
    pub(crate) async fn get(&mut self, stream: u32, path: &str) {
        // RFC 7541: `:method: GET` and `:scheme: https` from the static table, then two literals with names from it.
        let mut fields = vec![0x82, 0x87];
        for (name, value) in [(0x04, path), (0x01, "localhost")] {
            assert!(value.len() < 0x7F);
            fields.extend([name, value.len() as u8]);
            fields.extend(value.as_bytes());
        }
        self.send(HEADERS, END_STREAM | END_HEADERS, stream, &fields).await;
    }

    /// Allows the relay to send `more` bytes on a stream.
    pub(crate) async fn widen(&mut self, stream: u32, more: u32) {
        self.send(WINDOW_UPDATE, 0, stream, &more.to_be_bytes()).await;
    }

    /// The next frame of a stream, or GOAWAY. `None` at the end of the connection.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        loop {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            self.0.read_exact(&mut payload).await.ok()?;
            let (kind, flags) = (head[3], head[4]);
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            match kind {
                PING | SETTINGS if flags & ACK == 0 => {
                    let answer: &[u8] = if kind == PING { &payload } else { &[] };
                    self.send(kind, ACK, 0, answer).await;
                }
                DATA | HEADERS | RST_STREAM | GOAWAY => return Some(Frame { kind, flags, stream, payload }),
                _ => {}
            }
        }
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.write(&[&head, payload].concat()).await;
    }

    /// The relay may have ended the connection.
    async fn write(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
        let _ = self.0.flush().await;
    }
}
