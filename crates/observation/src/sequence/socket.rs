//! One socket of the page: where its events belong, and what has come of its wire side.

use super::anchor::Anchor;
use super::row::RowNumber;
use crate::page::{EventNumber, Fingerprint, PageAct};
use crate::{ConnectionNumber, Event};
use std::collections::{BinaryHeap, HashMap};

#[derive(Clone, Debug, Default)]
pub(super) struct Socket {
    /// `None` where no relay watches.
    pub(super) fingerprint: Option<Fingerprint>,
    /// Whether its events are told apart from the wire's for good: nothing more will join.
    pub(super) given_up: bool,
    pub(super) connection: Option<ConnectionNumber>,
    constructed: Option<EventNumber>,
    opened: bool,
    ended: Option<EventNumber>,
    done: bool,
    sent: u64,
    received: u64,
    wire: WireSide,
    /// Rows that an event may still join.
    rows: HashMap<Anchor, RowNumber>,
    /// Events whose row has not come, in order.
    waiting: HashMap<Anchor, Vec<EventNumber>>,
}

/// How far the relay's record of the connection has come.
#[derive(Clone, Copy, Debug, Default)]
struct WireSide {
    client_messages: u64,
    server_messages: u64,
    /// Those that are in no frame which the relay has counted.
    by_hand: u64,
    over: bool,
}

/// What becomes of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Joins(RowNumber),
    Waits(Anchor),
    /// It has no counterpart on the wire, or none that will be seen.
    StandsAlone,
}

impl Socket {
    /// Takes an event of the page, counting messages on the way.
    pub(super) fn page(&mut self, event: EventNumber, act: &PageAct) -> Fate {
        let anchor = self.anchor(event, act);
        let fate = self.fate(event, anchor);
        self.tidy();
        fate
    }

    /// Takes a row of the wire; gives the events that join it.
    pub(super) fn row(&mut self, anchor: Anchor, row: RowNumber) -> Vec<EventNumber> {
        match anchor {
            Anchor::ClientMessage(message) => self.wire.client_messages = message,
            Anchor::ServerMessage(message) => self.wire.server_messages = message,
            _ => {}
        }
        let joining = self.waiting.remove(&anchor).unwrap_or_default();
        if !self.given_up && (joining.is_empty() || !anchor.is_message()) {
            self.rows.insert(anchor, row);
        }
        joining
    }

    /// Takes a message of the relay's that is in no frame of its own; gives the events that join its row.
    pub(super) fn by_hand(&mut self, row: RowNumber) -> Vec<EventNumber> {
        self.wire.by_hand += 1;
        self.row(Anchor::ServerMessage(self.wire.server_messages + 1), row)
    }

    /// The anchor with the messages counted that were sent by hand before it.
    pub(super) fn as_the_page_counts(&self, anchor: Anchor) -> Anchor {
        match anchor {
            Anchor::ServerMessage(message) => Anchor::ServerMessage(message + self.wire.by_hand),
            other => other,
        }
    }

    /// Takes the end of the wire's record; gives the events that wait in vain.
    pub(super) fn wire_over(&mut self) -> Vec<EventNumber> {
        self.wire.over = true;
        self.tidy();
        self.drain_waiting(|_| true)
    }

    /// The events that wait in vain once `anchor` has come: those of earlier messages, which a gap has taken.
    pub(super) fn skipped_by(&mut self, anchor: Anchor) -> Vec<EventNumber> {
        match anchor {
            Anchor::ClientMessage(next) if next > self.wire.client_messages + 1 => {
                self.drain_waiting(|anchor| matches!(anchor, Anchor::ClientMessage(message) if message < next))
            }
            Anchor::ServerMessage(next) if next > self.wire.server_messages + 1 => {
                self.drain_waiting(|anchor| matches!(anchor, Anchor::ServerMessage(message) if message < next))
            }
            _ => Vec::new(),
        }
    }

    /// Ends all joining; gives the events that were waiting.
    pub(super) fn give_up(&mut self) -> Vec<EventNumber> {
        self.given_up = true;
        self.rows.clear();
        self.drain_waiting(|_| true)
    }

