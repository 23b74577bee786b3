//! Deliberate acts of the relay, which a connection's URL or a command asks for.

use crate::command::Command;
use crate::encoding::{self, named::named};
use crate::{Deferred, Intercepted, InterceptedHandshake};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Marks something as deliberate, so that it can be distinguished from a fault of the relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliberate {
    pub by: Origin,
    /// The stable name of a fault (`rsv1`), a setting (`refuse`) or a command (`pause`).
    pub what: Cow<'static, str>,
    /// What was done, without a capital letter at the start and without a full stop.
    pub explanation: Cow<'static, str>,
    /// The rule concerned, whether broken or not; `null` if no RFC defines one.
    pub rule: Option<Citation>,
}

/// The RFC and section that define a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    pub rfc: u16,
    pub section: Cow<'static, str>,
}

/// What asked for a deliberate act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The behavior settings in the connection's URL, or those of a later command.
    Behaviour,
    /// A command of an observer.
    Console,
    /// The middlebox in the connection's URL.
    Middlebox,
    /// A limit of the relay, which nobody asked for.
    Limit,
    /// A rule of the session, or an observer's decision about what a rule held.
    Rule,
}

named!(
    Origin: "behaviour" => Origin::Behaviour, "console" => Origin::Console, "middlebox" => Origin::Middlebox,
    "limit" => Origin::Limit, "rule" => Origin::Rule,
);

/// A deliberate act that is not a frame: a pause, raw bytes, the end of the TCP connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub deliberate: Deliberate,
    /// The first bytes that were sent, up to the relay's cap. Empty if none were sent.
    #[serde(with = "encoding::base64")]
    pub bytes: Vec<u8>,
    /// How many bytes were sent.
    pub sent: u64,
    /// Why the act was refused, without a capital letter at the start and without a full stop; `null` if it was done.
    pub refused: Option<String>,
    /// What a rule changed. Left out if no rule did this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intercepted: Option<Deferred<Intercepted>>,
    /// What a rule changed in an opening handshake. Left out if no rule did this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake: Option<Deferred<InterceptedHandshake>>,
}

impl Citation {
    #[must_use]
    pub const fn new(rfc: u16, section: &'static str) -> Self {
        Self { rfc, section: Cow::Borrowed(section) }
    }
}

impl Deliberate {
    /// An act that the behavior settings ask for. `section` is the section of RFC 6455 concerned.
    #[must_use]
    pub fn by_behaviour(
        what: &'static str,
        explanation: impl Into<Cow<'static, str>>,
        section: Option<&'static str>,
    ) -> Self {
        let rule = section.map(|section| Citation::new(6455, section));
        Self { by: Origin::Behaviour, what: what.into(), explanation: explanation.into(), rule }
    }

    /// An act that a command asks for. `section` is the section of RFC 6455 concerned.
    #[must_use]
    pub fn by_console(
        what: &'static str,
        explanation: impl Into<Cow<'static, str>>,
        section: Option<&'static str>,
    ) -> Self {
        Self { by: Origin::Console, ..Self::by_behaviour(what, explanation, section) }
    }

    /// An act of a middlebox. RFC 6455 has no rules for middleboxes, so there is no section.
    #[must_use]
    pub fn by_middlebox(what: &'static str, explanation: impl Into<Cow<'static, str>>) -> Self {
        Self { by: Origin::Middlebox, ..Self::by_behaviour(what, explanation, None) }
    }

    /// What a rule does. `section` is the section of RFC 6455 concerned.
    #[must_use]
    pub fn by_rule(
        what: &'static str,
        explanation: impl Into<Cow<'static, str>>,
        section: Option<&'static str>,
    ) -> Self {
        Self { by: Origin::Rule, ..Self::by_behaviour(what, explanation, section) }
    }

    /// What the relay does because one of its limits is reached. No RFC defines the limits of a server.
    #[must_use]
    pub fn by_limit(what: &'static str, explanation: impl Into<Cow<'static, str>>) -> Self {
        Self { by: Origin::Limit, ..Self::by_behaviour(what, explanation, None) }
    }
}

impl Act {
    /// An act that sent no bytes.
    #[must_use]
    pub fn of(deliberate: Deliberate) -> Self {
        Self { deliberate, bytes: Vec::new(), sent: 0, refused: None, intercepted: None, handshake: None }
    }

    /// A command that was refused, and why.
    #[must_use]
    pub fn refused(command: &Command, why: String) -> Self {
        let what = command.name();
        let explanation = format!("the command `{what}` was refused");
        let deliberate = Deliberate::by_console(what, explanation, None);
        Self { refused: Some(why), ..Self::of(deliberate) }
    }
}
