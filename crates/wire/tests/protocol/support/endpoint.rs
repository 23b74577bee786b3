//! An endpoint that keeps what it receives, and checks that the calls follow the documentation.

use std::ops::Deref;
use wire::Sender;
use wire::deflate::Agreed;
use wire::header::FrameHeader;
use wire::incoming::{Frame, Handler, Incoming, Limits};
use wire::message::{MessageKind, MessagePosition};
use wire::outgoing::{Answer, Outgoing};

/// An ended frame with everything that arrived of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) frame: Frame,
    /// The payload as on the wire, but unmasked.
    pub(crate) payload: Vec<u8>,
    /// The inflated payload; empty if it is not compressed.
    pub(crate) inflated: Vec<u8>,
}

impl Deref for Received {
    type Target = Frame;

    fn deref(&self) -> &Frame {
        &self.frame
    }
}

pub(crate) struct Endpoint {
    peer: Sender,
    incoming: Incoming,
    pub(crate) outgoing: Outgoing,
    collector: Collector,
}

impl Endpoint {
    /// An endpoint whose peer is a `peer`: for a server, [`Sender::Client`].
    pub(crate) fn new(peer: Sender, limits: Limits) -> Self {
        let collector = Collector { patience: usize::MAX, ..Collector::default() };
        Self { peer, incoming: Incoming::new(peer, limits), outgoing: Outgoing::default(), collector }
    }

    pub(crate) fn with_deflate(self, agreed: &Agreed) -> Self {
        let own = match self.peer {
            Sender::Client => Sender::Server,
            Sender::Server => Sender::Client,
        };
        let (incoming, outgoing) = (self.incoming.with_deflate(agreed), self.outgoing.with_deflate(agreed, own));
        Self { incoming, outgoing, ..self }
    }

    /// An endpoint that only observes, and does not inflate.
    pub(crate) fn with_unread_deflate(self) -> Self {
        Self { incoming: self.incoming.with_unread_deflate(), ..self }
    }

    /// Accepts only messages of one kind.
    pub(crate) fn accepting(self, only: MessageKind) -> Self {
        Self { incoming: self.incoming.accepting(Some(only)), ..self }
    }

    /// Makes the handler full after every `patience` calls. The result for all bytes must not change.
    pub(crate) fn with_patience(mut self, patience: usize) -> Self {
        assert!(patience > 0);
        self.collector.patience = patience;
        self
    }

    /// Receives all of the next bytes. Appends every ended frame to `frames`.
    pub(crate) fn receive(&mut self, mut bytes: &mut [u8], frames: &mut Vec<Received>) {
        loop {
            self.collector.handed = 0;
            self.incoming.receive(&mut bytes, &mut self.collector);
            if !<Collector as Handler<'_>>::is_full(&self.collector) {
                break;
            }
        }
        assert!(bytes.is_empty(), "room for more, and bytes left");
        frames.append(&mut self.collector.frames);
        let inside = self.collector.open.is_some();
        assert_eq!(self.incoming.is_inside_frame(), inside, "a frame begins and ends");
        assert_eq!(self.incoming.has_failed(), self.collector.failed);
    }

    /// The received part of the unfinished frame.
    pub(crate) fn under_way(&self) -> Option<&Received> {
        self.collector.open.as_ref()
    }

    pub(crate) fn answer(&self, frame: &Received) -> Answer {
        self.outgoing.answer(frame)
    }

    pub(crate) fn send(&mut self, header: &FrameHeader, payload: &[u8], out: &mut Vec<u8>) -> Option<MessagePosition> {
        self.outgoing.send(header, payload, out)
    }

    /// After the connection has ended: the truncated last frame.
    pub(crate) fn cut_off(&mut self) -> Option<Received> {
        let frame = self.incoming.cut_off()?;
        let begun = self.collector.open.take().expect("what is cut off has begun");
        assert_eq!(frame, begun.frame);
        Some(begun)
    }
}

/// Keeps every frame complete, and checks the order of the calls.
#[derive(Default)]
struct Collector {
    frames: Vec<Received>,
    open: Option<Received>,
    failed: bool,
    /// The number of calls since it last had space.
    handed: usize,
    patience: usize,
}

impl Collector {
    /// The unfinished frame, which must be `frame`. While it arrives, only some of its fields may change.
    fn open(&mut self, frame: &Frame) -> &mut Received {
        self.handed += 1;
        let open = self.open.as_mut().expect("a frame begins first");
        let violations = frame.violations.clone();
        assert!(frame.violations.starts_with(&open.frame.violations), "a violation is for good");
        let Frame { arrived, whole, ref close, .. } = *frame;
        let begun = Frame { arrived, whole, close: close.clone(), violations, ..open.frame.clone() };
        assert_eq!(*frame, begun, "it stays the same frame");
        open.frame = begun;
        open
    }
}

impl<'b> Handler<'b> for Collector {
    fn begin(&mut self, frame: &Frame) {
        self.handed += 1;
        assert!(self.open.is_none() && !self.failed, "one frame at a time, and none after a violation");
        // A frame that arrives at once is judged completely before its first call.
        assert!(frame.whole || frame.arrived == 0 && frame.close.is_none());
        self.open = Some(Received { frame: frame.clone(), payload: Vec::new(), inflated: Vec::new() });
    }

    fn payload(&mut self, frame: &Frame, bytes: &'b [u8]) {
        let open = self.open(frame);
        assert!(!bytes.is_empty());
        open.payload.extend_from_slice(bytes);
        assert_eq!(frame.arrived, open.payload.len() as u64);
    }

    fn inflated(&mut self, frame: &Frame, bytes: &[u8]) {
        let open = self.open(frame);
        assert!(!bytes.is_empty() && !open.payload.is_empty(), "it comes after what it was made of");
        assert!(frame.compressed && frame.is_valid(), "only what is right so far");
        open.inflated.extend_from_slice(bytes);
    }

    fn end(&mut self, frame: &Frame, control: &[u8]) {
        let open = self.open(frame);
        let opcode = frame.header.opcode;
        let expect = if opcode.is_control() { &open.payload[..] } else { &[] };
        assert_eq!(control, expect, "the payload of a control frame is there as a whole");
        assert_eq!(frame.arrived, open.payload.len() as u64);
        assert!(frame.whole || !frame.is_valid(), "a right frame is handed over whole");
        assert!(!frame.whole || frame.arrived == frame.header.length.bytes);
        self.failed = !frame.is_valid();
        self.frames.extend(self.open.take());
    }

    fn is_full(&self) -> bool {
        self.handed >= self.patience
    }
}
