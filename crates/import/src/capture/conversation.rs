//! What a TCP connection carries: HTTP/1.1 with an opening handshake and then a WebSocket, or something else.

use super::ending::Ending;
use super::guess;
use super::http::{Http, Progress};
use super::websocket::WebSocket;
use crate::recorder::{Moment, Recorder};
use std::net::SocketAddr;

/// Without the start of a connection, so many segments may begin inside a frame before the connection is given up.
const ATTEMPTS: u32 = 16;

pub(super) struct Conversation {
    ends: [SocketAddr; 2],
    state: State,
    /// The end that sent the first SYN, if it was captured. Its bytes are known from the first one.
    opener: Option<usize>,
    /// Where the connection begins in the capture.
    began: Moment,
    /// Segments that were neither HTTP nor the start of a frame.
    attempts: u32,
    skipped: u64,
}

enum State {
    /// Nothing was recognized yet.
    Unknown,
    Http(Box<Http>),
    WebSocket(Box<WebSocket>),
    Tls,
    /// Neither a WebSocket nor TLS, or it has ended.
    Other,
}

impl Conversation {
    pub(super) fn new(ends: [SocketAddr; 2], began: Moment) -> Self {
        Self { ends, state: State::Unknown, opener: None, began, attempts: 0, skipped: 0 }
    }

    pub(super) fn opened_by(&mut self, end: usize) {
        self.opener.get_or_insert(end);
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.state, State::Tls)
    }

    pub(super) fn bytes(&mut self, from: usize, bytes: &[u8], moment: Moment, recorder: &mut Recorder) {
        if matches!(self.state, State::Unknown) {
            self.recognize(from, bytes, moment, recorder);
        }
        match &mut self.state {
            State::Http(http) => {
                let progress = http.bytes(from, bytes, moment, recorder);
                self.proceed(progress, moment, recorder);
            }
            State::WebSocket(socket) => socket.bytes(from, bytes, moment, recorder),
            State::Unknown | State::Tls | State::Other => {}
        }
    }

    pub(super) fn missing(&mut self, from: usize, bytes: u64, moment: Moment, recorder: &mut Recorder) {
        match &mut self.state {
            State::WebSocket(socket) => socket.missing(from, bytes, moment, recorder),
            State::Http(http) => {
                if http.is_opening() {
                    let text = format!("{bytes} bytes of an opening handshake were not captured{}", self.between());
                    recorder.problem(moment.place, text);
                }
                (self.state, self.opener) = (State::Unknown, None);
            }
            State::Unknown => self.opener = None,
            State::Tls | State::Other => {}
        }
    }

    /// A direction or the connection has ended. Later calls have no effect.
    pub(super) fn ended(&mut self, from: usize, ending: Ending, moment: Moment, recorder: &mut Recorder) {
        match &mut self.state {
            State::WebSocket(socket) => {
                if socket.ended(from, ending, moment, recorder) {
                    self.state = State::Other;
                }
            }
            State::Http(http) => {
                let progress = http.ended(from, ending, moment, recorder);
                self.proceed(progress, moment, recorder);
            }
            State::Unknown | State::Tls | State::Other => {}
        }
    }

    fn proceed(&mut self, progress: Progress, moment: Moment, recorder: &mut Recorder) {
        match progress {
            Progress::Continue => {}
            Progress::Upgraded { mut socket, rest } => {
                for (from, bytes) in rest.iter().enumerate().filter(|(_, bytes)| !bytes.is_empty()) {
                    socket.bytes(from, bytes, moment, recorder);
                }
                self.state = State::WebSocket(socket);
            }
            // A proxy has connected the client to a server: what follows is another protocol, from its first byte.
            Progress::Tunnel { client } => (self.state, self.opener) = (State::Unknown, Some(client)),
            Progress::Other => self.state = State::Other,
        }
    }

    /// Recognizes the protocol by the first bytes of a segment.
    fn recognize(&mut self, from: usize, bytes: &[u8], moment: Moment, recorder: &mut Recorder) {
        if guess::is_tls(bytes) {
            self.state = State::Tls;
        } else if guess::is_http(bytes) {
            // A response comes from the server.
            let client = if bytes.starts_with(b"HTTP/") { 1 - from } else { from };
            self.state = State::Http(Box::new(Http::new(self.ends, client, self.opener.is_some())));
        } else if self.opener.is_some() {
            // Another protocol: its first bytes are known, and are not HTTP.
            self.state = State::Other;
        } else if let Some(is_masked) = guess::frames(bytes) {
            let client = if is_masked { from } else { 1 - from };
            let between = self.between();
            let skipped = match self.skipped {
                0 => String::new(),
                bytes => format!("; {bytes} bytes before it are left out"),
            };
            let text = format!(
                "the start of this connection is not in the capture{between}: what looks like a frame is taken for the first \
                 one{skipped}, and compressed messages cannot be read"
            );
            recorder.problem(self.began.place, text);
            self.state = State::WebSocket(Box::new(WebSocket::joined(client, moment, recorder)));
        } else {
            self.attempts += 1;
            self.skipped += bytes.len() as u64;
            if self.attempts > ATTEMPTS {
                self.state = State::Other;
            }
        }
    }

    /// The two ends, as the continuation of a sentence.
    fn between(&self) -> String {
        format!(" ({} and {})", self.ends[0], self.ends[1])
    }
}
