//! What a rule, or an observer who decided about it, changed in an opening handshake: what it was and what it became.

use crate::encoding;
use crate::rule::{Expiry, HandshakePart};
use serde::{Deserialize, Serialize};

/// The record of one step: a handshake was held, went on, went on edited, or was refused.
///
/// [`Deliberate::what`](crate::Deliberate::what) beside it names the step: `hold`, `delay`, `drop` or `note` for what a rule did, and
/// `forward`, `refuse` or `discard` for what became of a held handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterceptedHandshake {
    /// The position of the rule in the list at that time, from 1.
    pub rule: usize,
    /// Its name. May be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub part: HandshakePart,
    /// The number by which observers decide about it. The messages that are held on the connection later count on from it. `null` if
    /// it waits for nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<u64>,
    /// When the wait ends by itself, in microseconds since the session began. `null` if it does not wait any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_us: Option<u64>,
    /// What happens then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Expiry>,
    /// The head that the relay was about to send, with its empty line.
    #[serde(with = "encoding::latin1")]
    pub before: Vec<u8>,
    /// The head that it sent instead, verbatim. Empty if it sent none, and while the handshake waits.
    #[serde(default, with = "encoding::latin1")]
    pub after: Vec<u8>,
    /// As in an [`Opening`](crate::Opening).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concealed: Vec<String>,
}
