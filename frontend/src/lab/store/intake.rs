//! Takes events of the sockets into the record, once per animation frame. The code that reads and records them loads later.

use super::record::{Incoming, Record};
use super::{FeedState, Lab};
use crate::net::feed::{Feed, Read};
use crate::net::lab_socket::Payload;
use crate::ui::clock::now_us;
use crate::ui::later::later;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::page::{EventNumber, PageAct, PageEvent, SocketNumber};
use observation::{FeedMessage, SessionId};

later!(intake: Intake = Intake {
    read: |text| FeedMessage::from_json(text).map_err(|error| error.to_string()),
    take_in: Record::take_in,
});

/// The functions of the part.
#[derive(Clone, Copy)]
pub(super) struct Intake {
    /// Reads a message of the feed.
    read: Read,
    take_in: fn(&mut Record, Incoming),
}

impl Lab {
    /// Loads the part. Until it is there, events wait in the inbox. Then opens the feed of the session, if there is one.
    pub(super) fn load_intake(self, session: Option<SessionId>) {
        spawn_local(async move {
            let loaded = intake().await;
            // The page may have been left meanwhile.
            let alive = self.inner.try_update_value(|inner| inner.intake = loaded.ok()).is_some();
            match loaded {
                Ok(Intake { read, .. }) if alive => {
                    self.take_in();
                    if let Some(id) = session {
                        self.open_feed(id, read);
                    }
                }
                Err(_) if alive => self.feed_is(FeedState::Unreadable("a part of the page failed to load".into())),
                _ => {}
            }
        });
    }

    fn open_feed(self, id: SessionId, read: Read) {
        let last = move || self.record.with_untracked(|record| record.transcript.last());
        let feed = Feed::open(id, last, read, move |event| self.feed_event(event));
        self.inner.update_value(|inner| inner.feed = Some(feed));
    }

    pub(super) fn event(self, socket: SocketNumber, act: PageAct, payload: Option<Payload>) -> Option<EventNumber> {
        let number = self.next_event()?;
        let at_us = now_us();
        self.take(Incoming::Page(PageEvent { number, socket, at_us, act }, payload));
        Some(number)
    }

    pub(super) fn next_event(self) -> Option<EventNumber> {
        self.inner.try_update_value(|inner| {
            inner.events += 1;
            EventNumber(inner.events)
        })
    }

    pub(super) fn take(self, incoming: Incoming) {
        let schedule = self.inner.try_update_value(|inner| {
            inner.inbox.push(incoming);
            !std::mem::replace(&mut inner.scheduled, true)
        });
        if document().hidden() {
            // A hidden page has no animation frames, and its inbox must not grow.
            self.take_in();
        } else if schedule == Some(true) {
            request_animation_frame(move || self.take_in());
        }
    }

    fn take_in(self) {
        let taken = self.inner.try_update_value(|inner| {
            inner.scheduled = false;
            let intake = inner.intake.filter(|_| !inner.inbox.is_empty())?;
            let inbox = (std::mem::take(&mut inner.inbox), inner.gate.take());
            Some((intake, inbox, inner.follow, inner.follow_command, inner.aim))
        });
        let Some((intake, (inbox, mut gate), follow, command, aim)) = taken.flatten() else { return };
        let held = self.record.try_update(|record| match &mut gate {
            Some(gate) => gate(inbox, record, document().hidden()),
            None => {
                inbox.into_iter().for_each(|incoming| (intake.take_in)(record, incoming));
                Vec::new()
            }
        });
        let held = held.unwrap_or_default();
        let waits = !held.is_empty();
        self.inner.update_value(|inner| {
            inner.gate = gate;
            inner.inbox.splice(..0, held);
            inner.scheduled |= waits;
        });
        if waits {
            request_animation_frame(move || self.take_in());
        }
        if let Some(aim) = aim {
            let key = self.record.with_untracked(aim);
            if key.is_some() && self.selected.with_untracked(|selected| *selected != key) {
                self.selected.set(key);
            }
            return;
        }
        if let Some(event) = follow {
            self.follow(event);
        }
        if let Some((connection, last)) = command {
            self.follow_command(connection, last);
        }
    }
}
