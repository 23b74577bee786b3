//! What JavaScript saw and what the wire carried, put side by side, row by row.
//!
//! Observations are the order of truth. An event of the page joins the row of the observation that it belongs to, by
//! counting: the page's third `send` is the client's third message. Until that observation comes, and where there is no
//! relay to make one, the event has a row of its own.

use crate::page::{EventNumber, Fingerprint, PageAct, PageEvent, SocketNumber};
use crate::{ConnectionNumber, Event, Gap, Observation, Party, Seq};
use std::collections::{BTreeMap, HashMap, VecDeque};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub key: RowKey,
    pub page: PageSide,
}

/// What a row is of; also its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// The request of an opening or refusal.
    Request(Seq),
    /// The response to it.
    Response(Seq),
    /// The moment after a 101.
    Opened(Seq),
    Frame(Seq),
    /// The end of a connection.
    End(Seq),
    /// Observations that are gone.
    Gap(Seq, Seq),
    /// Something only the page saw.
    Page(EventNumber),
}

impl RowKey {
    /// The observation behind the row.
    #[must_use]
    pub fn seq(self) -> Option<Seq> {
        match self {
            Self::Request(seq) | Self::Response(seq) | Self::Opened(seq) | Self::Frame(seq) | Self::End(seq) => {
                Some(seq)
            }
            Self::Gap(..) | Self::Page(_) => None,
        }
    }
}

/// What JavaScript saw of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PageSide {
    /// These events, in order.
    Events(Vec<EventNumber>),
    /// Nothing: the browser deals with it, or keeps it to itself.
    Nothing,
    /// Nothing yet: the message has more fragments to come.
    Fragment,
    /// The socket is not this page's: another client's, or from before the page was loaded.
    Elsewhere,
}

/// Where a page's event and a row of the wire meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Anchor {
    Request,
    Response,
    ClientMessage(u64),
    ServerMessage(u64),
    ClientClose,
    End,
}

/// The rows of a session.
#[derive(Clone, Debug)]
pub struct Sequence {
    rows: VecDeque<Row>,
    /// How many rows were dropped from the front: `rows[i]` is number `dropped + i`.
    dropped: usize,
    capacity: usize,
    sockets: BTreeMap<SocketNumber, Socket>,
    owners: HashMap<ConnectionNumber, SocketNumber>,
    /// Rows that an event may still join, by their numbers.
    open_rows: HashMap<(ConnectionNumber, Anchor), usize>,
    /// Events whose row has not come, ascending by number; shown behind all rows.
    waiting: VecDeque<Waiting>,
    /// The same events by the row they wait for.
    waiting_for: HashMap<(SocketNumber, Anchor), Vec<EventNumber>>,
}

