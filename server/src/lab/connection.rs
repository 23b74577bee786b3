//! The loop that runs an open connection: it takes turns while bytes arrive. Every wait has a timeout.

use super::conversation::Conversation;
use super::recorder::Recorder;
use super::replies::Replies;
use super::socket::Socket;
use crate::command_frames;
use crate::limits::Gathers;
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
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::WaitForCancellationFuture;
use wire::close::CloseCode;

/// The size of one read, in bytes. It is a little more than a power of two, so that a message of that size with its header fits
/// into one read.
const READ: usize = (256 << 10) + (4 << 10);
/// A write buffer that a large frame has grown shrinks back to this size.
const GATHERED: usize = 64 << 10;

/// Of so many reads, one is timed for the metrics.
const TIMED: u32 = 32;

/// How long the relay still sends what is due after the client has closed its half: longer than a behavior can delay a reply.
pub(crate) const HALF_CLOSED: Duration = Duration::from_secs(70);

/// The buffers of a turn. They are empty between turns, so all connections of a thread share them.
struct Workspace {
    read: Box<[u8]>,
    gathered: Vec<u8>,
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> =
        RefCell::new(Workspace { read: vec![0; READ].into(), gathered: Vec::new() });
}

/// An open connection: everything that stays between turns. It is boxed, because a future would store it more than once.
pub(super) struct Connection<R> {
    socket: Socket,
    conversation: Conversation<R>,
    /// Bytes that were read but not processed yet.
    unread: Vec<u8>,
    /// This connection's share of the memory for incomplete messages.
    held: MemoryShare,
    /// When data last arrived.
    heard: Instant,
    /// The deadline for the client to answer the relay's close frame, once it was sent.
    close_deadline: Option<Instant>,
    /// Until when the relay still sends, once the client has closed its half of the connection.
    half_closed: Option<Instant>,
    /// What the behavior has to gather, because all of them send too often.
    gathers: Gathers,
    /// How many times bytes were read.
    reads: u32,
    app: AppState,
    /// The permit to compress, released on drop.
    _deflating: Option<OwnedSemaphorePermit>,
}

/// Why turns stopped.
enum Stop {
    /// The socket did not accept everything.
    Stalled,
    /// The connection has ended.
    Over(Cause),
    /// The timer fired.
    Clock,
    /// An observer sent a command.
    Command(PendingCommand),
    /// The relay shuts down, or the operator ended the session.
    Shutdown,
}

impl<R: Recorder> Connection<R> {
    /// `early` is what arrived right after the request.
    pub(super) fn new(
        socket: Socket,
        early: Bytes,
        conversation: Conversation<R>,
        deflating: Option<OwnedSemaphorePermit>,
        app: AppState,
    ) -> Self {
        let (unread, held, heard) = (early.into(), app.memory.share(), Instant::now());
        let (close_deadline, half_closed) = (None, None);
        let gathers = Gathers::default();
        let reads = 0;
        Self {
            socket,
            conversation,
            unread,
            held,
            heard,
            close_deadline,
            half_closed,
            gathers,
            reads,
            app,
            _deflating: deflating,
        }
    }

    /// Runs it to its end.
    pub(super) async fn run(mut self: Box<Self>) {
        let cause = self.talk().await;
        Box::pin(self.end(cause)).await;
    }

