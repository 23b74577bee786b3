//! Chooses the row of a run to show, and the tab of the inspector.

use crate::lab::Record;
use curriculum::course::Show;
use observation::page::SocketNumber;
use observation::sequence::{Row, RowKey};
use observation::{ConnectionNumber, Event, Party};

/// A run has only one socket.
const SOCKET: SocketNumber = SocketNumber(1);

/// The tabs of the inspector, by index.
const ANATOMY: usize = 0;
const FRAME_ON_THE_PATH: usize = 3;
const ACCEPT: usize = 2;
const HANDSHAKE_ON_THE_PATH: usize = 3;

pub(super) fn aim(show: Show) -> fn(&Record) -> Option<RowKey> {
    match show {
        Show::Sequence | Show::Lifecycle => newest,
        Show::Request => |record| own(record, |key| matches!(key, RowKey::Request(_))).or_else(|| newest(record)),
        Show::Response | Show::Accept => response,
        Show::Frame | Show::Unmasking => |record| frame(record).or_else(|| newest(record)),
        Show::Path => |record| frame(record).or_else(|| response(record)),
        Show::Ending => ending,
    }
}

/// The tab for a frame, and the tab for a handshake; `None` leaves the choice to the row.
pub(super) fn parts(show: Show) -> (usize, Option<usize>) {
    match show {
        Show::Path => (FRAME_ON_THE_PATH, Some(HANDSHAKE_ON_THE_PATH)),
        Show::Accept => (ANATOMY, Some(ACCEPT)),
        _ => (ANATOMY, None),
    }
}

fn newest(record: &Record) -> Option<RowKey> {
    let last = record.sequence.len().checked_sub(1)?;
    record.sequence.get(last).map(|row| row.key)
}

fn response(record: &Record) -> Option<RowKey> {
    own(record, |key| matches!(key, RowKey::Response(_))).or_else(|| newest(record))
}

/// The end of the connection, or the response if it never opened.
fn ending(record: &Record) -> Option<RowKey> {
    own(record, |key| matches!(key, RowKey::End(_))).or_else(|| response(record))
}

/// The browser's last data frame, or its last control frame.
fn frame(record: &Record) -> Option<RowKey> {
    let connection = record.sequence.connection(SOCKET)?;
    let frames = |control: bool| {
        rows(record).rev().find(|row| {
            let seen = record.observation(row.key).filter(|seen| seen.connection == connection);
            matches!(seen.map(|seen| &seen.event), Some(Event::Frame(frame))
                if frame.from == Party::Client && frame.opcode().is_control() == control)
        })
    };
    frames(false).or_else(|| frames(true)).map(|row| row.key)
}

/// The first row of the socket's own connection that `fits`; through a middlebox, that is the client side.
fn own(record: &Record, fits: fn(RowKey) -> bool) -> Option<RowKey> {
    let connection: ConnectionNumber = record.sequence.connection(SOCKET)?;
    let of_it = |row: &Row| record.observation(row.key).is_some_and(|seen| seen.connection == connection);
    rows(record).find(|row| fits(row.key) && of_it(row)).map(|row| row.key)
}

fn rows(record: &Record) -> impl DoubleEndedIterator<Item = Row> {
    (0..record.sequence.len()).filter_map(|index| record.sequence.get(index))
}