#[derive(Clone, Debug)]
struct Socket {
    /// `None` where no relay watches, or where it saw nothing of a socket that is over.
    fingerprint: Option<Fingerprint>,
    watched: bool,
    connection: Option<ConnectionNumber>,
    opened: bool,
    ended: bool,
    sent: u64,
    received: u64,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    event: EventNumber,
    socket: SocketNumber,
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
            owners: HashMap::new(),
            open_rows: HashMap::new(),
            waiting: VecDeque::new(),
            waiting_for: HashMap::new(),
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
        let waiting = |row: &Waiting| Row { key: RowKey::Page(row.event), page: PageSide::Events(vec![row.event]) };
        let behind = || self.waiting.get(index - self.rows.len()).map(waiting);
        self.rows.get(index).cloned().or_else(behind)
    }

    /// Where the row called `key` is now.
    #[must_use]
    pub fn position(&self, key: RowKey) -> Option<usize> {
        (0..self.rows.len())
            .find(|&index| self.rows[index].key == key)
            .or_else(|| Some(self.rows.len() + self.waiting.iter().position(|row| RowKey::Page(row.event) == key)?))
    }

    /// The socket that a connection belongs to, if it is one of this page's.
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
        self.sockets.get(&socket).is_some_and(|socket| socket.watched)
    }

    /// Says how the relay's record of a socket's request will be known; before the socket's first event. A socket
    /// without it has no wire side.
    pub fn expect(&mut self, socket: SocketNumber, fingerprint: Fingerprint) {
        let socket = self.socket(socket);
        socket.fingerprint = Some(fingerprint);
        socket.watched = true;
    }

    /// Adds what the page saw.
    pub fn page(&mut self, event: &PageEvent) {
        if matches!(event.act, PageAct::Constructed { .. }) {
            self.settle_lost_sockets();
        }
        let socket = self.socket(event.socket);
        let anchor = socket.anchor(&event.act);
        if socket.fingerprint.is_none() {
            self.push(Row { key: RowKey::Page(event.number), page: PageSide::Events(vec![event.number]) });
            return;
        }
        let waiting = Waiting { event: event.number, socket: event.socket };
        let row = socket.connection.and_then(|connection| self.open_rows.get(&(connection, anchor)).copied());
        match row {
            Some(row) => self.join(row, waiting.event),
            None => {
                self.waiting.push_back(waiting);
                self.waiting_for.entry((event.socket, anchor)).or_default().push(event.number);
            }
        }
    }

    /// Adds what the relay saw.
    pub fn observe(&mut self, observation: &Observation) {
        let (seq, connection) = (observation.seq, observation.connection);
        match &observation.event {
            Event::Opening(opening) => {
                self.claim(connection, &opening.request);
                self.wire(connection, RowKey::Request(seq), Some(Anchor::Request), PageSide::Nothing);
                self.wire(connection, RowKey::Response(seq), Some(Anchor::Response), PageSide::Nothing);
                self.wire(connection, RowKey::Opened(seq), None, PageSide::Nothing);
            }
            Event::Refusal(refusal) => {
                self.claim(connection, &refusal.request);
                self.wire(connection, RowKey::Request(seq), Some(Anchor::Request), PageSide::Nothing);
                self.wire(connection, RowKey::Response(seq), Some(Anchor::Response), PageSide::Nothing);
            }
            Event::Frame(frame) => {
                let is_close = frame.opcode() == wire::opcode::Opcode::Close;
                let (anchor, page) = match (frame.from, frame.position) {
                    (Party::Client, Some(at)) if at.fragment == 1 => {
                        (Some(Anchor::ClientMessage(at.message)), PageSide::Nothing)
                    }
                    (Party::Server, Some(at)) if at.last => {
                        (Some(Anchor::ServerMessage(at.message)), PageSide::Nothing)
                    }
                    (Party::Server, Some(_)) => (None, PageSide::Fragment),
                    (Party::Client, None) if is_close => (Some(Anchor::ClientClose), PageSide::Nothing),
                    _ => (None, PageSide::Nothing),
                };
                self.wire(connection, RowKey::Frame(seq), anchor, page);
            }
            Event::Closed(_) => self.wire(connection, RowKey::End(seq), Some(Anchor::End), PageSide::Nothing),
        }
    }

    /// Adds a row for observations that are gone.
    pub fn gap(&mut self, gap: Gap) {
        self.push(Row { key: RowKey::Gap(gap.from, gap.to), page: PageSide::Elsewhere });
    }

    fn socket(&mut self, number: SocketNumber) -> &mut Socket {
        self.sockets.entry(number).or_insert(Socket {
            fingerprint: None,
            watched: false,
            connection: None,
            opened: false,
            ended: false,
            sent: 0,
            received: 0,
        })
    }

    /// Finds the socket that made `request`: the oldest that fits and has no connection yet.
    fn claim(&mut self, connection: ConnectionNumber, request: &[u8]) {
        let fits = |socket: &Socket| {
            socket.connection.is_none() && socket.fingerprint.as_ref().is_some_and(|print| print.matches(request))
        };
        if let Some((&number, socket)) = self.sockets.iter_mut().find(|(_, socket)| fits(socket)) {
            socket.connection = Some(connection);
            self.owners.insert(connection, number);
        }
    }

    /// Adds a row of the wire, with the events that were waiting for it.
    fn wire(&mut self, connection: ConnectionNumber, key: RowKey, anchor: Option<Anchor>, page: PageSide) {
        let Some(socket) = self.owner(connection) else {
            self.push(Row { key, page: PageSide::Elsewhere });
            return;
        };
        self.push(Row { key, page });
        let Some(anchor) = anchor else { return };
        let row = self.dropped + self.rows.len() - 1;
        self.open_rows.insert((connection, anchor), row);
        for event in self.waiting_for.remove(&(socket, anchor)).unwrap_or_default() {
            if let Ok(index) = self.waiting.binary_search_by_key(&event, |waiting| waiting.event) {
                self.waiting.remove(index);
            }
            self.join(row, event);
        }
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
        }
        self.rows.push_back(row);
    }

    /// Gives the events of sockets that ended without the relay seeing them rows of their own, in their place.
    fn settle_lost_sockets(&mut self) {
        let lost = |s: &Socket| s.ended && s.connection.is_none() && s.fingerprint.is_some();
        let lost: Vec<_> = self.sockets.iter().filter(|(_, s)| lost(s)).map(|(&number, _)| number).collect();
        for number in lost {
            self.socket(number).fingerprint = None;
            self.waiting_for.retain(|(socket, _), _| *socket != number);
            let (settled, waiting) = self.waiting.drain(..).partition(|waiting| waiting.socket == number);
            self.waiting = waiting;
            let settled: VecDeque<Waiting> = settled;
            for Waiting { event, .. } in settled {
                self.push(Row { key: RowKey::Page(event), page: PageSide::Events(vec![event]) });
            }
        }
    }
}

impl Socket {
    /// Where an event belongs, counting messages on the way.
    fn anchor(&mut self, act: &PageAct) -> Anchor {
        match act {
            PageAct::Constructed { .. } => Anchor::Request,
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
                self.ended |= matches!(act, PageAct::Closed { .. });
                // A socket that never opened is told of the refusal; it has no end of its own.
                if self.opened { Anchor::End } else { Anchor::Response }
            }
        }
    }
}
