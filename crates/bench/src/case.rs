//! The load of each case: the number of connections, the size of the messages, and how many are in flight.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Case {
    /// 64 connections, 20 bytes, one message in flight
    #[value(name = "one")]
    OneInFlight,
    /// 64 connections, 125 bytes, 16 messages in flight
    Pipelined,
    /// 32 connections, 16 KiB, one message in flight
    #[value(name = "16kib")]
    Kib16,
    /// 8 connections, 1 MiB, one message in flight
    #[value(name = "1mib")]
    Mib1,
}

#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub connections: usize,
    /// Bytes in each message.
    pub payload: usize,
    /// A connection sends this many messages in one write. It continues when it has received all of them back.
    pub in_flight: usize,
}

impl Case {
    pub const ALL: [Self; 4] = [Self::OneInFlight, Self::Pipelined, Self::Kib16, Self::Mib1];

    #[must_use]
    pub fn shape(self) -> Shape {
        let (connections, payload, in_flight) = match self {
            Self::OneInFlight => (64, 20, 1),
            Self::Pipelined => (64, 125, 16),
            Self::Kib16 => (32, 16 << 10, 1),
            Self::Mib1 => (8, 1 << 20, 1),
        };
        Shape { connections, payload, in_flight }
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::OneInFlight => "64 connections, 20 bytes, 1 in flight",
            Self::Pipelined => "64 connections, 125 bytes, 16 in flight",
            Self::Kib16 => "32 connections, 16 KiB, 1 in flight",
            Self::Mib1 => "8 connections, 1 MiB, 1 in flight",
        }
    }
}
