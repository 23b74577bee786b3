//! Finds the opening handshake in a TCP connection, also after other requests and through a proxy's CONNECT. RFC 9112.

use super::ending::Ending;
use super::websocket::WebSocket;
use crate::handshake::{Handshake, Judged};
use crate::recorder::{Moment, Recorder};
use observation::{Event, Http as Version};
use std::collections::VecDeque;
use std::net::SocketAddr;
use wire::handshake::body::Framing;
use wire::handshake::head::{HeaderLine, RequestHead, ResponseHead, values};

/// The longest head, and the most bytes that are kept of interim responses and of a refusal's body.
const MAX_HEAD: usize = 64 << 10;
const MAX_BODY: usize = 16 << 10;
/// What a client may send before the response, and the longest body in chunks. Neither is kept.
const MAX_HELD: usize = 256 << 10;
/// How often the end of a head or of a body in chunks is looked for.
const MAX_ATTEMPTS: u32 = 64;
/// The most requests without a response.
const MAX_REQUESTS: usize = 100;

/// The client and the server as indexes of the arrays below.
const CLIENT: usize = 0;
const SERVER: usize = 1;

pub(super) struct Http {
    ends: [SocketAddr; 2],
    /// Which end the client is.
    client: usize,
    /// Whether everything since the first byte is in the capture, so a response without a request was only captured before it.
    is_whole: bool,
    requests: VecDeque<Request>,
    sides: [Side; 2],
    interim: Vec<u8>,
    /// The response that refuses an opening handshake, until its body has ended.
    refusal: Option<ResponseHead>,
}

struct Request {
    head: Vec<u8>,
    moment: Moment,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    WebSocket,
    Connect,
    Head,
    Other,
}

#[derive(Default)]
struct Side {
    bytes: Vec<u8>,
    body: Body,
    /// How many bytes were searched for the end of a head.
    searched: usize,
    attempts: u32,
}

/// The part of a body that has not arrived.
#[derive(Default)]
enum Body {
    #[default]
    None,
    Skip(u64),
    Chunked,
}

/// What the bytes have led to.
pub(super) enum Progress {
    Continue,
    /// `rest` has the bytes after the handshake, in the order of the two ends.
    Upgraded {
        socket: Box<WebSocket>,
        rest: [Vec<u8>; 2],
    },
    Tunnel {
        client: usize,
    },
    /// This is not HTTP, or has no end that can be found.
    Other,
}

/// A step with the bytes that are there.
enum Step {
    /// There may be another one.
    Again,
    Wait,
    Done(Progress),
}

impl Http {
    pub(super) fn new(ends: [SocketAddr; 2], client: usize, is_whole: bool) -> Self {
        Self {
            ends,
            client,
            is_whole,
            requests: VecDeque::new(),
            sides: Default::default(),
            interim: Vec::new(),
            refusal: None,
        }
    }

    /// Whether there is an opening handshake without a response.
    pub(super) fn is_opening(&self) -> bool {
        self.requests.iter().any(|request| request.kind == Kind::WebSocket)
    }

    pub(super) fn bytes(&mut self, from: usize, bytes: &[u8], moment: Moment, recorder: &mut Recorder) -> Progress {
        let side = if from == self.client { CLIENT } else { SERVER };
        self.sides[side].bytes.extend_from_slice(bytes);
        // A response may have been captured before its request.
        for side in [CLIENT, SERVER] {
            loop {
                let step = match side {
                    CLIENT => self.request(moment),
                    _ => self.response(moment, recorder),
                };
                match step {
                    Step::Again => {}
                    Step::Wait => break,
                    Step::Done(progress) => return progress,
                }
            }
        }
        Progress::Continue
    }

    /// A direction or the connection has ended: an opening handshake without a whole response is refused.
    pub(super) fn ended(&mut self, from: usize, ending: Ending, moment: Moment, recorder: &mut Recorder) -> Progress {
        if ending == Ending::Finished && from == self.client {
            return Progress::Continue;
        }
        if self.refusal.is_some() {
            self.refuse(self.sides[SERVER].bytes.len(), moment, recorder);
        }
        while let Some(request) = self.requests.pop_front() {
            if request.kind == Kind::WebSocket {
                if ending == Ending::Capture {
                    recorder.problem(moment.place, "the capture ends before the response to an opening handshake");
                }
                let response = std::mem::take(&mut self.sides[SERVER].bytes);
                let handshake = Handshake {
                    http: Version::One,
                    request: request.head,
                    requested_us: request.moment.at_us,
                    interim: std::mem::take(&mut self.interim),
                    response,
                    status: None,
                };
                record(handshake, moment, recorder);
            }
        }
        Progress::Other
    }