    /// Takes one event out of those that wait.
    pub(super) fn forget(&mut self, anchor: Anchor, event: EventNumber) {
        if let Some(events) = self.waiting.get_mut(&anchor) {
            events.retain(|waiting| *waiting != event);
        }
    }

    /// Whether the relay's record of a request can be this socket's.
    pub(super) fn fits(&self, request: &[u8]) -> bool {
        self.fingerprint.as_ref().is_some_and(|print| print.matches(request))
    }

    /// Whether, by what the page has seen so far, what the relay saw of this socket may be `event`. A socket that failed
    /// to open may have been upgraded all the same, but rarely.
    pub(super) fn may_have_had(&self, event: &Event) -> bool {
        match event {
            Event::Opening(_) => self.opened || self.ended.is_none(),
            Event::Asked(_) => true,
            Event::Refusal(_) => !self.opened,
            Event::Tunnel(_) | Event::Records(_) | Event::Frame(_) | Event::Act(_) | Event::Closed(_) => false,
        }
    }

    /// Whether the socket was over before `later` was constructed, and so the relay's record of it is the earlier one.
    pub(super) fn ended_before(&self, later: &Self) -> bool {
        matches!((self.ended, later.constructed), (Some(ended), Some(constructed)) if ended < constructed)
    }

    /// Whether a gap leaves nothing to wait for: the socket's record may be in it, or its end.
    pub(super) fn is_lost_in_gap(&self) -> bool {
        !self.done && (self.ended.is_some() || (self.opened && self.connection.is_none()))
    }

    /// Whether nothing more will come of it, neither from the page nor from the wire, said once.
    pub(super) fn becomes_done(&mut self) -> bool {
        let unseen = self.fingerprint.is_none() || (self.given_up && self.connection.is_none());
        let wire_is_done = unseen || self.wire.over;
        let done = self.ended.is_some() && wire_is_done;
        done && !std::mem::replace(&mut self.done, done)
    }

    fn fate(&mut self, event: EventNumber, anchor: Anchor) -> Fate {
        if self.fingerprint.is_none() || self.given_up {
            return Fate::StandsAlone;
        }
        // A message is one event; a handshake or an end may be several.
        let row = if anchor.is_message() { self.rows.remove(&anchor) } else { self.rows.get(&anchor).copied() };
        if let Some(row) = row {
            return Fate::Joins(row);
        }
        let passed = match anchor {
            Anchor::ClientMessage(message) => message <= self.wire.client_messages,
            Anchor::ServerMessage(message) => message <= self.wire.server_messages,
            _ => false,
        };
        if passed || self.wire.over {
            return Fate::StandsAlone;
        }
        self.waiting.entry(anchor).or_default().push(event);
        Fate::Waits(anchor)
    }

    fn anchor(&mut self, event: EventNumber, act: &PageAct) -> Anchor {
        match act {
            PageAct::Constructed { .. } => {
                self.constructed = Some(event);
                Anchor::Request
            }
            PageAct::Open { .. } => {
                self.opened = true;
                Anchor::Response
            }
            PageAct::Sent(_) => {
                self.sent += 1;
                Anchor::ClientMessage(self.sent)
            }
            PageAct::Received(_) => {
                self.received += 1;
                Anchor::ServerMessage(self.received)
            }
            PageAct::CloseCalled { .. } => Anchor::ClientClose,
            PageAct::Error | PageAct::Closed { .. } => {
                if matches!(act, PageAct::Closed { .. }) {
                    self.ended = Some(event);
                }
                // A socket that never opened is told of the refusal; it has no end of its own.
                if self.opened { Anchor::End } else { Anchor::Response }
            }
        }
    }

    fn drain_waiting(&mut self, which: impl Fn(Anchor) -> bool) -> Vec<EventNumber> {
        let mut drained = BinaryHeap::new();
        self.waiting.extract_if(|anchor, _| which(*anchor)).for_each(|(_, events)| drained.extend(events));
        drained.into_sorted_vec()
    }

    /// Once both sides are over no event can come, so there is nothing to keep.
    fn tidy(&mut self) {
        if self.wire.over && self.ended.is_some() {
            self.rows = HashMap::new();
        }
    }

    /// How many rows and events are kept for joining.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.rows.len() + self.waiting.len()
    }
}
