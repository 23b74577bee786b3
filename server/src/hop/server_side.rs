//! The server side of a relayed connection until its request is answered. Here, the relay is the client.

use super::response::{HandshakeResponse, NoResponse, ResponseFault, ResponseLimits};
use crate::lab::HandshakeRefusal;
use crate::listen::Stream;
use crate::session::Session;
use crate::shutdown::Shutdown;
use observation::event::{Cause, Closed, Count};
use observation::{ConnectionNumber, Event, Offer, Opening, Refusal, Route};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use wire::handshake::answer::{self, AnswerError, AnswerFault, OpeningAnswer};
use wire::handshake::request::OpeningRequest;

/// How long the other server may take to answer.
const ANSWER: Duration = Duration::from_secs(15);
/// How many characters of a redirect's target are quoted.
const LOCATION: usize = 200;

/// A request to another server that has no response yet. Dropped before that, it records that the relay gave it up because its own
/// client left.
pub(super) struct ServerSide {
    pub(super) session: Arc<Session>,
    /// The server, for messages.
    pub(super) host: String,
    /// The bytes of the request.
    pub(super) request: Vec<u8>,
    pub(super) requested_us: u64,
    pub(super) route: Route,
    pub(super) answered: bool,
}

/// A response with a valid 101.
pub(super) struct Accepted {
    pub(super) response: HandshakeResponse,
    pub(super) agreement: OpeningAnswer,
    pub(super) leg: UnusedLeg,
}

impl ServerSide {
    /// Sends the request and checks the response to what it `asked`. Returns a refusal for the client if there is no WebSocket.
    pub(super) async fn ask(
        mut self,
        stream: &mut Stream,
        asked: &OpeningRequest,
        max_head: usize,
        shutdown: &Shutdown,
    ) -> Result<Accepted, Box<HandshakeRefusal>> {
        let limits = ResponseLimits::new(max_head, ANSWER);
        let request = self.request.clone();
        let answering = async {
            let sending = async {
                stream.write_all(&request).await?;
                stream.flush().await
            };
            // If the server ends the connection early, it may still have sent a response.
            let _ = timeout(ANSWER, sending).await;
            HandshakeResponse::read(stream, limits).await
        };
        let response = tokio::select! {
            response = answering => response,
            () = shutdown.asked() => {
                let words = shutdown.reason().to_owned();
                return Err(self.refuse(503, Refusal { rule: "shutdown".into(), explanation: words, ..Refusal::default() }));
            }
        };
        let response = match response {
            Ok(response) => response,
            Err(NoResponse { interim, bytes, fault }) => {
                let late = matches!(fault, ResponseFault::Timeout(_) | ResponseFault::HeadTimeout(_));
                let (status, rule) = (if late { 504 } else { 502 }, fault.rule().into());
                let explanation = format!("{} {fault}", self.host);
                let refusal = Refusal { interim, response: bytes, rule, explanation, ..Refusal::default() };
                return Err(self.refuse(status, refusal));
            }
        };
        match answer::judge(&response.bytes, &response.head, asked) {
            Ok(agreement) => {
                let opening = self.opening(&response, &agreement, asked);
                Ok(Accepted { response, agreement, leg: UnusedLeg::open(&self.session, opening) })
            }
            Err(AnswerError::Status(status)) => Err(self.refused(status, response)),
            Err(AnswerError::Invalid(faults)) => Err(self.invalid(&faults, response)),
        }
    }

    fn opening(&mut self, response: &HandshakeResponse, agreement: &OpeningAnswer, asked: &OpeningRequest) -> Opening {
        self.answered = true;
        Opening {
            request: std::mem::take(&mut self.request),
            response: response.head_bytes().to_vec(),
            interim: response.interim.clone(),
            subprotocol: agreement.subprotocol.clone(),
            offers: Offer::answered(&asked.extensions, &agreement.extensions),
            deflate: agreement.deflate.as_ref().map(Into::into),
            requested_us: self.requested_us,
            route: self.route.clone(),
            ..Opening::default()
        }
    }

