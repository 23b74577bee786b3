//! The loop that runs an open connection: turns while bytes come, and an end for every wait.

use super::conversation::Conversation;
use super::engine::command;
use super::recorder::Recorder;
use super::replies::Replies;
use super::socket::Socket;
use crate::memory::MemoryShare;
use crate::session::PendingCommand;
use crate::shutdown::Shutdown;
use crate::state::AppState;
use bytes::Bytes;
use observation::command::DropBy;
use observation::event::Cause;
use observation::{Act, Command};
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::WaitForCancellationFuture;
use wire::close::CloseCode;

/// What one read takes, in bytes: a little more than a large power of two, so that a message of such a size is not followed
/// by a read for its last bytes.
const READ: usize = (256 << 10) + (4 << 10);
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

/// An open connection: everything that stays between turns. In a box, because a future would hold it more than once.
pub(super) struct Connection<R> {
    socket: Socket,
    conversation: Conversation<R>,
    /// What was read and is to be looked at in another turn.
    unread: Vec<u8>,
    /// Its part of the memory for what has not arrived whole.
    held: MemoryShare,
    /// When something last came.
    heard: Instant,
    /// Until when the client has to answer the relay's close frame, once that has gone out.
    close_deadline: Option<Instant>,
    app: AppState,
    /// Its share of how many may compress at once; given back when it goes.
    _deflating: Option<OwnedSemaphorePermit>,
}

/// Why turns stopped.
enum Stop {
    /// The line did not take all that was to be written.
    Stalled,
    /// The connection has ended.
    Over(Cause),
    /// The clock has run out.
    Clock,
    /// An observer wants something.
    Command(PendingCommand),
    /// The relay is to end, or to end now.
    Shutdown,
}

impl<R: Recorder> Connection<R> {
    /// `early` is what came right behind the request.
    pub(super) fn new(
        socket: Socket,
        early: Bytes,
        conversation: Conversation<R>,
        deflating: Option<OwnedSemaphorePermit>,
        app: AppState,
    ) -> Self {
        let (unread, held, heard) = (early.into(), app.memory.share(), Instant::now());
        Self { socket, conversation, unread, held, heard, close_deadline: None, app, _deflating: deflating }
    }

    /// Runs it to its end.
    pub(super) async fn run(mut self: Box<Self>) {
        let cause = self.talk().await;
        Box::pin(self.end(cause)).await;
    }

