//! The loop that runs an open connection: turns while bytes come, and an end for every wait.

use super::line::Line;
use super::recorder::Recorder;
use super::replies::Replies;
use super::room::{Room, Share};
use super::turn::Conversation;
use crate::args::Config;
use crate::shutdown::Shutdown;
use bytes::Bytes;
use observation::event::Cause;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::WaitForCancellationFuture;
use wire::close::CloseCode;

/// What one read takes, in bytes.
const READ: usize = 256 << 10;
/// A write buffer that a large frame has stretched goes back to this.
const GATHERED: usize = 64 << 10;

/// What turns work with. Between turns nothing is in it, so all connections of a thread share one.
struct Workspace {
    read: Box<[u8]>,
    gathered: Vec<u8>,
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> =
        RefCell::new(Workspace { read: vec![0; READ].into(), gathered: Vec::new() });
}

/// Runs the connection to its end. `early` is what came right behind the request.
pub(super) async fn serve<R: Recorder>(
    mut line: Line,
    early: Bytes,
    conversation: Conversation<R>,
    config: &Config,
    room: &Room,
    shutdown: &Shutdown,
) {
    let mut echo =
        Echo { conversation, unread: early.into(), held: room.share(), heard: Instant::now(), config, shutdown };
    let cause = echo.run(&mut line).await;
    let mut conversation = echo.conversation;
    if matches!(cause, Cause::LineEnded | Cause::LineBroke) {
        conversation.cut_off();
    }
    let said_goodbye = conversation.outgoing.sent_close();
    conversation.recorder.closed(cause);
    if said_goodbye && !matches!(cause, Cause::NotReading | Cause::LineBroke | Cause::LineEnded) {
        Box::pin(line.close(shutdown)).await;
    }
}

struct Echo<'a, R> {
    conversation: Conversation<R>,
    /// What was read and is to be looked at in another turn.
    unread: Vec<u8>,
    /// This connection's part of the memory for what has not arrived whole.
    held: Share,
    /// When something last came.
    heard: Instant,
    config: &'a Config,
    shutdown: &'a Shutdown,
}

/// Why turns stopped.
enum Stop {
    /// The line did not take all that was to be written.
    Stalled,
    /// The connection has ended.
    Over(Cause),
    /// The clock has run out.
    Clock,
    /// The relay is to end, or to end now.
    Shutdown,
}

