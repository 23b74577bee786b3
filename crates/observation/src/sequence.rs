//! What JavaScript saw and what the wire carried, put side by side, row by row.
//!
//! Observations are the order of truth. An event of the page joins the row of the observation that it belongs to, by
//! counting: the page's third `send` is the client's third message. Until that observation comes the event has a row of
//! its own behind all others, and where none will come, one that stays.
//!
//! The two streams may be merged in any way that has a socket's construction ahead of what the relay saw of it: the rows
//! end the same. With a gap they need not, since what it took cannot be known.

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
use socket::{Fate, Socket};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// The rows of a session.
#[derive(Clone, Debug)]
pub struct Sequence {
    rows: VecDeque<Row>,
    /// How many rows were dropped from the front: `rows[i]` is number `dropped + i`.
    dropped: RowNumber,
    capacity: usize,
    sockets: BTreeMap<SocketNumber, Socket>,
    /// Sockets that nothing more will come of, each with the number of the row behind all of its own; in that order. Once
    /// those are dropped it is forgotten.
    done: VecDeque<(RowNumber, SocketNumber)>,
    /// The sockets that the relay watches and has not yet shown a request of, ascending.
    unclaimed: Vec<SocketNumber>,
    owners: HashMap<ConnectionNumber, SocketNumber>,
    /// Connections whose request has its row and whose answer is to come, and those to a middlebox in front of TLS.
    asked: VecDeque<ConnectionNumber>,
    tunnels: VecDeque<ConnectionNumber>,
    /// Events whose row has not come, ascending by number, at most `capacity`; shown behind all rows.
    waiting: VecDeque<Waiting>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    event: EventNumber,
    socket: SocketNumber,
    anchor: Anchor,
}

impl Sequence {
    /// An empty sequence that keeps `capacity` rows and drops the oldest past that.
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

