//! What can be taken along of a connection: how it was asked for, and the texts that were sent on it.

use super::setup::MAX_MESSAGES;
use observation::{ConnectionNumber, Event, MessageKind, Party, Transcript};
use wire::handshake::head::{RequestHead, values};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The whole URL.
    pub url: String,
    /// Names parted by commas.
    pub subprotocols: String,
    pub messages: Vec<String>,
}

impl Taken {
    /// That of a connection of which the relay kept the request. `place` is what the browser adds in front of a path:
    /// `ws://host:port`.
    pub fn of(transcript: &Transcript, connection: ConnectionNumber, place: &str) -> Option<Self> {
        let opening = transcript.opening(connection).map(|opening| &opening.request);
        let request = opening.or_else(|| Some(&transcript.refusal(connection)?.request))?;
        let head = RequestHead::parse(request).ok().flatten()?;
        let target = String::from_utf8_lossy(&request[head.target.clone()]);
        let subprotocols: Vec<_> =
            values(request, &head.headers, "Sec-WebSocket-Protocol").map(String::from_utf8_lossy).collect();
        Some(Self {
            url: format!("{place}{target}"),
            subprotocols: subprotocols.join(", "),
            messages: texts(transcript, connection),
        })
    }
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

    const REQUEST: &str = "GET /lab/abc?deflate=off HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Protocol: chat.v2\r\n\
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
        let opening = Opening {
            request: REQUEST.into(),
            response: Vec::new(),
            subprotocol: None,
            offers: Vec::new(),
            deflate: None,
            requested_us: 0,
            deliberate: Vec::new(),
            route: Route::default(),
        };
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
        let taken = Taken::of(&transcript, ConnectionNumber(7), "ws://here:1");
        let expect = Taken {
            url: "ws://here:1/lab/abc?deflate=off".into(),
            subprotocols: "chat.v2, chat.v1".into(),
            messages: vec!["in two".into(), "whole".into()],
        };
        assert_eq!(taken, Some(expect));
        assert_eq!(Taken::of(&transcript, ConnectionNumber(8), ""), None);
    }
}