    fn request(&mut self, moment: Moment) -> Step {
        let waits = self.requests.iter().any(|request| matches!(request.kind, Kind::WebSocket | Kind::Connect));
        let side = &mut self.sides[CLIENT];
        if waits {
            return if side.bytes.len() > MAX_HELD { Step::Done(Progress::Other) } else { Step::Wait };
        }
        if let Some(step) = side.skip_body() {
            return step;
        }
        if !side.has_head() {
            return side.wait_for_head();
        }
        let head = match RequestHead::parse(&side.bytes) {
            Ok(Some(head)) if self.requests.len() < MAX_REQUESTS => head,
            Ok(None) => return side.wait_for_head(),
            Ok(Some(_)) | Err(_) => return Step::Done(Progress::Other),
        };
        let bytes = &side.bytes;
        let kind = match &bytes[head.method.clone()] {
            b"GET" if lists(bytes, &head.headers, "Upgrade", "websocket") => Kind::WebSocket,
            b"CONNECT" => Kind::Connect,
            b"HEAD" => Kind::Head,
            // The start of HTTP/2 without TLS. RFC 9113 §3.4.
            b"PRI" => return Step::Done(Progress::Other),
            _ => Kind::Other,
        };
        let length = values(bytes, &head.headers, "Content-Length").next();
        let length = length.and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        side.body = match length {
            _ if lists(bytes, &head.headers, "Transfer-Encoding", "chunked") => Body::Chunked,
            Some(length) if kind == Kind::Other => Body::Skip(length),
            _ => Body::None,
        };
        let head = side.take(head.len);
        self.requests.push_back(Request { head, moment, kind });
        Step::Again
    }

    fn response(&mut self, moment: Moment, recorder: &mut Recorder) -> Step {
        if self.refusal.is_some() {
            return self.refusal_body(moment, recorder);
        }
        let side = &mut self.sides[SERVER];
        if let Some(step) = side.skip_body() {
            return step;
        }
        if self.is_whole && self.requests.is_empty() {
            return if side.bytes.len() > MAX_HELD { Step::Done(Progress::Other) } else { Step::Wait };
        }
        if !side.has_head() {
            return side.wait_for_head();
        }
        let head = match ResponseHead::parse(&side.bytes) {
            Ok(Some(head)) => head,
            Ok(None) => return side.wait_for_head(),
            Err(_) => return Step::Done(Progress::Other),
        };
        let kind = self.requests.front().map(|request| request.kind);
        match (head.status, kind) {
            (101, Some(Kind::WebSocket)) => self.upgrade(&head, moment, recorder),
            (101, None) if lists(&side.bytes, &head.headers, "Upgrade", "websocket") => {
                self.join(&head, moment, recorder)
            }
            (101, _) => Step::Done(Progress::Other),
            (100..=199, _) => {
                let head = side.take(head.len);
                self.interim.extend(head);
                if self.interim.len() > MAX_HEAD { Step::Done(Progress::Other) } else { Step::Again }
            }
            (200..=299, Some(Kind::Connect)) => Step::Done(Progress::Tunnel { client: self.client }),
            (_, Some(Kind::WebSocket)) => {
                self.refusal = Some(head);
                Step::Again
            }
            _ => {
                let framing = Framing::of(&side.bytes, &head);
                side.body = match framing {
                    _ if kind == Some(Kind::Head) => Body::None,
                    Ok(Framing::None) => Body::None,
                    Ok(Framing::Length(length)) => Body::Skip(length),
                    Ok(Framing::Chunked) => Body::Chunked,
                    Ok(Framing::UntilClose) | Err(_) => return Step::Done(Progress::Other),
                };
                side.take(head.len);
                self.interim.clear();
                self.requests.pop_front();
                Step::Again
            }
        }
    }

    fn upgrade(&mut self, head: &ResponseHead, moment: Moment, recorder: &mut Recorder) -> Step {
        let Some(request) = self.requests.pop_front() else { return Step::Done(Progress::Other) };
        let handshake = Handshake {
            http: Version::One,
            request: request.head,
            requested_us: request.moment.at_us,
            interim: std::mem::take(&mut self.interim),
            response: self.sides[SERVER].take(head.len),
            status: Some(head.status),
        };
        let Judged { event, deflate, faults } = handshake.judge();
        let number = recorder.connection();
        if !faults.is_empty() {
            let text = format!("the handshake of connection {} breaks rules: {}", number.0, faults.join("; "));
            recorder.problem(moment.place, text);
        }
        recorder.record(moment, number, event);
        let socket = WebSocket::new(number, self.client, deflate, moment);
        Step::Done(Progress::Upgraded { socket: Box::new(socket), rest: self.rest() })
    }

