//! How a lab connection behaves, as its URL asks for it: `/lab/{session}?fragments=3&ping-every=1s&fault=rsv1@2`.
//!
//! [`Behaviour`] is what [`parse`] makes of a query; [`fault`] knows the wrong frames, and [`catalogue`] says of every setting,
//! fault and preset (in [`presets`]) what it does, for the page and the documentation.

pub(super) mod catalogue;
pub(super) mod fault;
mod parse;
mod presets;
#[cfg(test)]
mod tests;

pub(super) use fault::Fault;
pub(super) use parse::SettingError;

use observation::command::DropBy;
use std::time::Duration;
use wire::close::CloseCode;
use wire::deflate::Policy;
use wire::incoming::Limits;
use wire::message::MessageKind;

/// How a connection is to be, from its first byte to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Behaviour {
    pub(super) deflate: Policy,
    pub(super) opening: OpeningBehaviour,
    pub(super) talk: Talk,
}

/// What happens to the opening handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OpeningBehaviour {
    /// How long the answer waits.
    pub(super) delay: Option<Duration>,
    pub(super) answer: OpeningAnswer,
    pub(super) accept: AcceptValue,
    pub(super) without_upgrade: bool,
    pub(super) without_connection: bool,
    pub(super) subprotocol: SubprotocolChoice,
    /// Whether the answer names an extension that nobody offered.
    pub(super) unoffered_extension: bool,
}

/// How a right request is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum OpeningAnswer {
    #[default]
    Upgrade,
    Refuse(Refuse),
    /// Nothing, for as long as the client waits.
    Silence,
    Drop(DropBy),
    /// Bytes that are no HTTP.
    Garbage,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refuse {
    /// 300–599.
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: Option<String>,
}

/// What `Sec-WebSocket-Accept` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum AcceptValue {
    #[default]
    Right,
    Wrong,
    Missing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SubprotocolChoice {
    /// The first that was offered, if any was.
    #[default]
    First,
    None,
    /// One that was not offered.
    Unoffered,
}

/// What an open connection does. The default is a plain echo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Talk {
    /// The only kind of message that is taken; `None` for both.
    pub(super) accept: Option<MessageKind>,
    /// The largest message that is taken, in bytes, where that is less than the relay's own limit.
    pub(super) max_message: Option<u64>,
    /// Whether messages are not answered.
    pub(super) silent: bool,
    /// In how many fragments a message goes out; `None` for as it came, or one.
    pub(super) fragments: Option<u32>,
    /// Whether a ping goes between them.
    pub(super) fragment_pings: bool,
    /// How long a reply waits.
    pub(super) delay: Option<Duration>,
    /// The time between two bytes of a message that goes out.
    pub(super) drip: Option<Duration>,
    /// The first message, before the client has said anything.
    pub(super) greet: Option<String>,
    pub(super) push: Option<Push>,
    pub(super) heartbeat: Option<Heartbeat>,
    /// Whether pings are left unanswered.
    pub(super) no_pong: bool,
    pub(super) idle: Option<Idle>,
    pub(super) close: Option<CloseAfter>,
    /// Whether the client's close frame is left unanswered.
    pub(super) no_close_answer: bool,
    pub(super) drop: Option<DropAfter>,
    /// Each with the number of the reply that it spoils, from 1; no number twice.
    pub(super) faults: Vec<(u32, Fault)>,
}

/// Messages that nobody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Push {
    pub(super) every: Duration,
    /// `None` for a number that counts up.
    pub(super) text: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heartbeat {
    pub(super) every: Duration,
    /// 125 bytes at the most; `None` for a number that counts up.
    pub(super) payload: Option<String>,
    /// How long a pong may take.
    pub(super) within: Option<Duration>,
}

/// What happens when nothing travels, either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Idle {
    pub(super) after: Duration,
    /// `None` for a goodbye with 1001.
    pub(super) drop: Option<DropBy>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CloseAfter {
    pub(super) when: After,
    pub(super) code: CloseCode,
    pub(super) reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DropAfter {
    pub(super) when: After,
    pub(super) by: DropBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Since the connection was opened, or took this behaviour on.
    Time(Duration),
    /// So many messages of the client's.
    Messages(u32),
}

impl Talk {
    pub(super) fn is_plain_echo(&self) -> bool {
        *self == Self::default()
    }

    /// What it takes of what the relay takes.
    pub(super) fn limits(&self, most: &Limits) -> Limits {
        let most_of = |limit: u64| self.max_message.map_or(limit, |bytes| bytes.min(limit));
        Limits { frame: most_of(most.frame), message: most_of(most.message) }
    }
}
