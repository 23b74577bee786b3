//! The rows of a sequence as a table, for any merge of the two streams.

use crate::streams::{Streams, fingerprint};
use observation::page::{EventNumber, PageAct, PageEvent};
use observation::sequence::{PageSide, Row, RowKey, Sequence};
use observation::{Event, Seq};
use proptest::prelude::*;

/// Rows as a table: what the wire carried (`-` for nothing), and what the page saw.
pub(crate) type Table = Vec<(String, String)>;

pub(crate) fn table(streams: &Streams, sequence: &Sequence) -> Table {
    let wire = |seq: Seq| match &streams.observations[seq.0 as usize - 1].1.event {
        Event::Frame(frame) => format!("{:?} {}", frame.from, String::from_utf8_lossy(&frame.payload)),
        _ => String::new(),
    };
    let act = |number: &EventNumber| act(&streams.events[number.0 as usize - 1]);
    let row = |row: Row| {
        let key = match row.key {
            RowKey::Request(_) => "request".to_owned(),
            RowKey::Response(_) => "response".to_owned(),
            RowKey::Opened(_) => "opened".to_owned(),
            RowKey::Frame(seq) => wire(seq).to_lowercase(),
            RowKey::Act(_) => "act".to_owned(),
            RowKey::Tunnel(_) => "tunnel".to_owned(),
            RowKey::Records(_) => "records".to_owned(),
            RowKey::End(_) => "end".to_owned(),
            RowKey::Gap(from, to) => format!("gap {from}-{to}"),
            RowKey::Page(_) => "-".to_owned(),
        };
        let page = match row.page {
            PageSide::Events(events) => events.iter().map(act).collect::<Vec<_>>().join(", "),
            other => format!("({other:?})").to_lowercase(),
        };
        (key, page)
    };
    (0..sequence.len()).map(|index| row(sequence.get(index).expect("a row"))).collect()
}

/// `1 send a`: the socket and what it did.
fn act(event: &PageEvent) -> String {
    let act = match &event.act {
        PageAct::Constructed { .. } => "new".to_owned(),
        PageAct::Open { .. } => "open".to_owned(),
        PageAct::Sent(payload) => format!("send {}", payload.preview),
        PageAct::Received(payload) => format!("message {}", payload.preview),
        PageAct::CloseCalled { .. } => "close()".to_owned(),
        PageAct::Error => "error".to_owned(),
        PageAct::Closed { code, .. } => format!("close {code}"),
    };
    format!("{} {act}", event.socket.0)
}

/// Merges the two streams. Where both can continue, `page_first` says which one does. After its end, the page continues first.
pub(crate) fn merge(streams: &Streams, capacity: usize, page_first: impl IntoIterator<Item = bool>) -> Sequence {
    let mut sequence = Sequence::new(capacity);
    for event in &streams.events {
        sequence.expect(event.socket, fingerprint());
    }
    let mut choices = page_first.into_iter();
    let (mut events, mut observations) = (streams.events.iter(), streams.observations.iter().peekable());
    loop {
        let come = streams.events.len() - events.len();
        let may_observe = observations.peek().is_some_and(|(before, _)| come >= *before);
        if events.len() == 0 && !may_observe {
            return sequence;
        }
        if events.len() > 0 && (!may_observe || choices.next().unwrap_or(true)) {
            events.next().into_iter().for_each(|event| sequence.page(event));
        } else {
            observations.next().into_iter().for_each(|(_, observation)| sequence.observe(observation));
        }
    }
}

pub(crate) fn check_all_merges(capacity: usize, life: fn() -> Streams, expect: &[(&str, &str)]) {
    let streams = life();
    let expect: Table = expect.iter().map(|&(wire, page)| (wire.to_owned(), page.to_owned())).collect();
    let length = streams.events.len() + streams.observations.len();
    let merges = proptest::collection::vec(any::<bool>(), length);
    assert_eq!(table(&streams, &merge(&streams, capacity, [])), expect, "the page first");
    assert_eq!(table(&streams, &merge(&streams, capacity, vec![false; length])), expect, "the relay first");
    proptest!(|(page_first in merges)| {
        let rows = table(&streams, &merge(&streams, capacity, page_first));
        prop_assert_eq!(&rows, &expect);
    });
}
