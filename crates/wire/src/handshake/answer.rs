//! Checks a server's response as a client must. RFC 6455 §4.1, the second half.

use super::accept::Derivation;
use super::head::{ResponseHead, values};
use super::request::OpeningRequest;
use crate::extension;
use thiserror::Error;

/// What the two endpoints have negotiated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpeningAnswer {
    pub subprotocol: Option<String>,
    /// All `Sec-WebSocket-Extensions` lines joined into one list. Empty if there were none.
    pub extensions: String,
}

/// Why the client must fail the connection. The text continues a sentence about the server, with `it` as its subject.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnswerError {
    #[error("it answered with status {0} instead of 101")]
    Status(u16),
    #[error("its 101 response lacks `Upgrade: websocket`")]
    UpgradeMissing,
    #[error("its 101 response does not list `Upgrade` in `Connection`")]
    ConnectionLacksUpgrade,
    #[error("its 101 response has no `Sec-WebSocket-Accept`")]
    AcceptMissing,
    #[error("its `Sec-WebSocket-Accept` is `{0}`, which does not match the key")]
    AcceptWrong(String),
    #[error("it chose the subprotocol `{0}`, which was not offered")]
    SubprotocolNotOffered(String),
    #[error("it accepted the extension `{0}`, which was not offered")]
    ExtensionNotOffered(String),
}

/// Checks the response to `asked`. `head` is the result of [`ResponseHead::parse`] for `bytes`.
///
/// # Errors
/// The first reason why the client must fail the connection.
pub fn judge(bytes: &[u8], head: &ResponseHead, asked: &OpeningRequest) -> Result<OpeningAnswer, AnswerError> {
    let all = |name| values(bytes, &head.headers, name).map(lossy).collect::<Vec<_>>();
    let lists = |name, token: &str| {
        all(name).join(",").split(',').any(|item| extension::trim(item).eq_ignore_ascii_case(token))
    };
    if head.status != 101 {
        return Err(AnswerError::Status(head.status));
    }
    if !lists("Upgrade", "websocket") {
        return Err(AnswerError::UpgradeMissing);
    }
    if !lists("Connection", "upgrade") {
        return Err(AnswerError::ConnectionLacksUpgrade);
    }
    match all("Sec-WebSocket-Accept").as_slice() {
        [] => return Err(AnswerError::AcceptMissing),
        [accept] if *accept == Derivation::from_key(&asked.key).accept => {}
        accepts => return Err(AnswerError::AcceptWrong(accepts.join(", "))),
    }
    let subprotocols = all("Sec-WebSocket-Protocol");
    let subprotocol = (!subprotocols.is_empty()).then(|| subprotocols.join(", "));
    if let Some(taken) = subprotocol.as_ref().filter(|taken| !asked.subprotocols.contains(taken)) {
        return Err(AnswerError::SubprotocolNotOffered(taken.clone()));
    }
    let extensions = all("Sec-WebSocket-Extensions").join(", ");
    let offered = extension::parse(&asked.extensions).unwrap_or_default();
    let is_offered = |name: &str| offered.iter().any(|offer| offer.name == name);
    let taken = extension::parse(&extensions).ok_or_else(|| AnswerError::ExtensionNotOffered(extensions.clone()))?;
    if let Some(unoffered) = taken.iter().find(|taken| !is_offered(taken.name)) {
        return Err(AnswerError::ExtensionNotOffered(unoffered.name.to_owned()));
    }
    Ok(OpeningAnswer { subprotocol, extensions })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
