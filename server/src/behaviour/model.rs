//! The parts of a behavior.

use super::error::SettingError;
use super::fault::Fault;
use super::script::Script;
use observation::command::DropBy;
use std::sync::Arc;
use std::time::Duration;
use wire::close::CloseCode;
use wire::deflate::Policy;
use wire::incoming::Limits;
use wire::message::MessageKind;

/// The behavior of a connection from the handshake to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Behaviour {
    pub(crate) deflate: Policy,
    pub(crate) opening: OpeningBehaviour,
    pub(crate) talk: ConnectionBehaviour,
}

/// The behavior during the opening handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpeningBehaviour {
    /// The delay of the answer.
    pub(crate) delay: Option<Duration>,
    pub(crate) answer: OpeningAnswer,
    pub(crate) accept: AcceptValue,
    pub(crate) without_upgrade: bool,
    pub(crate) without_connection: bool,
    pub(crate) subprotocol: SubprotocolChoice,
    /// Whether the response selects an extension that was not offered.
    pub(crate) unoffered_extension: bool,
}

/// The answer to a valid request.
impl OpeningBehaviour {
    /// Whether it is different for each connection of a session.
    pub(crate) fn takes_turns(&self) -> bool {
        self.subprotocol == SubprotocolChoice::InTurn
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum OpeningAnswer {
    #[default]
    Upgrade,
    Refuse(Refuse),
    /// No answer, for as long as the client waits.
    Silence,
    Drop(DropBy),
    /// Bytes that are not HTTP.
    Garbage,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refuse {
    /// 300–599.
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Option<String>,
}

/// The value of `Sec-WebSocket-Accept`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AcceptValue {
    #[default]
    Right,
    Wrong,
    Missing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SubprotocolChoice {
    /// The first offered subprotocol, if there is one.
    #[default]
    First,
    None,
    /// Each connection of a session gets another one of those offered.
    InTurn,
    /// A subprotocol that was not offered.
    Unoffered,
}

/// The behavior of an open connection. The default is a plain echo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionBehaviour {
    /// The only accepted message type; `None` for both.
    pub(crate) accept: Option<MessageKind>,
    /// The largest accepted message in bytes, if it is less than the relay's limit.
    pub(crate) max_message: Option<u64>,
    /// Whether messages get no reply.
    pub(crate) silent: bool,
    /// Whether each reply has a random token, which proves that the client has read it.
    pub(crate) token: bool,
    /// How many replies wait for each other and are then sent in another order than their messages.
    pub(crate) shuffle: Option<u32>,
    /// After this many replies, the server answers nothing any more: no message, no ping and no close frame.
    pub(crate) silent_after: Option<u32>,
    /// The number of fragments per message; `None` to keep the client's fragments, or for one.
    pub(crate) fragments: Option<u32>,
    /// Whether a ping is sent between fragments.
    pub(crate) fragment_pings: bool,
    /// The delay of a reply.
    pub(crate) delay: Option<Duration>,
    /// The time between two bytes of a sent message.
    pub(crate) drip: Option<Duration>,
    /// A message that is sent as soon as the connection is open.
    pub(crate) greet: Option<String>,
    /// The same as a binary message.
    pub(crate) greet_bytes: Option<Vec<u8>>,
    pub(crate) push: Option<Push>,
    /// A dialogue that replaces the echo.
    pub(crate) script: Option<ScriptSource>,
    pub(crate) heartbeat: Option<Heartbeat>,
    /// Whether pings get no answer.
    pub(crate) no_pong: bool,
    pub(crate) idle: Option<Idle>,
    pub(crate) close: Option<CloseAfter>,
    /// Whether the client's close frame gets no answer.
    pub(crate) no_close_answer: bool,
    pub(crate) drop: Option<DropAfter>,
    /// The faults, each with the number of its reply, from 1. Each number occurs once.
    pub(crate) faults: Vec<(u32, Fault)>,
}

/// Where a script is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ScriptSource {
    Here(Arc<Script>),
    /// The session has it.
    Session,
}

/// Messages that the server sends on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Push {
    pub(crate) every: Duration,
    /// `None` for a counter.
    pub(crate) text: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heartbeat {
    pub(crate) every: Duration,
    /// At most 125 bytes; `None` for a counter.
    pub(crate) payload: Option<String>,
    /// The timeout for a pong.
    pub(crate) within: Option<Duration>,
}

/// What happens without traffic in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Idle {
    pub(crate) after: Duration,
    /// `None` for a close frame with 1001.
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
    /// Time since the connection opened, or since it got this behavior.
    Time(Duration),
    /// The number of messages from the client.
    Messages(u32),
}

impl ConnectionBehaviour {
    pub(crate) fn is_plain_echo(&self) -> bool {
        *self == Self::default()
    }

    /// Follows the session's script from now on, if it is to follow it.
    ///
    /// # Errors
    /// If the session has none.
    pub(crate) fn follow(&mut self, script: Option<Arc<Script>>) -> Result<(), SettingError> {
        if self.script == Some(ScriptSource::Session) {
            self.script = Some(ScriptSource::Here(script.ok_or(SettingError::NoScript)?));
        }
        Ok(())
    }

    /// The limits of this behavior, within the relay's limits.
    pub(crate) fn limits(&self, most: &Limits) -> Limits {
        let most_of = |limit: u64| self.max_message.map_or(limit, |bytes| bytes.min(limit));
        Limits { frame: most_of(most.frame), message: most_of(most.message) }
    }
}
