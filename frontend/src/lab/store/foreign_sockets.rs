//! Sockets of a reader's code in its sandbox, which reports their events to the page.

use super::{Lab, Session};
use crate::address::target::{self, Target};
use crate::lab::store::record::{Gate, Incoming, Record};
use leptos::prelude::*;
use observation::page::{Fingerprint, PageAct, PageEvent, SocketNumber};
use observation::{Event, FeedMessage, Observation};

/// How a browser writes an opaque origin.
const OPAQUE: &str = "null";

/// How many animation frames a request waits for the sandbox to report its socket; about ten seconds. On a busy machine the
/// report, which crosses two processes, can come later than the relay's. Everything after the request waits too. Only a sandbox
/// of this session, in this browser, makes such requests.
const PATIENCE: u32 = 600;

/// A run in progress. The relay may report a socket before the sandbox does.
struct Run {
    /// What identifies the request of such a socket.
    fingerprint: Fingerprint,
    patience: u32,
}

impl Run {
    /// Takes `inbox` into the record, up to a request whose socket the run has not reported yet. Returns the rest for the next
    /// animation frame. `hurried` means that the page is hidden and has no animation frames.
    fn take_in(&mut self, inbox: Vec<Incoming>, record: &mut Record, hurried: bool) -> Vec<Incoming> {
        // An expected socket makes no row, so these can come first.
        let (expected, others): (Vec<_>, Vec<_>) =
            inbox.into_iter().partition(|incoming| matches!(incoming, Incoming::Expect(..)));
        expected.into_iter().for_each(|incoming| record.take_in(incoming));
        let mut others = others.into_iter();
        while let Some(incoming) = others.next() {
            if let Some(held) = self.take_in_known(incoming, record, hurried) {
                return std::iter::once(held).chain(others).collect();
            }
        }
        Vec::new()
    }

    fn take_in_known(&mut self, incoming: Incoming, record: &mut Record, hurried: bool) -> Option<Incoming> {
        let Incoming::Feed(FeedMessage::Observations(mut items)) = incoming else {
            record.take_in(incoming);
            return None;
        };
        // One request can take the socket that would match the next, so they are handled one by one.
        while let Some(at) = items.iter().position(|observation| self.request(observation).is_some()) {
            let rest = items.split_off(at);
            take(record, std::mem::replace(&mut items, rest));
            let request = self.request(&items[0]).unwrap_or_default();
            let known = record.sequence.owner(items[0].connection).is_some() || record.sequence.expects(request);
            if !known && self.patience > 0 && !hurried {
                self.patience -= 1;
                return Some(Incoming::Feed(FeedMessage::Observations(items)));
            }
            // Every request gets the same waiting time.
            self.patience = PATIENCE;
            let behind = items.split_off(1);
            take(record, std::mem::replace(&mut items, behind));
        }
        take(record, items);
        None
    }

    /// The request of an observation, if it can belong to the run.
    fn request<'a>(&self, observation: &'a Observation) -> Option<&'a [u8]> {
        let request = match &observation.event {
            Event::Asked(asked) => &asked.request,
            Event::Opening(opening) => &opening.request,
            Event::Refusal(refusal) => &refusal.request,
            _ => return None,
        };
        self.fingerprint.matches(request).then_some(request)
    }
}

fn take(record: &mut Record, items: Vec<Observation>) {
    record.take_in(Incoming::Feed(FeedMessage::Observations(items)));
}

impl Lab {
    /// A run starts whose code has `url`.
    pub fn run_begins(self, url: &str) {
        let session = self.session.with_untracked(Session::id);
        if let Ok(Target::Lab(own)) = target::judge(url, session.as_ref()) {
            let fingerprint = Fingerprint { origin: OPAQUE.into(), ..own };
            let mut run = Run { fingerprint, patience: PATIENCE };
            let gate: Gate = Box::new(move |inbox, record, hurried| run.take_in(inbox, record, hurried));
            self.inner.update_value(|inner| inner.gate = Some(gate));
        }
    }

    /// The run is over, and the view may be gone.
    pub fn run_is_over(self) {
        self.inner.try_update_value(|inner| inner.gate = None);
    }

