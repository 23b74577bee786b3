//! The raw line after the upgrade: every wait on it has an end.

use crate::shutdown::Shutdown;
use observation::event::Cause;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout_at};

/// How long the other end has to close after the relay did. However much is still on its way, draining it costs no memory.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long it may send nothing meanwhile.
const FAREWELL_SILENCE: Duration = Duration::from_secs(2);

pub(super) struct Line {
    stream: TcpStream,
    write_timeout: Duration,
    shutdown: Shutdown,
    /// This connection's share of how many may be open; given back when the line goes.
    _place: OwnedSemaphorePermit,
}

impl Line {
    pub(super) fn new(
        stream: TcpStream,
        place: OwnedSemaphorePermit,
        write_timeout: Duration,
        shutdown: Shutdown,
    ) -> Self {
        Self { stream, write_timeout, shutdown, _place: place }
    }

    /// Waits for bytes; safe to cancel. `Ok(0)` is the end of the line.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stream.read(buffer).await
    }

    /// Writes all of `bytes`, counting in `written` as they go. While it waits nothing is read, so a client that does
    /// not read what it asked for is slowed down, and given up when it takes nothing for the write timeout.
    pub(super) async fn write(&mut self, bytes: &[u8], written: &mut usize) -> Result<(), Cause> {
        while *written < bytes.len() {
            *written += tokio::select! {
                biased;
                result = self.stream.write(&bytes[*written..]) => match result {
                    Ok(0) | Err(_) => return Err(Cause::LineBroke),
                    Ok(count) => count,
                },
                () = self.shutdown.lines_over() => return Err(Cause::Shutdown),
                () = sleep(self.write_timeout) => return Err(Cause::NotReading),
            };
        }
        Ok(())
    }

    /// Closes this end first (RFC 6455 §7.1.1), and lets the other one close before the socket goes: closing over unread
    /// bytes would reset the line, and the client might lose the close frame.
    pub(super) async fn close(mut self, buffer: &mut [u8]) {
        if self.stream.shutdown().await.is_err() {
            return;
        }
        let over = Instant::now() + FAREWELL;
        while Instant::now() < over {
            let until = over.min(Instant::now() + FAREWELL_SILENCE);
            tokio::select! {
                () = self.shutdown.lines_over() => return,
                read = timeout_at(until, self.stream.read(buffer)) => if !matches!(read, Ok(Ok(1..))) {
                    return;
                },
            }
        }
    }
}