impl<R: Recorder> Echo<'_, R> {
    async fn run(&mut self, line: &mut Line) -> Cause {
        let (config, shutdown) = (self.config, self.shutdown);
        // One timer for the whole connection: a read only notes the time, and the timer is moved when it fires early.
        let mut clock = pin!(sleep_until(self.heard + config.idle_timeout));
        let mut end = pin!(shutdown.asked());
        // The stage of the shutdown at which `end` was last looked at.
        let mut looked = None;
        loop {
            let stop = poll_fn(|cx| {
                let turns = self.poll_turns(line, cx);
                if turns.is_ready() {
                    return turns;
                }
                // Looked at only before a wait, so that a busy connection meets no one else.
                if clock.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Stop::Clock);
                }
                poll_end(&mut looked, shutdown, end.as_mut(), cx)
            })
            .await;
            let ended = match stop {
                Stop::Over(cause) => Some(cause),
                Stop::Stalled => {
                    let drained = Box::pin(line.drain(config.write_timeout, shutdown)).await;
                    self.conversation.recorder.written(line.written());
                    drained.err().or(self.conversation.over)
                }
                Stop::Clock => match self.conversation.left {
                    Some(Cause::Shutdown) => Some(Cause::Shutdown),
                    Some(cause) if !self.conversation.outgoing.sent_close() => Some(cause),
                    Some(_) => Some(Cause::NoCloseAnswer),
                    None if self.heard.elapsed() < config.idle_timeout => {
                        clock.as_mut().reset(self.heard + config.idle_timeout);
                        None
                    }
                    None => self.leave(line, clock.as_mut(), Cause::Idle, "nothing came for too long").await,
                },
                Stop::Shutdown if shutdown.stage() > 1 => Some(Cause::Shutdown),
                Stop::Shutdown => {
                    end.set(shutdown.lines_over());
                    looked = None;
                    match self.conversation.left {
                        None => self.leave(line, clock.as_mut(), Cause::Shutdown, "the relay is shutting down").await,
                        Some(_) => None,
                    }
                }
            };
            if let Some(cause) = ended {
                return cause;
            }
        }
    }

    /// Takes turns for as long as bytes come and answers go.
    fn poll_turns(&mut self, line: &mut Line, cx: &mut Context<'_>) -> Poll<Stop> {
        WORKSPACE.with_borrow_mut(|Workspace { read, gathered }| {
            loop {
                let mut unread = std::mem::take(&mut self.unread);
                let again = !unread.is_empty();
                let mut bytes = match again {
                    true => &mut unread[..],
                    false => match line.poll_read(cx, read) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Ok(0)) => {
                            return Poll::Ready(Stop::Over(self.conversation.left.unwrap_or(Cause::LineEnded)));
                        }
                        Poll::Ready(Ok(count)) => {
                            self.heard = Instant::now();
                            &mut read[..count]
                        }
                        Poll::Ready(Err(_)) => return Poll::Ready(Stop::Over(Cause::LineBroke)),
                    },
                };
                let mut replies = Replies::new(gathered);
                self.conversation.take(&mut bytes, &mut replies);
                self.unread = bytes.to_vec();
                if self.held.resize(self.conversation.held()).is_err() {
                    self.conversation.say_goodbye(
                        CloseCode::TRY_AGAIN_LATER,
                        "this relay holds as many unfinished messages as it may; try again later",
                        &mut replies,
                    );
                    self.conversation.over = Some(Cause::OutOfRoom);
                }
                let written = line.write(cx, &replies);
                self.conversation.recorder.written(line.written());
                gathered.shrink_to(GATHERED);
                match (written, self.conversation.over) {
                    (Err(cause), _) => return Poll::Ready(Stop::Over(cause)),
                    (Ok(false), _) => return Poll::Ready(Stop::Stalled),
                    (Ok(true), Some(cause)) => return Poll::Ready(Stop::Over(cause)),
                    (Ok(true), None) if !self.unread.is_empty() => {
                        // A turn that was cut short has been long enough: others first.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    (Ok(true), None) => {}
                }
            }
        })
    }

    /// Begins the closing handshake from this side; gives the cause if that ends the connection.
    async fn leave(
        &mut self,
        line: &mut Line,
        mut clock: Pin<&mut Sleep>,
        cause: Cause,
        reason: &'static str,
    ) -> Option<Cause> {
        clock.as_mut().reset(Instant::now() + self.config.close_timeout);
        let mut room = Vec::new();
        let mut replies = Replies::new(&mut room);
        self.conversation.leave(cause, reason, &mut replies);
        let written = poll_fn(|cx| Poll::Ready(line.write(cx, &replies))).await;
        let drained = match written {
            Ok(true) => Ok(()),
            Ok(false) => Box::pin(line.drain(self.config.write_timeout, self.shutdown)).await,
            Err(cause) => Err(cause),
        };
        self.conversation.recorder.written(line.written());
        drained.err()
    }
}

/// Whether the relay has begun to end, or `end` has come. The future registers this task once and is then left alone: all
/// connections wait for the same thing, and looking takes its lock.
fn poll_end(
    looked: &mut Option<u8>,
    shutdown: &Shutdown,
    end: Pin<&mut WaitForCancellationFuture<'_>>,
    cx: &mut Context<'_>,
) -> Poll<Stop> {
    let stage = shutdown.stage();
    if looked.replace(stage) == Some(stage) {
        return Poll::Pending;
    }
    end.poll(cx).map(|()| Stop::Shutdown)
}
