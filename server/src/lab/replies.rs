//! The output of one turn: small parts are copied into a buffer, large ones are sent from the read buffer.

use std::io::IoSlice;

/// A part of at least this size, in bytes, gets its own slice.
const LARGE: usize = 2 << 10;
/// The most slices of large parts. Further large parts are copied.
const MOST: usize = 7;

pub(super) struct Replies<'w, 'b> {
    gathered: &'w mut Vec<u8>,
    /// `parts[..count]`: the large parts, each with the number of copied bytes before it.
    parts: [(usize, &'b [u8]); MOST],
    count: usize,
    /// The total size of the large parts.
    large: usize,
}

impl<'w, 'b> Replies<'w, 'b> {
    /// Starts empty and clears `room`, the buffer for small parts.
    pub(super) fn new(room: &'w mut Vec<u8>) -> Self {
        room.clear();
        Self { gathered: room, parts: [(0, &[]); MOST], count: 0, large: 0 }
    }

    /// The number of bytes to send.
    pub(super) fn len(&self) -> usize {
        self.gathered.len() + self.large
    }

    pub(super) fn copy(&mut self, bytes: &[u8]) {
        self.gathered.extend_from_slice(bytes);
    }

    /// Adds bytes without copying them, if they are large.
    pub(super) fn lend(&mut self, bytes: &'b [u8]) {
        if bytes.len() < LARGE || self.count == MOST {
            self.copy(bytes);
        } else {
            self.parts[self.count] = (self.gathered.len(), bytes);
            self.count += 1;
            self.large += bytes.len();
        }
    }

    /// Removes what was added after the first `len` bytes. None of it may be a large part.
    pub(super) fn take_back(&mut self, len: usize) -> Vec<u8> {
        self.gathered.split_off(len - self.large)
    }

    /// Adds what an earlier turn held back.
    pub(super) fn append(&mut self, held: Vec<u8>) {
        if self.gathered.is_empty() {
            *self.gathered = held;
        } else {
            self.copy(&held);
        }
    }

    /// All bytes in order. The result is the used part of `slices`.
    pub(super) fn slices<'s>(&'s self, slices: &'s mut [IoSlice<'s>; 2 * MOST + 1]) -> &'s [IoSlice<'s>] {
        let (mut used, mut from) = (0, 0);
        let mut add = |bytes: &'s [u8]| {
            if !bytes.is_empty() {
                slices[used] = IoSlice::new(bytes);
                used += 1;
            }
        };
        for &(end, part) in &self.parts[..self.count] {
            add(&self.gathered[from..end]);
            add(part);
            from = end;
        }
        add(&self.gathered[from..]);
        &slices[..used]
    }

    /// An array for [`Replies::slices`].
    pub(super) fn no_slices() -> [IoSlice<'static>; 2 * MOST + 1] {
        [IoSlice::new(&[]); 2 * MOST + 1]
    }

    /// What is left after `written` bytes.
    pub(super) fn rest(&self, mut written: usize) -> Vec<u8> {
        let mut rest = Vec::with_capacity(self.len() - written);
        let mut slices = Self::no_slices();
        for slice in self.slices(&mut slices) {
            let gone = written.min(slice.len());
            rest.extend_from_slice(&slice[gone..]);
            written -= gone;
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_go_out_in_order_and_only_large_ones_are_lent() {
        let large: Vec<Vec<u8>> = (0..20).map(|n| vec![n; LARGE]).collect();
        let mut room = vec![9; 9];
        let mut replies = Replies::new(&mut room);
        let mut expect = Vec::new();
        for part in &large {
            replies.copy(b"head");
            replies.lend(part);
            replies.lend(b"small");
            expect.extend_from_slice(b"head");
            expect.extend_from_slice(part);
            expect.extend_from_slice(b"small");
        }
        assert_eq!((replies.len(), replies.count), (expect.len(), MOST));
        for written in [0, 1, 4, 5, LARGE + 3, LARGE + 9, expect.len() - 1, expect.len()] {
            assert_eq!(replies.rest(written), expect[written..]);
        }
    }

    #[test]
    fn what_is_taken_back_is_not_sent() {
        let large = [7; LARGE];
        let mut room = Vec::new();
        let mut replies = Replies::new(&mut room);
        replies.lend(&large);
        replies.copy(b"kept");
        let before = replies.len();
        replies.copy(b"taken back");
        assert_eq!(replies.take_back(before), b"taken back");
        assert_eq!(replies.rest(LARGE), b"kept");
    }

    #[test]
    fn what_was_put_by_comes_first_without_a_copy() {
        let mut room = Vec::new();
        let mut replies = Replies::new(&mut room);
        let held = vec![1, 2, 3];
        let place = held.as_ptr();
        replies.append(held);
        assert_eq!(replies.gathered.as_ptr(), place);
        replies.copy(&[4]);
        replies.append(vec![5]);
        assert_eq!(replies.rest(0), [1, 2, 3, 4, 5]);
    }
}
