//! Observations: what the relay saw of a connection.

use crate::command::DropBy;
use crate::deliberate::{Act, Deliberate};
use crate::encoding::{self, named::named};
use crate::id::{ConnectionNumber, Seq};
use crate::note::Note;
use crate::route::{Asked, Records, Route, Tunnel};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use wire::deflate::check_answer;
use wire::extension;
use wire::handshake::answer::AnswerFault;

pub use crate::frame::{Frame, Inflated, MessageKind, Party, Position, Violation};

/// One event that the relay saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    pub seq: Seq,
    /// Microseconds since the session began.
    pub at_us: u64,
    pub connection: ConnectionNumber,
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// An intermediary received a request and forwards it. The response is not known yet.
    Asked(Asked),
    /// A request was accepted. Only frames follow.
    Opening(Opening),
    /// A request was not accepted.
    Refusal(Refusal),
    /// A connection to a middlebox in front of TLS. Its traffic is [`Records`].
    Tunnel(Tunnel),
    /// TLS records.
    Records(Records),
    Frame(Frame),
    /// A deliberate act of the relay that is not a frame.
    Act(Act),
    /// The connection has ended.
    Closed(Closed),
    /// Somebody has pinned a note to an earlier observation. Nothing crossed the wire.
    Note(Note),
}

/// An opening handshake that was accepted. Both heads are verbatim, except for the values of `concealed` headers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// From the request line to the empty line.
    #[serde(with = "encoding::latin1")]
    pub request: Vec<u8>,
    /// From the status line to the empty line.
    #[serde(with = "encoding::latin1")]
    pub response: Vec<u8>,
    /// The interim responses (1xx) before it, verbatim. Empty if there were none. RFC 9110 §15.2.
    #[serde(default, with = "encoding::latin1")]
    pub interim: Vec<u8>,
    /// The negotiated subprotocol.
    pub subprotocol: Option<String>,
    /// The extensions that the client offered, in its order, each with the server's answer.
    pub offers: Vec<Offer>,
    /// The parameters of permessage-deflate, if it was negotiated.
    pub deflate: Option<Deflate>,
    /// When the request had arrived, in microseconds since the session began.
    pub requested_us: u64,
    /// What the relay deliberately changed in the response.
    pub deliberate: Vec<Deliberate>,
    #[serde(default)]
    pub route: Route,
    /// The headers whose values are credentials, in lower case. The relay replaced each byte of them with `*` and recorded only
    /// that. Left out if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concealed: Vec<String>,
}

/// An extension that a client offered. RFC 6455 §9.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The extension and its parameters, as the client wrote them.
    pub offer: String,
    /// The extension in the response; `null` if the offer was declined.
    pub answer: Option<String>,
    /// Why the offer was declined, without a capital letter at the start and without a full stop; `null` if it was accepted.
    pub declined: Option<String>,
}

impl Offer {
    /// What became of each offer, derived from the extensions in the request and in the response: an accepted extension belongs
    /// to the first offer of its name that it can answer.
    #[must_use]
    pub fn answered(offered: &str, accepted: &str) -> Vec<Self> {
        let list = extension::parse(offered).unwrap_or_default();
        let mut answers = vec![None; list.len()];
        for item in extension::items(accepted) {
            let Some([answer]) = extension::parse(item).and_then(|list| <[_; 1]>::try_from(list).ok()) else {
                continue;
            };
            let of_name =
                || list.iter().zip(&answers).position(|(offer, it)| offer.name == answer.name && it.is_none());
            let position = check_answer(&answer, &list).ok().map(|(position, _)| position);
            if let Some(position) = position.or_else(of_name) {
                answers[position] = Some(item.to_owned());
            }
        }
        let offer = |(offer, answer): (&str, Option<String>)| {
            let declined = answer.is_none().then(|| "the server did not accept it".to_owned());
            Self { offer: offer.to_owned(), answer, declined }
        };
        extension::items(offered).zip(answers).map(offer).collect()
    }
}

/// The negotiated parameters of permessage-deflate. RFC 7692 §7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deflate {
    /// Whether the server compresses each message without earlier ones as context.
    pub server_no_context_takeover: bool,
    /// The same for the client.
    pub client_no_context_takeover: bool,
    /// The size of the server's window as a power of two: 8–15.
    pub server_max_window_bits: u8,
    /// The same for the client.
    pub client_max_window_bits: u8,
}

/// A request that was not upgraded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    #[serde(with = "encoding::latin1")]
    pub request: Vec<u8>,
    /// All bytes that were sent, usually a head and a body. Empty if there was no response.
    #[serde(with = "encoding::latin1")]
    pub response: Vec<u8>,
    /// The interim responses (1xx) before it, verbatim. Empty if there were none. RFC 9110 §15.2.
    #[serde(default, with = "encoding::latin1")]
    pub interim: Vec<u8>,
    /// The HTTP status; `null` if the response is not HTTP or if there is none.
    pub status: Option<u16>,
    /// A stable, machine-readable name of the reason.
    pub rule: Cow<'static, str>,
    /// The reason as a sentence.
    pub explanation: String,
    /// The section of RFC 6455 that defines the rule; `null` if the reason is not a rule of that RFC.
    pub section: Option<Cow<'static, str>>,
    /// The rules that a 101 response breaks. Only on the server side of a hop, where the relay is the client.
    #[serde(default)]
    pub violations: Vec<HandshakeViolation>,
    /// When the request had arrived, in microseconds since the session began.
    pub requested_us: u64,
    /// The deliberate acts that caused the refusal; empty if it was not deliberate.
    pub deliberate: Vec<Deliberate>,
    #[serde(default)]
    pub route: Route,
    /// As in an [`Opening`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concealed: Vec<String>,
}

