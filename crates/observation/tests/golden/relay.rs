//! What the relay records, made with the same code as in the relay.

use observation::{Event, Frame, Inflated, Offer};
use wire::Sender;
use wire::deflate::{Agreed, Policy, Verdict, negotiate};
use wire::extension;
use wire::handshake::head::RequestHead;
use wire::handshake::request;
use wire::incoming::{self, Handler, Incoming, Limits};

pub(crate) const LIMITS: Limits = Limits { frame: 1 << 24, message: 1 << 24 };

/// The relay's observation of the first frame in `bytes`. It keeps `cap` bytes of the payload.
pub(crate) fn seen(sender: Sender, bytes: &[u8], cap: usize) -> Event {
    seen_by(Incoming::new(sender, LIMITS), sender, bytes, cap)
}

pub(crate) fn seen_by(mut incoming: Incoming, sender: Sender, bytes: &[u8], cap: usize) -> Event {
    let mut first = First::default();
    incoming.receive(&mut bytes.to_vec().as_mut_slice(), &mut first);
    let received = first.frame.expect("a frame");
    let on_the_wire = &bytes[received.header.len()..][..(received.arrived as usize).min(cap)];
    let mut frame = Frame::new(sender, &received.header, on_the_wire.to_vec(), received.arrived);
    let bytes = first.inflated.len() as u64;
    frame.inflated =
        received.compressed.then(|| Inflated { payload: first.inflated.into_iter().take(cap).collect(), bytes });
    frame.position = received.position.map(Into::into);
    frame.violations = received.violations.iter().map(Into::into).collect();
    Event::Frame(frame)
}

/// Keeps the first frame and its inflated payload.
#[derive(Default)]
struct First {
    frame: Option<incoming::Frame>,
    inflated: Vec<u8>,
}

impl<'b> Handler<'b> for First {
    fn begin(&mut self, _: &incoming::Frame) {}

    fn payload(&mut self, _: &incoming::Frame, _: &'b [u8]) {}

    fn inflated(&mut self, _: &incoming::Frame, bytes: &[u8]) {
        self.inflated.extend_from_slice(bytes);
    }

    fn end(&mut self, frame: &incoming::Frame, _: &[u8]) {
        self.frame.get_or_insert_with(|| frame.clone());
    }

    fn is_full(&self) -> bool {
        self.frame.is_some()
    }
}

/// The verdicts for the extensions in `list`, and the negotiated parameters.
pub(crate) fn offers(list: &str) -> (Vec<Offer>, Option<Agreed>) {
    let verdicts = negotiate(&extension::parse(list).expect("a list"), &Policy::ON);
    let agreed = verdicts.iter().find_map(|verdict| match verdict {
        Verdict::Accepted(agreed) => Some(*agreed),
        Verdict::Declined(_) => None,
    });
    let offer = |(offer, verdict): (&str, Verdict)| {
        let (answer, declined) = match verdict {
            Verdict::Accepted(agreed) => (Some(agreed.to_string()), None),
            Verdict::Declined(reason) => (None, Some(reason.to_string())),
        };
        Offer { offer: offer.to_owned(), answer, declined }
    };
    (extension::items(list).zip(verdicts).map(offer).collect(), agreed)
}

/// RFC 6455 §1.2
pub(crate) const REQUEST: &str = "GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Origin: http://example.com\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Version: 13\r\n\
    \r\n";

pub(crate) fn judged(text: &str) -> Result<request::OpeningRequest, request::RequestError> {
    let head = RequestHead::parse(text.as_bytes()).expect("a head").expect("a complete head");
    request::judge(text.as_bytes(), &head)
}
