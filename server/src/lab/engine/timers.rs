//! When a behavior's timed actions are due.

use crate::behaviour::{After, ConnectionBehaviour};
use crate::command_frames::MAX_PAUSE;
use tokio::time::Instant;
use wire::ping::Pings;

/// The most pings that wait for their pong. The oldest no longer has a deadline if there are more.
const MAX_PINGED: usize = 64;

/// When each action is next due.
pub(super) struct Timers {
    pub(super) push: Option<Instant>,
    pub(super) ping: Option<Instant>,
    /// Sent pings, each with the deadline for its pong if it has one.
    pub(super) pinged: Pings<Option<Instant>>,
    pub(super) close: Option<Instant>,
    pub(super) drop: Option<Instant>,
    pub(super) idle: Option<Instant>,
    /// The end of a pause.
    pub(super) resume: Option<Instant>,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            push: None,
            ping: None,
            pinged: Pings::new(MAX_PINGED),
            close: None,
            drop: None,
            idle: None,
            resume: None,
        }
    }
}

impl Timers {
    /// Starts the timers of `talk`. A pause continues.
    pub(super) fn start(&mut self, talk: &ConnectionBehaviour, now: Instant) {
        let at = |after: Option<After>| match after {
            Some(After::Time(time)) => Some(now + time),
            _ => None,
        };
        *self = Self {
            push: talk.push.as_ref().map(|push| now + push.every),
            ping: talk.heartbeat.as_ref().map(|heartbeat| now + heartbeat.every),
            pinged: Pings::new(MAX_PINGED),
            close: at(talk.close.as_ref().map(|close| close.when)),
            drop: at(talk.drop.map(|drop| drop.when)),
            idle: talk.idle.map(|idle| now + idle.after),
            resume: self.resume,
        };
    }

    /// Stops the behavior's timers.
    pub(super) fn stop(&mut self) {
        *self = Self { resume: self.resume, ..Self::default() };
    }

    pub(super) fn pause(&mut self, now: Instant) {
        self.resume = Some(now + MAX_PAUSE);
    }

    pub(super) fn next(&self) -> Option<Instant> {
        let Self { push, ping, close, drop, idle, resume, .. } = self;
        [*push, *ping, self.pong(), *close, *drop, *idle, *resume].into_iter().flatten().min()
    }

    /// The next deadline for a pong. All heartbeats of a behavior have the same timeout, so it is that of the oldest.
    pub(super) fn pong(&self) -> Option<Instant> {
        self.pinged.iter().copied().flatten().next()
    }
}

/// Takes the time out of `timer` if it has passed.
pub(super) fn due(timer: &mut Option<Instant>, now: Instant) -> bool {
    timer.take_if(|at| *at <= now).is_some()
}
