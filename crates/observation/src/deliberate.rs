//! What the relay does on purpose: because a connection's URL asks for it, or a command.

use crate::command::Command;
use crate::encoding::{self, named::named};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Something done on purpose, so that a lab's mischief can be told from a fault of the relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliberate {
    pub by: Origin,
    /// A stable name: of a fault (`rsv1`), a setting (`refuse`) or a command (`pause`).
    pub what: Cow<'static, str>,
    /// What was done, in a sentence without capital and full stop.
    pub explanation: Cow<'static, str>,
    /// The rule that it is about, broken or not; `null` where no RFC has one.
    pub rule: Option<Citation>,
}

/// Where a rule stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    pub rfc: u16,
    pub section: Cow<'static, str>,
}

/// Who wanted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The settings of the connection's URL, or those that a command put in their place.
    Behaviour,
    /// A command of an observer.
    Console,
    /// The middlebox that the connection's URL leads over.
    Middlebox,
}

named!(Origin: "behaviour" => Origin::Behaviour, "console" => Origin::Console, "middlebox" => Origin::Middlebox);

/// A deliberate act that is no frame of its own: a wait, bytes that belong to no frame, the end of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub deliberate: Deliberate,
    /// The first of the bytes that went out, up to the relay's cap; empty if none did.
    #[serde(with = "encoding::base64")]
    pub bytes: Vec<u8>,
    /// How many went out.
    pub sent: u64,
    /// Why it was not done, in a sentence without capital and full stop; `null` if it was.
    pub refused: Option<String>,
}

impl Citation {
    #[must_use]
    pub const fn new(rfc: u16, section: &'static str) -> Self {
        Self { rfc, section: Cow::Borrowed(section) }
    }
}

impl Deliberate {
    /// What a connection's settings ask for, and the section of RFC 6455 that it is about.
    #[must_use]
    pub fn of_behaviour(
        what: &'static str,
        explanation: impl Into<Cow<'static, str>>,
        section: Option<&'static str>,
    ) -> Self {
        let rule = section.map(|section| Citation::new(6455, section));
        Self { by: Origin::Behaviour, what: what.into(), explanation: explanation.into(), rule }
    }

    /// What a command asks for; likewise.
    #[must_use]
    pub fn of_console(
        what: &'static str,
        explanation: impl Into<Cow<'static, str>>,
        section: Option<&'static str>,
    ) -> Self {
        Self { by: Origin::Console, ..Self::of_behaviour(what, explanation, section) }
    }

    /// What a middlebox does; no rule of RFC 6455 binds it.
    #[must_use]
    pub fn of_box(what: &'static str, explanation: impl Into<Cow<'static, str>>) -> Self {
        Self { by: Origin::Middlebox, ..Self::of_behaviour(what, explanation, None) }
    }
}

impl Act {
    /// An act without bytes.
    #[must_use]
    pub fn of(deliberate: Deliberate) -> Self {
        Self { deliberate, bytes: Vec::new(), sent: 0, refused: None }
    }

    /// A command that was not done, and why.
    #[must_use]
    pub fn refused(command: &Command, why: String) -> Self {
        let what = command.name();
        let explanation = format!("the command `{what}` was refused");
        let deliberate = Deliberate::of_console(what, explanation, None);
        Self { refused: Some(why), ..Self::of(deliberate) }
    }
}
