//! Two lines, and what comes on one going out on the other: bounded, with an end for every wait.
//!
//! What was read is written on at once, in the same poll, and only then looked at. What the other line does not take is kept,
//! at most one read of it, and meanwhile nothing more is read: so a slow end slows the other down, and no memory grows.

use super::direction::Direction;
use super::interference::Interference;
use crate::args::Config;
use crate::listen::{ConnectionSlot, Stream};
use crate::state::AppState;
use observation::Act;
use observation::command::DropBy;
use observation::event::Cause;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};

/// What one read takes, in bytes.
const READ: usize = 256 << 10;

thread_local! {
    static READ_INTO: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into());
}

/// Who writes down what passes.
pub(super) trait BridgeObserver: Send + 'static {
    /// These bytes have passed; they may be changed. Gives whether all has been looked at: if not, it is called again, with
    /// none, before more pass.
    fn passed(&mut self, direction: Direction, bytes: &mut [u8]) -> bool;
    /// Something is done on purpose.
    fn act(&mut self, act: Act);
    /// Whether both ends have said goodbye.
    fn both_closed(&self) -> bool;
    /// What the relay itself says to the server and to the client when it is to end; nothing where that is for others.
    fn close_frames(&mut self) -> [Vec<u8>; 2];
    /// It is over, for these causes on either leg.
    fn over(self, near: Cause, far: Cause);
}

pub(super) struct Bridge<W> {
    near: Stream,
    far: Stream,
    to_server: OneWay,
    to_client: OneWay,
    observer: W,
    interference: Option<Box<Interference>>,
    /// When something last came.
    heard: Instant,
    /// When a box last let something through.
    moved: Instant,
    /// Which end was the first to end, and when.
    first_end: Option<(Direction, Instant)>,
    app: AppState,
    _slot: ConnectionSlot,
}

/// One direction.
#[derive(Default)]
struct OneWay {
    /// What came behind a head, and is taken before anything is read.
    early: Vec<u8>,
    /// What the line has not taken: `unsent[sent..]`.
    unsent: Vec<u8>,
    sent: usize,
    unflushed: bool,
    /// Since when the line has taken nothing.
    stalled: Option<Instant>,
    /// Whether its source has ended, and whether the other end has been told.
    ended: bool,
    passed_end: bool,
    /// Whether the observer has not looked at all of it.
    unseen: bool,
}

/// Why it is over: what became of each line, and how what is left of them ends.
struct Outcome {
    near: Cause,
    far: Cause,
    how: DropBy,
}

/// Which end of a direction has broken.
enum BrokenEnd {
    Source,
    Sink,
}

