//! The messages and handshakes that wait for a decision, found in the observations.

use crate::lab::Record;
use leptos::prelude::window;
use observation::rule::{Expiry, HandshakePart};
use observation::{Act, ConnectionNumber, Content, Event, Intercepted, InterceptedHandshake, Party, Seq};

/// What waits, as of an observation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Waiting {
    until: Seq,
    /// In the order in which they arrived.
    pub(super) held: Vec<Held>,
}

/// A message or handshake that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) connection: ConnectionNumber,
    /// Its number on that connection.
    pub(super) number: u64,
    /// The observation that says that it is held.
    pub(super) seq: Seq,
    pub(super) what: HeldThing,
    /// When its time is over, in microseconds since the session began.
    pub(super) until_us: u64,
    /// What happens then.
    pub(super) expiry: Expiry,
    /// When the connection ends before that if nothing more is sent on it, in the same unit. `None` if that is not known.
    pub(super) ends_us: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HeldThing {
    Message {
        from: Party,
        content: Content,
    },
    Handshake {
        part: HandshakePart,
        head: Vec<u8>,
        /// The headers whose values are not recorded.
        concealed: Vec<String>,
    },
}

/// How long something is held.
struct Wait {
    until_us: u64,
    expiry: Expiry,
    ends_us: Option<u64>,
}

/// What an act says about something that is held: its number, and its wait if it still waits.
type Step = (u64, Option<Wait>, HeldThing);

fn step(act: &Act) -> Option<Step> {
    let wait = |until_us: Option<u64>, expiry: Option<Expiry>, ends_us| {
        until_us.map(|until_us| Wait { until_us, expiry: expiry.unwrap_or_default(), ends_us })
    };
    if let Some(intercepted) = &act.intercepted {
        let Intercepted { held, until_us, ends_us, expiry, before: content, from, .. } = intercepted.read().ok()?;
        return Some((held?, wait(until_us, expiry, ends_us), HeldThing::Message { from, content }));
    }
    let InterceptedHandshake { held, until_us, expiry, part, before: head, concealed, .. } =
        act.handshake.as_ref()?.read().ok()?;
    Some((held?, wait(until_us, expiry, None), HeldThing::Handshake { part, head, concealed }))
}

impl Held {
    pub(super) fn key(&self) -> (ConnectionNumber, u64) {
        (self.connection, self.number)
    }
}

impl Waiting {
    /// Continues with what was observed since.
    pub(super) fn go_on(mut self, record: &Record) -> Self {
        for observation in record.transcript.after(self.until) {
            let (connection, seq) = (observation.connection, observation.seq);
            self.until = seq;
            match &observation.event {
                Event::Act(act) if act.refused.is_none() => {
                    let Some((number, wait, what)) = step(act) else { continue };
                    self.held.retain(|held| held.key() != (connection, number));
                    if let Some(Wait { until_us, expiry, ends_us }) = wait {
                        self.held.push(Held { connection, number, seq, what, until_us, expiry, ends_us });
                    }
                }
                Event::Frame(_) => {
                    let other = record.transcript.connection(connection).and_then(|connection| connection.other);
                    let is_on = |held: &&mut Held| held.connection == connection || Some(held.connection) == other;
                    self.held.iter_mut().filter(is_on).for_each(|held| held.ends_us = None);
                }
                Event::Closed(_) | Event::Refusal(_) => self.held.retain(|held| held.connection != connection),
                _ => {}
            }
        }
        self
    }
}

/// How much later than its time a message leaves the list, in milliseconds. The relay's word for it is usually there by then, but a gap may
/// have swallowed it.
const LATE: f64 = 2_000.0;

impl Waiting {
    /// The messages whose time is not over. `now_us` is the session's time.
    pub(super) fn in_time(&self, now_us: f64) -> Vec<Held> {
        let is_in_time = |held: &&Held| now_us < held.until_us as f64 + LATE * 1000.0;
        self.held.iter().filter(is_in_time).cloned().collect()
    }
}

/// The page's clock, in milliseconds.
pub(super) fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}
