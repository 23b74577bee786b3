//! An open connection: sends what steps say, replies as the protocol requires, and queues what arrives.

use super::inbox::{Ended, Inbox, Received};
use super::recorder::Recorder;
use crate::behaviour::opcode;
use crate::listen::Stream;
use observation::event::Cause;
use observation::{Deliberate, Frame as SeenFrame, Inflated, Position};
use scenario::model::{ComposedFrame, Mask};
use std::collections::VecDeque;
use std::io;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::{Instant, sleep_until};
use wire::Sender;
use wire::close::ClosePayload;
use wire::deflate::Agreed;
use wire::header::FrameHeader;
use wire::incoming::{Incoming, Limits};
use wire::mask::MaskingKey;
use wire::message::MessageKind;
use wire::opcode::Opcode;
use wire::outgoing::{Answer, Outgoing};

/// The largest message from the server, in bytes.
const MAX_MESSAGE: u64 = 16 << 20;
/// How many bytes may wait until the server reads: the largest payload of a step, and replies. With more, nothing is read.
const MAX_UNWRITTEN: usize = 32 << 20;
/// How many bytes are read at once. DEFLATE expands each to at most 1032.
const READ: usize = 16 << 10;

pub(super) struct Conversation {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    incoming: Incoming,
    outgoing: Outgoing,
    deflates: bool,
    inbox: Inbox,
    /// What is not written yet, and whether written bytes need a flush.
    unwritten: VecDeque<u8>,
    unflushed: bool,
    /// Whether the server takes no more bytes.
    broken: bool,
    recorder: Recorder,
    ended: Option<Cause>,
}

/// Why a frame was not sent.
#[derive(Debug, Error)]
pub(super) enum SendError {
    #[error("the server did not read it in time")]
    Silent,
    #[error("the connection has ended")]
    Ended,
    #[error("the system did not provide random bits for a masking key")]
    NoRandomness,
    #[error("a close frame was sent before, and no message may follow it; to send one anyway, use `send.frame`")]
    Closed,
}

impl Conversation {
    /// `early` is what the server sent right after its response.
    pub(super) fn new(stream: Stream, mut early: Vec<u8>, deflate: Option<&Agreed>, recorder: Recorder) -> Self {
        let (reader, writer) = split(stream);
        let incoming = Incoming::new(Sender::Server, Limits { frame: MAX_MESSAGE, message: MAX_MESSAGE });
        let (incoming, outgoing) = match deflate {
            None => (incoming, Outgoing::default()),
            Some(agreed) => (incoming.with_deflate(agreed), Outgoing::default().with_deflate(agreed, Sender::Client)),
        };
        let mut this = Self {
            reader,
            writer,
            incoming,
            outgoing,
            deflates: deflate.is_some(),
            inbox: Inbox::default(),
            unwritten: VecDeque::new(),
            unflushed: false,
            broken: false,
            recorder,
            ended: None,
        };
        this.arrived(&mut early);
        this
    }

    pub(super) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The next arrival. `None` if there is none until then.
    pub(super) async fn next(&mut self, until: Instant) -> Option<Received> {
        loop {
            if let Some(received) = self.inbox.pop() {
                return Some(received);
            }
            if self.ended.is_some() {
                return Some(Received::End { after_close: self.recorder.server_closed() });
            }
            if !self.turn(until).await {
                return None;
            }
        }
    }

    /// Drops the message that the frame before it completed.
    pub(super) fn skip_message(&mut self) {
        self.inbox.skip_message();
    }

    /// Sends a message, compressed if that was negotiated.
    pub(super) async fn message(&mut self, kind: MessageKind, content: &[u8], until: Instant) -> Result<(), SendError> {
        if self.outgoing.sent_close() {
            return Err(SendError::Closed);
        }
        let mut header = FrameHeader::unmasked(true, opcode(kind), content.len() as u64);
        let Some(deflater) = self.outgoing.deflater() else { return self.frame(header, content, None, until).await };
        deflater.push(content);
        deflater.finish();
        let payload = deflater.take();
        header = FrameHeader::unmasked(true, header.opcode, payload.len() as u64);
        header.rsv.rsv1 = true;
        self.frame(header, &payload, Some(content), until).await
    }

    /// Sends a control frame.
    pub(super) async fn control(&mut self, opcode: Opcode, payload: &[u8], until: Instant) -> Result<(), SendError> {
        self.frame(FrameHeader::unmasked(true, opcode, payload.len() as u64), payload, None, until).await
    }

    /// Sends a frame with chosen bits.
    pub(super) async fn composed(&mut self, frame: &ComposedFrame, until: Instant) -> Result<(), SendError> {
        let ComposedFrame { mut header, mask, payload } = frame.clone();
        if mask == Mask::Random {
            header.masking_key = Some(random_key()?);
        }
        let (position, violations) = self.outgoing.judged(&header, &payload, Sender::Client, self.deflates);
        let mut seen = self.write(&header, &payload);
        seen.position = position.map(Position::from);
        seen.violations = violations.iter().map(Into::into).collect();
        seen.deliberate = Some(Deliberate::by_console("frame", "a frame composed in the scenario", Some("5.2")));
        self.recorder.frame(seen, close_of(&header, &payload));
        self.drain(until).await
    }

