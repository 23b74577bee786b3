//! The rows of a sequence.

use crate::Seq;
use crate::page::EventNumber;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub key: RowKey,
    pub page: PageSide,
}

impl Row {
    /// The row of an event that the wire has nothing for.
    pub(super) fn of_page(event: EventNumber) -> Self {
        Self { key: RowKey::Page(event), page: PageSide::Events(vec![event]) }
    }
}

/// What a row is of; also its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// The request of an opening or refusal, or of one that waits for another leg.
    Request(Seq),
    /// The response to it.
    Response(Seq),
    /// The moment after a 101.
    Opened(Seq),
    Frame(Seq),
    /// Something that the relay did on purpose.
    Act(Seq),
    /// A line to a middlebox in front of TLS.
    Tunnel(Seq),
    /// What crossed such a line.
    Records(Seq),
    /// The end of a connection.
    End(Seq),
    /// Observations that are gone.
    Gap(Seq, Seq),
    /// Something only the page saw.
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

/// What JavaScript saw of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PageSide {
    /// These events, in order.
    Events(Vec<EventNumber>),
    /// Nothing: the browser deals with it, or keeps it to itself.
    Nothing,
    /// Nothing yet: the message has more fragments to come.
    Fragment,
    /// The socket is not this page's: another client's, or from before the page was loaded.
    Elsewhere,
}

/// A row's index, counted from 0 since the start of the session, including dropped rows.
pub(super) type RowNumber = usize;