    /// Records a socket to `url`. If that is this session's lab, the relay's side is expected.
    pub fn foreign_socket(self, url: &str) -> Option<SocketNumber> {
        let number = self.inner.try_update_value(|inner| {
            inner.sockets += 1;
            SocketNumber(inner.sockets)
        })?;
        let session = self.session.with_untracked(Session::id);
        if let Ok(Target::Lab(own)) = target::judge(url, session.as_ref()) {
            self.take(Incoming::Expect(number, Fingerprint { origin: OPAQUE.into(), ..own }));
        }
        Some(number)
    }

    /// Records an event of such a socket, at a time of the page's clock.
    pub fn foreign_event(self, socket: SocketNumber, at_us: u64, act: PageAct) -> Option<PageEvent> {
        let event = PageEvent { number: self.next_event()?, socket, at_us, act };
        self.take(Incoming::Page(event.clone(), None));
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::event::Opening;
    use observation::sequence::PageSide;
    use observation::{ConnectionNumber, Seq};

    const SOCKET: SocketNumber = SocketNumber(1);

    fn run() -> Run {
        let fingerprint = Fingerprint { target: "/lab/s".into(), origin: OPAQUE.into(), user_agent: "a".into() };
        Run { fingerprint, patience: PATIENCE }
    }

    fn expected() -> Incoming {
        Incoming::Expect(SOCKET, run().fingerprint)
    }

    /// The openings of the first connections.
    fn openings(count: u32) -> Incoming {
        let opening = |number: u32| Observation {
            seq: Seq(number.into()),
            connection: ConnectionNumber(number),
            at_us: 0,
            event: Event::Opening(Opening {
                request: b"GET /lab/s HTTP/1.1\r\nOrigin: null\r\nUser-Agent: a\r\n\r\n".to_vec(),
                ..Opening::default()
            }),
        };
        Incoming::Feed(FeedMessage::Observations((1..=count).map(opening).collect()))
    }

    #[test]
    fn a_request_waits_for_word_of_its_socket() {
        let (mut run, mut record) = (run(), Record::default());
        let held = run.take_in(vec![openings(1)], &mut record, false);
        assert_eq!((held.len(), record.sequence.len()), (1, 0));
        let inbox = held.into_iter().chain([expected()]).collect();
        assert!(run.take_in(inbox, &mut record, false).is_empty());
        assert_eq!(record.sequence.connection(SOCKET), Some(ConnectionNumber(1)));
    }

    #[test]
    fn of_two_requests_only_the_one_with_a_socket_goes_on() {
        let (mut run, mut record) = (run(), Record::default());
        let held = run.take_in(vec![expected(), openings(2)], &mut record, false);
        assert_eq!(record.sequence.connection(SOCKET), Some(ConnectionNumber(1)));
        assert!(matches!(&held[..], [Incoming::Feed(FeedMessage::Observations(rest))] if rest.len() == 1));
    }

    #[test]
    fn every_request_is_waited_for_as_long() {
        let (mut run, mut record) = (run(), Record::default());
        let mut inbox = vec![openings(3)];
        for number in 1..=3 {
            for _ in 1..PATIENCE {
                inbox = run.take_in(inbox, &mut record, false);
            }
            inbox.push(Incoming::Expect(SocketNumber(number), self::run().fingerprint));
            inbox = run.take_in(inbox, &mut record, false);
            assert_eq!(record.sequence.connection(SocketNumber(number)), Some(ConnectionNumber(number)));
        }
        assert!(inbox.is_empty());
    }

    #[test]
    fn patience_ends() {
        let (mut run, mut record) = (run(), Record::default());
        let mut inbox = vec![openings(1)];
        for _ in 0..PATIENCE {
            inbox = run.take_in(inbox, &mut record, false);
            assert_eq!(inbox.len(), 1);
        }
        assert!(run.take_in(inbox, &mut record, false).is_empty());
        assert_eq!(record.sequence.get(0).map(|row| row.page), Some(PageSide::Elsewhere));
        assert!(run.take_in(vec![openings(1)], &mut record, true).is_empty());
    }
}