    /// The response is there, but the request is not in the capture.
    fn join(&mut self, head: &ResponseHead, moment: Moment, recorder: &mut Recorder) -> Step {
        let response = self.sides[SERVER].take(head.len);
        let accepted = crate::handshake::list(Version::One, &response, "Sec-WebSocket-Extensions");
        let number = recorder.connection();
        let [first, second] = self.ends;
        let text = format!(
            "the request of connection {} ({first} and {second}) is not in the capture, so its handshake is not shown",
            number.0
        );
        recorder.problem(moment.place, text);
        let socket = WebSocket::new(number, self.client, crate::handshake::agreed(&accepted), moment);
        Step::Done(Progress::Upgraded { socket: Box::new(socket), rest: self.rest() })
    }

    /// The bytes after the handshake, in the order of the two ends.
    fn rest(&mut self) -> [Vec<u8>; 2] {
        let [mut client, mut server] = std::mem::take(&mut self.sides);
        let mut rest = [std::mem::take(&mut client.bytes), std::mem::take(&mut server.bytes)];
        if self.client == 1 {
            rest.swap(0, 1);
        }
        rest
    }

    fn refusal_body(&mut self, moment: Moment, recorder: &mut Recorder) -> Step {
        let (Some(head), side) = (&self.refusal, &mut self.sides[SERVER]) else { return Step::Wait };
        let bytes = &side.bytes[head.len..];
        let end = match Framing::of(&side.bytes, head).map(|framing| framing.read(bytes)) {
            Ok(Ok(body)) if body.complete => Some(head.len + body.len.min(MAX_BODY)),
            Ok(Ok(_)) if bytes.len() <= MAX_BODY => {
                side.attempts += 1;
                (side.attempts > MAX_ATTEMPTS).then_some(side.bytes.len())
            }
            _ => Some((head.len + MAX_BODY).min(side.bytes.len())),
        };
        match end {
            Some(end) => {
                self.refuse(end, moment, recorder);
                // The client can try again on the same connection, but no client does.
                Step::Done(Progress::Other)
            }
            None => Step::Wait,
        }
    }

    /// Records the refusal, whose response ends at `end`.
    fn refuse(&mut self, end: usize, moment: Moment, recorder: &mut Recorder) {
        let (Some(head), Some(request)) = (self.refusal.take(), self.requests.pop_front()) else { return };
        let handshake = Handshake {
            http: Version::One,
            request: request.head,
            requested_us: request.moment.at_us,
            interim: std::mem::take(&mut self.interim),
            response: self.sides[SERVER].take(end.min(head.len + MAX_BODY)),
            status: Some(head.status),
        };
        record(handshake, moment, recorder);
    }
}

fn record(handshake: Handshake, moment: Moment, recorder: &mut Recorder) {
    let number = recorder.connection();
    let event: Event = handshake.judge().event;
    recorder.record(moment, number, event);
}

/// Whether a header lists this word.
fn lists(bytes: &[u8], headers: &[HeaderLine], name: &str, word: &str) -> bool {
    values(bytes, headers, name)
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}

impl Side {
    /// Takes bytes from the front.
    fn take(&mut self, length: usize) -> Vec<u8> {
        (self.searched, self.attempts) = (0, 0);
        let rest = self.bytes.split_off(length.min(self.bytes.len()));
        std::mem::replace(&mut self.bytes, rest)
    }

    /// Whether an empty line has arrived since the last call.
    fn has_head(&mut self) -> bool {
        let from = self.searched.saturating_sub(3);
        self.attempts += u32::from(self.searched < self.bytes.len() && self.bytes.ends_with(b"\n"));
        self.searched = self.bytes.len();
        let new = &self.bytes[from..];
        new.windows(4).any(|window| window == b"\r\n\r\n") || new.windows(2).any(|window| window == b"\n\n")
    }

    fn wait_for_head(&mut self) -> Step {
        if self.searched == self.bytes.len() && self.bytes.len() > MAX_HEAD {
            return Step::Done(Progress::Other);
        }
        // A head has at most 100 lines, and each can end a segment.
        if self.attempts > 4 * MAX_ATTEMPTS { Step::Done(Progress::Other) } else { Step::Wait }
    }

    /// Skips what is there of a body. `None` if there is no body, or if it has ended.
    fn skip_body(&mut self) -> Option<Step> {
        match self.body {
            Body::None => None,
            Body::Skip(left) => {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(self.bytes.len());
                self.take(here);
                let left = left - here as u64;
                self.body = if left == 0 { Body::None } else { Body::Skip(left) };
                (left > 0).then_some(Step::Wait)
            }
            Body::Chunked => {
                let read = Framing::Chunked.read(&self.bytes).map(|body| body.complete.then_some(body.len));
                match read {
                    Ok(Some(length)) => {
                        self.take(length);
                        self.body = Body::None;
                        None
                    }
                    Ok(None) if self.bytes.len() <= MAX_HELD && self.attempts < MAX_ATTEMPTS => {
                        self.attempts += 1;
                        Some(Step::Wait)
                    }
                    Ok(None) | Err(_) => Some(Step::Done(Progress::Other)),
                }
            }
        }
    }
}
