//! Puts what is due among the replies, and has it recorded.

use super::outbox::{Action, Drip, Ready};
use super::reasons;
use super::state::{Closing, Engine};
use crate::lab::recorder::{Outbound, Recorder};
use crate::lab::replies::Replies;
use observation::event::Cause;
use observation::{Act, Deliberate};
use std::time::Duration;
use tokio::time::Instant;
use wire::Sender;
use wire::close;
use wire::encoder;
use wire::header::FrameHeader;
use wire::opcode::Opcode;
use wire::outgoing::Outgoing;
use wire::violation::Violation;

/// What a behaviour acts on: the rest of the conversation, during one turn.
pub(crate) struct TurnContext<'a, 'w, 'b, R> {
    pub(crate) outgoing: &'a mut Outgoing,
    pub(crate) recorder: &'a mut R,
    pub(crate) replies: &'a mut Replies<'w, 'b>,
    /// Bytes that were queued before this turn.
    pub(crate) before: u64,
    /// Whether half a frame is out that goes back as it comes.
    pub(crate) streaming: bool,
    pub(crate) close_cause: &'a mut Option<Cause>,
    pub(crate) over: &'a mut Option<Cause>,
}

impl<R: Recorder> TurnContext<'_, '_, '_, R> {
    fn end(&self) -> u64 {
        self.before + self.replies.len() as u64
    }

    fn ready(&self, engine: &Engine) -> Ready {
        engine.ready(self.streaming, self.outgoing)
    }

    /// Sends a frame; all of it now, or the first byte of a drip.
    fn frame(
        &mut self,
        engine: &mut Engine,
        header: &FrameHeader,
        payload: &[u8],
        deliberate: Option<&Deliberate>,
        broken: bool,
        now: Instant,
    ) {
        let (position, mut violations) = self.outgoing.judged(header, payload, Sender::Server, engine.deflate);
        if broken {
            violations.push(Violation::BrokenDeflate);
        }
        let mut bytes = Vec::with_capacity(header.len() + payload.len());
        encoder::encode(header, payload, &mut bytes);
        let end = self.end() + bytes.len() as u64;
        let compressed = false;
        self.recorder.on_purpose(Outbound { header, position, compressed, end }, payload, deliberate, &violations);
        match engine.talk.drip.filter(|_| !header.opcode.is_control()) {
            Some(gap) => {
                let rest = bytes.split_off(1).into();
                self.replies.copy(&bytes);
                *engine.outbox.drip() = Some(Drip { rest, at: now + gap });
            }
            None => self.replies.copy(&bytes),
        }
        if header.opcode == Opcode::Close {
            // What comes of it is the client's: its answer is waited for.
            self.close_cause.get_or_insert(Cause::DeliberateClose);
            engine.end(Closing::Sent);
        }
    }

    /// Once all before it has gone out.
    fn note(&mut self, act: Act) {
        let end = self.end();
        self.recorder.act(act, end);
    }
}

impl Engine {
    /// What may go out just now.
    pub(crate) fn ready(&self, streaming: bool, outgoing: &Outgoing) -> Ready {
        match streaming {
            true => Ready::Nothing,
            // Of its own messages the next fragment may go out. Nor may one begin that takes longer than this turn.
            false if self.is_inside_plain_message() && (outgoing.is_inside_message() || self.talk.drip.is_some()) => {
                Ready::NoData
            }
            false => Ready::Everything,
        }
    }

    /// Does what is due.
    pub(crate) fn perform<R: Recorder>(&mut self, now: Instant, turn: &mut TurnContext<'_, '_, '_, R>) {
        self.tick(now);
        let before = turn.replies.len();
        self.do_what_is_urgent(now, turn);
        self.go_on_dripping(now, turn);
        while turn.over.is_none()
            && let Some(out) = self.outbox.take(now, turn.ready(self))
        {
            self.act(out, now, turn);
        }
        if turn.replies.len() > before {
            self.travelled(now);
        }
    }

    /// A drop waits for nothing, and a goodbye for the end of the client's frame that is on its way back.
    fn do_what_is_urgent<R: Recorder>(&mut self, now: Instant, turn: &mut TurnContext<'_, '_, '_, R>) {
        match self.urgent.take() {
            Some(Action::Close(code, reason, why, cause)) if turn.streaming => {
                // If that takes too long, the connection ends without it.
                turn.close_cause.get_or_insert(cause);
                self.urgent = Some(Action::Close(code, reason, why, cause));
            }
            Some(out) => {
                if matches!(out, Action::Close(..)) {
                    self.outbox.finish_drip(turn.replies);
                }
                self.act(out, now, turn);
            }
            None => {}
        }
    }

    fn act<R: Recorder>(&mut self, out: Action, now: Instant, turn: &mut TurnContext<'_, '_, '_, R>) {
        match out {
            Action::Frame { header, payload, deliberate, broken } => {
                turn.frame(self, &header, &payload, deliberate.as_ref(), broken, now);
            }
            Action::Heartbeat(payload) => {
                let header = FrameHeader::unmasked(true, Opcode::Ping, payload.len() as u64);
                turn.frame(self, &header, &payload, Some(&reasons::heartbeat()), false, now);
                self.pinged(payload, now);
            }
            // It has been said already.
            Action::Close(..) if turn.outgoing.sent_close() => {}
            Action::Close(code, reason, why, cause) => {
                *turn.close_cause = Some(cause);
                let payload = close::payload(code, &reason);
                let header = FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64);
                turn.frame(self, &header, &payload, Some(&why), false, now);
            }
            Action::Raw(bytes, deliberate) => {
                turn.replies.copy(&bytes);
                let sent = bytes.len() as u64;
                turn.note(Act { deliberate, bytes, sent, refused: None });
            }
            Action::Act(act) => turn.note(act),
            Action::Drop(by, why) => {
                let end = turn.end();
                turn.recorder.abandon(Act::of(why), end);
                *turn.over = Some(by.into());
            }
        }
    }

    fn go_on_dripping<R: Recorder>(&mut self, now: Instant, turn: &mut TurnContext<'_, '_, '_, R>) {
        // Without a gap, for a behaviour that has changed meanwhile, what is left goes out at once.
        let gap = self.talk.drip.unwrap_or(Duration::ZERO);
        let Some(drip) = self.outbox.drip() else { return };
        while drip.at <= now
            && let Some(byte) = drip.rest.pop_front()
        {
            turn.replies.copy(&[byte]);
            drip.at += gap;
        }
        if drip.rest.is_empty() {
            *self.outbox.drip() = None;
        }
    }
}
