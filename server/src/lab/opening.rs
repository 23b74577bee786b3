//! The answer to a valid request: what both ends agree on, and what a behavior changes in it.

use crate::behaviour::{AcceptValue, Behaviour, OpeningAnswer, OpeningBehaviour, SubprotocolChoice};
use crate::state::AppState;
use observation::command::DropBy;
use observation::{Deliberate, Offer};
use tokio::sync::OwnedSemaphorePermit;
use wire::deflate::{Agreed, Decline, Verdict, negotiate};
use wire::extension;
use wire::handshake::accept::Derivation;
use wire::handshake::connect::{ConnectRequest, Connected};
use wire::handshake::request::OpeningRequest;
use wire::handshake::response::SwitchingProtocols;

/// The names that a server selects although the client did not offer them.
const UNOFFERED_SUBPROTOCOL: &str = "never-offered";
const UNOFFERED_EXTENSION: &str = "x-never-offered";

/// What a valid request offers, over HTTP/1.1 or HTTP/2.
pub(crate) struct HandshakeOffer {
    /// `None` over HTTP/2.
    pub(crate) key: Option<String>,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) extensions: String,
}

impl From<OpeningRequest> for HandshakeOffer {
    fn from(OpeningRequest { key, subprotocols, extensions }: OpeningRequest) -> Self {
        Self { key: Some(key), subprotocols, extensions }
    }
}

impl From<ConnectRequest> for HandshakeOffer {
    fn from(ConnectRequest { subprotocols, extensions }: ConnectRequest) -> Self {
        Self { key: None, subprotocols, extensions }
    }
}

/// The setting that requires HTTP/1.1 or its own TCP connection, if there is one.
pub(super) fn about_own_line(opening: &OpeningBehaviour) -> Option<&'static str> {
    match opening {
        OpeningBehaviour { accept: AcceptValue::Wrong | AcceptValue::Missing, .. } => Some("sec-accept"),
        OpeningBehaviour { without_upgrade: true, .. } | OpeningBehaviour { without_connection: true, .. } => {
            Some("omit")
        }
        OpeningBehaviour { answer: OpeningAnswer::Upgrade | OpeningAnswer::Refuse(_), .. } => None,
        _ => Some("open"),
    }
}

/// What both ends agree on, and the response.
pub(super) struct Agreement {
    pub(super) response: String,
    pub(super) subprotocol: Option<String>,
    pub(super) offers: Vec<Offer>,
    pub(super) deflate: Option<Agreed>,
    pub(super) deliberate: Vec<Deliberate>,
    /// The permit to compress, if both ends agreed on compression.
    pub(super) deflate_slot: Option<OwnedSemaphorePermit>,
}

impl Agreement {
    /// `turn` counts the handshakes of a session, for a behavior that is different for each; 0 for others.
    pub(super) fn new(opening: &HandshakeOffer, behaviour: &Behaviour, app: &AppState, turn: usize) -> Self {
        let list = extension::parse(&opening.extensions).unwrap_or_default();
        let mut verdicts = negotiate(&list, &behaviour.deflate);
        let mut deflate = verdicts.iter().find_map(|verdict| match verdict {
            Verdict::Accepted(agreed) => Some(*agreed),
            Verdict::Declined(_) => None,
        });
        let deflate_slot = deflate.and_then(|_| app.deflate_slots.clone().try_acquire_owned().ok());
        if deflate.is_some() && deflate_slot.is_none() {
            deflate = None;
            for verdict in &mut verdicts {
                if matches!(verdict, Verdict::Accepted(_) | Verdict::Declined(Decline::Late)) {
                    *verdict = Verdict::Declined(Decline::TooMany);
                }
            }
        }
        let offer = |(text, verdict): (&str, &Verdict)| {
            let (answer, declined) = match verdict {
                Verdict::Accepted(agreed) => (Some(agreed.to_string()), None),
                Verdict::Declined(reason) => (None, Some(reason.to_string())),
            };
            Offer { offer: text.to_owned(), answer, declined }
        };
        let offers: Vec<_> = extension::items(&opening.extensions).zip(&verdicts).map(offer).collect();
        let asked = &behaviour.opening;
        let subprotocol = match asked.subprotocol {
            SubprotocolChoice::First => opening.subprotocols.first().cloned(),
            SubprotocolChoice::InTurn => {
                let count = opening.subprotocols.len();
                turn.checked_rem(count).map(|index| opening.subprotocols[index].clone())
            }
            SubprotocolChoice::None => None,
            SubprotocolChoice::Unoffered => Some(UNOFFERED_SUBPROTOCOL.to_owned()),
        };
        let taken = offers.iter().find_map(|offer| offer.answer.as_deref());
        let unoffered = asked.unoffered_extension.then_some(UNOFFERED_EXTENSION);
        let extensions: Vec<_> = taken.into_iter().chain(unoffered).collect();
        let extensions = (!extensions.is_empty()).then(|| extensions.join(", "));
        let (subprotocol_line, extensions) = (subprotocol.as_deref(), extensions.as_deref());
        let response = match &opening.key {
            None => Connected { subprotocol: subprotocol_line, extensions }.to_string(),
            Some(key) => {
                let accept = match asked.accept {
                    AcceptValue::Right => Some(Derivation::from_key(key).accept),
                    AcceptValue::Wrong => Some(Derivation::from_key(&another_key(key)).accept),
                    AcceptValue::Missing => None,
                };
                SwitchingProtocols {
                    upgrade: !asked.without_upgrade,
                    connection: !asked.without_connection,
                    accept: accept.as_deref(),
                    subprotocol: subprotocol_line,
                    extensions,
                }
                .to_string()
            }
        };
        let deliberate = purposes(asked, !opening.subprotocols.is_empty());
        Self { response, subprotocol, offers, deflate, deliberate, deflate_slot }
    }
}