    async fn talk(&mut self) -> Cause {
        let (config, shutdown) = (self.app.config.clone(), self.app.shutdown.clone());
        // One timer for the whole connection. A read only stores the time; the timer is reset when it fires early.
        let mut clock = pin!(sleep_until(self.heard + config.idle_timeout));
        let mut end = pin!(shutdown.asked());
        // The shutdown stage at which `end` was last polled.
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
                // With an engine, a turn may have brought the next deadline closer.
                if let Some(next) = self.next_moment().filter(|next| *next < clock.deadline()) {
                    clock.as_mut().reset(next);
                }
                // Polled only before a wait, so that busy connections do not contend.
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
                Stop::Clock if self.next_act().is_some_and(|due| due <= Instant::now()) => {
                    match self.gathers.must_wait(&self.app.timed_writes) {
                        true => {
                            self.gathers.first_wait().into_iter().for_each(|act| self.conversation.recorder.note(act));
                            None
                        }
                        false => Box::pin(self.act()).await,
                    }
                }
                Stop::Clock if self.half_closed.is_some_and(|by| by <= Instant::now()) => Some(self.client_ended()),
                Stop::Clock => match self.conversation.close_cause {
                    Some(_) if self.close_deadline.is_some_and(|by| by > Instant::now()) => None,
                    Some(cause @ (Cause::Shutdown | Cause::Operator | Cause::RelayLost)) => Some(cause),
                    Some(cause) if !self.conversation.outgoing.sent_close() => Some(cause),
                    Some(_) => Some(Cause::NoCloseAnswer),
                    None if self.heard.elapsed() < config.idle_timeout => None,
                    None => {
                        Box::pin(
                            self.begin_close(Cause::Idle, (CloseCode::GOING_AWAY, "no data received for too long")),
                        )
                        .await
                    }
                },
                Stop::Shutdown if shutdown.stage() > 1 => Some(shutdown.cause()),
                Stop::Shutdown => {
                    end.set(shutdown.connections_over());
                    looked = None;
                    match self.conversation.close_cause {
                        None => {
                            Box::pin(self.begin_close(shutdown.cause(), (shutdown.close_code(), shutdown.reason())))
                                .await
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

    /// The next deadline: of the engine, of a wait because of a limit, for the answer to a close frame, or for the end of a half-closed connection.
    fn next_moment(&self) -> Option<Instant> {
        [self.next_act(), self.socket.waits_until(), self.close_deadline, self.half_closed].into_iter().flatten().min()
    }

    /// When the engine has something to do, and the connection may send it.
    fn next_act(&self) -> Option<Instant> {
        let due = self.conversation.next_due()?;
        [self.socket.waits_until(), self.gathers.until(), Some(due)].into_iter().flatten().max()
    }

    /// The cause of an end by the client.
    fn client_ended(&self) -> Cause {
        self.conversation.close_cause.unwrap_or(Cause::ConnectionEnded)
    }

    /// Takes turns as long as bytes arrive and the socket accepts the answers.
    fn poll_turns(&mut self, cx: &mut Context<'_>) -> Poll<Stop> {
        WORKSPACE.with_borrow_mut(|Workspace { read, gathered }| {
            loop {
                if self.half_closed.is_some() {
                    let is_over = self.conversation.next_due().is_none();
                    return if is_over { Poll::Ready(Stop::Over(self.client_ended())) } else { Poll::Pending };
                }
                if self.conversation.is_blocked() {
                    return Poll::Pending;
                }
                if self.socket.must_wait() {
                    // The clock fires when the wait is over.
                    if let Some(act) = self.socket.first_wait() {
                        self.conversation.recorder.note(act);
                    }
                    return Poll::Pending;
                }
                let mut unread = std::mem::take(&mut self.unread);
                let bytes = if unread.is_empty() && !self.conversation.cut_short {
                    match self.socket.poll_read(cx, read) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Ok(0)) => {
                            // It may still read, and a delayed reply may be due.
                            self.half_closed = Some(Instant::now() + HALF_CLOSED);
                            self.conversation.stop_timers();
                            continue;
                        }
                        Poll::Ready(Ok(count)) => &mut read[..count],
                        Poll::Ready(Err(_)) => return Poll::Ready(Stop::Over(Cause::ConnectionLost)),
                    }
                } else {
                    &mut unread[..]
                };
                self.heard = Instant::now();
                let sent = self.socket.written();
                let stop = self.turn(bytes, gathered, cx);
                if self.reads.is_multiple_of(TIMED) && self.socket.written() > sent {
                    self.app.metrics.echo_took(self.heard.elapsed());
                }
                self.reads = self.reads.wrapping_add(1);
                if let Some(stop) = stop {
                    return Poll::Ready(stop);
                }
                if self.conversation.cut_short {
                    // This turn reached its limit, so let other tasks run. Waking this task directly is not enough: while a
                    // task is ready, tokio rarely polls for I/O on other connections.
                    let _ = pin!(yield_now()).poll(cx);
                    return Poll::Pending;
                }
            }
        })
    }

    /// One turn: processes `bytes` and writes the answers.
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
            let reason = "this relay has no memory left for incomplete messages; try again later";
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

    /// Writes what the socket has not accepted. Commands wait meanwhile, except one that drops the connection.
    async fn drain(&mut self) -> Result<(), Cause> {
        let recorder = &mut self.conversation.recorder;
        let mailbox = recorder.mailbox().cloned();
        let dropped = poll_fn(|cx| mailbox.as_ref().map_or(Poll::Pending, |mailbox| mailbox.poll_take_drop(cx)));
        let drained = tokio::select! {
            drained = self.socket.drain(self.app.config.write_timeout, &self.app.shutdown) => drained,
            pending = dropped => {
                pending.answer(None);
                let by = if let Command::Drop(by) = pending.command { by } else { DropBy::Fin };
                recorder.abandon(Act::of(command_frames::dropped(by)), self.socket.written());
                Err(by.into())
            }
        };
        recorder.written(self.socket.written());
        drained
    }

    /// Executes an observer's command. Returns the cause if that ends the connection.
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

    /// A turn without bytes: the engine does what is due.
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

    /// Begins the closing handshake. Returns the cause if that ends the connection.
    async fn begin_close(&mut self, cause: Cause, close: (CloseCode, &'static str)) -> Option<Cause> {
        self.close_deadline = Some(Instant::now() + self.app.config.close_timeout);
        let mut room = Vec::new();
        let mut replies = Replies::new(&mut room);
        self.conversation.begin_close(cause, close, &mut replies);
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
        // Release these before waiting for the client to close.
        drop((conversation.incoming, conversation.outgoing, held, deflating));
        match cause {
            Cause::Reset => socket.reset(),
            Cause::NotReading | Cause::ConnectionLost => {}
            Cause::Dropped | Cause::ConnectionEnded => socket.close(&app.shutdown).await,
            _ if sent_close => socket.close(&app.shutdown).await,
            _ => {}
        }
    }
}

/// Whether the shutdown reached `end`. The future is polled once per stage, which registers this task. Polling takes a lock that
/// all connections share.
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
