//! Which row the page selects automatically: the visitor's last action, or the row that a view is about.

use super::Lab;
use super::record::Record;
use crate::net::lab_socket::Payload;
use leptos::prelude::*;
use observation::page::{EventNumber, PageAct, SocketNumber};
use observation::sequence::RowKey;
use observation::{ConnectionNumber, Event, Origin, Seq};

impl Lab {
    /// Selects the row that `aim` finds, until the visitor chooses one.
    pub fn aim_at(self, aim: fn(&Record) -> Option<RowKey>) {
        self.inner.update_value(|inner| inner.aim = Some(aim));
    }

    /// Selects a row that the visitor chose.
    pub fn inspect(self, key: RowKey) {
        self.inner.update_value(|inner| (inner.follow, inner.follow_command, inner.aim) = (None, None, None));
        self.selected.set(Some(key));
    }

    /// Selects the row of the visitor's action.
    pub(super) fn did(self, number: SocketNumber, act: PageAct, payload: Option<Payload>) {
        let event = self.event(number, act, payload);
        self.inner.update_value(|inner| (inner.follow, inner.follow_command) = (event, None));
    }

    /// Selects the first result of a command on `connection` after observation `last`.
    pub(super) fn follow_command(self, connection: ConnectionNumber, last: Seq) {
        let key = self.record.with_untracked(|record| {
            let new = record.transcript.iter().rev().take_while(|seen| seen.seq > last);
            let keys = new.filter(|seen| seen.connection == connection).filter_map(|seen| match &seen.event {
                Event::Frame(frame) if frame.deliberate.as_ref()?.by == Origin::Console => {
                    Some(RowKey::Frame(seen.seq))
                }
                Event::Act(act) if act.deliberate.by == Origin::Console => Some(RowKey::Act(seen.seq)),
                _ => None,
            });
            keys.last()
        });
        if key.is_some() {
            self.inner.update_value(|inner| inner.follow_command = None);
            self.selected.set(key);
        }
    }

    pub(super) fn follow(self, event: EventNumber) {
        let Some(key) = self.record.with_untracked(|record| record.row_of_event(event)) else { return };
        let watched = self.socket.with_untracked(|socket| socket.as_ref().is_some_and(|socket| socket.watched));
        if watched && matches!(key, RowKey::Page(_)) {
            // The relay has not reported it yet.
            return;
        }
        self.inner.update_value(|inner| inner.follow = None);
        self.selected.set(Some(key));
    }
}
