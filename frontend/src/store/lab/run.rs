//! Sockets that are not the page's own: a reader's code has them, in its sandbox, and only tells of them.

use super::{Incoming, Lab};
use crate::store::target::{self, Target};
use leptos::prelude::*;
use observation::page::{EventNumber, Fingerprint, PageAct, PageEvent, SocketNumber};

/// How a browser writes the origin of a document that has none.
const OPAQUE: &str = "null";

impl Lab {
    /// Takes note of a socket that leads to `url`; if that is this session's lab, its wire side is waited for.
    pub fn foreign_socket(self, url: &str) -> Option<SocketNumber> {
        let number = self.inner.try_update_value(|inner| {
            inner.sockets += 1;
            SocketNumber(inner.sockets)
        })?;
        let session = self.session.with_untracked(|session| match session {
            super::Session::Ready(id) => Some(id.clone()),
            _ => None,
        });
        if let Ok(Target::Lab(own)) = target::judge(url, session.as_ref()) {
            self.take(Incoming::Expect(number, Fingerprint { origin: OPAQUE.into(), ..own }));
        }
        Some(number)
    }

    /// Takes in what such a socket did or was told, at a time of the page's clock.
    pub fn foreign_event(self, socket: SocketNumber, at_us: u64, act: PageAct) -> Option<PageEvent> {
        let number = self.inner.try_update_value(|inner| {
            inner.events += 1;
            EventNumber(inner.events)
        })?;
        let event = PageEvent { number, socket, at_us, act };
        self.take(Incoming::Page(event.clone(), None));
        Some(event)
    }
}