    /// Masks a valid frame and sends it. `content` is what it inflates to.
    async fn frame(
        &mut self,
        mut header: FrameHeader,
        payload: &[u8],
        content: Option<&[u8]>,
        until: Instant,
    ) -> Result<(), SendError> {
        header.masking_key = Some(random_key()?);
        self.queue(&header, payload, content);
        self.drain(until).await
    }

    fn queue(&mut self, header: &FrameHeader, payload: &[u8], content: Option<&[u8]>) {
        let position = self.outgoing.frame(header);
        let mut seen = self.write(header, payload);
        seen.position = position.map(Position::from);
        seen.inflated = content.map(|content| Inflated { payload: content.to_vec(), bytes: content.len() as u64 });
        self.recorder.frame(seen, close_of(header, payload));
    }

    /// Encodes a frame.
    fn write(&mut self, header: &FrameHeader, payload: &[u8]) -> SeenFrame {
        let mut bytes = Vec::with_capacity(header.len() + payload.len());
        wire::encoder::encode(header, payload, &mut bytes);
        if !self.broken {
            self.unwritten.extend(&bytes);
        }
        SeenFrame::new(Sender::Client, header, bytes.split_off(header.len()), payload.len() as u64)
    }

    /// Waits until everything is written.
    async fn drain(&mut self, until: Instant) -> Result<(), SendError> {
        loop {
            if self.broken || self.ended.is_some() {
                return Err(SendError::Ended);
            }
            if !self.has_unwritten() {
                return Ok(());
            }
            if !self.turn(until).await {
                return Err(SendError::Silent);
            }
        }
    }

    fn has_unwritten(&self) -> bool {
        !self.unwritten.is_empty() || self.unflushed
    }

    /// Reads or writes once. Returns false if the time is over.
    async fn turn(&mut self, until: Instant) -> bool {
        let mut part = [0; READ];
        let reads = self.ended.is_none() && !self.inbox.is_full() && self.unwritten.len() < MAX_UNWRITTEN;
        let writes = self.ended.is_none() && self.has_unwritten();
        let writing = async {
            match self.unwritten.as_slices().0 {
                [] => self.writer.flush().await.map(|()| 0),
                front => self.writer.write(front).await,
            }
        };
        tokio::select! {
            read = self.reader.read(&mut part), if reads => match read {
                Ok(0) => self.end(Cause::ConnectionEnded),
                Ok(count) => self.arrived(&mut part[..count]),
                Err(error) => self.end(cause(&error)),
            },
            written = writing, if writes => match written {
                Ok(0) if self.unwritten.is_empty() => self.unflushed = false,
                Ok(count) => {
                    self.unwritten.drain(..count);
                    self.unflushed = true;
                }
                // What the server sent before it ended the connection may still arrive.
                Err(_) => {
                    self.unwritten.clear();
                    (self.unflushed, self.broken) = (false, true);
                }
            },
            () = sleep_until(until) => return false,
        }
        true
    }

    /// Decodes what arrived and replies to it.
    fn arrived(&mut self, mut bytes: &mut [u8]) {
        self.incoming.receive(&mut bytes, &mut self.inbox);
        for Ended { frame, control, seen } in self.inbox.take_ended() {
            self.recorder.frame(seen, frame.close.clone());
            let (opcode, payload) = match self.outgoing.answer(&frame) {
                Answer::None | Answer::Fail(None) => continue,
                Answer::Pong => (Opcode::Pong, control),
                Answer::Close(payload) | Answer::Fail(Some(payload)) => (Opcode::Close, payload),
            };
            let mut header = FrameHeader::unmasked(true, opcode, payload.len() as u64);
            // The content of a reply is no secret, so it needs no unpredictable key.
            header.masking_key = Some(random_key().unwrap_or(MaskingKey([0; 4])));
            self.queue(&header, &payload, None);
        }
    }

    fn end(&mut self, cause: Cause) {
        if let Some(frame) = self.incoming.cut_off() {
            let seen = self.inbox.take_seen(&frame).0;
            self.recorder.frame(seen, None);
        }
        self.ended = Some(cause);
    }

    /// Closes the connection if it is open, and records its end.
    pub(super) async fn close(mut self, until: Instant) -> Recorder {
        if self.ended.is_none() && !self.outgoing.sent_close() {
            let _ = self.control(Opcode::Close, &1000_u16.to_be_bytes(), until).await;
        }
        while self.ended.is_none() {
            // No step reads it any more.
            self.inbox.clear();
            if !self.turn(until).await {
                break;
            }
        }
        let cause = self.ended.unwrap_or(Cause::NoCloseAnswer);
        self.recorder.closed(cause);
        self.recorder
    }
}

/// An unpredictable masking key, as RFC 6455 §5.3 requires.
fn random_key() -> Result<MaskingKey, SendError> {
    let mut key = [0; 4];
    getrandom::fill(&mut key).map_err(|_| SendError::NoRandomness)?;
    Ok(MaskingKey(key))
}

fn close_of(header: &FrameHeader, payload: &[u8]) -> Option<ClosePayload> {
    (header.opcode == Opcode::Close).then(|| ClosePayload::parse(payload).0)
}

fn cause(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Cause::ConnectionEnded,
        _ => Cause::ConnectionLost,
    }
}
