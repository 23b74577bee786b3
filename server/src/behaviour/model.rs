//! What a behaviour consists of.

use super::fault::Fault;
use observation::command::DropBy;
use std::time::Duration;
use wire::close::CloseCode;
use wire::deflate::Policy;
use wire::incoming::Limits;
use wire::message::MessageKind;

/// How a connection is to be, from its first byte to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Behaviour {
    pub(crate) deflate: Policy,
    pub(crate) opening: OpeningBehaviour,
    pub(crate) talk: ConnectionBehaviour,
}

/// What happens to the opening handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpeningBehaviour {
    /// How long the answer waits.
    pub(crate) delay: Option<Duration>,
    pub(crate) answer: OpeningAnswer,
    pub(crate) accept: AcceptValue,
    pub(crate) without_upgrade: bool,
    pub(crate) without_connection: bool,
    pub(crate) subprotocol: SubprotocolChoice,
    /// Whether the answer names an extension that nobody offered.
    pub(crate) unoffered_extension: bool,
}

/// How a right request is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum OpeningAnswer {
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
pub(crate) struct Refuse {
    /// 300–599.
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Option<String>,
}

/// What `Sec-WebSocket-Accept` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AcceptValue {
    #[default]
    Right,
    Wrong,
    Missing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SubprotocolChoice {
    /// The first that was offered, if any was.
    #[default]
    First,
    None,
    /// One that was not offered.
    Unoffered,
}

/// What an open connection does. The default is a plain echo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionBehaviour {
    /// The only kind of message that is taken; `None` for both.
    pub(crate) accept: Option<MessageKind>,
    /// The largest message that is taken, in bytes, where that is less than the relay's own limit.
    pub(crate) max_message: Option<u64>,
    /// Whether messages are not answered.
    pub(crate) silent: bool,
    /// In how many fragments a message goes out; `None` for as it came, or one.
    pub(crate) fragments: Option<u32>,
    /// Whether a ping goes between them.
    pub(crate) fragment_pings: bool,
    /// How long a reply waits.
    pub(crate) delay: Option<Duration>,
    /// The time between two bytes of a message that goes out.
    pub(crate) drip: Option<Duration>,
    /// The first message, before the client has said anything.
    pub(crate) greet: Option<String>,
    pub(crate) push: Option<Push>,
    pub(crate) heartbeat: Option<Heartbeat>,
    /// Whether pings are left unanswered.
    pub(crate) no_pong: bool,
    pub(crate) idle: Option<Idle>,
    pub(crate) close: Option<CloseAfter>,
    /// Whether the client's close frame is left unanswered.
    pub(crate) no_close_answer: bool,
    pub(crate) drop: Option<DropAfter>,
    /// Each with the number of the reply that it spoils, from 1; no number twice.
    pub(crate) faults: Vec<(u32, Fault)>,
}

/// Messages that nobody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Push {
    pub(crate) every: Duration,
    /// `None` for a number that counts up.
    pub(crate) text: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heartbeat {
    pub(crate) every: Duration,
    /// 125 bytes at the most; `None` for a number that counts up.
    pub(crate) payload: Option<String>,
    /// How long a pong may take.
    pub(crate) within: Option<Duration>,
}

/// What happens when nothing travels, either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Idle {
    pub(crate) after: Duration,
    /// `None` for a goodbye with 1001.
    pub(crate) drop: Option<DropBy>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CloseAfter {
    pub(crate) when: After,
    pub(crate) code: CloseCode,
    pub(crate) reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DropAfter {
    pub(crate) when: After,
    pub(crate) by: DropBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Since the connection was opened, or took this behaviour on.
    Time(Duration),
    /// So many messages of the client's.
    Messages(u32),
}

impl ConnectionBehaviour {
    pub(crate) fn is_plain_echo(&self) -> bool {
        *self == Self::default()
    }

    /// What it takes of what the relay takes.
    pub(crate) fn limits(&self, most: &Limits) -> Limits {
        let most_of = |limit: u64| self.max_message.map_or(limit, |bytes| bytes.min(limit));
        Limits { frame: most_of(most.frame), message: most_of(most.message) }
    }
}
