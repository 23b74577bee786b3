//! A recorder for connections that nobody observes. It compiles to nothing.

use super::engine::LabInterceptor;
use super::recorder::{Outbound, Recorder};
use crate::session::Mailbox;
use observation::event::Cause;
use observation::{Act, Deliberate};
use std::sync::Arc;
use wire::incoming::Frame;
use wire::violation::Violation;

/// Records nothing.
pub(super) struct NoRecorder;

impl Recorder for NoRecorder {
    fn piece(&mut self, _: &[u8]) {}
    fn inflated(&mut self, _: &[u8]) {}
    fn received(&mut self, _: &Frame, _: Option<&[u8]>, _: Option<Outbound<'_>>) {}
    fn publish(&mut self) {}
    fn deflated(&mut self, _: &[u8]) {}
    fn queued(&mut self, _: Outbound<'_>, _: &[u8]) {}
    fn queued_deliberate(&mut self, _: Outbound<'_>, _: &[u8], _: Option<&Deliberate>, _: &[Violation]) {}
    fn act(&mut self, _: Act, _: u64) {}
    fn abandon(&mut self, _: Act, _: u64) {}
    fn note(&mut self, _: Act) {}
    fn mailbox(&self) -> Option<&Arc<Mailbox>> {
        None
    }
    fn has_rules(&self) -> bool {
        false
    }
    fn interceptor(&self, _: bool) -> Option<LabInterceptor> {
        None
    }
    fn written(&mut self, _: u64) {}
    fn closed(self, _: Cause) {}
}