impl OneWay {
    /// Writes what waits; ready when nothing does.
    fn poll_drain(&mut self, to: &mut Stream, cx: &mut Context<'_>) -> Poll<Result<(), BrokenEnd>> {
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

    /// Writes `bytes` on, as far as the line takes them.
    fn write(&mut self, to: &mut Stream, bytes: &[u8], cx: &mut Context<'_>) -> Result<(), BrokenEnd> {
        let written = match Pin::new(&mut *to).poll_write(cx, bytes) {
            Poll::Ready(Ok(count)) if count > 0 => count,
            Poll::Ready(_) => return Err(BrokenEnd::Sink),
            Poll::Pending => 0,
        };
        self.unflushed = to.needs_flush();
        self.unsent.extend_from_slice(&bytes[written..]);
        Ok(())
    }

    /// More from the source: how much of `buffer` it fills, at most `most`.
    fn poll_read(
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

impl<W: BridgeObserver> Bridge<W> {
    /// `early` is what came behind the request, and behind the answer.
    pub(super) fn new(
        (near, slot): (Stream, ConnectionSlot),
        far: Stream,
        early: [Vec<u8>; 2],
        observer: W,
        interference: Option<Box<Interference>>,
        app: AppState,
    ) -> Self {
        let [to_server, to_client] = early.map(|early| OneWay { early, ..OneWay::default() });
        let now = Instant::now();
        Self {
            near,
            far,
            to_server,
            to_client,
            observer,
            interference,
            heard: now,
            moved: now,
            first_end: None,
            app,
            _slot: slot,
        }
    }

    /// Runs it to its end.
    pub(super) async fn run(mut self: Box<Self>) {
        let Outcome { near, far, how } = self.pass().await;
        let Self { near: near_line, far: far_line, observer, .. } = *self;
        observer.over(near, far);
        if how == DropBy::Reset {
            near_line.reset();
            far_line.reset();
        }
    }

    async fn pass(&mut self) -> Outcome {
        let (config, shutdown) = (self.app.config.clone(), self.app.shutdown.clone());
        let mut clock = pin!(sleep_until(self.heard + config.idle_timeout));
        let mut asked = pin!(shutdown.asked());
        let mut connections_over = pin!(shutdown.connections_over());
        // The stage of the shutdown at which these two were last looked at: all bridges wait for them, and looking takes their
        // lock.
        let mut looked = None;
        let mut closing = false;
        poll_fn(|cx| {
            loop {
                if let Some(over) = self.poll_both(cx) {
                    return Poll::Ready(over);
                }
                let stage = shutdown.stage();
                if looked.replace(stage) != Some(stage) {
                    if connections_over.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(Outcome { near: Cause::Shutdown, far: Cause::Shutdown, how: DropBy::Fin });
                    }
                    if !closing && asked.as_mut().poll(cx).is_ready() {
                        closing = true;
                        let [to_server, to_client] = self.observer.close_frames();
                        self.to_server.unsent.extend(to_server);
                        self.to_client.unsent.extend(to_client);
                        continue;
                    }
                }
                // Moved forward only when it fires: what passes puts off the end of silence each time.
                let due = self.next_due(&config);
                if due < clock.deadline() {
                    clock.as_mut().reset(due);
                }
                ready!(clock.as_mut().poll(cx));
                clock.as_mut().reset(due);
                if let Some(over) = self.too_late(&config) {
                    return Poll::Ready(over);
                }
            }
        })
        .await
    }

    /// Lets pass what can pass, both ways; gives the end when it has come.
    fn poll_both(&mut self, cx: &mut Context<'_>) -> Option<Outcome> {
        for direction in [Direction::ToServer, Direction::ToClient] {
            let broken = match self.poll_direction(direction, cx) {
                Ok(None) => continue,
                Ok(Some(by)) => return Some(self.cut(by)),
                Err(BrokenEnd::Source) => direction,
                Err(BrokenEnd::Sink) if direction == Direction::ToServer => Direction::ToClient,
                Err(BrokenEnd::Sink) => Direction::ToServer,
            };
            // Where a goodbye has been said by both, a line that breaks changes nothing.
            let causes = match broken {
                _ if self.observer.both_closed() => [Cause::ClosingHandshake; 2],
                _ if self.first_end.is_some() => return Some(self.ended()),
                Direction::ToServer => [Cause::ConnectionLost, Cause::OtherLeg],
                Direction::ToClient => [Cause::OtherLeg, Cause::ConnectionLost],
            };
            return Some(Outcome { near: causes[0], far: causes[1], how: DropBy::Reset });
        }
        (self.to_server.passed_end && self.to_client.passed_end).then(|| self.ended())
    }

    /// Both lines have ended, one after the other.
    fn ended(&self) -> Outcome {
        let [near, far] = match self.first_end {
            _ if self.observer.both_closed() => [Cause::ClosingHandshake; 2],
            Some((Direction::ToClient, _)) => [Cause::OtherLeg, Cause::ConnectionEnded],
            _ => [Cause::ConnectionEnded, Cause::OtherLeg],
        };
        Outcome { near, far, how: DropBy::Fin }
    }

    /// A middlebox ends both lines.
    fn cut(&self, by: DropBy) -> Outcome {
        Outcome { near: by.into(), far: by.into(), how: by }
    }

    /// Lets pass what can pass one way; gives how both lines are to be cut, if they are.
    fn poll_direction(&mut self, direction: Direction, cx: &mut Context<'_>) -> Result<Option<DropBy>, BrokenEnd> {
        let Self { near, far, to_server, to_client, observer, interference, heard, moved, first_end, .. } = self;
        let (pass, from, to) = match direction {
            Direction::ToServer => (to_server, near, far),
            Direction::ToClient => (to_client, far, near),
        };
        loop {
            match pass.poll_drain(to, cx) {
                Poll::Ready(drained) => drained?,
                Poll::Pending => return Ok(None),
            }
            if pass.unseen {
                pass.unseen = !observer.passed(direction, &mut []);
                if pass.unseen {
                    // It has been long enough: others first.
                    cx.waker().wake_by_ref();
                    return Ok(None);
                }
            }
            let mut most = READ;
            if let Some(interference) = interference {
                let now = Instant::now();
                if let Some(mut bytes) = interference.take(direction, now) {
                    *moved = now;
                    pass.unsent.extend_from_slice(&bytes);
                    interference.acts().into_iter().for_each(|act| observer.act(act));
                    if direction == Direction::ToClient {
                        pass.unseen = !observer.passed(direction, &mut bytes);
                    }
                    continue;
                }
                if let Some((by, act)) = interference.cuts_now() {
                    observer.act(act);
                    return Ok(Some(by));
                }
                most = interference.room(direction);
            }
            if pass.ended {
                if !pass.passed_end && interference.as_ref().is_none_or(|interference| interference.is_empty(direction))
                {
                    match Pin::new(&mut *to).poll_shutdown(cx) {
                        Poll::Ready(Ok(())) => pass.passed_end = true,
                        Poll::Ready(Err(_)) => return Err(BrokenEnd::Sink),
                        Poll::Pending => {}
                    }
                }
                return Ok(None);
            }
            if most == 0 {
                return Ok(None);
            }
            let read = READ_INTO.with_borrow_mut(|buffer| {
                let count = match pass.poll_read(from, buffer, most, cx) {
                    Poll::Ready(count) => count?,
                    Poll::Pending => return Ok(false),
                };
                let bytes = &mut buffer[..count];
                *heard = Instant::now();
                if count == 0 {
                    pass.ended = true;
                    first_end.get_or_insert((direction, *heard));
                    if let Some(interference) = interference {
                        interference.end(direction);
                    }
                    return Ok(true);
                }
                let Some(interference) = interference else {
                    pass.write(to, bytes, cx)?;
                    pass.unseen = !observer.passed(direction, bytes);
                    return Ok(true);
                };
                interference.push(direction, bytes, *heard);
                if direction == Direction::ToServer {
                    pass.unseen = !observer.passed(direction, bytes);
                }
                Ok(true)
            })?;
            if !read {
                return Ok(None);
            }
        }
    }

    /// When to look again, if nothing comes before.
    fn next_due(&self, config: &Config) -> Instant {
        let stalled = [&self.to_server, &self.to_client]
            .into_iter()
            .filter_map(|pass| Some(pass.stalled? + config.write_timeout));
        let ending = self.ending(config);
        // What waits behind a line that takes nothing is not due.
        let free = |pass: &OneWay| pass.stalled.is_none();
        let free = [free(&self.to_server), free(&self.to_client)];
        let interference = self.interference.as_ref().and_then(|interference| interference.next_due(free));
        let all = stalled.chain(ending).chain(interference).chain([self.heard + config.idle_timeout]);
        all.min().unwrap_or(self.heard)
    }

    /// Until when the other end has to follow the one that has ended. What a box still holds goes first.
    fn ending(&self, config: &Config) -> Option<Instant> {
        let holds =
            |direction| self.interference.as_ref().is_some_and(|interference| !interference.is_empty(direction));
        let (_, ended) = self.first_end.filter(|_| !holds(Direction::ToServer) && !holds(Direction::ToClient))?;
        Some(ended.max(self.moved) + config.close_timeout)
    }

    /// What has taken too long, if something has.
    fn too_late(&mut self, config: &Config) -> Option<Outcome> {
        let now = Instant::now();
        if let Some((by, act)) = self.interference.as_mut().and_then(|interference| interference.expired(now)) {
            self.observer.act(act);
            return Some(self.cut(by));
        }
        let over = |pass: &OneWay| pass.stalled.is_some_and(|since| since + config.write_timeout <= now);
        let causes = match self.first_end {
            _ if over(&self.to_server) => [Cause::OtherLeg, Cause::NotReading],
            _ if over(&self.to_client) => [Cause::NotReading, Cause::OtherLeg],
            _ if self.ending(config).is_some_and(|end| end <= now) => return Some(self.ended()),
            _ if self.heard + config.idle_timeout <= now => [Cause::Idle; 2],
            _ => return None,
        };
        Some(Outcome { near: causes[0], far: causes[1], how: DropBy::Reset })
    }
}
