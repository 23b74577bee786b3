//! A separate relay for each test, a raw client that sends exact bytes, and an observer.

pub(crate) mod clock;
pub(crate) mod deflate;
pub(crate) mod fault_line;
mod http;
pub(crate) mod kernel;
pub(crate) mod process;
#[cfg(target_os = "linux")]
pub(crate) mod program;
#[cfg(target_os = "linux")]
pub(crate) mod redis;
#[cfg(target_os = "linux")]
mod sharing;

use framescope::Relay;
use framescope::args::Config;
use futures_util::{SinkExt, StreamExt};
use observation::command::{self, Command};
use observation::event::{Closed, Frame, Opening, Refusal};
use observation::{ConnectionNumber, Draining, Event, FeedMessage, Gap, Hello, Observation, Rule, Seq};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) use http::{Answer, http};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ=="; // RFC 6455 §1.3, and its accept value:
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// For limits that must not end anything: far longer than `soon` waits.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// Waits for something that should happen at once. The timeout is for tests that hang; a slow machine does not reach it.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(40), what).await.expect("timed out")
}

/// A relay with one session.
pub(crate) struct Lab {
    pub(crate) relay: Relay,
    pub(crate) id: String,
}

impl Lab {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
        config.host = vec!["lab".parse().unwrap()];
        #[cfg(target_os = "linux")]
        sharing::share(&mut config).await;
        change(&mut config);
        let relay = Relay::start(config).await.unwrap();
        let created = http(relay.address(), "POST", "/api/sessions", "").await;
        let id = created.json()["id"].as_str().unwrap().to_owned();
        Self { relay, id }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.relay.address()
    }

    pub(crate) fn path(&self) -> String {
        format!("/lab/{}", self.id)
    }

    pub(crate) async fn raw(&self) -> Raw {
        Raw::connect(self.address()).await
    }

    /// A raw connection after the opening handshake.
    pub(crate) async fn open(&self) -> Raw {
        Raw::open(self.address(), &self.path()).await
    }

    /// A raw connection with permessage-deflate. `query` is appended to the path.
    pub(crate) async fn open_deflate(&self, query: &str) -> Raw {
        Raw::open_deflate(self.address(), &format!("{}{query}", self.path())).await
    }

    /// A client that shares no code with the relay.
    pub(crate) async fn client(&self) -> Socket {
        soon(connect_async(format!("ws://{}{}", self.address(), self.path()))).await.unwrap().0
    }

    pub(crate) async fn feed(&self) -> Feed {
        self.feed_after(0).await
    }

    pub(crate) async fn feed_after(&self, after: u64) -> Feed {
        Feed::open(self.address(), &self.id, after).await
    }
}

/// A connection on which the test controls every byte.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = soon(TcpStream::connect(address)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub(crate) async fn open(address: SocketAddr, path: &str) -> Self {
        let mut raw = Self::connect(address).await;
        raw.send(handshake(path, "").as_bytes()).await;
        assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
        raw
    }

    pub(crate) async fn open_deflate(address: SocketAddr, path: &str) -> Self {
        let mut raw = Self::connect(address).await;
        raw.send(handshake(path, DEFLATE_OFFER).as_bytes()).await;
        let head = raw.head().await;
        assert!(head.contains("\r\nSec-WebSocket-Extensions: permessage-deflate"), "{head}");
        raw
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        soon(self.0.write_all(bytes)).await.unwrap();
    }

    /// Reads a head including its empty line, byte by byte, to leave the bytes after it.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(self.0.read_u8()).await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    pub(crate) async fn take(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        soon(self.0.read_exact(&mut bytes)).await.unwrap();
        bytes
    }

    /// The relay's next frame: its first byte and its payload.
    pub(crate) async fn frame(&mut self) -> (u8, Vec<u8>) {
        let head = self.take(2).await;
        let length = match head[1] {
            126 => usize::from(u16::from_be_bytes(self.take(2).await.try_into().unwrap())),
            127 => u64::from_be_bytes(self.take(8).await.try_into().unwrap()) as usize,
            length @ 0..=125 => usize::from(length),
            _ => panic!("a server does not mask"),
        };
        (head[0], self.take(length).await)
    }

    /// The frames of the next message, without control frames between them.
    pub(crate) async fn message(&mut self) -> Vec<(u8, Vec<u8>)> {
        let mut frames = vec![self.frame().await];
        while frames[frames.len() - 1].0 & 0x80 == 0 {
            frames.push(self.frame().await);
            assert_eq!(frames[frames.len() - 1].0 & 0x7F, 0, "a continuation");
        }
        frames
    }

    /// The code of the close frame that must come next, and be the last frame.
    pub(crate) async fn close_code(&mut self) -> u16 {
        let (first, payload) = self.frame().await;
        assert_eq!(first, 0x88, "a close frame, not {first:#x} with {} bytes", payload.len());
        assert_eq!(self.rest().await, b"", "nothing follows a close frame");
        u16::from_be_bytes([payload[0], payload[1]])
    }

    /// Everything up to the end of the connection.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        soon(self.0.read_to_end(&mut bytes)).await.unwrap();
        bytes
    }
}

pub(crate) const DEFLATE_OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

pub(crate) fn handshake(path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: lab\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{more}\r\n"
    )
}

/// A client's frame: the first byte unchanged, the payload masked.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..=0xFFFF => {
            frame.push(0xFE);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(0xFF);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// An observer. While it reads, it checks that the numbers have only the announced gaps.
pub(crate) struct Feed {
    pub(crate) socket: Socket,
    pub(crate) hello: Hello,
    pub(crate) last: Seq,
    pub(crate) gaps: Vec<Gap>,
    /// How many observations each message had.
    pub(crate) batches: Vec<usize>,
    ready: VecDeque<Observation>,
    answers: VecDeque<command::Answer>,
    /// The lists of rules that the relay has sent.
    pub(crate) rules: VecDeque<Vec<Rule>>,
    /// What the relay said before it stops.
    draining: Option<Draining>,
}

