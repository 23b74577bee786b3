//! Sockets that are not the page's own: a reader's code has them, in its sandbox, and only tells of them.

use super::{Lab, Session};
use crate::store::record::{Incoming, Record};
use crate::store::target::{self, Target};
use leptos::prelude::*;
use observation::page::{Fingerprint, PageAct, PageEvent, SocketNumber};
use observation::{Event, FeedMessage, Observation};

/// How a browser writes the origin of a document that has none.
const OPAQUE: &str = "null";

/// Animation frames for which a request of the sandbox's waits for the sandbox to tell of its socket.
const PATIENCE: u32 = 30;

/// A run that goes on: the relay may tell of its sockets before it does.
pub(super) struct Run {
    /// How the request of such a socket looks.
    fingerprint: Fingerprint,
    patience: u32,
}

impl Run {
    /// Takes `inbox` into the record, up to a request of a socket that the run has not told of yet; gives back the rest.
    pub(super) fn take_in(&mut self, inbox: Vec<Incoming>, record: &mut Record) -> Vec<Incoming> {
        // What is to be expected makes no row of its own, so it can come first.
        let (expected, others): (Vec<_>, Vec<_>) =
            inbox.into_iter().partition(|incoming| matches!(incoming, Incoming::Expect(..)));
        expected.into_iter().for_each(|incoming| record.take_in(incoming));
        let mut others = others.into_iter();
        while let Some(incoming) = others.next() {
            let held = self.take_in_known(incoming, record);
            if let Some(held) = held {
                return std::iter::once(held).chain(others).collect();
            }
        }
        Vec::new()
    }

    fn take_in_known(&mut self, incoming: Incoming, record: &mut Record) -> Option<Incoming> {
        let Incoming::Feed(FeedMessage::Observations(mut items)) = incoming else {
            record.take_in(incoming);
            return None;
        };
        while let Some(at) = items.iter().position(|observation| self.is_untold(observation, record)) {
            let rest = items.split_off(at);
            record.take_in(Incoming::Feed(FeedMessage::Observations(std::mem::replace(&mut items, rest))));
            // One before it may have taken the socket, or it may have had its own by now.
            if self.is_untold(&items[0], record) {
                if self.patience > 0 && !document().hidden() {
                    self.patience -= 1;
                    return Some(Incoming::Feed(FeedMessage::Observations(items)));
                }
                self.patience = PATIENCE;
            }
            let behind = items.split_off(1);
            record.take_in(Incoming::Feed(FeedMessage::Observations(std::mem::replace(&mut items, behind))));
        }
        record.take_in(Incoming::Feed(FeedMessage::Observations(items)));
        None
    }

    fn is_untold(&self, observation: &Observation, record: &Record) -> bool {
        let request = match &observation.event {
            Event::Asked(asked) => &asked.request,
            Event::Opening(opening) => &opening.request,
            Event::Refusal(refusal) => &refusal.request,
            _ => return false,
        };
        let known = record.sequence.owner(observation.connection).is_some();
        !known && self.fingerprint.matches(request) && !record.sequence.expects(request)
    }
}

impl Lab {
    /// A run begins whose code knows `url`.
    pub fn run_begins(self, url: &str) {
        let session = self.session.with_untracked(Session::id);
        if let Ok(Target::Lab(own)) = target::judge(url, session.as_ref()) {
            let fingerprint = Fingerprint { origin: OPAQUE.into(), ..own };
            self.inner.update_value(|inner| inner.run = Some(Run { fingerprint, patience: PATIENCE }));
        }
    }

    /// There is no run any more, and perhaps no view.
    pub fn run_is_over(self) {
        self.inner.try_update_value(|inner| inner.run = None);
    }

    /// Takes note of a socket that leads to `url`; if that is this session's lab, its wire side is waited for.
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

    /// Takes in what such a socket did or was told, at a time of the page's clock.
    pub fn foreign_event(self, socket: SocketNumber, at_us: u64, act: PageAct) -> Option<PageEvent> {
        let event = PageEvent { number: self.next_event()?, socket, at_us, act };
        self.take(Incoming::Page(event.clone(), None));
        Some(event)
    }
}
