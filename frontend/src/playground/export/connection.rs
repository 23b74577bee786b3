//! What is needed to make a connection again: its URL, its subprotocols and the texts that were sent on it.

use crate::address::setup::MAX_MESSAGES;
use credentials::tokens;
use observation::{ConnectionNumber, Event, Hop, Intermediary, Leg, MessageKind, Party, Transcript};
use wire::handshake::connect;
use wire::handshake::head::RequestHead;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionRecipe {
    /// The whole URL.
    pub url: String,
    /// Names separated by commas.
    pub subprotocols: String,
    pub messages: Vec<String>,
}

impl ConnectionRecipe {
    /// Reads it from the recorded request. `here` is the host that this page uses for the relay; a client may have used another
    /// name for it.
    pub fn of(transcript: &Transcript, connection: ConnectionNumber, here: &str) -> Option<Self> {
        let connection = asked_by_client(transcript, connection);
        let opening = transcript.opening(connection).map(|opening| (&opening.request, &opening.route));
        let (request, route) = opening.or_else(|| {
            let refusal = transcript.refusal(connection)?;
            Some((&refusal.request, &refusal.route))
        })?;
        let field = |name: &'static str| {
            let named = move |(other, _): &(&[u8], &[u8])| other.eq_ignore_ascii_case(name.as_bytes());
            connect::fields(request).filter(named).map(|(_, value)| String::from_utf8_lossy(value))
        };
        let (host, target) = match RequestHead::parse(request).ok().flatten() {
            Some(head) => (field("Host").next()?, String::from_utf8_lossy(&request[head.target])),
            None => (field(":authority").next()?, field(":path").next()?),
        };
        let beyond = |hop: &Hop| hop.leg == Leg::Far && hop.middle == Intermediary::Relay;
        let host = if route.hop.as_ref().is_some_and(beyond) {
            host.into_owned()
        } else {
            let port = host.rsplit_once(':').map(|(_, port)| port).filter(|port| port.parse::<u16>().is_ok());
            port.map_or(here.to_owned(), |port| format!("{here}:{port}"))
        };
        let scheme = if route.is_secure() { "wss" } else { "ws" };
        let subprotocols: Vec<_> = field("Sec-WebSocket-Protocol").collect();
        Some(Self {
            url: format!("{scheme}://{host}{target}"),
            subprotocols: subprotocols.join(", "),
            messages: texts(transcript, connection),
        })
    }
}

impl ConnectionRecipe {
    /// The same without tokens in the URL and in the subprotocols; `None` if there are none.
    pub fn without_tokens(&self) -> Option<Self> {
        let url = tokens::conceal_url(&self.url);
        let subprotocols = tokens::conceal_subprotocols(&self.subprotocols);
        let changed = url != self.url || subprotocols != self.subprotocols;
        changed.then(|| Self { url, subprotocols, messages: self.messages.clone() })
    }
}

/// The connection that the client opened: the client side of a hop, unless a middlebox forwards the client's own TLS.
fn asked_by_client(transcript: &Transcript, connection: ConnectionNumber) -> ConnectionNumber {
    let leg = transcript.connection(connection);
    let made_between = leg
        .and_then(|leg| leg.hop.as_ref())
        .is_some_and(|hop| hop.leg == Leg::Far && !matches!(hop.middle, Intermediary::Tunnel(_)));
    leg.and_then(|leg| leg.other).filter(|_| made_between).unwrap_or(connection)
}

/// The client's first text messages that the relay recorded completely.
fn texts(transcript: &Transcript, connection: ConnectionNumber) -> Vec<String> {
    let mut texts = Vec::new();
    // The current message, as long as it is such a text.
    let mut begun: Option<Vec<u8>> = None;
    for observation in transcript.iter().filter(|observation| observation.connection == connection) {
        let Event::Frame(frame) = &observation.event else { continue };
        let Some(position) = frame.position.filter(|_| frame.from == Party::Client) else { continue };
        if position.fragment == 1 {
            begun = Some(Vec::new());
        }
        begun = begun.filter(|_| position.kind == MessageKind::Text && !frame.content_truncated());
        if let Some(content) = &mut begun {
            content.extend(frame.content());
        }
        if position.last {
            texts.extend(begun.take().and_then(|content| String::from_utf8(content).ok()));
        }
        if texts.len() == MAX_MESSAGES {
            break;
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::{Frame, Observation, Opening, Position, Seq};
    use std::rc::Rc;
    use wire::Sender;
    use wire::header::FrameHeader;
    use wire::opcode::Opcode;

    const REQUEST: &str = "GET /lab/abc?deflate=off HTTP/1.1\r\nHost: h:1\r\nSec-WebSocket-Protocol: chat.v2\r\n\
        Sec-WebSocket-Protocol: chat.v1\r\n\r\n";

    fn frame(kind: MessageKind, message: u64, fragment: u32, last: bool, payload: &str) -> Event {
        let header = FrameHeader::unmasked(last, Opcode::Text, payload.len() as u64);
        let mut frame = Frame::new(Sender::Client, &header, payload.into(), payload.len() as u64);
        frame.position = Some(Position { message, fragment, kind, last });
        Event::Frame(frame)
    }

    #[test]
    fn a_recipe_has_the_url_the_subprotocols_and_the_texts() {
        let mut transcript = Transcript::new(100);
        let opening = Opening { request: REQUEST.into(), ..Opening::default() };
        let mut cut = frame(MessageKind::Text, 4, 1, true, "front");
        if let Event::Frame(frame) = &mut cut {
            frame.payload_bytes += 1;
        }
        let events = [
            Event::Opening(opening),
            frame(MessageKind::Text, 1, 1, false, "in "),
            frame(MessageKind::Text, 1, 2, true, "two"),
            frame(MessageKind::Binary, 2, 1, true, "bytes"),
            frame(MessageKind::Text, 3, 1, true, "whole"),
            cut,
            frame(MessageKind::Text, 5, 1, false, "half"),
        ];
        for (at, event) in (1..).zip(events) {
            let observation = Observation { seq: Seq(at), at_us: at, connection: ConnectionNumber(7), event };
            assert!(transcript.observe(Rc::new(observation)));
        }
        let recipe = ConnectionRecipe::of(&transcript, ConnectionNumber(7), "here");
        let expect = ConnectionRecipe {
            url: "ws://here:1/lab/abc?deflate=off".into(),
            subprotocols: "chat.v2, chat.v1".into(),
            messages: vec!["in two".into(), "whole".into()],
        };
        assert_eq!(recipe, Some(expect.clone()));
        assert_eq!(expect.without_tokens(), None);
        let with = ConnectionRecipe { url: "ws://here?token=abc".into(), subprotocols: "bearer, a".into(), ..expect };
        let without = with.without_tokens().map(|recipe| (recipe.url, recipe.subprotocols));
        assert_eq!(without, Some(("ws://here?token=***".into(), "bearer, *".into())));
        assert_eq!(ConnectionRecipe::of(&transcript, ConnectionNumber(8), ""), None);
    }
}
