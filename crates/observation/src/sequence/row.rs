//! The rows of a sequence.

use crate::Seq;
use crate::page::EventNumber;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub key: RowKey,
    pub page: PageSide,
}

impl Row {
    /// The row of an event without an observation.
    pub(super) fn of_page(event: EventNumber) -> Self {
        Self { key: RowKey::Page(event), page: PageSide::Events(vec![event]) }
    }
}

/// What a row shows. It is also the identity of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// The request of an opening or refusal, or one that an intermediary forwards.
    Request(Seq),
    /// The response to a request.
    Response(Seq),
    /// The connection is open, after a 101 response.
    Opened(Seq),
    Frame(Seq),
    /// A deliberate act of the relay.
    Act(Seq),
    /// A connection to a middlebox in front of TLS.
    Tunnel(Seq),
    /// The TLS records of such a connection.
    Records(Seq),
    /// The end of a connection.
    End(Seq),
    /// Missing observations, first and last number.
    Gap(Seq, Seq),
    /// An event that only the page saw.
    Page(EventNumber),
}

impl RowKey {
    /// The observation behind the row.
    #[must_use]
    pub fn seq(self) -> Option<Seq> {
        match self {
            Self::Request(seq)
            | Self::Response(seq)
            | Self::Opened(seq)
            | Self::Frame(seq)
            | Self::Act(seq)
            | Self::Tunnel(seq)
            | Self::Records(seq)
            | Self::End(seq) => Some(seq),
            Self::Gap(..) | Self::Page(_) => None,
        }
    }
}

/// The page's part of a row: what JavaScript saw.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PageSide {
    /// These events, in order.
    Events(Vec<EventNumber>),
    /// Nothing: the browser handles it without an event.
    Nothing,
    /// Nothing yet: more fragments of the message follow.
    Fragment,
    /// The connection does not belong to this page: it is another client's, or older than the page.
    Elsewhere,
}

/// A row's index, counted from 0 since the start of the session, including dropped rows.
pub(super) type RowNumber = usize;
