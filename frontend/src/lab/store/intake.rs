//! Takes events of the sockets into the record, once per animation frame.

use super::Lab;
use super::record::Incoming;
use crate::net::lab_socket::Payload;
use leptos::prelude::*;
use observation::page::{EventNumber, PageAct, PageEvent, SocketNumber};

impl Lab {
    pub(super) fn event(self, socket: SocketNumber, act: PageAct, payload: Option<Payload>) -> Option<EventNumber> {
        let number = self.next_event()?;
        let at_us = window().performance().map_or(0, |clock| (clock.now() * 1000.0) as u64);
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
            let news = !inner.inbox.is_empty();
            news.then(|| {
                (std::mem::take(&mut inner.inbox), inner.gate.take(), inner.follow, inner.follow_command, inner.aim)
            })
        });
        let Some((inbox, mut gate, follow, command, aim)) = taken.flatten() else { return };
        let held = self.record.try_update(|record| match &mut gate {
            Some(gate) => gate(inbox, record, document().hidden()),
            None => {
                inbox.into_iter().for_each(|incoming| record.take_in(incoming));
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
