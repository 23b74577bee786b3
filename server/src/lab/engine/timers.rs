//! When a behavior's timed actions are due.

use crate::behaviour::{After, ConnectionBehaviour};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The longest pause that a command can set.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// The most pings that wait for their pong. Further pings have no deadline.
pub(super) const MAX_PINGED: usize = 64;

/// When each action is next due.
#[derive(Default)]
pub(super) struct Timers {
    pub(super) push: Option<Instant>,
    pub(super) ping: Option<Instant>,
    /// Sent pings with the deadline for their pong, in ascending order.
    pub(super) pinged: VecDeque<(Vec<u8>, Instant)>,
    pub(super) close: Option<Instant>,
    pub(super) drop: Option<Instant>,
    pub(super) idle: Option<Instant>,
    /// The end of a pause.
    pub(super) resume: Option<Instant>,
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
            pinged: VecDeque::new(),
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
        let Self { push, ping, pinged, close, drop, idle, resume } = self;
        let pong = pinged.front().map(|(_, by)| *by);
        [*push, *ping, pong, *close, *drop, *idle, *resume].into_iter().flatten().min()
    }
}

/// Takes the time out of `timer` if it has passed.
pub(super) fn due(timer: &mut Option<Instant>, now: Instant) -> bool {
    timer.take_if(|at| *at <= now).is_some()
}