    /// The server answered with another status.
    fn refused(self, status: u16, response: HandshakeResponse) -> Box<HandshakeRefusal> {
        let (host, location) = (&self.host, response.list("Location"));
        let (rule, mut explanation) = match (status, location) {
            (300..=399, Some(location)) => {
                let location: String = location.chars().take(LOCATION).collect();
                let words = format!(
                    "{host} answered {status} with a redirect to `{location}`; the relay does not follow redirects: use that URL directly, if it is allowed"
                );
                ("upstream-redirect", words)
            }
            _ => {
                let words = format!(
                    "{host} answered with status {status} instead of 101; its response is recorded on the server side"
                );
                ("upstream-refused", words)
            }
        };
        if let Some(incomplete) = response.incomplete {
            explanation += &format!("; the response {incomplete}");
        }
        let HandshakeResponse { interim, bytes, .. } = response;
        let (status, rule) = (Some(status), rule.into());
        self.refuse(502, Refusal { interim, response: bytes, status, rule, explanation, ..Refusal::default() })
    }

    /// The server answered with a 101 that breaks rules.
    fn invalid(self, faults: &[AnswerFault], response: HandshakeResponse) -> Box<HandshakeRefusal> {
        let each = faults.iter().map(|fault| {
            let (rfc, section) = fault.citation();
            format!("{fault} (RFC {rfc} §{section})")
        });
        let each = each.collect::<Vec<_>>().join("; ");
        let explanation =
            format!("a client must fail this connection, because the response of {} is invalid: {each}", self.host);
        let section = faults.first().map(AnswerFault::citation).filter(|(rfc, _)| *rfc == 6455);
        let refusal = Refusal {
            interim: response.interim,
            response: response.bytes,
            status: Some(response.head.status),
            rule: "upstream-not-websocket".into(),
            explanation,
            section: section.map(|(_, section)| section.into()),
            violations: faults.iter().map(Into::into).collect(),
            ..Refusal::default()
        };
        self.refuse(502, refusal)
    }

    /// Records the refusal and returns one for the client, with `status` and the same reason.
    fn refuse(mut self, status: u16, refusal: Refusal) -> Box<HandshakeRefusal> {
        let near = HandshakeRefusal::own(status, refusal.rule.clone(), &[], refusal.explanation.clone());
        self.record(refusal);
        Box::new(near)
    }

    fn record(&mut self, refusal: Refusal) {
        self.answered = true;
        let request = std::mem::take(&mut self.request);
        let (requested_us, route) = (self.requested_us, self.route.clone());
        let refusal = Refusal { request, requested_us, route, ..refusal };
        self.session.append_event(self.session.next_connection(), &Event::Refusal(refusal));
    }
}

impl Drop for ServerSide {
    fn drop(&mut self) {
        if !self.answered {
            let explanation = "the client left before the answer, so the relay ended this connection too".to_owned();
            self.record(Refusal { rule: "left-early".into(), explanation, ..Refusal::default() });
        }
    }
}

/// A server side that is open but unused. On drop, it is recorded as ended: the client left before it got its response.
pub(super) struct UnusedLeg {
    /// `None` once it is used.
    session: Option<Arc<Session>>,
    number: ConnectionNumber,
}

impl UnusedLeg {
    fn open(session: &Arc<Session>, opening: Opening) -> Self {
        let number = session.next_connection();
        session.append_event(number, &Event::Opening(opening));
        Self { session: Some(Arc::clone(session)), number }
    }

    pub(super) fn number(&self) -> ConnectionNumber {
        self.number
    }

    /// The caller records its end.
    pub(super) fn used(mut self) -> ConnectionNumber {
        self.session = None;
        self.number
    }
}

impl Drop for UnusedLeg {
    fn drop(&mut self) {
        let Some(session) = &self.session else { return };
        let (client, server) = (Count::default(), Count::default());
        let (first, code, reason, clean, cause) = (None, None, String::new(), false, Cause::OtherLeg);
        session.append_event(self.number, &Event::Closed(Closed { first, code, reason, clean, cause, client, server }));
    }
}
