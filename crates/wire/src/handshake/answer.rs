//! Checks a server's response as a client must. RFC 6455 §4.1, the second half.

use super::accept::Derivation;
use super::head::{ResponseHead, values};
use super::request::OpeningRequest;
use crate::deflate::{self, Agreed};
use crate::extension::{self, Extension};
use thiserror::Error;

/// What the two endpoints have negotiated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpeningAnswer {
    pub subprotocol: Option<String>,
    /// All `Sec-WebSocket-Extensions` lines joined into one list. Empty if there were none.
    pub extensions: String,
    /// The parameters of permessage-deflate, if the server accepted it.
    pub deflate: Option<Agreed>,
}

/// Why there is no WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// The server answered with this status instead of 101.
    Status(u16),
    /// A 101 response that breaks rules, so the client must fail the connection. Has at least one element.
    Invalid(Vec<AnswerFault>),
}

/// A rule that a 101 response breaks. The text has no capital letter at its start and no full stop.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnswerFault {
    #[error("the response is HTTP/1.{0}, but a 101 exists only since HTTP/1.1")]
    HttpTooOld(u8),
    #[error("`Upgrade: websocket` is missing")]
    UpgradeMissing,
    #[error("`Upgrade` appears {0} times, but it must appear once")]
    UpgradeRepeated(usize),
    #[error("`Upgrade: {0}` is not `Upgrade: websocket`")]
    UpgradeWrong(String),
    #[error("`Connection` does not list `Upgrade`")]
    ConnectionLacksUpgrade,
    #[error("`Sec-WebSocket-Accept` is missing")]
    AcceptMissing,
    #[error("`Sec-WebSocket-Accept` appears {0} times, but it must appear once")]
    AcceptRepeated(usize),
    #[error("`Sec-WebSocket-Accept: {found}` does not match the key, which requires {required}")]
    AcceptWrong { found: String, required: String },
    #[error("`Sec-WebSocket-Protocol` appears {0} times, but it must appear at most once")]
    SubprotocolRepeated(usize),
    #[error("the subprotocol `{0}` was not offered")]
    SubprotocolNotOffered(String),
    #[error("`Sec-WebSocket-Extensions: {0}` is not a valid list")]
    ExtensionsMalformed(String),
    #[error("the extension `{0}` was not offered")]
    ExtensionNotOffered(String),
    #[error("`permessage-deflate` appears twice, but only one extension can use the bit RSV1")]
    DeflateRepeated,
    #[error("{0}")]
    Deflate(deflate::AnswerFault),
}

impl AnswerFault {
    /// A stable, machine-readable name.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::HttpTooOld(_) => "answer-http-too-old",
            Self::UpgradeMissing => "answer-upgrade-missing",
            Self::UpgradeRepeated(_) => "answer-upgrade-repeated",
            Self::UpgradeWrong(_) => "answer-upgrade-wrong",
            Self::ConnectionLacksUpgrade => "answer-connection",
            Self::AcceptMissing => "answer-accept-missing",
            Self::AcceptRepeated(_) => "answer-accept-repeated",
            Self::AcceptWrong { .. } => "answer-accept-wrong",
            Self::SubprotocolRepeated(_) => "answer-subprotocol-repeated",
            Self::SubprotocolNotOffered(_) => "answer-subprotocol-not-offered",
            Self::ExtensionsMalformed(_) => "answer-extensions-malformed",
            Self::ExtensionNotOffered(_) => "answer-extension-not-offered",
            Self::DeflateRepeated => "answer-deflate-repeated",
            Self::Deflate(fault) => fault.rule(),
        }
    }

    /// The number of the RFC that defines the rule, and the section.
    #[must_use]
    pub fn citation(&self) -> (u16, &'static str) {
        match self {
            Self::HttpTooOld(_) => (6455, "4.2.2"),
            Self::AcceptRepeated(_) => (6455, "11.3.3"),
            Self::SubprotocolRepeated(_) => (6455, "11.3.4"),
            Self::ExtensionsMalformed(_) => (6455, "9.1"),
            Self::DeflateRepeated => (7692, "5"),
            Self::Deflate(fault) => (7692, fault.section()),
            _ => (6455, "4.1"),
        }
    }
}

