//! The loop that runs an open connection: every data frame goes back as it came, and the protocol gets its answers.

use super::line::Line;
use super::recorder::Recorder;
use crate::args::Config;
use crate::shutdown::Shutdown;
use bytes::Bytes;
use observation::event::Cause;
use std::pin::pin;
use tokio::time::{Instant, Sleep, sleep_until};
use wire::Sender;
use wire::close::{self, CloseCode};
use wire::endpoint::{Answer, Endpoint, Limits, Received};
use wire::header::FrameHeader;
use wire::opcode::Opcode;
use wire::violation::Violation;

/// What one read takes, in bytes. It also bounds how many frames are judged before their answers leave.
const READ: usize = 16 << 10;
/// A read full of tiny frames makes the list of them long; between reads it keeps room for this many.
pub(super) const FRAMES: usize = 64;
/// A write buffer that a large frame has stretched goes back to this.
const WRITE: usize = 64 << 10;

/// Runs the connection to its end. `early` is what came right behind the request.
pub(super) async fn serve<R: Recorder>(
    mut line: Line,
    early: Bytes,
    recorder: R,
    config: &Config,
    shutdown: &Shutdown,
) {
    let limits = Limits { frame: config.max_frame, message: config.max_message };
    let endpoint = Endpoint::new(Sender::Client, limits);
    let mut echo = Echo { endpoint, recorder, frames: Vec::new(), out: Vec::new(), left: None };
    let mut buffer = vec![0; READ];
    let cause = echo.run(&mut line, early, &mut buffer, config, shutdown).await;
    if matches!(cause, Cause::LineEnded | Cause::LineBroke)
        && let Some(frame) = echo.endpoint.cut_off()
    {
        echo.recorder.received(&frame);
    }
    let said_goodbye = echo.endpoint.sent_close();
    echo.recorder.closed(cause);
    if said_goodbye && !matches!(cause, Cause::NotReading | Cause::LineBroke | Cause::LineEnded) {
        line.close(&mut buffer).await;
    }
}

struct Echo<R> {
    endpoint: Endpoint,
    recorder: R,
    /// Whole frames of the last read; empty between reads.
    frames: Vec<Received>,
    /// Their answers; empty between reads.
    out: Vec<u8>,
    /// Why the relay itself has begun the closing handshake, if it has.
    left: Option<Cause>,
}

impl<R: Recorder> Echo<R> {
    async fn run(
        &mut self,
        line: &mut Line,
        early: Bytes,
        buffer: &mut [u8],
        config: &Config,
        shutdown: &Shutdown,
    ) -> Cause {
        if !early.is_empty()
            && let Some(cause) = self.take(line, &mut Vec::from(early)).await
        {
            return cause;
        }
        // One timer for the whole connection: a read only notes the time, and the timer is moved when it fires early.
        let mut heard = Instant::now();
        let mut clock = pin!(sleep_until(heard + config.idle_timeout));
        let mut asked = pin!(shutdown.asked());
        loop {
            let ended = tokio::select! {
                biased;
                () = shutdown.lines_over() => Some(Cause::Shutdown),
                () = &mut asked, if self.left.is_none() => {
                    self.leave(line, Cause::Shutdown, "the relay is shutting down", clock.as_mut(), config).await
                }
                () = &mut clock => match self.left {
                    Some(Cause::Shutdown) => Some(Cause::Shutdown),
                    Some(_) => Some(Cause::NoCloseAnswer),
                    None if heard.elapsed() < config.idle_timeout => {
                        clock.as_mut().reset(heard + config.idle_timeout);
                        None
                    }
                    None => self.leave(line, Cause::Idle, "nothing came for too long", clock.as_mut(), config).await,
                },
                read = line.read(buffer) => match read {
                    Ok(0) => Some(self.left.unwrap_or(Cause::LineEnded)),
                    Ok(count) => {
                        heard = Instant::now();
                        self.take(line, &mut buffer[..count]).await
                    }
                    Err(_) => Some(Cause::LineBroke),
                },
            };
            if let Some(cause) = ended {
                return cause;
            }
        }
    }

    /// Takes what one read brought; gives the cause if that ends the connection.
    async fn take(&mut self, line: &mut Line, bytes: &mut [u8]) -> Option<Cause> {
        self.endpoint.receive(bytes, &mut self.frames);
        let mut ended = None;
        let mut frames = std::mem::take(&mut self.frames);
        for frame in frames.drain(..) {
            self.recorder.received(&frame);
            ended = self.answer(&frame);
            // What a client says after the goodbye, or after it was failed, is not for anyone.
            if ended.is_some() {
                break;
            }
        }
        frames.shrink_to(FRAMES);
        self.frames = frames;
        self.recorder.publish();
        self.send(line).await.err().or(ended)
    }

    fn answer(&mut self, frame: &Received) -> Option<Cause> {
        let opcode = frame.header.opcode;
        match self.endpoint.answer(frame) {
            Answer::Fail(payload) => {
                if let Some(payload) = payload {
                    self.queue(true, Opcode::Close, &payload);
                }
                Some(match frame.violations.first() {
                    Some(Violation::FrameTooBig { .. } | Violation::MessageTooBig { .. }) => Cause::TooBig,
                    _ => Cause::Violation,
                })
            }
            Answer::Close(payload) => {
                self.queue(true, Opcode::Close, &payload);
                Some(Cause::ClosingHandshake)
            }
            Answer::Pong => {
                self.queue(true, Opcode::Pong, &frame.payload);
                None
            }
            Answer::None if opcode == Opcode::Close => Some(self.left.unwrap_or(Cause::ClosingHandshake)),
            Answer::None if !opcode.is_control() => {
                self.queue(frame.header.fin, opcode, &frame.payload);
                None
            }
            Answer::None => None,
        }
    }

    /// Begins the closing handshake from this side.
    async fn leave(
        &mut self,
        line: &mut Line,
        cause: Cause,
        reason: &str,
        clock: std::pin::Pin<&mut Sleep>,
        config: &Config,
    ) -> Option<Cause> {
        self.left = Some(cause);
        self.queue(true, Opcode::Close, &close::payload(CloseCode::GOING_AWAY, reason));
        let failed = self.send(line).await.err();
        clock.reset(Instant::now() + config.close_timeout);
        failed
    }

    /// Puts a frame behind what is to be written. After a close frame nothing follows. RFC 6455 §5.5.1.
    fn queue(&mut self, fin: bool, opcode: Opcode, payload: &[u8]) {
        if self.endpoint.sent_close() {
            return;
        }
        let header = FrameHeader::unmasked(fin, opcode, payload.len() as u64);
        let position = self.endpoint.send(&header, payload, &mut self.out);
        self.recorder.queued(&header, payload, position, self.out.len());
    }

    /// Writes what is queued, in one go if the line takes it.
    async fn send(&mut self, line: &mut Line) -> Result<(), Cause> {
        if self.out.is_empty() {
            return Ok(());
        }
        let mut written = 0;
        let result = line.write(&self.out, &mut written).await;
        self.recorder.written(written);
        self.out.clear();
        self.out.shrink_to(WRITE);
        result
    }
}
