//! A stream whose request heads are kept and whose responses can be dictated, until it is taken out for something else.

use super::tape::{Outbound, Tape};
use bytes::{Buf, Bytes};
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;

/// What hyper reads from and writes to.
#[derive(Debug)]
pub(crate) struct Capture<S> {
    io: S,
    /// This connection's share of how many may be open.
    place: OwnedSemaphorePermit,
    tape: Tape,
    /// How long the other end may leave written bytes unread.
    patience: Duration,
    /// Running since a write could not go on.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Capture<S> {
    pub(super) fn new(io: S, place: OwnedSemaphorePermit, tape: Tape, patience: Duration) -> Self {
        Self { io, place, tape, patience, stalled: None }
    }

    /// The stream, its place, and what was dictated but has not gone out.
    pub(crate) fn into_parts(self) -> (S, OwnedSemaphorePermit, Bytes) {
        let unsent = self.tape.lock().outbound.take_unsent();
        (self.io, self.place, unsent)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Capture<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(room) = this.tape.lock().inbound.room() else { return Pin::new(&mut this.io).poll_read(cx, buf) };
        if room == 0 {
            // hyper refuses a head of this size before it reads on; this is for the case that it should not.
            return Poll::Ready(Err(io::Error::new(ErrorKind::InvalidData, "the request head is over its limit")));
        }
        let room = room.min(buf.remaining());
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
        ready!(Pin::new(&mut this.io).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        this.tape.lock().inbound.push(part.filled());
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Capture<S> {
    /// Lets dictated text go out that has waited for hyper's head to pass.
    fn poll_dictated(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut both = self.tape.lock();
        let Outbound::Sending { text } = &mut both.outbound else { return Poll::Ready(Ok(())) };
        while !text.is_empty() {
            let polled = Pin::new(&mut self.io).poll_write(cx, text);
            let sent = ready!(in_time(&mut self.stalled, self.patience, cx, polled))?;
            if sent == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            text.advance(sent);
        }
        both.outbound = Outbound::Hyper;
        Poll::Ready(Ok(()))
    }
}

/// Gives up on a write that has made no progress for as long as `patience`.
fn in_time(
    stalled: &mut Option<Pin<Box<Sleep>>>,
    patience: Duration,
    cx: &mut Context<'_>,
    polled: Poll<io::Result<usize>>,
) -> Poll<io::Result<usize>> {
    if polled.is_ready() {
        *stalled = None;
        return polled;
    }
    let clock = stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
    ready!(clock.as_mut().poll(cx));
    Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the other end does not read")))
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Capture<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_dictated(cx))?;
        let front = slices.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
        let taken = this.tape.lock().outbound.swallow(front);
        if taken > 0 {
            return Poll::Ready(Ok(taken));
        }
        let polled = Pin::new(&mut this.io).poll_write_vectored(cx, slices);
        in_time(&mut this.stalled, this.patience, cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_dictated(cx))?;
        ready!(Pin::new(&mut this.io).poll_flush(cx))?;
        this.tape.lock().outbound.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_dictated(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}
