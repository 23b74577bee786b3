//! What one observer has seen, over all the relays that it was connected to.

use observation::{Answer, FeedMessage, Gap, Observation};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) log: BTreeMap<u64, Observation>,
    pub(crate) gaps: Vec<Gap>,
    /// Everything up to here was seen, or is in a gap.
    pub(crate) at: u64,
    /// The relay that it just connected to may know less. A gap may begin anywhere after this.
    floor: Option<u64>,
    pub(crate) answers: BTreeMap<u64, Answer>,
    /// What the relay said last about recording.
    pub(crate) interrupted: bool,
    /// Whether it is connected.
    pub(crate) open: bool,
    /// What a relay must never send.
    pub(crate) faults: Vec<String>,
}

impl View {
    /// Takes a message of the feed.
    pub(crate) fn take(&mut self, message: FeedMessage) {
        match message {
            FeedMessage::Hello(hello) => {
                self.floor = Some(self.at.min(hello.next.0 - 1));
                self.open = true;
                self.interrupted = false;
            }
            FeedMessage::Gap(gap) => {
                let floor = self.floor.take().unwrap_or(self.at);
                if !(floor < gap.from.0 && gap.from.0 <= self.at + 1 && gap.from <= gap.to) {
                    self.faults.push(format!("after {floor}..={}: {gap:?}", self.at));
                }
                self.at = self.at.max(gap.to.0);
                self.gaps.push(gap);
            }
            FeedMessage::Observations(items) => {
                self.floor = None;
                if items.is_empty() {
                    self.faults.push("a message with no observations".to_owned());
                }
                for item in items {
                    self.observe(item);
                }
            }
            FeedMessage::Answer(answer) => {
                let id = answer.id.unwrap_or_default();
                if let Some(before) = self.answers.insert(id, answer) {
                    self.faults.push(format!("a second answer, after {before:?}"));
                }
            }
            FeedMessage::Recording(recording) => self.interrupted = recording.interrupted,
            // Relays that share a session refuse rules.
            FeedMessage::Rules(_) => self.faults.push("rules in a shared session".to_owned()),
            FeedMessage::Draining(_) => {}
        }
    }

    fn observe(&mut self, observation: Observation) {
        let number = observation.seq.0;
        if number != self.at + 1 {
            let what = if number <= self.at { "a number that has been" } else { "a hole before" };
            self.faults.push(format!("{what}, after {}: {observation:?}", self.at));
        }
        self.at = self.at.max(number);
        self.log.insert(number, observation);
    }
}