impl Feed {
    pub(crate) async fn open(address: SocketAddr, id: &str, after: u64) -> Self {
        let url = format!("ws://{address}/api/sessions/{id}/observe?after={after}");
        let mut request = url.into_client_request().unwrap();
        let protocol = HeaderValue::from_static(observation::SUBPROTOCOL);
        request.headers_mut().insert("sec-websocket-protocol", protocol.clone());
        let (mut socket, response) = soon(connect_async(request)).await.unwrap();
        assert_eq!(response.headers().get("sec-websocket-protocol"), Some(&protocol));
        let FeedMessage::Hello(hello) = message(&mut socket).await.unwrap() else {
            panic!("the feed begins with hello")
        };
        let last = Seq(after.min(hello.next.0 - 1));
        Self {
            socket,
            hello,
            last,
            gaps: Vec::new(),
            batches: Vec::new(),
            ready: VecDeque::new(),
            answers: VecDeque::new(),
            rules: VecDeque::new(),
            draining: None,
        }
    }

    pub(crate) async fn next(&mut self) -> Observation {
        loop {
            if let Some(observation) = self.ready.pop_front() {
                return observation;
            }
            self.take_in().await;
        }
    }

    async fn take_in(&mut self) {
        match message(&mut self.socket).await.expect("the feed continues") {
            FeedMessage::Hello(_) => panic!("hello comes once"),
            FeedMessage::Gap(gap) => {
                assert_eq!(gap.from, Seq(self.last.0 + 1));
                assert!(gap.from <= gap.to);
                self.last = gap.to;
                self.gaps.push(gap);
            }
            FeedMessage::Observations(items) => {
                assert!(!items.is_empty());
                for item in &items {
                    assert_eq!(item.seq, Seq(self.last.0 + 1));
                    self.last = item.seq;
                }
                self.batches.push(items.len());
                self.ready.extend(items);
            }
            FeedMessage::Answer(answer) => self.answers.push_back(answer),
            FeedMessage::Draining(draining) => self.draining = Some(draining),
            FeedMessage::Recording(_) => {}
            FeedMessage::Rules(rules) => self.rules.push_back(rules.read().unwrap()),
        }
    }

    /// Waits until the relay has said that it is about to stop.
    pub(crate) async fn draining(&mut self) -> Draining {
        loop {
            if let Some(draining) = self.draining {
                return draining;
            }
            self.take_in().await;
        }
    }

    /// The next list of rules.
    pub(crate) async fn rules(&mut self) -> Vec<Rule> {
        loop {
            if let Some(rules) = self.rules.pop_front() {
                return rules;
            }
            self.take_in().await;
        }
    }

    /// Sends this text, and returns the relay's answer.
    pub(crate) async fn say(&mut self, text: &str) -> command::Answer {
        soon(self.socket.send(Message::text(text))).await.unwrap();
        self.answer().await
    }

    /// The relay's next answer.
    pub(crate) async fn answer(&mut self) -> command::Answer {
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return answer;
            }
            self.take_in().await;
        }
    }

    /// Sends a command. Returns the reason if it was refused.
    pub(crate) async fn command(&mut self, connection: u32, command: Command) -> Option<String> {
        let request = command::Request { id: 7, connection: ConnectionNumber(connection), command };
        let answer = self.say(&serde_json::to_string(&request).unwrap()).await;
        assert_eq!(answer.id, Some(7));
        answer.refused
    }

    pub(crate) async fn opening(&mut self) -> Opening {
        match self.next().await.event {
            Event::Opening(opening) => opening,
            other => panic!("an opening, not {other:?}"),
        }
    }

    pub(crate) async fn refusal(&mut self) -> Refusal {
        match self.next().await.event {
            Event::Refusal(refusal) => refusal,
            other => panic!("a refusal, not {other:?}"),
        }
    }

    pub(crate) async fn frame(&mut self) -> Frame {
        match self.next().await.event {
            Event::Frame(frame) => frame,
            other => panic!("a frame, not {other:?}"),
        }
    }

    pub(crate) async fn closed(&mut self) -> Closed {
        match self.next().await.event {
            Event::Closed(closed) => closed,
            other => panic!("the end, not {other:?}"),
        }
    }

    /// Everything up to the end of a connection, and that end.
    pub(crate) async fn until_closed(&mut self) -> (Vec<Event>, Closed) {
        let mut before = Vec::new();
        loop {
            match self.next().await.event {
                Event::Closed(closed) => return (before, closed),
                event => before.push(event),
            }
        }
    }
}

/// The next message of the feed; the close code when it ends.
pub(crate) async fn message(socket: &mut Socket) -> Result<FeedMessage, Option<u16>> {
    loop {
        match soon(socket.next()).await {
            Some(Ok(Message::Text(text))) => return Ok(FeedMessage::from_json(&text).unwrap()),
            Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(None),
        }
    }
}

/// The next message of a lab connection, control frames included.
pub(crate) async fn heard(socket: &mut Socket) -> Message {
    soon(socket.next()).await.unwrap().unwrap()
}

pub(crate) async fn say(socket: &mut Socket, message: Message) {
    soon(socket.send(message)).await.unwrap();
}

/// Repeats until `holds` is true.
pub(crate) async fn eventually<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    soon(async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// The refusal that a client library received.
pub(crate) fn refused(error: tungstenite::Error) -> u16 {
    match error {
        tungstenite::Error::Http(response) => response.status().as_u16(),
        other => panic!("an HTTP answer, not {other}"),
    }
}
