//! What can be taken along of a connection: how it was asked for, and the texts that were sent on it.

use crate::address::setup::MAX_MESSAGES;
use observation::{ConnectionNumber, Event, Hop, Intermediary, Leg, MessageKind, Party, Transcript};
use wire::handshake::connect;
use wire::handshake::head::RequestHead;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The whole URL.
    pub url: String,
    /// Names parted by commas.
    pub subprotocols: String,
    pub messages: Vec<String>,
}

impl Taken {
    /// That of a connection of which the relay kept the request. `here` is how this page calls the relay's host, which a
    /// client may have called otherwise.
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
        let scheme = if route.tls.is_some() { "wss" } else { "ws" };
        let subprotocols: Vec<_> = field("Sec-WebSocket-Protocol").collect();
        Some(Self {
            url: format!("{scheme}://{host}{target}"),
            subprotocols: subprotocols.join(", "),
            messages: texts(transcript, connection),
        })
    }
}

/// The connection that a client opened: of two legs the near one, unless a box passes the client's own TLS on.
fn asked_by_client(transcript: &Transcript, connection: ConnectionNumber) -> ConnectionNumber {
    let leg = transcript.connection(connection);
    let made_between = leg
        .and_then(|leg| leg.hop.as_ref())
        .is_some_and(|hop| hop.leg == Leg::Far && !matches!(hop.middle, Intermediary::Tunnel(_)));
    leg.and_then(|leg| leg.other).filter(|_| made_between).unwrap_or(connection)
}

/// The client's first messages that were text and that the relay kept whole.
fn texts(transcript: &Transcript, connection: ConnectionNumber) -> Vec<String> {
    let mut texts = Vec::new();
    // The message under way, as long as it is one of those.
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
    fn a_connection_is_taken_along_with_its_texts() {
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
        let taken = Taken::of(&transcript, ConnectionNumber(7), "here");
        let expect = Taken {
            url: "ws://here:1/lab/abc?deflate=off".into(),
            subprotocols: "chat.v2, chat.v1".into(),
            messages: vec!["in two".into(), "whole".into()],
        };
        assert_eq!(taken, Some(expect));
        assert_eq!(Taken::of(&transcript, ConnectionNumber(8), ""), None);
    }
}