/// Checks the response to `asked`. `head` is the result of [`ResponseHead::parse`] for `bytes`.
///
/// # Errors
/// The status if it is not 101, or every rule that the response breaks.
pub fn judge(bytes: &[u8], head: &ResponseHead, asked: &OpeningRequest) -> Result<OpeningAnswer, AnswerError> {
    if head.status != 101 {
        return Err(AnswerError::Status(head.status));
    }
    let all = |name| values(bytes, &head.headers, name).map(lossy).collect::<Vec<_>>();
    let mut faults = Vec::new();
    if head.minor_version < 1 {
        faults.push(AnswerFault::HttpTooOld(head.minor_version));
    }
    faults.extend(upgrade(&all("Upgrade")));
    if !extension::items(&all("Connection").join(",")).any(|item| item.eq_ignore_ascii_case("upgrade")) {
        faults.push(AnswerFault::ConnectionLacksUpgrade);
    }
    faults.extend(accept(&all("Sec-WebSocket-Accept"), &asked.key));
    let subprotocols = all("Sec-WebSocket-Protocol");
    faults.extend(subprotocol(&subprotocols, &asked.subprotocols));
    let extensions = all("Sec-WebSocket-Extensions").join(", ");
    let mut agreed = None;
    match extension::parse(&extensions) {
        None => faults.push(AnswerFault::ExtensionsMalformed(extensions.clone())),
        Some(accepted) => {
            let offered = extension::parse(&asked.extensions).unwrap_or_default();
            agreed = negotiated(&accepted, &offered, &mut faults);
        }
    }
    if faults.is_empty() {
        Ok(OpeningAnswer { subprotocol: subprotocols.into_iter().next(), extensions, deflate: agreed })
    } else {
        Err(AnswerError::Invalid(faults))
    }
}

fn upgrade(values: &[String]) -> Option<AnswerFault> {
    match values {
        [] => Some(AnswerFault::UpgradeMissing),
        [value] if value.eq_ignore_ascii_case("websocket") => None,
        [value] => Some(AnswerFault::UpgradeWrong(value.clone())),
        values => Some(AnswerFault::UpgradeRepeated(values.len())),
    }
}

fn accept(values: &[String], key: &str) -> Option<AnswerFault> {
    let required = Derivation::from_key(key).accept;
    match values {
        [] => Some(AnswerFault::AcceptMissing),
        [value] if *value == required => None,
        [value] => Some(AnswerFault::AcceptWrong { found: value.clone(), required }),
        values => Some(AnswerFault::AcceptRepeated(values.len())),
    }
}

fn subprotocol(values: &[String], offered: &[String]) -> Option<AnswerFault> {
    match values {
        [] => None,
        [value] if offered.contains(value) => None,
        [value] => Some(AnswerFault::SubprotocolNotOffered(value.clone())),
        values => Some(AnswerFault::SubprotocolRepeated(values.len())),
    }
}

/// Checks the accepted extensions. Returns the parameters of permessage-deflate.
fn negotiated(accepted: &[Extension<'_>], offered: &[Extension<'_>], faults: &mut Vec<AnswerFault>) -> Option<Agreed> {
    let (mut agreed, mut deflates) = (None, 0);
    for extension in accepted {
        let not_offered = || AnswerFault::ExtensionNotOffered(extension.name.to_owned());
        if !offered.iter().any(|offer| offer.name == extension.name) {
            faults.push(not_offered());
        } else if extension.name == deflate::NAME {
            deflates += 1;
            match deflate::check_answer(extension, offered) {
                Ok((_, parameters)) => agreed = Some(parameters),
                Err(wrong) if wrong.is_empty() => faults.push(not_offered()),
                Err(wrong) => faults.extend(wrong.into_iter().map(AnswerFault::Deflate)),
            }
        }
    }
    faults.extend((deflates > 1).then_some(AnswerFault::DeflateRepeated));
    agreed
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
