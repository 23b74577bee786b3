//! Collects what was read from a file as observations, within limits, and makes the document.

use crate::clock;
use crate::limits::Limits;
use observation::document::{Format, Import, Place, Problem, Source};
use observation::{ConnectionNumber, Document, Event, Frame, Observation, Seq};
use std::time::Duration;

/// Where and when something in a file was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Microseconds since 1970.
    pub(crate) at_us: u64,
    pub(crate) place: Place,
}

pub(crate) struct Recorder {
    limits: Limits,
    /// In the order in which they were read.
    seen: Vec<Seen>,
    connections: u32,
    /// How many bytes of payloads may still be kept.
    payloads: u64,
    /// How many bytes may still be inflated.
    inflatable: u64,
    problems: Vec<Problem>,
    more_problems: u64,
    /// The limits that were reached, so that each is reported once.
    is_full: bool,
    is_cut: bool,
}

struct Seen {
    at_us: u64,
    connection: ConnectionNumber,
    event: Event,
}

impl Recorder {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limits: *limits,
            seen: Vec::new(),
            connections: 0,
            payloads: limits.payloads,
            inflatable: limits.inflated,
            problems: Vec::new(),
            more_problems: 0,
            is_full: false,
            is_cut: false,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether there is place for another observation. The reader stops if not.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// How many connections have been found.
    pub(crate) fn connections(&self) -> u32 {
        self.connections
    }

    /// How many bytes may still be inflated. Whoever inflates subtracts from it.
    pub(crate) fn inflatable(&mut self) -> &mut u64 {
        &mut self.inflatable
    }

    /// The number of another connection.
    pub(crate) fn connection(&mut self) -> ConnectionNumber {
        self.connections += 1;
        ConnectionNumber(self.connections)
    }

    /// Adds a problem. `text` has no capital letter at its start and no full stop.
    pub(crate) fn problem(&mut self, place: Place, text: impl Into<String>) {
        if self.problems.len() < self.limits.problems {
            self.problems.push(Problem { place, text: text.into() });
        } else {
            self.more_problems += 1;
        }
    }

    /// Adds an event. Times inside it are also in microseconds since 1970.
    pub(crate) fn record(&mut self, moment: Moment, connection: ConnectionNumber, event: Event) {
        if self.seen.len() >= self.limits.observations {
            if !std::mem::replace(&mut self.is_full, true) {
                let most = self.limits.observations;
                self.problem(
                    moment.place,
                    format!("only the first {most} observations are read; the rest is left out"),
                );
            }
            return;
        }
        self.seen.push(Seen { at_us: moment.at_us, connection, event });
    }

    /// Adds a frame, and shortens its payload if there is not enough place for it.
    pub(crate) fn frame(&mut self, moment: Moment, connection: ConnectionNumber, mut frame: Frame) {
        let inflated = frame.inflated.as_mut().map(|inflated| &mut inflated.payload);
        let mut is_cut = false;
        for payload in [Some(&mut frame.payload), inflated].into_iter().flatten() {
            let most = usize::try_from(self.payloads).unwrap_or(usize::MAX);
            if payload.len() > most {
                payload.truncate(most);
                is_cut = true;
            }
            self.payloads -= payload.len() as u64;
        }
        if is_cut && !std::mem::replace(&mut self.is_cut, true) {
            let most = self.limits.payloads;
            self.problem(moment.place, format!("the payloads after the first {most} bytes are left out"));
        }
        self.record(moment, connection, Event::Frame(frame));
    }

    /// The document. `now` is the time since 1970, `began_us` when the file begins if it says so, in microseconds since 1970.
    pub(crate) fn finish(
        mut self,
        source: Source,
        program: Option<String>,
        began_us: Option<u64>,
        now: Duration,
    ) -> Document {
        // Frames that waited for missing bytes are read later than others of the same time or later.
        self.seen.sort_by_key(|seen| seen.at_us);
        let first = self.seen.iter().map(Seen::began_us).min();
        let began_us = [began_us, first].into_iter().flatten().min().unwrap_or_default();
        let observations =
            self.seen.into_iter().zip(1..).map(|(seen, number)| seen.observation(number, began_us)).collect();
        Document {
            rules: None,
            secrets: None,
            format: Format,
            exported: clock::rfc3339(u64::try_from(now.as_micros()).unwrap_or(u64::MAX)),
            began: clock::rfc3339(began_us),
            observations,
            import: Some(Import {
                source,
                // The file can say anything here.
                program: program.map(|name| name.chars().take(100).collect()),
                problems: self.problems,
                more_problems: self.more_problems,
            }),
        }
    }
}

impl Seen {
    fn began_us(&self) -> u64 {
        match &self.event {
            Event::Opening(opening) => opening.requested_us.min(self.at_us),
            Event::Refusal(refusal) => refusal.requested_us.min(self.at_us),
            _ => self.at_us,
        }
    }

    fn observation(self, number: u64, began_us: u64) -> Observation {
        let Self { at_us, connection, mut event } = self;
        match &mut event {
            Event::Opening(opening) => opening.requested_us -= began_us.min(opening.requested_us),
            Event::Refusal(refusal) => refusal.requested_us -= began_us.min(refusal.requested_us),
            _ => {}
        }
        Observation { seq: Seq(number), at_us: at_us - began_us.min(at_us), connection, event }
    }
}
