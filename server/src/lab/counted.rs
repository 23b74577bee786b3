//! Counts what crosses a connection for the metrics, whatever records it.

use super::engine::LabInterceptor;
use super::recorder::{Outbound, Recorder};
use crate::metrics::{Direction, Tally};
use crate::session::Mailbox;
use observation::event::{Cause, Party};
use observation::{Act, Deliberate};
use std::sync::Arc;
use wire::close::ClosePayload;
use wire::incoming::Frame;
use wire::opcode::Opcode;
use wire::violation::Violation;

pub(super) struct Counted<R> {
    recorder: R,
    tally: Tally,
}

impl<R> Counted<R> {
    pub(super) fn new(recorder: R, tally: Tally) -> Self {
        Self { recorder, tally }
    }

    fn sent(&mut self, outbound: Outbound<'_>, payload: &[u8]) {
        self.tally.count(Direction::Out, 1, (outbound.header.len() + payload.len()) as u64);
        if outbound.header.opcode == Opcode::Close {
            self.tally.close(Party::Server, &ClosePayload::parse(payload).0);
        }
    }
}

impl<R: Recorder> Recorder for Counted<R> {
    #[inline]
    fn piece(&mut self, bytes: &[u8]) {
        self.recorder.piece(bytes);
    }

    #[inline]
    fn inflated(&mut self, bytes: &[u8]) {
        self.recorder.inflated(bytes);
    }

    #[inline]
    fn received(&mut self, frame: &Frame, whole: Option<&[u8]>, echo: Option<Outbound<'_>>) {
        self.tally.count(Direction::In, 1, frame.header.len() as u64 + frame.arrived);
        if let Some(outbound) = &echo {
            self.tally.count(Direction::Out, 1, outbound.header.len() as u64 + frame.arrived);
        }
        if !frame.violations.is_empty() {
            self.tally.violated(&frame.violations);
        }
        if let Some(close) = &frame.close {
            self.tally.close(Party::Client, close);
        }
        self.recorder.received(frame, whole, echo);
    }

    #[inline]
    fn publish(&mut self) {
        self.recorder.publish();
    }

    #[inline]
    fn deflated(&mut self, bytes: &[u8]) {
        self.recorder.deflated(bytes);
    }

    fn queued(&mut self, outbound: Outbound<'_>, payload: &[u8]) {
        self.sent(outbound, payload);
        self.recorder.queued(outbound, payload);
    }

    fn queued_deliberate(
        &mut self,
        outbound: Outbound<'_>,
        payload: &[u8],
        deliberate: Option<&Deliberate>,
        violations: &[Violation],
    ) {
        self.sent(outbound, payload);
        self.recorder.queued_deliberate(outbound, payload, deliberate, violations);
    }

    fn act(&mut self, act: Act, end: u64) {
        self.recorder.act(act, end);
    }

    fn abandon(&mut self, act: Act, end: u64) {
        self.recorder.abandon(act, end);
    }

    fn note(&mut self, act: Act) {
        self.recorder.note(act);
    }

    fn mailbox(&self) -> Option<&Arc<Mailbox>> {
        self.recorder.mailbox()
    }

    #[inline]
    fn has_rules(&self) -> bool {
        self.recorder.has_rules()
    }

    fn interceptor(&self, deflate: bool) -> Option<LabInterceptor> {
        self.recorder.interceptor(deflate)
    }

    /// Called once per turn.
    #[inline]
    fn written(&mut self, written: u64) {
        self.tally.publish();
        self.recorder.written(written);
    }

    fn closed(self, cause: Cause) {
        let Self { recorder, mut tally } = self;
        tally.end(cause);
        recorder.closed(cause);
    }
}
