//! What the selected row shows in the inspector, and the two ends of its connection.

use crate::lab::row_text::{self, Ends};
use crate::lab::{Lab, Record};
use leptos::prelude::*;
use observation::sequence::RowKey;
use observation::{Act, Asked, Closed, ConnectionNumber, Event, Frame, Hop, Opening, Records, Refusal, Tunnel};

/// What the inspector shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Subject {
    Nothing,
    Asked(Asked),
    Opening {
        opening: Opening,
        response: bool,
    },
    Refusal {
        refusal: Refusal,
        response: bool,
    },
    Frame {
        frame: Box<Frame>,
        connection: ConnectionNumber,
    },
    Ending(Closed),
    Act(Act),
    Tunnel(Tunnel),
    Records(Records),
    /// An event that only the page has seen.
    Unseen,
    Gone,
}

/// What the inspector shows now, with the row's key, since two rows can have the same content.
pub(super) fn selected(lab: Lab) -> Memo<(Option<RowKey>, Subject)> {
    Memo::new(move |_| {
        let key = lab.selected.get();
        (key, key.map_or(Subject::Nothing, |key| lab.record.with(|record| Subject::of(record, key))))
    })
}

/// The end that the relay faces on a row's connection: this page's browser, another client, or the server beyond `/relay`.
pub(super) fn client_of(lab: Lab, key: RowKey) -> &'static str {
    lab.record.with_untracked(|record| {
        let hop = record.observation(key).and_then(|seen| record.transcript.connection(seen.connection)?.hop.as_ref());
        if hop.is_some_and(Hop::leads_to_a_server) {
            return "server";
        }
        record.row(key).map_or("client", |row| row_text::client(&row.page))
    })
}

/// The two ends of a row's connection.
pub(super) fn ends_of(lab: Lab, key: RowKey) -> Ends {
    lab.record.with_untracked(|record| {
        let connection = record.observation(key).and_then(|seen| record.transcript.connection(seen.connection));
        let row = record.row(key);
        let client = row.map_or("client", |row| row_text::client(&row.page));
        Ends::in_record(record, connection.and_then(|connection| connection.hop.as_ref()), client)
    })
}

impl Subject {
    /// What the row called `key` shows.
    pub(super) fn of(record: &Record, key: RowKey) -> Self {
        if matches!(key, RowKey::Page(_)) {
            return Self::Unseen;
        }
        let Some(seen) = record.observation(key) else { return Self::Gone };
        let (response, connection) = (!matches!(key, RowKey::Request(_)), seen.connection);
        match seen.event.clone() {
            Event::Opening(opening) => Self::Opening { opening, response },
            Event::Refusal(refusal) => Self::Refusal { refusal, response },
            Event::Frame(frame) => Self::Frame { frame: Box::new(frame), connection },
            Event::Act(act) => Self::Act(act),
            Event::Closed(closed) => Self::Ending(closed),
            Event::Asked(asked) => Self::Asked(asked),
            Event::Tunnel(tunnel) => Self::Tunnel(tunnel),
            Event::Records(records) => Self::Records(records),
            // Notes have no row.
            Event::Note(_) => Self::Nothing,
        }
    }
}
