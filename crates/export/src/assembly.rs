//! Puts the content of a message together from its frames.

use observation::Frame;

/// A message whose last frame has not come yet.
pub(crate) struct Assembly {
    /// Its number.
    pub(crate) message: u64,
    /// Its content up to the first gap.
    pub(crate) content: Vec<u8>,
    /// How many bytes it has so far.
    pub(crate) bytes: u64,
    pub(crate) frames: u64,
}

impl Assembly {
    pub(crate) fn begin(message: u64) -> Self {
        Self { message, content: Vec::new(), bytes: 0, frames: 0 }
    }

    pub(crate) fn add(&mut self, frame: &Frame) {
        let whole_so_far = !self.is_cut();
        self.bytes += frame.content_bytes();
        self.frames += 1;
        if whole_so_far {
            self.content.extend_from_slice(&frame.content());
        }
    }

    /// Whether the relay kept only the start of it.
    pub(crate) fn is_cut(&self) -> bool {
        (self.content.len() as u64) < self.bytes
    }
}
