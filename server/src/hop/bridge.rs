//! Copies bytes between two connections. Memory is bounded, and every wait has a timeout.
//!
//! Bytes are forwarded in the same poll that read them, and inspected afterwards. What the other connection does not accept is
//! kept, at most one read of it, and nothing more is read meanwhile. So a slow end slows the other down, and no memory grows.

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

/// The size of one read, in bytes.
const READ: usize = 256 << 10;

thread_local! {
    static READ_INTO: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into());
}

/// Records what crosses a bridge.
pub(super) trait BridgeObserver: Send + 'static {
    /// These bytes were forwarded; the observer may change them. Returns whether it has processed everything. If not, it is
    /// called again without bytes before more are forwarded.
    fn passed(&mut self, direction: Direction, bytes: &mut [u8]) -> bool;
    /// A deliberate act of the middlebox.
    fn act(&mut self, act: Act);
    /// Whether both ends have sent a close frame.
    fn both_closed(&self) -> bool;
    /// The relay's own close frames to the server and to the client at shutdown. Empty if other code sends them.
    fn close_frames(&mut self) -> [Vec<u8>; 2];
    /// The bridge has ended, with a cause for the client side and one for the server side.
    fn over(self, near: Cause, far: Cause);
}

pub(super) struct Bridge<W> {
    near: Stream,
    far: Stream,
    to_server: OneWay,
    to_client: OneWay,
    observer: W,
    interference: Option<Box<Interference>>,
    /// When data last arrived.
    heard: Instant,
    /// When a middlebox last forwarded data that it held.
    moved: Instant,
    /// Which end was the first to close, and when.
    first_end: Option<(Direction, Instant)>,
    app: AppState,
    _slot: ConnectionSlot,
}

/// The state of one direction.
#[derive(Default)]
struct OneWay {
    /// What arrived after a head. It is forwarded before anything is read.
    early: Vec<u8>,
    /// What the destination has not accepted: `unsent[sent..]`.
    unsent: Vec<u8>,
    sent: usize,
    unflushed: bool,
    /// Since when the destination has accepted nothing.
    stalled: Option<Instant>,
    /// Whether the source has closed, and whether the destination was told.
    ended: bool,
    passed_end: bool,
    /// Whether the observer has not processed everything.
    unseen: bool,
}

/// Why the bridge ended: the cause on each side, and how to close what is still open.
struct Outcome {
    near: Cause,
    far: Cause,
    how: DropBy,
}

/// Which end of a direction has failed.
enum BrokenEnd {
    Source,
    Sink,
}

impl OneWay {
    /// Writes what is unsent. Ready when nothing is left.
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

    /// Forwards `bytes`, as far as the destination accepts them.
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

    /// Reads at most `most` bytes into `buffer`. Returns how many.
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
    /// `early` is what arrived after the request and after the response.
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

    /// Runs the bridge to its end.
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
        // The shutdown stage at which these two were last polled. All bridges wait for them, and polling takes their
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
                // Moved forward only when it fires, because all traffic postpones the idle timeout.
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

    /// Forwards in both directions what can be forwarded. Returns the outcome once the bridge has ended.
    fn poll_both(&mut self, cx: &mut Context<'_>) -> Option<Outcome> {
        for direction in [Direction::ToServer, Direction::ToClient] {
            let broken = match self.poll_direction(direction, cx) {
                Ok(None) => continue,
                Ok(Some(by)) => return Some(self.cut(by)),
                Err(BrokenEnd::Source) => direction,
                Err(BrokenEnd::Sink) if direction == Direction::ToServer => Direction::ToClient,
                Err(BrokenEnd::Sink) => Direction::ToServer,
            };
            // After both close frames, a failing connection changes nothing.
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

    /// Both connections have ended, one after the other.
    fn ended(&self) -> Outcome {
        let [near, far] = match self.first_end {
            _ if self.observer.both_closed() => [Cause::ClosingHandshake; 2],
            Some((Direction::ToClient, _)) => [Cause::OtherLeg, Cause::ConnectionEnded],
            _ => [Cause::ConnectionEnded, Cause::OtherLeg],
        };
        Outcome { near, far, how: DropBy::Fin }
    }

    /// A middlebox ends both connections.
    fn cut(&self, by: DropBy) -> Outcome {
        Outcome { near: by.into(), far: by.into(), how: by }
    }

    /// Forwards one direction. Returns how to end both connections, if the middlebox does that.
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
                    // Let other tasks run.
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

    /// When to check again if nothing arrives before.
    fn next_due(&self, config: &Config) -> Instant {
        let stalled = [&self.to_server, &self.to_client]
            .into_iter()
            .filter_map(|pass| Some(pass.stalled? + config.write_timeout));
        let ending = self.ending(config);
        // Data behind a blocked connection is not due.
        let free = |pass: &OneWay| pass.stalled.is_none();
        let free = [free(&self.to_server), free(&self.to_client)];
        let interference = self.interference.as_ref().and_then(|interference| interference.next_due(free));
        let all = stalled.chain(ending).chain(interference).chain([self.heard + config.idle_timeout]);
        all.min().unwrap_or(self.heard)
    }

    /// The deadline for the second end to close after the first one. Data that a middlebox holds is forwarded first.
    fn ending(&self, config: &Config) -> Option<Instant> {
        let holds =
            |direction| self.interference.as_ref().is_some_and(|interference| !interference.is_empty(direction));
        let (_, ended) = self.first_end.filter(|_| !holds(Direction::ToServer) && !holds(Direction::ToClient))?;
        Some(ended.max(self.moved) + config.close_timeout)
    }

    /// The outcome, if a timeout has expired.
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
