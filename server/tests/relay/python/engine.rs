//! The relay's protocol code as a client.

use crate::support::Raw;
use crate::support::raw::KEY;
use std::net::SocketAddr;
use tokio::io::AsyncReadExt;
use wire::Sender;
use wire::close::{self, CloseCode};
use wire::deflate::{Agreed, Policy, Verdict, negotiate};
use wire::extension;
use wire::handshake::accept::Derivation;
use wire::header::{FrameHeader, Rsv};
use wire::incoming::{Frame, Handler, Incoming, Limits};
use wire::mask::MaskingKey;
use wire::message::MessageKind;
use wire::opcode::Opcode;
use wire::outgoing::{Answer, Outgoing};

pub(super) struct Client {
    raw: Raw,
    incoming: Incoming,
    outgoing: Outgoing,
    /// The extensions in the server's response.
    pub(super) answer: String,
    /// The number of answered pings.
    pub(super) pings: usize,
    /// Each frame has a different masking key. The keys are the same in every run.
    frames: u32,
    collected: Collected,
}

/// The received bytes that are not processed yet.
#[derive(Default)]
struct Collected {
    messages: Vec<(bool, Vec<u8>)>,
    open: Vec<u8>,
    /// Complete frames. Control frames have their payload.
    over: Vec<(Frame, Vec<u8>)>,
    closed: Option<(Option<u16>, String)>,
}

impl Client {
    /// Opens a connection and offers `offer`, unless it is empty.
    pub(super) async fn connect(address: SocketAddr, offer: &str) -> Self {
        let mut raw = Raw::connect(address).await;
        let offers = if offer.is_empty() { String::new() } else { format!("Sec-WebSocket-Extensions: {offer}\r\n") };
        raw.send(crate::support::handshake("/", &offers).as_bytes()).await;
        let head = raw.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let header = |wanted: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_owned())
        };
        assert_eq!(header("Sec-WebSocket-Accept"), Some(Derivation::from_key(KEY).accept));
        let answer = header("Sec-WebSocket-Extensions").unwrap_or_default();
        let mut incoming = Incoming::new(Sender::Server, Limits { frame: 1 << 20, message: 1 << 20 });
        let mut outgoing = Outgoing::default();
        if let Some(agreed) = agreed(&answer) {
            incoming = incoming.with_deflate(&agreed);
            outgoing = outgoing.with_deflate(&agreed, Sender::Client);
        }
        Self { raw, incoming, outgoing, answer, pings: 0, frames: 0, collected: Collected::default() }
    }

    /// Sends a message. It is compressed if the extension was negotiated, and fragmented if it is long.
    pub(super) async fn send(&mut self, text: bool, content: &[u8]) {
        let compressed = match self.outgoing.deflater() {
            Some(deflater) => {
                deflater.push(content);
                deflater.finish();
                Some(deflater.take())
            }
            None => None,
        };
        let payload = compressed.as_deref().unwrap_or(content);
        let mut opcode = if text { Opcode::Text } else { Opcode::Binary };
        let mut rsv1 = compressed.is_some();
        let mut fragments = payload.chunks(40_000).peekable();
        loop {
            let fragment = fragments.next().unwrap_or_default();
            let last = fragments.peek().is_none();
            self.frame(last, rsv1, opcode, fragment).await;
            if last {
                return;
            }
            (opcode, rsv1) = (Opcode::Continuation, false);
        }
    }

    pub(super) async fn close(&mut self, code: u16, reason: &str) {
        self.frame(true, false, Opcode::Close, &close::payload(CloseCode(code), reason)).await;
    }

    async fn frame(&mut self, fin: bool, rsv1: bool, opcode: Opcode, payload: &[u8]) {
        self.frames += 1;
        let masking_key = Some(MaskingKey(self.frames.wrapping_mul(0x9E37_79B9).to_be_bytes()));
        let rsv = Rsv { rsv1, ..Rsv::default() };
        let header = FrameHeader { fin, rsv, masking_key, ..FrameHeader::unmasked(fin, opcode, payload.len() as u64) };
        let mut bytes = Vec::new();
        self.outgoing.send(&header, payload, &mut bytes);
        self.raw.send(&bytes).await;
    }

    /// The next message: whether it is text, and its content.
    pub(super) async fn message(&mut self) -> (bool, Vec<u8>) {
        while self.collected.messages.is_empty() {
            assert!(self.receive().await, "the connection continues");
        }
        self.collected.messages.remove(0)
    }

    /// The server's close frame, after the connection has ended.
    pub(super) async fn closed(mut self) -> (Option<u16>, String) {
        while self.receive().await {}
        self.collected.closed.expect("a close frame before the end")
    }

    /// Reads once and answers as the protocol requires. Returns `false` at the end of the connection.
    async fn receive(&mut self) -> bool {
        let mut room = vec![0; 5000];
        let count = crate::support::soon(self.raw.0.read(&mut room)).await.unwrap();
        let mut bytes = &mut room[..count];
        self.incoming.receive(&mut bytes, &mut self.collected);
        for (frame, control) in std::mem::take(&mut self.collected.over) {
            assert_eq!(frame.violations, [], "Python sends valid frames");
            match self.outgoing.answer(&frame) {
                Answer::Pong => {
                    self.pings += 1;
                    self.frame(true, false, Opcode::Pong, &control).await;
                }
                Answer::Close(payload) => self.frame(true, false, Opcode::Close, &payload).await,
                Answer::Fail(_) => panic!("nothing is wrong"),
                Answer::None => {}
            }
        }
        count > 0
    }
}

/// The agreement in a server's response. It can be parsed as an offer, because a server would answer this offer with the same text.
fn agreed(answer: &str) -> Option<Agreed> {
    let list = extension::parse(answer).unwrap();
    negotiate(&list, &Policy::ON)
        .into_iter()
        .map(|verdict| match verdict {
            Verdict::Accepted(agreed) => agreed,
            Verdict::Declined(reason) => panic!("{answer}: {reason}"),
        })
        .next()
}

impl<'b> Handler<'b> for Collected {
    fn begin(&mut self, _: &Frame) {}

    fn payload(&mut self, frame: &Frame, bytes: &'b [u8]) {
        if frame.position.is_some() && !frame.compressed {
            self.open.extend_from_slice(bytes);
        }
    }

    fn inflated(&mut self, _: &Frame, bytes: &[u8]) {
        self.open.extend_from_slice(bytes);
    }

    fn end(&mut self, frame: &Frame, control: &[u8]) {
        if let Some(position) = frame.position.filter(|position| position.last) {
            self.messages.push((position.kind == MessageKind::Text, std::mem::take(&mut self.open)));
        }
        if let Some(close) = &frame.close {
            self.closed = Some((close.code.map(|code| code.0), close.reason.clone()));
        }
        self.over.push((frame.clone(), control.to_vec()));
    }
}