/// A rule of the opening handshake that a response breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandshakeViolation {
    /// A stable, machine-readable name of the rule.
    pub rule: Cow<'static, str>,
    /// The number of the RFC that defines it: 6455, or 7692 for compression.
    pub rfc: u16,
    /// The section of that RFC.
    pub section: Cow<'static, str>,
    /// What is wrong, without a capital letter at the start and without a full stop.
    pub explanation: String,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// The end that sent the first close frame; `null` if there was none.
    pub first: Option<Party>,
    /// The code of that frame; `null` if it had none or if there was no frame.
    pub code: Option<u16>,
    /// The reason of that frame; empty if it had none or if there was no frame.
    pub reason: String,
    /// Whether both ends sent a close frame.
    pub clean: bool,
    pub cause: Cause,
    /// What the client sent. 0 for [`Cause::RelayLost`].
    pub client: Count,
    /// What the server sent. 0 for [`Cause::RelayLost`].
    pub server: Count,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Both ends sent a close frame.
    ClosingHandshake,
    /// The client broke a rule, and the relay failed the connection.
    Violation,
    /// A frame or message from the client exceeded the relay's limit, and the relay failed the connection.
    TooBig,
    /// The client ended the TCP connection before both ends had sent a close frame. On the server side of a hop, the server did.
    #[serde(rename = "line-ended")]
    ConnectionEnded,
    /// The TCP connection was reset, or its peer became unreachable.
    #[serde(rename = "line-broke")]
    ConnectionLost,
    /// The client did not answer the relay's close frame in time.
    NoCloseAnswer,
    /// The client stopped reading, and the relay's time limit passed.
    NotReading,
    /// The client sent a kind of message that this connection does not accept, and the relay failed the connection.
    NotAccepted,
    /// The relay had no memory left for an incomplete message.
    #[serde(rename = "out-of-room")]
    OutOfMemory,
    /// Nothing arrived for as long as the relay, or the connection's behavior, allows.
    Idle,
    /// The relay deliberately ended the TCP connection with FIN and without a close frame.
    Dropped,
    /// The relay deliberately reset the TCP connection.
    Reset,
    /// The relay's ping was not answered within the time that the connection's behavior sets.
    NoPong,
    /// The other side of the hop ended first.
    OtherLeg,
    /// The relay deliberately closed the connection.
    #[serde(rename = "left")]
    DeliberateClose,
    /// The relay shut down.
    Shutdown,
    /// The operator of the relay ended the session.
    Operator,
    /// The relay that had the connection is gone, and another relay of the site recorded the end. What crossed the connection
    /// after its last observation is unknown, and so are the counts: both are 0.
    RelayLost,
}

named!(Cause: "closing-handshake" => Cause::ClosingHandshake, "violation" => Cause::Violation, "too-big" => Cause::TooBig, "line-ended" => Cause::ConnectionEnded, "line-broke" => Cause::ConnectionLost, "no-close-answer" => Cause::NoCloseAnswer, "not-reading" => Cause::NotReading, "not-accepted" => Cause::NotAccepted, "out-of-room" => Cause::OutOfMemory, "idle" => Cause::Idle, "dropped" => Cause::Dropped, "reset" => Cause::Reset, "no-pong" => Cause::NoPong, "other-leg" => Cause::OtherLeg, "left" => Cause::DeliberateClose, "shutdown" => Cause::Shutdown, "operator" => Cause::Operator, "relay-lost" => Cause::RelayLost);

/// A number of frames, and their bytes including headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub frames: u64,
    pub bytes: u64,
}

impl From<DropBy> for Cause {
    fn from(by: DropBy) -> Self {
        match by {
            DropBy::Fin => Self::Dropped,
            DropBy::Reset => Self::Reset,
        }
    }
}

impl From<&AnswerFault> for HandshakeViolation {
    fn from(fault: &AnswerFault) -> Self {
        let (rfc, section) = fault.citation();
        Self { rule: fault.rule().into(), rfc, section: section.into(), explanation: fault.to_string() }
    }
}

impl From<&wire::deflate::Agreed> for Deflate {
    fn from(agreed: &wire::deflate::Agreed) -> Self {
        Self {
            server_no_context_takeover: agreed.server_no_context_takeover,
            client_no_context_takeover: agreed.client_no_context_takeover,
            server_max_window_bits: agreed.server_max_window_bits,
            client_max_window_bits: agreed.client_max_window_bits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_answer_belongs_to_the_offer_that_it_can_answer() {
        let answered = |offered, accepted| {
            let offers = Offer::answered(offered, accepted);
            offers.into_iter().map(|offer| offer.answer.unwrap_or_default()).collect::<Vec<_>>()
        };
        let offered = "permessage-deflate; server_max_window_bits=10, x-a, permessage-deflate, x-a";
        assert_eq!(answered(offered, "permessage-deflate"), ["", "", "permessage-deflate", ""]);
        let narrow = "permessage-deflate; server_max_window_bits=9";
        assert_eq!(answered(offered, narrow), [narrow, "", "", ""]);
        assert_eq!(answered(offered, "x-a; b, x-a"), ["", "x-a; b", "", "x-a"]);
        assert_eq!(answered("", "x-a"), [""; 0]);
    }
}
