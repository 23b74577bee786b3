//! Pairs what JavaScript saw with what the wire carried, row by row.
//!
//! The observations define the order. An event of the page joins the row of its observation, which is found by counting: the
//! page's third `send` is the client's third message. Until that observation arrives, the event has its own row after all
//! others. If no such observation can arrive, the row stays.
//!
//! The two streams may be merged in any order, as long as a socket's construction comes before the relay's observations of it.
//! The final rows are the same. With a gap they may differ, because the missing observations are not known.

mod anchor;
mod row;
mod socket;
#[cfg(test)]
mod tests;

use crate::page::{EventNumber, Fingerprint, PageEvent, SocketNumber};
use crate::{ConnectionNumber, Event, Gap, Observation};
use anchor::{Anchor, anchor_of, messages_in};
use row::RowNumber;
pub use row::{PageSide, Row, RowKey};
use socket::{Placement, Socket};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// The rows of a session.
#[derive(Clone, Debug)]
pub struct Sequence {
    rows: VecDeque<Row>,
    /// How many rows were dropped from the front: `rows[i]` has the number `dropped + i`.
    dropped: RowNumber,
    capacity: usize,
    sockets: BTreeMap<SocketNumber, Socket>,
    /// Finished sockets, each with the number of the row after its last one, sorted by that number. A socket is forgotten when
    /// its rows are dropped.
    done: VecDeque<(RowNumber, SocketNumber)>,
    /// The sockets that the relay watches and whose request it has not shown yet, sorted.
    unclaimed: Vec<SocketNumber>,
    owners: HashMap<ConnectionNumber, SocketNumber>,
    /// Connections whose request has a row and whose response is still to come.
    asked: VecDeque<ConnectionNumber>,
    /// Connections to a middlebox in front of TLS.
    tunnels: VecDeque<ConnectionNumber>,
    /// Events whose row has not arrived, sorted by number, at most `capacity`. They are shown after all rows.
    waiting: VecDeque<Waiting>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    event: EventNumber,
    socket: SocketNumber,
    anchor: Anchor,
}

impl Sequence {
    /// An empty sequence that keeps at most `capacity` rows and drops the oldest first.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            dropped: 0,
            capacity: capacity.max(1),
            sockets: BTreeMap::new(),
            done: VecDeque::new(),
            unclaimed: Vec::new(),
            owners: HashMap::new(),
            asked: VecDeque::new(),
            tunnels: VecDeque::new(),
            waiting: VecDeque::new(),
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len() + self.waiting.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the oldest kept row. Numbers count all rows from 0, and stay when older rows are dropped. Only the rows of events
    /// that still wait for their observation move.
    #[must_use]
    pub fn first_number(&self) -> usize {
        self.dropped
    }

