//! The two directions in which bytes cross a hop, and its two sides.

use observation::Leg;
use wire::Sender;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

impl Direction {
    pub(super) const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];

    /// The direction from the hop to the end of that side.
    pub(super) fn toward(side: Leg) -> Self {
        match side {
            Leg::Near => Self::ToClient,
            Leg::Far => Self::ToServer,
        }
    }

    /// The direction in which that role sends.
    pub(super) fn of(sender: Sender) -> Self {
        match sender {
            Sender::Client => Self::ToServer,
            Sender::Server => Self::ToClient,
        }
    }

    /// The side on which these bytes arrive at the hop.
    pub(super) fn source(self) -> Leg {
        match self {
            Self::ToServer => Leg::Near,
            Self::ToClient => Leg::Far,
        }
    }

    /// The side on which these bytes leave the hop.
    pub(super) fn target(self) -> Leg {
        match self {
            Self::ToServer => Leg::Far,
            Self::ToClient => Leg::Near,
        }
    }

    /// The role of whoever sends in this direction, the hop included.
    pub(super) fn sender(self) -> Sender {
        match self {
            Self::ToServer => Sender::Client,
            Self::ToClient => Sender::Server,
        }
    }

    /// The role of whoever receives.
    pub(super) fn receiver(self) -> Sender {
        match self {
            Self::ToServer => Sender::Server,
            Self::ToClient => Sender::Client,
        }
    }
}
