//! An open connection between turns: what has come and gone so far, and the behaviour at work. No waiting, no IO.

use super::engine::Engine;
use super::recorder::{Outbound, Recorder};
use super::replies::Replies;
use super::turn::Turn;
use crate::behaviour::ConnectionBehaviour;
use observation::Command;
use observation::event::Cause;
use tokio::time::Instant;
use wire::close::{self, CloseCode};
use wire::header::FrameHeader;
use wire::incoming::{Handler, Incoming, Limits};
use wire::opcode::Opcode;
use wire::outgoing::Outgoing;

/// An open connection between turns.
pub(super) struct Conversation<R> {
    pub(super) incoming: Incoming,
    pub(super) outgoing: Outgoing,
    pub(super) recorder: R,
    /// The behaviour at work, if it is more than a plain echo.
    engine: Option<Box<Engine>>,
    /// A text frame on its way back, header and all, that has not arrived whole.
    held: Vec<u8>,
    /// Whether the frame under way is one that goes back as it comes, and has begun to.
    streaming: bool,
    /// Whether a compressed message on its way back has sent a fragment.
    fragmented: bool,
    /// Bytes that were queued since the connection began.
    queued: u64,
    /// Whether the last turn has had all it may have. Another one has to follow, also where no bytes are close_cause: what a frame
    /// inflates to may come out, or the frame end, without any.
    pub(super) cut_short: bool,
    /// Why the relay itself has begun the closing handshake, if it has.
    pub(super) close_cause: Option<Cause>,
    /// What is to be said in it as soon as the frame that goes out has ended.
    deferred_close: Option<&'static str>,
    /// Why the connection is over once what is queued has gone out, if it is.
    pub(super) over: Option<Cause>,
}

impl<R: Recorder> Conversation<R> {
    pub(super) fn new(incoming: Incoming, outgoing: Outgoing, recorder: R, engine: Option<Box<Engine>>) -> Self {
        Self {
            incoming,
            outgoing,
            recorder,
            engine,
            held: Vec::new(),
            streaming: false,
            fragmented: false,
            queued: 0,
            cut_short: false,
            close_cause: None,
            deferred_close: None,
            over: None,
        }
    }

    /// Takes bytes from the front of `bytes`, all of them or as many as one turn may have.
    pub(super) fn take<'b>(&mut self, bytes: &mut &'b mut [u8], replies: &mut Replies<'_, 'b>) {
        let now = self.engine.as_ref().map(|_| Instant::now());
        let Self {
            incoming,
            outgoing,
            recorder,
            engine,
            held,
            streaming,
            fragmented,
            queued,
            cut_short,
            close_cause,
            deferred_close,
            over,
        } = self;
        let before = *queued;
        let mut turn = Turn {
            outgoing,
            recorder,
            engine: engine.as_deref_mut(),
            now,
            held,
            streaming,
            fragmented,
            close_cause,
            deferred_close,
            over,
            before,
            replies,
            whole: None,
            text: None,
            inflated: 0,
        };
        let there = bytes.len();
        incoming.receive(bytes, &mut turn);
        *cut_short = turn.is_full() && turn.over.is_none();
        turn.finish(bytes.len() < there);
        // What a client says after the goodbye, or after it was failed, is not for anyone.
        if over.is_some() {
            *bytes = &mut [];
        }
        *queued = before + replies.len() as u64;
        recorder.publish();
    }

    /// Begins the closing handshake from this side, at the latest when the frame that is half out has ended: until then a
    /// close frame would be taken for a part of it.
    pub(super) fn begin_close(&mut self, cause: Cause, reason: &'static str, replies: &mut Replies<'_, '_>) {
        self.close_cause = Some(cause);
        if self.streaming {
            self.deferred_close = Some(reason);
        } else {
            self.send_close(CloseCode::GOING_AWAY, reason, replies);
        }
    }

    /// How many bytes are kept here: of a text frame that is not whole, and of what a behaviour puts by.
    pub(super) fn held(&self) -> usize {
        self.held.len() + self.engine.as_ref().map_or(0, |engine| engine.held())
    }

    /// When the behaviour next has something to do.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let engine = self.engine.as_ref()?;
        engine.next(engine.ready(self.streaming, &self.outgoing))
    }

    /// Whether nothing is to be read for now.
    pub(super) fn is_blocked(&self) -> bool {
        self.engine.as_ref().is_some_and(|engine| engine.is_blocked())
    }

    /// Takes a command; what it does happens in the next turn.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn execute(&mut self, command: Command, limits: &Limits) -> Result<(), String> {
        let now = Instant::now();
        let Self { incoming, outgoing, engine, .. } = self;
        let engine = engine.get_or_insert_with(|| {
            let deflate = outgoing.deflater().is_some();
            let engine = Engine::new(ConnectionBehaviour::default(), deflate, now);
            Box::new(engine.in_the_middle(incoming.is_inside_message(), outgoing.sent_close()))
        });
        let behaves = matches!(command, Command::Behave(_));
        engine.execute(command, now)?;
        if behaves {
            let talk = engine.talk();
            incoming.restrict(talk.limits(limits), talk.accept);
        }
        Ok(())
    }

    /// Sends a close frame, unless one has been sent, or half of another frame: it would be taken for a part of that.
    pub(super) fn send_close(&mut self, code: CloseCode, reason: &str, replies: &mut Replies<'_, '_>) {
        self.held = Vec::new();
        if self.outgoing.sent_close() || self.streaming {
            return;
        }
        let before = replies.len();
        if let Some(engine) = &mut self.engine {
            engine.begin_close(replies);
        }
        let payload = close::payload(code, reason);
        let header = FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64);
        let position = self.outgoing.frame(&header);
        replies.copy(&header.encode());
        replies.copy(&payload);
        self.queued += (replies.len() - before) as u64;
        self.recorder.queued(Outbound { header: &header, position, compressed: false, end: self.queued }, &payload);
    }

    /// Tells the recorder of the frame that the connection ended in, if there is one.
    pub(super) fn cut_off(&mut self) {
        if let Some(frame) = self.incoming.cut_off() {
            self.recorder.received(&frame, None, None);
        }
    }
}
