//! The protocol state of an open connection between turns, and the engine of its behavior. No waiting, no I/O.

use super::engine::{Engine, LabInterceptor};
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

/// The protocol state of an open connection between turns.
pub(super) struct Conversation<R> {
    pub(super) incoming: Incoming,
    pub(super) outgoing: Outgoing,
    pub(super) recorder: R,
    /// Runs the behavior, unless it is a plain echo.
    engine: Option<Box<Engine>>,
    /// Knows the session's rules while none of them can act here. Otherwise, the engine has it.
    resting: Option<Box<LabInterceptor>>,
    /// The echo of an incomplete text frame, including its header.
    held: Vec<u8>,
    /// Whether part of the current frame's echo has been sent already.
    streaming: bool,
    /// Whether a fragment of the current compressed reply has been sent.
    fragmented: bool,
    /// Bytes queued since the connection began.
    queued: u64,
    /// Whether the last turn reached its limit. Another turn must follow even if no bytes are left: decompressed data or the
    /// end of a frame may still be pending.
    pub(super) cut_short: bool,
    /// Why the relay began the closing handshake, if it did.
    pub(super) close_cause: Option<Cause>,
    /// A close frame that must wait for the end of the frame being sent.
    deferred_close: Option<(CloseCode, &'static str)>,
    /// Why the connection ends once everything queued has been sent, if it does.
    pub(super) over: Option<Cause>,
}

impl<R: Recorder> Conversation<R> {
    pub(super) fn new(incoming: Incoming, outgoing: Outgoing, recorder: R, engine: Option<Box<Engine>>) -> Self {
        Self {
            incoming,
            outgoing,
            recorder,
            engine,
            resting: None,
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

    /// Consumes bytes from the front of `bytes`, up to the limit of one turn.
    pub(super) fn take<'b>(&mut self, bytes: &mut &'b mut [u8], replies: &mut Replies<'_, 'b>) {
        self.refresh_rules();
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
            ..
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
        // Ignore what a client sends after the closing handshake, or after the connection was failed.
        if over.is_some() {
            *bytes = &mut [];
        }
        *queued = before + replies.len() as u64;
        recorder.publish();
    }

    /// Begins the closing handshake. If a frame is being sent, the close frame waits for its end; otherwise it would be read as
    /// part of that frame.
    pub(super) fn begin_close(
        &mut self,
        cause: Cause,
        close: (CloseCode, &'static str),
        replies: &mut Replies<'_, '_>,
    ) {
        self.close_cause = Some(cause);
        if self.streaming {
            self.deferred_close = Some(close);
        } else {
            self.send_close(close.0, close.1, replies);
        }
    }

    /// The number of bytes allocated for incomplete text frames and pending actions.
    pub(super) fn held(&self) -> usize {
        self.held.capacity() + self.engine.as_ref().map_or(0, |engine| engine.held())
    }

    /// When the engine next has something to do.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let engine = self.engine.as_ref()?;
        engine.next(engine.ready(self.streaming, &self.outgoing))
    }

    /// The client has closed its half. It gets the replies that are due, but nothing that the behavior would begin later.
    pub(super) fn stop_timers(&mut self) {
        if let Some(engine) = &mut self.engine {
            engine.stop_timers();
        }
    }

    /// Whether reading is paused.
    pub(super) fn is_blocked(&self) -> bool {
        self.engine.as_ref().is_some_and(|engine| engine.is_blocked())
    }

    /// Accepts a command. It takes effect in the next turn.
    ///
    /// # Errors
    /// Why the command is refused.
    pub(super) fn execute(&mut self, command: Command, limits: &Limits) -> Result<(), String> {
        let behaves = matches!(command, Command::Behave(_));
        let engine = self.engine();
        engine.execute(command, Instant::now())?;
        if behaves {
            let Self { incoming, engine: Some(engine), .. } = self else { return Ok(()) };
            let talk = engine.talk();
            incoming.restrict(talk.limits(limits), talk.accept);
        }
        Ok(())
    }

    /// The engine. A connection that echoes plainly gets one.
    fn engine(&mut self) -> &mut Engine {
        let Self { incoming, outgoing, engine, .. } = self;
        engine.get_or_insert_with(|| {
            let deflate = outgoing.deflater().is_some();
            let engine = Engine::new(ConnectionBehaviour::default(), deflate, Instant::now());
            Box::new(engine.in_the_middle(incoming.is_inside_message(), outgoing.sent_close()))
        })
    }

    /// Takes rules that have changed. While none can act here, this costs a load, and the connection has no engine because of them.
    #[inline]
    fn refresh_rules(&mut self) {
        if let Some(engine) = self.engine.as_mut().filter(|engine| engine.has_interceptor()) {
            engine.refresh_rules();
            if let Some(interceptor) = engine.retire() {
                (self.resting, self.engine) = (Some(interceptor), None);
            }
        } else if self.resting.as_ref().map_or_else(|| self.recorder.has_rules(), |resting| resting.is_outdated()) {
            self.intercept();
        }
    }

    #[cold]
    fn intercept(&mut self) {
        let deflate = self.outgoing.deflater().is_some();
        let new = || self.recorder.interceptor(deflate).map(Box::new);
        let Some(mut interceptor) = self.resting.take().or_else(new) else { return };
        interceptor.refresh();
        match interceptor.is_idle() {
            true => self.resting = Some(interceptor),
            false => self.engine().intercept(interceptor),
        }
    }

    /// Sends a close frame, unless one was sent already or another frame is being sent.
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

    /// Records the frame in which the connection ended, if there is one.
    pub(super) fn cut_off(&mut self) {
        if let Some(frame) = self.incoming.cut_off() {
            self.recorder.received(&frame, None, None);
        }
        for act in self.engine.as_mut().map(|engine| engine.end_rules()).unwrap_or_default() {
            self.recorder.note(act);
        }
    }
}
