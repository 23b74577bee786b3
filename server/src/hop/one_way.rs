//! One direction of a bridge: what was read and not accepted yet, and how the end is passed on.

use crate::listen::Stream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// The state of one direction.
#[derive(Default)]
pub(super) struct OneWay {
    /// What arrived after a head. It is forwarded before anything is read.
    early: Vec<u8>,
    /// What the destination has not accepted: `unsent[sent..]`.
    pub(super) unsent: Vec<u8>,
    sent: usize,
    unflushed: bool,
    /// Since when the destination has accepted nothing.
    pub(super) stalled: Option<Instant>,
    /// Whether the source has closed, and whether the destination was told.
    pub(super) ended: bool,
    pub(super) passed_end: bool,
    /// Whether the observer has not processed everything.
    pub(super) unseen: bool,
}

/// Which end of a direction has failed.
pub(super) enum BrokenEnd {
    Source,
    Sink,
}

impl OneWay {
    /// `early` is forwarded first.
    pub(super) fn new(early: Vec<u8>) -> Self {
        Self { early, ..Self::default() }
    }

    /// Writes what is unsent. Ready when nothing is left.
    pub(super) fn poll_drain(&mut self, to: &mut Stream, cx: &mut Context<'_>) -> Poll<Result<(), BrokenEnd>> {
        while self.sent < self.unsent.len() {
            match Pin::new(&mut *to).poll_write(cx, &self.unsent[self.sent..]) {
                Poll::Ready(Ok(count)) if count > 0 => {
                    self.sent += count;
                    self.stalled = None;
                    self.unflushed = to.needs_flush();
                }
                Poll::Ready(_) => return Poll::Ready(Err(BrokenEnd::Sink)),
                Poll::Pending => return self.stall(),
            }
        }
        if !self.unsent.is_empty() {
            (self.unsent, self.sent) = (Vec::new(), 0);
        }
        if self.unflushed {
            match Pin::new(to).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(_)) => return Poll::Ready(Err(BrokenEnd::Sink)),
                Poll::Pending => return self.stall(),
            }
        }
        self.stalled = None;
        Poll::Ready(Ok(()))
    }

    fn stall(&mut self) -> Poll<Result<(), BrokenEnd>> {
        self.stalled.get_or_insert_with(Instant::now);
        Poll::Pending
    }

    /// Forwards `bytes`, as far as the destination accepts them.
    pub(super) fn write(&mut self, to: &mut Stream, bytes: &[u8], cx: &mut Context<'_>) -> Result<(), BrokenEnd> {
        let written = match Pin::new(&mut *to).poll_write(cx, bytes) {
            Poll::Ready(Ok(count)) if count > 0 => count,
            Poll::Ready(_) => return Err(BrokenEnd::Sink),
            Poll::Pending => 0,
        };
        self.unflushed = to.needs_flush();
        self.unsent.extend_from_slice(&bytes[written..]);
        Ok(())
    }

    /// Reads at most `most` bytes into `buffer`. Returns how many.
    pub(super) fn poll_read(
        &mut self,
        from: &mut Stream,
        buffer: &mut [u8],
        most: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, BrokenEnd>> {
        let most = most.min(buffer.len());
        if !self.early.is_empty() {
            let count = self.early.len().min(most);
            buffer[..count].copy_from_slice(&self.early[..count]);
            self.early.drain(..count);
            return Poll::Ready(Ok(count));
        }
        let mut room = ReadBuf::new(&mut buffer[..most]);
        match ready!(Pin::new(from).poll_read(cx, &mut room)) {
            Ok(()) => Poll::Ready(Ok(room.filled().len())),
            Err(_) => Poll::Ready(Err(BrokenEnd::Source)),
        }
    }
}
