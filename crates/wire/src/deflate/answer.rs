//! Checks a server's answer to offers of permessage-deflate as a client must. RFC 7692 §7.1.

use super::negotiation::{
    Agreed, CLIENT_MAX_WINDOW_BITS, Decline, NAME, Parameters, SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER, Side,
};
use crate::extension::Extension;
use thiserror::Error;

/// Why the client must fail the connection. The text has no capital letter at its start and no full stop.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnswerFault {
    /// A parameter that is unknown, repeated or malformed.
    #[error("{0}")]
    Parameter(Decline),
    #[error("the answer lacks `{SERVER_NO_CONTEXT_TAKEOVER}`, which the client asked for")]
    ServerTakeover,
    #[error("the client limited the server’s window to {0} bits, so the answer needs `{SERVER_MAX_WINDOW_BITS}`")]
    ServerWindowMissing(u8),
    #[error("`{SERVER_MAX_WINDOW_BITS}={found}` exceeds the client’s limit of {offered} bits")]
    ServerWindowTooLarge { offered: u8, found: u8 },
    #[error("`{CLIENT_MAX_WINDOW_BITS}={0}` is not allowed: the client did not offer that parameter")]
    ClientWindowNotOffered(u8),
}

impl AnswerFault {
    /// A stable, machine-readable name.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Parameter(_) => "answer-deflate-parameter",
            Self::ServerTakeover => "answer-server-takeover",
            Self::ServerWindowMissing(_) | Self::ServerWindowTooLarge { .. } => "answer-server-window",
            Self::ClientWindowNotOffered(_) => "answer-client-window",
        }
    }

    /// The section of RFC 7692 that defines the rule.
    #[must_use]
    pub fn section(&self) -> &'static str {
        match self {
            Self::Parameter(_) => "7.1",
            Self::ServerTakeover => "7.1.1.1",
            Self::ServerWindowMissing(_) | Self::ServerWindowTooLarge { .. } => "7.1.2.1",
            Self::ClientWindowNotOffered(_) => "7.1.2.2",
        }
    }
}

/// Finds the first offer that `answer` can accept. Returns its position in `offers`, and what both ends agree on.
///
/// # Errors
/// All reasons why the client must fail the connection. If there are several offers, they are those of the offer that the answer
/// fits best. Empty if there is no valid offer at all, or if the answer names another extension.
pub fn check(answer: &Extension<'_>, offers: &[Extension<'_>]) -> Result<(usize, Agreed), Vec<AnswerFault>> {
    if answer.name != NAME {
        return Err(Vec::new());
    }
    let (parameters, malformed) = Parameters::read(answer, Side::Answer);
    let malformed: Vec<_> = malformed.into_iter().map(AnswerFault::Parameter).collect();
    let mut least: Option<Vec<AnswerFault>> = None;
    for (position, offer) in offers.iter().enumerate().filter(|(_, offer)| offer.name == NAME) {
        let (offer, invalid) = Parameters::read(offer, Side::Offer);
        if !invalid.is_empty() {
            continue;
        }
        let faults: Vec<_> = malformed.iter().cloned().chain(unfit(&parameters, &offer)).collect();
        if faults.is_empty() {
            return Ok((position, Agreed::of(&parameters)));
        }
        if least.as_ref().is_none_or(|least| faults.len() < least.len()) {
            least = Some(faults);
        }
    }
    Err(least.unwrap_or_default())
}

/// Why valid parameters do not answer that offer.
fn unfit(answer: &Parameters, offer: &Parameters) -> Vec<AnswerFault> {
    let mut faults = Vec::new();
    if offer.server_no_context_takeover && !answer.server_no_context_takeover {
        faults.push(AnswerFault::ServerTakeover);
    }
    match (offer.server_max_window_bits, answer.server_max_window_bits) {
        (Some(offered), None) => faults.push(AnswerFault::ServerWindowMissing(offered)),
        (Some(offered), Some(found)) if found > offered => {
            faults.push(AnswerFault::ServerWindowTooLarge { offered, found });
        }
        _ => {}
    }
    if let (None, Some(found)) = (offer.client_max_window_bits, answer.client_max_window_bits) {
        faults.push(AnswerFault::ClientWindowNotOffered(found));
    }
    faults
}
