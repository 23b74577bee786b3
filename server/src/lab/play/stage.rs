//! Puts what is due among the replies, and has it recorded.

use super::outbox::{Drip, Out, Ready};
use super::{Closing, Play, purpose};
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
pub(in crate::lab) struct Stage<'a, 'w, 'b, R> {
    pub(in crate::lab) outgoing: &'a mut Outgoing,
    pub(in crate::lab) recorder: &'a mut R,
    pub(in crate::lab) replies: &'a mut Replies<'w, 'b>,
    /// Bytes that were queued before this turn.
    pub(in crate::lab) before: u64,
    /// Whether half a frame is out that goes back as it comes.
    pub(in crate::lab) streaming: bool,
    pub(in crate::lab) left: &'a mut Option<Cause>,
    pub(in crate::lab) over: &'a mut Option<Cause>,
}

impl<R: Recorder> Stage<'_, '_, '_, R> {
    fn end(&self) -> u64 {
        self.before + self.replies.len() as u64
    }

    fn ready(&self, play: &Play) -> Ready {
        play.ready(self.streaming, self.outgoing)
    }

    /// Sends a frame; all of it now, or the first byte of a drip.
    fn frame(
        &mut self,
        play: &mut Play,
        header: &FrameHeader,
        payload: &[u8],
        deliberate: Option<&Deliberate>,
        broken: bool,
        now: Instant,
    ) {
        let (position, mut violations) = self.outgoing.judged(header, payload, Sender::Server, play.deflate);
        if broken {
            violations.push(Violation::BrokenDeflate);
        }
        let mut bytes = Vec::with_capacity(header.len() + payload.len());
        encoder::encode(header, payload, &mut bytes);
        let end = self.end() + bytes.len() as u64;
        let compressed = false;
        self.recorder.on_purpose(Outbound { header, position, compressed, end }, payload, deliberate, &violations);
        match play.talk.drip.filter(|_| !header.opcode.is_control()) {
            Some(gap) => {
                let rest = bytes.split_off(1).into();
                self.replies.copy(&bytes);
                *play.outbox.drip() = Some(Drip { rest, at: now + gap });
            }
            None => self.replies.copy(&bytes),
        }
        if header.opcode == Opcode::Close {
            // What comes of it is the client's: its answer is waited for.
            self.left.get_or_insert(Cause::Left);
            play.end(Closing::Sent);
        }
    }

    /// Once all before it has gone out.
    fn note(&mut self, act: Act) {
        let end = self.end();
        self.recorder.act(act, end);
    }
}

impl Play {
    /// What may go out just now.
    pub(in crate::lab) fn ready(&self, streaming: bool, outgoing: &Outgoing) -> Ready {
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
    pub(in crate::lab) fn perform<R: Recorder>(&mut self, now: Instant, stage: &mut Stage<'_, '_, '_, R>) {
        self.tick(now);
        let before = stage.replies.len();
        self.do_what_is_urgent(now, stage);
        self.go_on_dripping(now, stage);
        while stage.over.is_none()
            && let Some(out) = self.outbox.take(now, stage.ready(self))
        {
            self.act(out, now, stage);
        }
        if stage.replies.len() > before {
            self.travelled(now);
        }
    }

    /// A drop waits for nothing, and a goodbye for the end of the client's frame that is on its way back.
    fn do_what_is_urgent<R: Recorder>(&mut self, now: Instant, stage: &mut Stage<'_, '_, '_, R>) {
        match self.urgent.take() {
            Some(Out::Goodbye(code, reason, why, cause)) if stage.streaming => {
                // If that takes too long, the connection ends without it.
                stage.left.get_or_insert(cause);
                self.urgent = Some(Out::Goodbye(code, reason, why, cause));
            }
            Some(out) => {
                if matches!(out, Out::Goodbye(..)) {
                    self.finish_drip(stage.replies);
                }
                self.act(out, now, stage);
            }
            None => {}
        }
    }

    fn act<R: Recorder>(&mut self, out: Out, now: Instant, stage: &mut Stage<'_, '_, '_, R>) {
        match out {
            Out::Frame { header, payload, deliberate, broken } => {
                stage.frame(self, &header, &payload, deliberate.as_ref(), broken, now);
            }
            Out::Heartbeat(payload) => {
                let header = FrameHeader::unmasked(true, Opcode::Ping, payload.len() as u64);
                stage.frame(self, &header, &payload, Some(&purpose::heartbeat()), false, now);
                self.pinged(payload, now);
            }
            // It has been said already.
            Out::Goodbye(..) if stage.outgoing.sent_close() => {}
            Out::Goodbye(code, reason, why, cause) => {
                *stage.left = Some(cause);
                let payload = close::payload(code, &reason);
                let header = FrameHeader::unmasked(true, Opcode::Close, payload.len() as u64);
                stage.frame(self, &header, &payload, Some(&why), false, now);
            }
            Out::Raw(bytes, deliberate) => {
                stage.replies.copy(&bytes);
                let sent = bytes.len() as u64;
                stage.note(Act { deliberate, bytes, sent, refused: None });
            }
            Out::Act(act) => stage.note(act),
            Out::Drop(by, why) => {
                let end = stage.end();
                stage.recorder.abandon(Act::of(why), end);
                *stage.over = Some(by.into());
            }
        }
    }

    fn go_on_dripping<R: Recorder>(&mut self, now: Instant, stage: &mut Stage<'_, '_, '_, R>) {
        // Without a gap, for a behaviour that has changed meanwhile, what is left goes out at once.
        let gap = self.talk.drip.unwrap_or(Duration::ZERO);
        let Some(drip) = self.outbox.drip() else { return };
        while drip.at <= now
            && let Some(byte) = drip.rest.pop_front()
        {
            stage.replies.copy(&[byte]);
            drip.at += gap;
        }
        if drip.rest.is_empty() {
            *self.outbox.drip() = None;
        }
    }

    /// Sends what is left of a frame that goes out byte by byte, since something has to follow that cannot wait.
    pub(super) fn finish_drip(&mut self, replies: &mut Replies<'_, '_>) {
        if let Some(drip) = self.outbox.drip().take() {
            let (front, back) = drip.rest.as_slices();
            replies.copy(front);
            replies.copy(back);
        }
    }
}
