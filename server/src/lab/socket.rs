//! The byte stream after the upgrade. Every wait has a timeout.

use super::replies::Replies;
use crate::limits::Pace;
use crate::listen::{ConnectionSlot, Stream};
use crate::shutdown::Shutdown;
use observation::Act;
use observation::event::Cause;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, sleep, timeout_at};

pub(super) struct Socket {
    stream: Stream,
    /// What the client has not accepted yet. It is at most the output of one turn, because nothing is read meanwhile.
    unsent: Vec<u8>,
    /// Bytes sent since the connection began.
    written: u64,
    /// How fast bytes may be transferred.
    pace: Option<Box<Pace>>,
    /// What this connection holds, released on drop.
    _slot: ConnectionSlot,
}

impl Socket {
    pub(super) fn new(stream: Stream, slot: ConnectionSlot) -> Self {
        Self { stream, unsent: Vec::new(), written: 0, pace: slot.pace(), _slot: slot }
    }

    /// Whether the connection must not transfer more now, because its client transfers too much.
    #[inline]
    pub(super) fn must_wait(&mut self) -> bool {
        self.pace.as_mut().is_some_and(|pace| pace.must_wait())
    }

    /// When such a wait ends, while there is one.
    pub(super) fn waits_until(&self) -> Option<Instant> {
        self.pace.as_ref()?.until()
    }

    /// What to record about the first such wait.
    pub(super) fn first_wait(&mut self) -> Option<Act> {
        self.pace.as_mut()?.first_wait()
    }

    fn wrote(&mut self, count: usize) {
        self.written += count as u64;
        self.count(count);
    }

    #[inline]
    fn count(&mut self, bytes: usize) {
        if let Some(pace) = &mut self.pace {
            pace.count(bytes as u64);
        }
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Reads available bytes. `Ok(0)` is the end of the stream.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        let polled = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
        self.count(buffer.filled().len());
        polled.map_ok(|()| buffer.filled().len())
    }

    /// Writes `replies` with one system call. Returns `false` if the socket did not accept everything, and keeps the rest.
    pub(super) fn write(&mut self, cx: &mut Context<'_>, replies: &Replies<'_, '_>) -> Result<bool, Cause> {
        let length = replies.len();
        if length == 0 {
            return Ok(true);
        }
        let mut slices = Replies::no_slices();
        let stream = Pin::new(&mut self.stream);
        let polled = match replies.slices(&mut slices) {
            [one] => stream.poll_write(cx, one),
            many => stream.poll_write_vectored(cx, many),
        };
        let written = match polled {
            Poll::Ready(Ok(written)) if written > 0 => written,
            Poll::Ready(_) => return Err(Cause::ConnectionLost),
            Poll::Pending => 0,
        };
        self.wrote(written);
        if written < length {
            self.unsent = replies.rest(written);
        }
        // Written bytes have been sent, except with TLS, which may still buffer them.
        Ok(written == length && (!self.stream.needs_flush() || self.flush(cx)?))
    }

    /// Whether everything written has been sent.
    fn flush(&mut self, cx: &mut Context<'_>) -> Result<bool, Cause> {
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(Ok(())) => Ok(true),
            Poll::Ready(Err(_)) => Err(Cause::ConnectionLost),
            Poll::Pending => Ok(false),
        }
    }

    /// Writes what is left. Nothing is read meanwhile, which slows down a client that does not read. Gives up when the client
    /// accepts nothing for `patience`.
    pub(super) async fn drain(&mut self, patience: Duration, shutdown: &Shutdown) -> Result<(), Cause> {
        let unsent = std::mem::take(&mut self.unsent);
        let mut rest = &unsent[..];
        while !rest.is_empty() {
            let written = tokio::select! {
                biased;
                result = self.stream.write(rest) => match result {
                    Ok(0) | Err(_) => return Err(Cause::ConnectionLost),
                    Ok(count) => count,
                },
                () = shutdown.connections_over() => return Err(shutdown.cause()),
                () = sleep(patience) => return Err(Cause::NotReading),
            };
            self.wrote(written);
            rest = &rest[written..];
        }
        tokio::select! {
            biased;
            flushed = self.stream.flush() => flushed.map_err(|_| Cause::ConnectionLost),
            () = shutdown.connections_over() => Err(shutdown.cause()),
            () = sleep(patience) => Err(Cause::NotReading),
        }
    }

    /// Reads and discards until the client closes, for at most `patience`. Returns whether the client closed.
    pub(super) async fn wait_for_end(&mut self, patience: Duration, shutdown: &Shutdown) -> bool {
        let mut nothing = [0; 4096];
        let until = Instant::now() + patience;
        loop {
            tokio::select! {
                () = shutdown.asked() => return false,
                read = timeout_at(until, self.stream.read(&mut nothing)) => match read {
                    Ok(Ok(1..)) => {}
                    Ok(_) => return true,
                    Err(_) => return false,
                },
            }
        }
    }

    /// Aborts the connection. Unsent data is lost.
    pub(super) fn reset(self) {
        self.stream.reset();
    }

    /// Closes this end first, as a server does (RFC 6455 §7.1.1), and waits for the client.
    pub(super) async fn close(self, shutdown: &Shutdown) {
        self.stream.close(shutdown).await;
    }
}