    /// The row at `index`, the oldest kept one being 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Row> {
        let behind = || self.waiting.get(index - self.rows.len()).map(|waiting| Row::of_page(waiting.event));
        self.rows.get(index).cloned().or_else(behind)
    }

    /// Where the row called `key` is now.
    #[must_use]
    pub fn position(&self, key: RowKey) -> Option<usize> {
        (0..self.rows.len())
            .find(|&index| self.rows[index].key == key)
            .or_else(|| Some(self.rows.len() + self.waiting.iter().position(|row| RowKey::Page(row.event) == key)?))
    }

    /// The socket that a connection belongs to, if it is one of this page's. Here and below, one that is over and has no
    /// row left is not known any more, but for the newest.
    #[must_use]
    pub fn owner(&self, connection: ConnectionNumber) -> Option<SocketNumber> {
        self.owners.get(&connection).copied()
    }

    /// The connection that a socket of this page became at the relay, if it is known.
    #[must_use]
    pub fn connection(&self, socket: SocketNumber) -> Option<ConnectionNumber> {
        self.sockets.get(&socket)?.connection
    }

    /// Whether a relay watches a socket of this page.
    #[must_use]
    pub fn is_watched(&self, socket: SocketNumber) -> bool {
        self.sockets.get(&socket).is_some_and(|socket| socket.fingerprint.is_some())
    }

    /// Says how the relay's record of a socket's request will be known; before the socket's first event. A socket
    /// without it has no wire side.
    pub fn expect(&mut self, socket: SocketNumber, fingerprint: Fingerprint) {
        self.sockets.entry(socket).or_default().fingerprint = Some(fingerprint);
        if let Err(place) = self.unclaimed.binary_search(&socket) {
            self.unclaimed.insert(place, socket);
        }
    }

    /// Whether a socket that fits `request` was named and has no connection yet.
    #[must_use]
    pub fn expects(&self, request: &[u8]) -> bool {
        self.unclaimed.iter().any(|number| self.sockets[number].fits(request))
    }

    /// Adds what the page saw.
    pub fn page(&mut self, event: &PageEvent) {
        let PageEvent { number, socket, .. } = *event;
        match self.sockets.entry(socket).or_default().page(number, &event.act) {
            Fate::Joins(row) => self.join(row, number),
            Fate::StandsAlone => self.push(Row::of_page(number)),
            Fate::Waits(anchor) => {
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
            Event::Records(_) => {}
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
                self.by_hand(connection, messages_in(&act.bytes));
            }
            Event::Closed(_) => {
                forget(&mut self.tunnels, connection);
                self.wire(connection, RowKey::End(seq), Some(Anchor::End), PageSide::Nothing);
                self.over(connection);
            }
        }
    }

    /// Adds a row for observations that are gone. Sockets whose record may have gone with them are no longer paired: no
    /// pairing is better than a wrong one.
    pub fn gap(&mut self, gap: Gap) {
        self.push(Row { key: RowKey::Gap(gap.from, gap.to), page: PageSide::Elsewhere });
        let lost: Vec<_> = self.sockets.iter().filter(|(_, s)| s.is_lost_in_gap()).map(|(&number, _)| number).collect();
        for number in lost {
            self.give_up(number);
        }
    }

    /// Adds the row of a request, unless it has one since it was asked.
    fn request(&mut self, observation: &Observation, text: &[u8]) {
        let Observation { seq, connection, ref event, .. } = *observation;
        if !forget(&mut self.asked, connection) {
            self.claim(connection, text, event);
            self.wire(connection, RowKey::Request(seq), Some(Anchor::Request), PageSide::Nothing);
        }
    }

    /// Finds the socket that made `request`: the oldest that fits and has no connection yet.
    fn claim(&mut self, connection: ConnectionNumber, request: &[u8], event: &Event) {
        let fitting = || self.unclaimed.iter().map(|&n| (n, &self.sockets[&n])).filter(|(_, s)| s.fits(request));
        let likely = fitting().find(|(_, socket)| socket.may_have_had(event));
        let any = || fitting().next().filter(|_| matches!(event, Event::Opening(_)));
        let Some((number, socket)) = likely.or_else(any) else { return };
        // The relay records requests in their order: of a socket that was over before this one began it has seen nothing.
        let before = |older: &SocketNumber| self.sockets[older].ended_before(socket);
        let lost: Vec<_> = self.unclaimed.iter().copied().filter(|&older| older < number && before(&older)).collect();
        for older in lost {
            self.give_up(older);
        }
        self.unclaimed.retain(|&unclaimed| unclaimed != number);
        self.owners.insert(connection, number);
        self.sockets.entry(number).or_default().connection = Some(connection);
    }

    /// Adds a row of the wire, with the events that were waiting for it.
    fn wire(&mut self, connection: ConnectionNumber, key: RowKey, anchor: Option<Anchor>, page: PageSide) {
        let Some(owner) = self.owner(connection) else {
            self.push(Row { key, page: PageSide::Elsewhere });
            return;
        };
        let anchor = anchor.map(|anchor| self.sockets.entry(owner).or_default().as_the_page_counts(anchor));
        if let Some(anchor) = anchor {
            let skipped = self.sockets.entry(owner).or_default().skipped_by(anchor);
            self.stand_alone(skipped);
        }
        self.push(Row { key, page });
        let Some(anchor) = anchor else { return };
        let row = self.dropped + self.rows.len() - 1;
        for event in self.sockets.entry(owner).or_default().row(anchor, row) {
            self.stop_waiting(event);
            self.join(row, event);
        }
    }

    /// Notes that the last row has sent so many messages which no frame of the relay's stands for: they count for the page.
    fn by_hand(&mut self, connection: ConnectionNumber, messages: u64) {
        let Some(owner) = self.owner(connection) else { return };
        let row = self.dropped + self.rows.len() - 1;
        for _ in 0..messages {
            for event in self.sockets.entry(owner).or_default().by_hand(row) {
                self.stop_waiting(event);
                self.join(row, event);
            }
        }
    }

    /// Notes that the relay will see no more of a connection.
    fn over(&mut self, connection: ConnectionNumber) {
        let Some(owner) = self.owner(connection) else { return };
        let in_vain = self.sockets.entry(owner).or_default().wire_over();
        self.stand_alone(in_vain);
        self.settle(owner);
    }

    /// Ends the pairing of a socket; its events get rows of their own, in their place.
    fn give_up(&mut self, number: SocketNumber) {
        self.unclaimed.retain(|&unclaimed| unclaimed != number);
        let in_vain = self.sockets.entry(number).or_default().give_up();
        self.stand_alone(in_vain);
        self.settle(number);
    }

    /// Notes that a socket is done, if it is now.
    fn settle(&mut self, number: SocketNumber) {
        if self.sockets.get_mut(&number).is_some_and(Socket::becomes_done) {
            self.done.push_back((self.dropped + self.rows.len(), number));
        }
    }

    /// Forgets the sockets that are done and have no row left. The newest one stays: it is the one that is asked about.
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

    fn stand_alone(&mut self, events: Vec<EventNumber>) {
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

/// How many connections are remembered for what is to come of them, past which the oldest are not: a gap may have had it.
const REMEMBERED: usize = 256;

fn remember(connections: &mut VecDeque<ConnectionNumber>, connection: ConnectionNumber) {
    connections.push_back(connection);
    if connections.len() > REMEMBERED {
        connections.pop_front();
    }
}

/// Whether a connection was remembered.
fn forget(connections: &mut VecDeque<ConnectionNumber>, connection: ConnectionNumber) -> bool {
    let place = connections.iter().position(|&remembered| remembered == connection);
    place.and_then(|place| connections.remove(place)).is_some()
}