    /// The row at `index`. The oldest kept row has index 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Row> {
        let behind = || self.waiting.get(index - self.rows.len()).map(|waiting| Row::of_page(waiting.event));
        self.rows.get(index).cloned().or_else(behind)
    }

    /// The current index of the row with this key.
    #[must_use]
    pub fn position(&self, key: RowKey) -> Option<usize> {
        (0..self.rows.len())
            .find(|&index| self.rows[index].key == key)
            .or_else(|| Some(self.rows.len() + self.waiting.iter().position(|row| RowKey::Page(row.event) == key)?))
    }

    /// The socket of this page that a connection belongs to. As in the methods below, a finished socket without rows is no
    /// longer known, unless it is the newest.
    #[must_use]
    pub fn owner(&self, connection: ConnectionNumber) -> Option<SocketNumber> {
        self.owners.get(&connection).copied()
    }

    /// The relay's connection for a socket of this page, if it is known.
    #[must_use]
    pub fn connection(&self, socket: SocketNumber) -> Option<ConnectionNumber> {
        self.sockets.get(&socket)?.connection
    }

    /// Whether a relay watches a socket of this page.
    #[must_use]
    pub fn is_watched(&self, socket: SocketNumber) -> bool {
        self.sockets.get(&socket).is_some_and(|socket| socket.fingerprint.is_some())
    }

    /// Registers the fingerprint that identifies a socket's request in the relay's record. Call it before the socket's first
    /// event. A socket without a fingerprint has no wire side.
    pub fn expect(&mut self, socket: SocketNumber, fingerprint: Fingerprint) {
        self.sockets.entry(socket).or_default().fingerprint = Some(fingerprint);
        if let Err(place) = self.unclaimed.binary_search(&socket) {
            self.unclaimed.insert(place, socket);
        }
    }

    /// Whether `request` fits a registered socket that has no connection yet.
    #[must_use]
    pub fn expects(&self, request: &[u8]) -> bool {
        self.unclaimed.iter().any(|number| self.sockets[number].fits(request))
    }

    /// Adds what the page saw.
    pub fn page(&mut self, event: &PageEvent) {
        let PageEvent { number, socket, .. } = *event;
        match self.sockets.entry(socket).or_default().page(number, &event.act) {
            Placement::Joins(row) => self.join(row, number),
            Placement::OwnRow => self.push(Row::of_page(number)),
            Placement::Waits(anchor) => {
                self.waiting.push_back(Waiting { event: number, socket, anchor });
                if self.waiting.len() > self.capacity {
                    self.stop_waiting_for_oldest();
                }
            }
        }
        self.settle(socket);
    }

    /// Adds what the relay saw.
    pub fn observe(&mut self, observation: &Observation) {
        let (seq, connection) = (observation.seq, observation.connection);
        match &observation.event {
            Event::Asked(asked) => {
                self.request(observation, &asked.request);
                remember(&mut self.asked, connection);
            }
            Event::Tunnel(_) => {
                self.wire(connection, RowKey::Tunnel(seq), None, PageSide::Nothing);
                remember(&mut self.tunnels, connection);
            }
            Event::Records(_) if self.tunnels.contains(&connection) => {
                self.wire(connection, RowKey::Records(seq), None, PageSide::Nothing);
            }
            Event::Records(_) | Event::Note(_) => {}
            Event::Opening(opening) => {
                self.request(observation, &opening.request);
                self.wire(connection, RowKey::Response(seq), Some(Anchor::Response), PageSide::Nothing);
                self.wire(connection, RowKey::Opened(seq), None, PageSide::Nothing);
            }
            Event::Refusal(refusal) => {
                self.request(observation, &refusal.request);
                self.wire(connection, RowKey::Response(seq), Some(Anchor::Response), PageSide::Nothing);
                self.over(connection);
            }
            Event::Frame(frame) => {
                let (anchor, page) = anchor_of(frame);
                self.wire(connection, RowKey::Frame(seq), anchor, page);
            }
            Event::Act(act) => {
                self.wire(connection, RowKey::Act(seq), None, PageSide::Nothing);
                self.raw_messages(connection, messages_in(&act.bytes));
            }
            Event::Closed(_) => {
                forget(&mut self.tunnels, connection);
                self.wire(connection, RowKey::End(seq), Some(Anchor::End), PageSide::Nothing);
                self.over(connection);
            }
        }
    }

    /// Adds a row for missing observations. Sockets whose record may be in the gap are no longer paired: no pairing is better
    /// than a wrong one.
    pub fn gap(&mut self, gap: Gap) {
        self.push(Row { key: RowKey::Gap(gap.from, gap.to), page: PageSide::Elsewhere });
        let lost: Vec<_> = self.sockets.iter().filter(|(_, s)| s.is_lost_in_gap()).map(|(&number, _)| number).collect();
        for number in lost {
            self.give_up(number);
        }
    }

    /// Adds the row of a request, unless an earlier observation has added it.
    fn request(&mut self, observation: &Observation, text: &[u8]) {
        let Observation { seq, connection, ref event, .. } = *observation;
        if !forget(&mut self.asked, connection) {
            self.claim(connection, text, event);
            self.wire(connection, RowKey::Request(seq), Some(Anchor::Request), PageSide::Nothing);
        }
    }

    /// Finds the socket that made `request`: the oldest one that fits and has no connection yet.
    fn claim(&mut self, connection: ConnectionNumber, request: &[u8], event: &Event) {
        let fitting = || self.unclaimed.iter().map(|&n| (n, &self.sockets[&n])).filter(|(_, s)| s.fits(request));
        let likely = fitting().find(|(_, socket)| socket.may_have_had(event));
        let any = || fitting().next().filter(|_| matches!(event, Event::Opening(_)));
        let Some((number, socket)) = likely.or_else(any) else { return };
        // The relay records requests in order. So it never saw a socket that ended before this one started.
        let before = |older: &SocketNumber| self.sockets[older].ended_before(socket);
        let lost: Vec<_> = self.unclaimed.iter().copied().filter(|&older| older < number && before(&older)).collect();
        for older in lost {
            self.give_up(older);
        }
        self.unclaimed.retain(|&unclaimed| unclaimed != number);
        self.owners.insert(connection, number);
        self.sockets.entry(number).or_default().connection = Some(connection);
    }

    /// Adds a row of the wire and the events that were waiting for it.
    fn wire(&mut self, connection: ConnectionNumber, key: RowKey, anchor: Option<Anchor>, page: PageSide) {
        let Some(owner) = self.owner(connection) else {
            self.push(Row { key, page: PageSide::Elsewhere });
            return;
        };
        let anchor = anchor.map(|anchor| self.sockets.entry(owner).or_default().as_the_page_counts(anchor));
        if let Some(anchor) = anchor {
            let skipped = self.sockets.entry(owner).or_default().skipped_by(anchor);
            self.add_own_rows(skipped);
        }
        self.push(Row { key, page });
        let Some(anchor) = anchor else { return };
        let row = self.dropped + self.rows.len() - 1;
        for event in self.sockets.entry(owner).or_default().row(anchor, row) {
            self.stop_waiting(event);
            self.join(row, event);
        }
    }

    /// Records that the last row sent raw bytes with `messages` messages. They have no frames of their own, but the page
    /// receives and counts them.
    fn raw_messages(&mut self, connection: ConnectionNumber, messages: u64) {
        let Some(owner) = self.owner(connection) else { return };
        let row = self.dropped + self.rows.len() - 1;
        for _ in 0..messages {
            for event in self.sockets.entry(owner).or_default().raw_message(row) {
                self.stop_waiting(event);
                self.join(row, event);
            }
        }
    }

    /// Records that no more observations of a connection will arrive.
    fn over(&mut self, connection: ConnectionNumber) {
        let Some(owner) = self.owner(connection) else { return };
        let in_vain = self.sockets.entry(owner).or_default().wire_over();
        self.add_own_rows(in_vain);
        self.settle(owner);
    }

    /// Ends the pairing of a socket. Its waiting events get their own rows.
    fn give_up(&mut self, number: SocketNumber) {
        self.unclaimed.retain(|&unclaimed| unclaimed != number);
        let in_vain = self.sockets.entry(number).or_default().give_up();
        self.add_own_rows(in_vain);
        self.settle(number);
    }

    /// Records a socket as finished, if it has just become so.
    fn settle(&mut self, number: SocketNumber) {
        if self.sockets.get_mut(&number).is_some_and(Socket::becomes_done) {
            self.done.push_back((self.dropped + self.rows.len(), number));
        }
    }

    /// Forgets finished sockets without rows. The newest socket stays, because views still ask for it.
    fn forget_done(&mut self) {
        let newest = self.sockets.last_key_value().map(|(&number, _)| number);
        while let Some(&(end, number)) = self.done.front()
            && end <= self.dropped
            && Some(number) != newest
        {
            self.done.pop_front();
            let connection = self.sockets.remove(&number).and_then(|socket| socket.connection);
            connection.and_then(|connection| self.owners.remove(&connection));
        }
    }

    fn add_own_rows(&mut self, events: Vec<EventNumber>) {
        for event in events {
            self.stop_waiting(event);
            self.push(Row::of_page(event));
        }
    }

    fn stop_waiting(&mut self, event: EventNumber) {
        if let Ok(index) = self.waiting.binary_search_by_key(&event, |waiting| waiting.event) {
            self.waiting.remove(index);
        }
    }

    fn stop_waiting_for_oldest(&mut self) {
        let Some(Waiting { event, socket, anchor }) = self.waiting.pop_front() else { return };
        self.sockets.entry(socket).or_default().forget(anchor, event);
        self.push(Row::of_page(event));
    }

    fn join(&mut self, row: usize, event: EventNumber) {
        let Some(row) = row.checked_sub(self.dropped).and_then(|index| self.rows.get_mut(index)) else { return };
        match &mut row.page {
            PageSide::Events(events) => events.push(event),
            page => *page = PageSide::Events(vec![event]),
        }
    }

    fn push(&mut self, row: Row) {
        if self.rows.len() == self.capacity {
            self.rows.pop_front();
            self.dropped += 1;
            self.forget_done();
        }
        self.rows.push_back(row);
    }
}

/// The most connections to remember while they wait for an observation. It may be lost in a gap, so the oldest are dropped.
const REMEMBERED: usize = 256;

fn remember(connections: &mut VecDeque<ConnectionNumber>, connection: ConnectionNumber) {
    connections.push_back(connection);
    if connections.len() > REMEMBERED {
        connections.pop_front();
    }
}

/// Removes a connection. Returns whether it was there.
fn forget(connections: &mut VecDeque<ConnectionNumber>, connection: ConnectionNumber) -> bool {
    let place = connections.iter().position(|&remembered| remembered == connection);
    place.and_then(|place| connections.remove(place)).is_some()
}
