//! The messages that wait for a decision, found in the observations.

use crate::lab::Record;
use leptos::prelude::window;
use observation::rule::Expiry;
use observation::{ConnectionNumber, Content, Event, Intercepted, Party, Seq};

/// The messages that wait, as of an observation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Waiting {
    until: Seq,
    /// In the order in which they arrived.
    pub(super) held: Vec<Held>,
}

/// A message that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) connection: ConnectionNumber,
    /// Its number on that connection.
    pub(super) number: u64,
    /// The observation that says that it is held.
    pub(super) seq: Seq,
    pub(super) from: Party,
    pub(super) message: Content,
    /// When its time is over, in microseconds since the session began.
    pub(super) until_us: u64,
    /// What happens then.
    pub(super) expiry: Expiry,
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
                    let Some(Ok(intercepted)) = act.intercepted.as_ref().map(|it| it.read()) else { continue };
                    let Intercepted { held: Some(number), until_us, expiry, before: message, from, .. } = intercepted
                    else {
                        continue;
                    };
                    self.held.retain(|held| held.key() != (connection, number));
                    if let Some(until_us) = until_us {
                        let expiry = expiry.unwrap_or_default();
                        self.held.push(Held { connection, number, seq, from, message, until_us, expiry });
                    }
                }
                Event::Closed(_) => self.held.retain(|held| held.connection != connection),
                _ => {}
            }
        }
        self
    }
}

/// The page's clock, in milliseconds.
pub(super) fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}
