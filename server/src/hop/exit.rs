//! What leaves a hop in one direction once rules have decided: the order, the place between other frames, and the compression.

use super::crossing::{Original, Place};
use super::direction::Direction;
use crate::intercept::Outcome;
use crate::memory::MemoryShare;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::deflate::{Agreed, Deflater};
use wire::opcode::Opcode;

/// The most bytes that wait to be sent while rules still decide about messages. A fault in a compressed message can make a thousand times
/// more of them than have arrived.
const MAX_OUTPUT: usize = 1 << 20;

pub(super) struct Exit {
    /// What waits for its place.
    waiting: VecDeque<Outcome<Original>>,
    pub(super) place: Place,
    /// What has left and was not taken.
    output: Vec<u8>,
    /// How much was taken and has not been sent.
    unsent: usize,
    /// Counts both.
    share: MemoryShare,
    /// Whether rules may make no more output now.
    is_full: bool,
    /// Whether the connection ends after the output.
    pub(super) cut: bool,
    /// Whether the relay has sent its own close frame because of a rule.
    pub(super) closed: bool,
    context: Context,
}

/// The compressor's context where the frames leave. RFC 7692 §7.2.
struct Context {
    agreed: Option<Agreed>,
    /// Whether messages refer to earlier ones.
    takeover: bool,
    /// The number of the next compressed message that may go on as it came.
    next: u64,
    /// Whether a message has left that the sender did not compress, or not in this order. Then the sender's later messages may refer
    /// to what the receiver does not have.
    is_own: bool,
    deflater: Option<Deflater>,
    slots: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Exit {
    pub(super) fn new(direction: Direction, agreed: Option<Agreed>, slots: Arc<Semaphore>, share: MemoryShare) -> Self {
        let takeover = agreed.is_some_and(|agreed| match direction {
            Direction::ToServer => !agreed.client_no_context_takeover,
            Direction::ToClient => !agreed.server_no_context_takeover,
        });
        let context = Context { agreed, takeover, next: 0, is_own: false, deflater: None, slots, permit: None };
        let (waiting, output) = Default::default();
        let (unsent, is_full) = Default::default();
        Self { waiting, place: Place::Anything, output, unsent, share, is_full, cut: false, closed: false, context }
    }

    /// These bytes leave.
    pub(super) fn put(&mut self, bytes: Vec<u8>) {
        if self.output.is_empty() {
            self.output = bytes;
        } else {
            self.output.extend_from_slice(&bytes);
        }
        self.count();
    }

    /// What has left. It is called when everything that it gave before was sent.
    pub(super) fn take_output(&mut self) -> Option<Vec<u8>> {
        let output = std::mem::take(&mut self.output);
        self.unsent = output.len();
        self.count();
        (!output.is_empty()).then_some(output)
    }

    fn count(&mut self) {
        let bytes = self.unsent + self.output.len();
        self.is_full = self.share.resize(bytes).is_err() || bytes > MAX_OUTPUT;
    }

    /// Whether rules may make more output.
    pub(super) fn has_room(&self) -> bool {
        !self.is_full
    }

    /// Whether the connection ends now, because everything before was sent.
    pub(super) fn cuts_now(&self) -> bool {
        self.cut && self.output.is_empty()
    }

    /// Whether forwarding without a look at the frames would be right.
    pub(super) fn is_plain(&self) -> bool {
        self.waiting.is_empty() && !self.context.is_own && !self.closed && !self.cut
    }

    pub(super) fn push(&mut self, outcome: Outcome<Original>) {
        self.waiting.push_back(outcome);
    }

    /// The next that may leave now.
    pub(super) fn next(&mut self) -> Option<Outcome<Original>> {
        let place = self.place;
        let may = |outcome: &Outcome<Original>| match place {
            Place::Anything => true,
            Place::Control => is_control(outcome),
            Place::Nothing => false,
        };
        let at = self.waiting.iter().position(may)?;
        self.waiting.remove(at)
    }

    /// Whether a compressed message may leave as it came: the receiver has the same context as its sender.
    pub(super) fn may_leave(&mut self, number: u64) -> bool {
        let may = !self.context.takeover || (!self.context.is_own && number == self.context.next);
        if may {
            self.context.next = number + 1;
        }
        may
    }

    /// Whether permessage-deflate was negotiated.
    pub(super) fn has_deflate(&self) -> bool {
        self.context.agreed.is_some()
    }

    /// The receiver's context is not that of the sender any more.
    pub(super) fn has_own_context(&mut self) {
        self.context.is_own |= self.context.takeover;
    }

    /// Compresses a message; `None` if there was no permessage-deflate, or if there is no memory for it.
    pub(super) fn compress(&mut self, direction: Direction, content: &[u8]) -> Option<Vec<u8>> {
        let context = &mut self.context;
        let agreed = context.agreed.as_ref()?;
        if context.permit.is_none() {
            context.permit = Some(Arc::clone(&context.slots).try_acquire_owned().ok()?);
        }
        // A new context is valid at any time: it refers to nothing that the receiver does not have.
        let deflater = context.deflater.get_or_insert_with(|| Deflater::new(agreed, direction.sender()));
        deflater.push(content);
        deflater.finish();
        let compressed = deflater.take();
        self.has_own_context();
        Some(compressed)
    }
}

fn is_control(outcome: &Outcome<Original>) -> bool {
    match outcome {
        Outcome::Original { original, .. } => original.opcode.is_control(),
        Outcome::Content { opcode, .. } => opcode.is_control(),
        Outcome::Frame { edited, .. } => Opcode::from_nibble(edited.frame.opcode).is_control(),
        Outcome::Close { .. } => true,
        Outcome::Fault { .. } | Outcome::Record { .. } => false,
    }
}