/// The key with its first character changed.
fn another_key(key: &str) -> String {
    let first = if key.starts_with('A') { "B" } else { "A" };
    first.to_owned() + key.get(1..).unwrap_or_default()
}

/// The delay of the answer, if there is one.
pub(super) fn delay(opening: &OpeningBehaviour) -> Option<Deliberate> {
    opening
        .delay
        .map(|delay| Deliberate::by_behaviour("open-delay", format!("the answer is delayed by {delay:?}"), None))
}

/// What is deliberately wrong in a 101 response. RFC 6455 §4.2.2 defines the response, §4.1 how a client must check it.
fn purposes(opening: &OpeningBehaviour, subprotocols_offered: bool) -> Vec<Deliberate> {
    let mut purposes: Vec<_> = delay(opening).into_iter().collect();
    match opening.accept {
        AcceptValue::Right => {}
        AcceptValue::Wrong => purposes.push(Deliberate::by_behaviour(
            "sec-accept",
            "`Sec-WebSocket-Accept` belongs to another key, so the client must fail the connection",
            Some("4.1"),
        )),
        AcceptValue::Missing => purposes.push(Deliberate::by_behaviour(
            "sec-accept",
            "`Sec-WebSocket-Accept` is missing, so the client must fail the connection",
            Some("4.1"),
        )),
    }
    let missing = match (opening.without_upgrade, opening.without_connection) {
        (false, false) => None,
        (true, false) => Some("`Upgrade` is missing, so the client must fail the connection"),
        (false, true) => Some("`Connection` is missing, so the client must fail the connection"),
        (true, true) => Some("`Upgrade` and `Connection` are missing, so the client must fail the connection"),
    };
    purposes.extend(missing.map(|words| Deliberate::by_behaviour("omit", words, Some("4.1"))));
    match opening.subprotocol {
        SubprotocolChoice::None if subprotocols_offered => {
            let words = "the server selects no offered subprotocol, which is allowed";
            purposes.push(Deliberate::by_behaviour("subprotocol", words, Some("4.2.2")));
        }
        SubprotocolChoice::Unoffered => purposes.push(Deliberate::by_behaviour(
            "subprotocol",
            "the subprotocol was not offered, so the client must fail the connection",
            Some("4.1"),
        )),
        SubprotocolChoice::First | SubprotocolChoice::InTurn | SubprotocolChoice::None => {}
    }
    if opening.unoffered_extension {
        let words = "the extension was not offered, so the client must fail the connection";
        purposes.push(Deliberate::by_behaviour("extension", words, Some("9.1")));
    }
    purposes
}

/// The rule and the reasons of an answer other than 101, as recorded in a refusal.
pub(super) fn no_upgrade(opening: &OpeningBehaviour) -> Option<(&'static str, Vec<Deliberate>)> {
    let (rule, words) = match &opening.answer {
        OpeningAnswer::Upgrade => return None,
        OpeningAnswer::Refuse(refuse) => ("refuse", format!("the behavior asks for {} instead of 101", refuse.status)),
        OpeningAnswer::Silence => ("silence", "the server accepts the request and never answers".to_owned()),
        OpeningAnswer::Drop(DropBy::Fin) => {
            ("drop", "the server ends the TCP connection instead of answering".to_owned())
        }
        OpeningAnswer::Drop(DropBy::Reset) => {
            ("reset", "the server resets the TCP connection instead of answering".to_owned())
        }
        OpeningAnswer::Garbage => ("garbage", "the answer is not HTTP but the greeting of an SSH server".to_owned()),
    };
    let what = if rule == "refuse" { rule } else { "open" };
    let mut deliberate: Vec<_> = delay(opening).into_iter().collect();
    deliberate.push(Deliberate::by_behaviour(what, words, Some("4.1")));
    Some((rule, deliberate))
}
