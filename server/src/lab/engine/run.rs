//! Carries out what is due: puts it into the replies and records it.

use super::outbox::{Action, Drip, Ready};
use super::reasons;
use super::state::{Closing, Engine};
use crate::behaviour::opcode;
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

/// The parts of the conversation that the engine acts on during one turn.
pub(crate) struct TurnContext<'a, 'w, 'b, R> {
    pub(crate) outgoing: &'a mut Outgoing,
    pub(crate) recorder: &'a mut R,
    pub(crate) replies: &'a mut Replies<'w, 'b>,
    /// Bytes queued before this turn.
    pub(crate) before: u64,
    /// Whether the echo of a frame is half sent.
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

    /// Sends a frame: all of it now, or the first byte if it is sent byte by byte.
    fn frame(
        &mut self,
        engine: &mut Engine,
        header: &FrameHeader,
        payload: &[u8],
        deliberate: Option<&Deliberate>,
        (broken, content): (bool, Option<&[u8]>),
        now: Instant,
    ) {
        let (position, mut violations) = self.outgoing.judged(header, payload, Sender::Server, engine.deflate);
        if broken {
            violations.push(Violation::BrokenDeflate);
        }
        let mut bytes = Vec::with_capacity(header.len() + payload.len());
        encoder::encode(header, payload, &mut bytes);
        let end = self.end() + bytes.len() as u64;
        let compressed = content.is_some();
        if let Some(content) = content {
            self.recorder.deflated(content);
        }
        self.recorder.queued_deliberate(
            Outbound { header, position, compressed, end },
            payload,
            deliberate,
            &violations,
        );
        match engine.talk.drip.filter(|_| !header.opcode.is_control()) {
            Some(gap) => {
                let rest = bytes.split_off(1).into();
                self.replies.copy(&bytes);
                *engine.outbox.drip() = Some(Drip { rest, at: now + gap });
            }
            None => self.replies.copy(&bytes),
        }
        if header.opcode == Opcode::Close {
            // The client decides what happens next: wait for its answer.
            self.close_cause.get_or_insert(Cause::DeliberateClose);
            engine.end(Closing::Sent);
        }
    }

    /// Records an act that happens once everything before it has been sent.
    fn note(&mut self, act: Act) {
        let end = self.end();
        self.recorder.act(act, end);
    }
}

impl Engine {
    /// What may be sent now.
    pub(crate) fn ready(&self, streaming: bool, outgoing: &Outgoing) -> Ready {
        match streaming {
            true => Ready::Nothing,
            // The next fragment of the relay's own message is allowed. A new message that takes longer than this turn is not.
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

    /// A drop does not wait. A close frame waits for the end of the frame that is being echoed.
    fn do_what_is_urgent<R: Recorder>(&mut self, now: Instant, turn: &mut TurnContext<'_, '_, '_, R>) {
        match self.urgent.take() {
            Some(Action::Close(code, reason, why, cause)) if turn.streaming => {
                // If that takes too long, the connection ends without the close frame.
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
                turn.frame(self, &header, &payload, deliberate.as_ref(), (broken, None), now);
                if header.opcode == Opcode::Ping {
                    self.pinged(&payload, false, now);
                }
            }
            Action::Message { kind, content, compress, deliberate } => {
                let why = deliberate.as_ref();
                // The compressor may already have a part of the message that is being echoed.
                let may_compress = compress && !self.is_inside_plain_message();
                let compressed = turn.outgoing.deflater().filter(|_| may_compress).map(|deflater| {
                    deflater.push(&content);
                    deflater.finish();
                    deflater.take()
                });
                let payload = compressed.as_ref().unwrap_or(&content);
                let mut header = FrameHeader::unmasked(true, opcode(kind), payload.len() as u64);
                header.rsv.rsv1 = compressed.is_some();
                turn.frame(self, &header, payload, why, (false, compressed.is_some().then_some(&content)), now);
            }
            Action::Judge { kind, content, why } => self.judge_sent(kind, content, why, now),
            Action::Heartbeat(payload) => {
                let header = FrameHeader::unmasked(true, Opcode::Ping, payload.len() as u64);
                turn.frame(self, &header, &payload, Some(&reasons::heartbeat()), (false, None), now);
                self.pinged(&payload, true, now);
            }
            // A close frame was sent already.
            Action::Close(..) if turn.outgoing.sent_close() => {}
            Action::Close(code, reason, why, cause) => {
                *turn.close_cause = Some(cause);
                let payload = close::payload(code, &reason);
                let header = FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64);
                turn.frame(self, &header, &payload, Some(&why), (false, None), now);
            }
            Action::Raw(bytes, deliberate) => {
                turn.replies.copy(&bytes);
                let sent = bytes.len() as u64;
                turn.note(Act { bytes, sent, ..Act::of(deliberate) });
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
        // If the behavior changed meanwhile and has no gap, send the rest immediately.
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
