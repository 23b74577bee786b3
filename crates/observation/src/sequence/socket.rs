//! One WebSocket of the page: the rows of its events, and the progress of its wire side.

use super::anchor::Anchor;
use super::row::RowNumber;
use crate::page::{EventNumber, Fingerprint, PageAct};
use crate::{ConnectionNumber, Event};
use std::collections::{BinaryHeap, HashMap};

#[derive(Clone, Debug, Default)]
pub(super) struct Socket {
    /// `None` if no relay watches this socket.
    pub(super) fingerprint: Option<Fingerprint>,
    /// Whether pairing has ended: no event will join a row any more.
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
    /// Events whose row has not arrived, in order.
    waiting: HashMap<Anchor, Vec<EventNumber>>,
}

/// The progress of the relay's record of the connection.
#[derive(Clone, Copy, Debug, Default)]
struct WireSide {
    client_messages: u64,
    server_messages: u64,
    /// Server messages that were sent as raw bytes, and so are in no counted frame.
    raw: u64,
    over: bool,
}

/// Where an event is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// In an existing row.
    Joins(RowNumber),
    /// After all rows, until its row arrives.
    Waits(Anchor),
    /// In its own row, because no observation of it can arrive.
    OwnRow,
}

impl Socket {
    /// Adds an event of the page and counts its messages.
    pub(super) fn page(&mut self, event: EventNumber, act: &PageAct) -> Placement {
        let anchor = self.anchor(event, act);
        let placement = self.placement(event, anchor);
        self.tidy();
        placement
    }

    /// Adds a row of the wire. Returns the events that join it.
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

    /// Adds a message that the relay sent as raw bytes. Returns the events that join its row.
    pub(super) fn raw_message(&mut self, row: RowNumber) -> Vec<EventNumber> {
        self.wire.raw += 1;
        self.row(Anchor::ServerMessage(self.wire.server_messages + 1), row)
    }

    /// Adds the raw messages before it to an anchor's message number, because the page counts them as well.
    pub(super) fn as_the_page_counts(&self, anchor: Anchor) -> Anchor {
        match anchor {
            Anchor::ServerMessage(message) => Anchor::ServerMessage(message + self.wire.raw),
            other => other,
        }
    }

    /// Ends the wire side. Returns the events that were waiting for a row.
    pub(super) fn wire_over(&mut self) -> Vec<EventNumber> {
        self.wire.over = true;
        self.tidy();
        self.drain_waiting(|_| true)
    }

    /// The events of messages before `anchor`, if their rows were lost in a gap.
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

    /// Ends the pairing. Returns the events that were waiting for a row.
    pub(super) fn give_up(&mut self) -> Vec<EventNumber> {
        self.given_up = true;
        self.rows.clear();
        self.drain_waiting(|_| true)
    }

    /// Removes one event from those that wait.
    pub(super) fn forget(&mut self, anchor: Anchor, event: EventNumber) {
        if let Some(events) = self.waiting.get_mut(&anchor) {
            events.retain(|waiting| *waiting != event);
        }
    }

    /// Whether the relay's record of a request can be this socket's.
    pub(super) fn fits(&self, request: &[u8]) -> bool {
        self.fingerprint.as_ref().is_some_and(|print| print.matches(request))
    }

    /// Whether `event` is consistent with what the page has seen of this socket. A socket that failed to open may still have
    /// been upgraded at the relay, but rarely.
    pub(super) fn may_have_had(&self, event: &Event) -> bool {
        match event {
            Event::Opening(_) => self.opened || self.ended.is_none(),
            Event::Asked(_) => true,
            Event::Refusal(_) => !self.opened,
            Event::Tunnel(_)
            | Event::Records(_)
            | Event::Frame(_)
            | Event::Act(_)
            | Event::Closed(_)
            | Event::Note(_) => false,
        }
    }

    /// Whether the socket ended before `later` was constructed, so that its record at the relay is the earlier one.
    pub(super) fn ended_before(&self, later: &Self) -> bool {
        matches!((self.ended, later.constructed), (Some(ended), Some(constructed)) if ended < constructed)
    }

    /// Whether a gap may contain the socket's record or its end, so that waiting for either is pointless.
    pub(super) fn is_lost_in_gap(&self) -> bool {
        !self.done && (self.ended.is_some() || (self.opened && self.connection.is_none()))
    }

    /// Whether the socket has just finished: neither page nor wire will add anything. Returns `true` only once.
    pub(super) fn becomes_done(&mut self) -> bool {
        let unseen = self.fingerprint.is_none() || (self.given_up && self.connection.is_none());
        let wire_is_done = unseen || self.wire.over;
        let done = self.ended.is_some() && wire_is_done;
        done && !std::mem::replace(&mut self.done, done)
    }

    fn placement(&mut self, event: EventNumber, anchor: Anchor) -> Placement {
        if self.fingerprint.is_none() || self.given_up {
            return Placement::OwnRow;
        }
        // A message has one event. A handshake or an end may have several.
        let row = if anchor.is_message() { self.rows.remove(&anchor) } else { self.rows.get(&anchor).copied() };
        if let Some(row) = row {
            return Placement::Joins(row);
        }
        let passed = match anchor {
            Anchor::ClientMessage(message) => message <= self.wire.client_messages,
            Anchor::ServerMessage(message) => message <= self.wire.server_messages,
            _ => false,
        };
        if passed || self.wire.over {
            return Placement::OwnRow;
        }
        self.waiting.entry(anchor).or_default().push(event);
        Placement::Waits(anchor)
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
                // For a socket that never opened, the events report the refusal. It has no end of its own.
                if self.opened { Anchor::End } else { Anchor::Response }
            }
        }
    }

    fn drain_waiting(&mut self, which: impl Fn(Anchor) -> bool) -> Vec<EventNumber> {
        let mut drained = BinaryHeap::new();
        self.waiting.extract_if(|anchor, _| which(*anchor)).for_each(|(_, events)| drained.extend(events));
        drained.into_sorted_vec()
    }

    /// Frees memory: once both sides have ended, no event can join a row.
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