    async fn talk(&mut self) -> Cause {
        let (config, shutdown) = (self.app.config.clone(), self.app.shutdown.clone());
        // One timer for the whole connection: a read only notes the time, and the timer is moved when it fires early.
        let mut clock = pin!(sleep_until(self.heard + config.idle_timeout));
        let mut end = pin!(shutdown.asked());
        // The stage of the shutdown at which `end` was last looked at.
        let mut looked = None;
        loop {
            let stop = poll_fn(|cx| {
                let turns = self.poll_turns(cx);
                if turns.is_ready() {
                    return turns;
                }
                if let Some(mailbox) = self.conversation.recorder.mailbox()
                    && let Poll::Ready(pending) = mailbox.poll_take(cx)
                {
                    return Poll::Ready(Stop::Command(pending));
                }
                // A turn may have brought the next moment closer, where a behaviour is at work.
                if let Some(next) = self.next_moment().filter(|next| *next < clock.deadline()) {
                    clock.as_mut().reset(next);
                }
                // Looked at only before a wait, so that a busy connection meets no one else.
                if clock.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Stop::Clock);
                }
                poll_end(&mut looked, &shutdown, end.as_mut(), cx)
            })
            .await;
            let ended = match stop {
                Stop::Over(cause) => Some(cause),
                Stop::Stalled => Box::pin(self.drain()).await.err().or(self.conversation.over),
                Stop::Command(pending) => Box::pin(self.execute(pending)).await,
                Stop::Clock if self.conversation.next_due().is_some_and(|due| due <= Instant::now()) => {
                    Box::pin(self.act()).await
                }
                Stop::Clock => match self.conversation.close_cause {
                    Some(_) if self.close_deadline.is_some_and(|by| by > Instant::now()) => None,
                    Some(Cause::Shutdown) => Some(Cause::Shutdown),
                    Some(cause) if !self.conversation.outgoing.sent_close() => Some(cause),
                    Some(_) => Some(Cause::NoCloseAnswer),
                    None if self.heard.elapsed() < config.idle_timeout => None,
                    None => Box::pin(self.begin_close(Cause::Idle, "nothing came for too long")).await,
                },
                Stop::Shutdown if shutdown.stage() > 1 => Some(Cause::Shutdown),
                Stop::Shutdown => {
                    end.set(shutdown.connections_over());
                    looked = None;
                    match self.conversation.close_cause {
                        None => {
                            let reason = "the relay is shutting down";
                            Box::pin(self.begin_close(Cause::Shutdown, reason)).await
                        }
                        Some(_) => None,
                    }
                }
            };
            if let Some(cause) = ended {
                return cause;
            }
            let end = self.close_deadline.unwrap_or(self.heard + config.idle_timeout);
            clock.as_mut().reset(self.next_moment().map_or(end, |next| next.min(end)));
        }
    }

    /// When a behaviour has something to do, or the goodbye that it has said is not answered.
    fn next_moment(&self) -> Option<Instant> {
        [self.conversation.next_due(), self.close_deadline].into_iter().flatten().min()
    }

    /// Takes turns for as long as bytes come and answers go.
    fn poll_turns(&mut self, cx: &mut Context<'_>) -> Poll<Stop> {
        WORKSPACE.with_borrow_mut(|Workspace { read, gathered }| {
            loop {
                if self.conversation.is_blocked() {
                    return Poll::Pending;
                }
                let mut unread = std::mem::take(&mut self.unread);
                let bytes = if unread.is_empty() && !self.conversation.cut_short {
                    match self.socket.poll_read(cx, read) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Ok(0)) => {
                            return Poll::Ready(Stop::Over(
                                self.conversation.close_cause.unwrap_or(Cause::ConnectionEnded),
                            ));
                        }
                        Poll::Ready(Ok(count)) => &mut read[..count],
                        Poll::Ready(Err(_)) => return Poll::Ready(Stop::Over(Cause::ConnectionLost)),
                    }
                } else {
                    &mut unread[..]
                };
                self.heard = Instant::now();
                if let Some(stop) = self.turn(bytes, gathered, cx) {
                    return Poll::Ready(stop);
                }
                if self.conversation.cut_short {
                    // A turn that was cut short has been long enough: others first. Waking this task would not do: as long
                    // as one is awake, tokio looks but seldom for what has come on other lines.
                    let _ = pin!(yield_now()).poll(cx);
                    return Poll::Pending;
                }
            }
        })
    }

    /// One turn: looks at `bytes`, and writes what goes back for them.
    #[inline]
    fn turn(&mut self, mut bytes: &mut [u8], gathered: &mut Vec<u8>, cx: &mut Context<'_>) -> Option<Stop> {
        let conversation = &mut self.conversation;
        let mut replies = Replies::new(gathered);
        conversation.take(&mut bytes, &mut replies);
        self.unread = bytes.to_vec();
        if self.conversation.close_cause.is_some() && self.close_deadline.is_none() {
            self.close_deadline = Some(Instant::now() + self.app.config.close_timeout);
        }
        let conversation = &mut self.conversation;
        if self.held.resize(conversation.held()).is_err() {
            let reason = "this relay holds as many unfinished messages as it may; try again later";
            conversation.send_close(CloseCode::TRY_AGAIN_LATER, reason, &mut replies);
            conversation.over = Some(Cause::OutOfMemory);
        }
        let written = self.socket.write(cx, &replies);
        conversation.recorder.written(self.socket.written());
        if gathered.capacity() > GATHERED {
            gathered.clear();
            gathered.shrink_to(GATHERED);
        }
        match written {
            Ok(true) => conversation.over.map(Stop::Over),
            Ok(false) => Some(Stop::Stalled),
            Err(cause) => Some(Stop::Over(cause)),
        }
    }

    /// Writes what the line has not taken. Meanwhile commands wait, but for one that drops the socket.
    async fn drain(&mut self) -> Result<(), Cause> {
        let recorder = &mut self.conversation.recorder;
        let mailbox = recorder.mailbox().cloned();
        let dropped = poll_fn(|cx| mailbox.as_ref().map_or(Poll::Pending, |mailbox| mailbox.poll_take_drop(cx)));
        let drained = tokio::select! {
            drained = self.socket.drain(self.app.config.write_timeout, &self.app.shutdown) => drained,
            pending = dropped => {
                pending.answer(None);
                let by = if let Command::Drop(by) = pending.command { by } else { DropBy::Fin };
                recorder.abandon(Act::of(command::dropped(by)), self.socket.written());
                Err(by.into())
            }
        };
        recorder.written(self.socket.written());
        drained
    }

    /// Does what an observer asks for; gives the cause if that ends the connection.
    async fn execute(&mut self, pending: PendingCommand) -> Option<Cause> {
        let PendingCommand { command, .. } = &pending;
        let limits = self.app.config.limits();
        let refused = self.conversation.execute(command.clone(), &limits).err();
        if let Some(why) = &refused {
            self.conversation.recorder.note(Act::refused(command, why.clone()));
        }
        pending.answer(refused);
        self.act().await
    }

    /// A turn without bytes: does what a behaviour has to do now.
    async fn act(&mut self) -> Option<Cause> {
        let stop = poll_fn(|cx| {
            let mut unread = std::mem::take(&mut self.unread);
            let stop = WORKSPACE.with_borrow_mut(|Workspace { gathered, .. }| self.turn(&mut unread, gathered, cx));
            Poll::Ready(stop)
        });
        match stop.await {
            Some(Stop::Over(cause)) => Some(cause),
            Some(Stop::Stalled) => self.drain().await.err().or(self.conversation.over),
            _ => None,
        }
    }

    /// Begins the closing handshake from this side; gives the cause if that ends the connection.
    async fn begin_close(&mut self, cause: Cause, reason: &'static str) -> Option<Cause> {
        self.close_deadline = Some(Instant::now() + self.app.config.close_timeout);
        let mut room = Vec::new();
        let mut replies = Replies::new(&mut room);
        self.conversation.begin_close(cause, reason, &mut replies);
        let written = poll_fn(|cx| Poll::Ready(self.socket.write(cx, &replies))).await;
        self.conversation.recorder.written(self.socket.written());
        match written {
            Ok(true) => None,
            Ok(false) => self.drain().await.err(),
            Err(cause) => Some(cause),
        }
    }

    async fn end(self: Box<Self>, cause: Cause) {
        let Self { socket, mut conversation, held, app, _deflating: deflating, .. } = *self;
        conversation.cut_off();
        let sent_close = conversation.outgoing.sent_close();
        conversation.recorder.closed(cause);
        // For others, also while this one waits for the other end to close.
        drop((conversation.incoming, conversation.outgoing, held, deflating));
        match cause {
            Cause::Reset => socket.reset(),
            Cause::NotReading | Cause::ConnectionLost | Cause::ConnectionEnded => {}
            Cause::Dropped => socket.close(&app.shutdown).await,
            _ if sent_close => socket.close(&app.shutdown).await,
            _ => {}
        }
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
