//! Copies bytes between two connections. Memory is bounded, and every wait has a timeout.
//!
//! Bytes are forwarded in the same poll that read them, and inspected afterwards. What the other connection does not accept is
//! kept, at most one read of it, and nothing more is read meanwhile. So a slow end slows the other down, and no memory grows.

use super::bridge_observer::BridgeObserver;
use super::direction::Direction;
use super::interference::Interference;
use super::one_way::{BrokenEnd, OneWay};
use crate::args::Config;
use crate::command_frames;
use crate::limits::Pace;
use crate::listen::{ConnectionSlot, Stream};
use crate::state::AppState;
use observation::Leg;
use observation::command::DropBy;
use observation::event::Cause;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::time::{Instant, sleep_until};

/// The size of one read, in bytes.
const READ: usize = 256 << 10;

thread_local! {
    static READ_INTO: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into());
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
    /// How long the second end may send nothing before the bridge closes it too.
    patience: Duration,
    app: AppState,
    /// How fast bytes may be transferred.
    pace: Option<Box<Pace>>,
    _slot: ConnectionSlot,
}

/// Why the bridge ended: the cause on each side, and how to close what is still open.
struct Outcome {
    near: Cause,
    far: Cause,
    how: DropBy,
}

impl<W: BridgeObserver> Bridge<W> {
    /// `early` is what arrived after the request and after the response. After one end has closed, the other may send nothing for
    /// as long as `patience`.
    pub(super) fn new(
        (near, slot): (Stream, ConnectionSlot),
        far: Stream,
        early: [Vec<u8>; 2],
        observer: W,
        interference: Option<Box<Interference>>,
        patience: Duration,
        app: AppState,
    ) -> Self {
        let [to_server, to_client] = early.map(OneWay::new);
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
            patience,
            app,
            pace: slot.pace(),
            _slot: slot,
        }
    }

    /// Runs the bridge to its end.
    pub(super) async fn run(mut self: Box<Self>) {
        let Outcome { near, far, how } = self.pass().await;
        let Self { near: client, far: server, observer, app, _slot: slot, .. } = *self;
        observer.over(near, far);
        match how {
            DropBy::Reset => {
                client.reset();
                server.reset();
            }
            // Unread bytes would turn the end into a reset.
            DropBy::Fin if near == Cause::Dropped || far == Cause::Dropped => {
                tokio::join!(client.close(&app.shutdown), server.close(&app.shutdown));
            }
            DropBy::Fin => {}
        }
        drop(slot);
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
                        let cause = shutdown.cause();
                        return Poll::Ready(Outcome { near: cause, far: cause, how: DropBy::Fin });
                    }
                    if !closing && asked.as_mut().poll(cx).is_ready() {
                        closing = true;
                        let [to_server, to_client] = self.observer.close_frames(&shutdown);
                        self.to_server.unsent.extend(to_server);
                        self.to_client.unsent.extend(to_client);
                        continue;
                    }
                }
                if self.observer.commands().has_news() {
                    while let Poll::Ready(command) = self.observer.poll_command(cx) {
                        if let Some((side, by)) = command {
                            return Poll::Ready(self.dropped(side, by));
                        }
                    }
                    continue;
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
        // What arrives from the server can make output for it: an answer in the client's place.
        for direction in [Direction::ToServer, Direction::ToClient, Direction::ToServer] {
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

    /// A command ends the connection of one side, and with it the other.
    fn dropped(&self, side: Leg, by: DropBy) -> Outcome {
        let [near, far] = match side {
            Leg::Near => [by.into(), Cause::OtherLeg],
            Leg::Far => [Cause::OtherLeg, by.into()],
        };
        Outcome { near, far, how: by }
    }

    /// Forwards one direction. Returns how to end both connections, if the middlebox does that.
    fn poll_direction(&mut self, direction: Direction, cx: &mut Context<'_>) -> Result<Option<DropBy>, BrokenEnd> {
        let Self { near, far, to_server, to_client, observer, interference, heard, moved, first_end, pace, .. } = self;
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
            if !pass.passed_end {
                if let Some(bytes) = observer.output(direction) {
                    match interference {
                        // A middlebox gets what the client has sent, as it goes on.
                        Some(interference) if direction == Direction::ToServer => {
                            interference.push(direction, &bytes, Instant::now());
                        }
                        _ => pass.unsent = bytes,
                    }
                    continue;
                }
                if let Some(bytes) = observer.insertion(direction) {
                    pass.unsent = bytes;
                    continue;
                }
            }
            if observer.cuts() {
                return Ok(Some(DropBy::Fin));
            }
            let mut most = READ;
            if let Some(interference) = interference {
                let now = Instant::now();
                if let Some(mut bytes) = interference.take(direction, now) {
                    *moved = now;
                    let is_kept = direction == Direction::ToClient && observer.keeps_back(direction);
                    if !is_kept {
                        pass.unsent.extend_from_slice(&bytes);
                    }
                    interference.acts().into_iter().for_each(|act| observer.act(Leg::Near, act));
                    if direction == Direction::ToClient {
                        observer.expects_end(interference.expires());
                        pass.unseen = !observer.passed(direction, &mut bytes);
                    }
                    continue;
                }
                if let Some((by, act)) = interference.cuts_now() {
                    observer.act(Leg::Near, act);
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
            if most == 0 || observer.commands().is_paused(direction) {
                return Ok(None);
            }
            if let Some(pace) = pace
                && pace.must_wait()
            {
                pace.first_wait().into_iter().for_each(|act| observer.act(Leg::Near, act));
                return Ok(None);
            }
            let read = READ_INTO.with_borrow_mut(|buffer| {
                let count = match pass.poll_read(from, buffer, most, cx) {
                    Poll::Ready(count) => count?,
                    Poll::Pending => return Ok(false),
                };
                let bytes = &mut buffer[..count];
                *heard = Instant::now();
                if let Some(pace) = pace {
                    // They are read and written.
                    pace.count(2 * count as u64);
                }
                if count == 0 {
                    pass.ended = true;
                    first_end.get_or_insert((direction, *heard));
                    observer.ended(direction);
                    if let Some(interference) = interference {
                        interference.end(direction);
                    }
                    return Ok(true);
                }
                let Some(interference) = interference else {
                    if !observer.keeps_back(direction) {
                        pass.write(to, bytes, cx)?;
                    }
                    pass.unseen = !observer.passed(direction, bytes);
                    return Ok(true);
                };
                if direction == Direction::ToClient || !observer.keeps_back(direction) {
                    interference.push(direction, bytes, *heard);
                }
                if direction == Direction::ToServer {
                    observer.expects_end(interference.expires());
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
    fn next_due(&mut self, config: &Config) -> Instant {
        let resumes = self.observer.commands().resumes_at();
        let stalled = [&self.to_server, &self.to_client]
            .into_iter()
            .filter_map(|pass| Some(pass.stalled? + config.write_timeout));
        let ending = self.ending();
        // Data behind a blocked connection is not due.
        let free = |pass: &OneWay| pass.stalled.is_none();
        let free = [free(&self.to_server), free(&self.to_client)];
        let interference = self.interference.as_ref().and_then(|interference| interference.next_due(free));
        let slowed = self.pace.as_ref().and_then(|pace| pace.until());
        let all = stalled.chain(ending).chain(interference).chain(resumes).chain(slowed);
        let all = all.chain([self.heard + config.idle_timeout]).chain(self.observer.next_due());
        all.min().unwrap_or(self.heard)
    }

    /// The deadline for the second end to close after the first one. It may still send, so its data postpones it, and data that a
    /// middlebox holds is forwarded first.
    fn ending(&self) -> Option<Instant> {
        let holds =
            |direction| self.interference.as_ref().is_some_and(|interference| !interference.is_empty(direction));
        let (_, ended) = self.first_end.filter(|_| !holds(Direction::ToServer) && !holds(Direction::ToClient))?;
        Some(ended.max(self.moved).max(self.heard) + self.patience)
    }

    /// The outcome, if a timeout has expired.
    fn too_late(&mut self, config: &Config) -> Option<Outcome> {
        let now = Instant::now();
        self.observer.tick(now);
        if let Some((by, act)) = self.interference.as_mut().and_then(|interference| interference.expired(now)) {
            self.observer.act(Leg::Near, act);
            return Some(self.cut(by));
        }
        if let Some(side) = self.observer.commands().resume(now) {
            self.observer.act(side, command_frames::resumed_by_itself());
            return None;
        }
        let over = |pass: &OneWay| pass.stalled.is_some_and(|since| since + config.write_timeout <= now);
        let causes = match self.first_end {
            _ if over(&self.to_server) => [Cause::OtherLeg, Cause::NotReading],
            _ if over(&self.to_client) => [Cause::NotReading, Cause::OtherLeg],
            _ if self.ending().is_some_and(|end| end <= now) => return Some(self.ended()),
            _ if self.heard + config.idle_timeout <= now => [Cause::Idle; 2],
            _ => return None,
        };
        Some(Outcome { near: causes[0], far: causes[1], how: DropBy::Reset })
    }
}
