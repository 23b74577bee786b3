//! A scenario: how to connect, what to send, and what must come back. `docs/check.md` describes the files.

use crate::template::Template;
use std::time::Duration;
use wire::header::FrameHeader;
use wire::message::MessageKind;

/// The largest file, in bytes.
pub const MAX_FILE: usize = 1 << 20;
/// The most scenarios in a file, and the most steps in a scenario.
pub const MAX_SCENARIOS: usize = 200;
pub const MAX_STEPS: usize = 1000;
/// How long a scenario may take, and how long it may wait for one thing.
pub const MAX_TIME: Duration = Duration::from_secs(600);
/// The same, unless a file says otherwise.
pub const TIME: Duration = Duration::from_secs(60);
pub const WITHIN: Duration = Duration::from_secs(5);
/// What `deflate = true` offers, as browsers do. RFC 7692 §7.1.2.2.
pub const DEFLATE: &str = "permessage-deflate; client_max_window_bits";

/// One connection and its steps.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: String,
    /// The line of the file where it begins.
    pub line: usize,
    /// A URL relative to the one on the command line.
    pub url: Option<Located<Template>>,
    pub connect: Connect,
    pub handshake: Handshake,
    pub steps: Vec<Step>,
    /// How long it may take altogether.
    pub time: Duration,
}

/// A value and the line of the file where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    pub value: T,
    pub line: usize,
}

/// How to connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connect {
    pub headers: Vec<Header>,
    pub origin: Option<String>,
    /// The most preferred first.
    pub subprotocols: Vec<String>,
    /// The value of `Sec-WebSocket-Extensions`; empty for none. RFC 6455 §9.1.
    pub extensions: String,
    pub tls: Tls,
    /// The URL of a proxy.
    pub proxy: Option<Located<Template>>,
}

/// A header of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub value: Template,
    pub line: usize,
}

/// Files for TLS, relative to the file of the scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificates of authorities, in addition to those that browsers trust.
    pub authority: Option<Located<String>>,
    /// The client's certificate and its private key.
    pub identity: Option<(Located<String>, Located<String>)>,
}

/// What must be true of the response to the opening handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// 101, or the status of a refusal.
    pub status: u16,
    /// `None` accepts each; an empty name accepts only a response without a subprotocol.
    pub subprotocol: Option<String>,
    /// Whether the server must accept permessage-deflate; `None` accepts both.
    pub deflate: Option<bool>,
    /// A part of the body of a refusal.
    pub contains: Option<String>,
}

impl Default for Handshake {
    fn default() -> Self {
        Self { status: 101, subprotocol: None, deflate: None, contains: None }
    }
}

#[derive(Clone, Debug)]
pub struct Step {
    pub line: usize,
    pub action: Action,
}

#[derive(Clone, Debug)]
pub enum Action {
    Send(Send),
    Expect(Expect),
}

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Send {
    Text(Template),
    Binary(Vec<u8>),
    /// The content of a file, as a message of that kind.
    File(MessageKind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// A close frame; without a code it has no payload.
    Close(Option<u16>, String),
    Frame(ComposedFrame),
}

/// A frame in which every bit can be chosen, valid or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposedFrame {
    /// The masking key in it counts only if `mask` is [`Mask::Key`].
    pub header: FrameHeader,
    pub mask: Mask,
    pub payload: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// A random key, which a client must use. RFC 6455 §5.3.
    Random,
    /// The key in the header.
    Key,
    /// No masking, which a client must not do.
    Off,
}

/// What must arrive, how soon, and what may arrive before it.
#[derive(Clone, Debug)]
pub struct Expect {
    pub what: What,
    pub within: Duration,
    pub unexpected: Unexpected,
}

/// What happens if something else arrives. A close frame and the end of the connection always fail, because nothing follows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unexpected {
    /// Everything else is ignored.
    Ignore,
    /// Other messages fail the step. Pings and pongs are ignored.
    #[default]
    Fail,
    /// Pings and pongs fail the step too.
    FailControl,
}

#[derive(Clone, Debug)]
pub enum What {
    /// A whole message.
    Message(Option<MessageKind>, Content),
    /// A ping, with any payload for `None`.
    Ping(Option<Vec<u8>>),
    Pong(Option<Vec<u8>>),
    Close(ExpectedClose),
    /// A single frame.
    Frame(ExpectedFrame),
    /// The server ends the TCP connection without a close frame.
    End,
    /// No message, close frame or end arrives in that time.
    Silence(Duration),
}

/// The content of a message or of a frame. All of it must be true.
#[derive(Clone, Debug, Default)]
pub struct Content {
    pub equals: Option<Bytes>,
    pub contains: Option<String>,
    #[cfg(feature = "load")]
    pub matches: Option<regex::Regex>,
    #[cfg(feature = "load")]
    pub json: Vec<JsonValue>,
}

/// A payload as it is written in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bytes {
    Text(String),
    Binary(Vec<u8>),
    File(String, Vec<u8>),
}

impl Bytes {
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) | Self::File(_, bytes) => bytes,
        }
    }
}

/// What a JSONPath (RFC 9535) must select: a value that is equal, or any value.
#[cfg(feature = "load")]
#[derive(Clone, Debug)]
pub struct JsonValue {
    pub path: serde_json_path::JsonPath,
    pub equals: Option<serde_json::Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedClose {
    /// 1005 is a close frame without a code, as in a browser. RFC 6455 §7.1.5.
    pub code: Option<u16>,
    pub reason: Option<String>,
}

/// Bits that a frame must have. `None` accepts both values.
#[derive(Clone, Debug, Default)]
pub struct ExpectedFrame {
    /// 0–15.
    pub opcode: Option<u8>,
    pub fin: Option<bool>,
    pub rsv1: Option<bool>,
    pub rsv2: Option<bool>,
    pub rsv3: Option<bool>,
    pub masked: Option<bool>,
    /// 7, 16 or 64.
    pub length_bits: Option<u8>,
    /// In bytes.
    pub length: Option<u64>,
    pub content: Content,
}

/// Whether a header, in lower case, is one that the handshake consists of, or would change where the request ends.
#[must_use]
pub fn is_own_header(name: &str) -> bool {
    const OWN: [&str; 9] = [
        "connection",
        "upgrade",
        "content-length",
        "transfer-encoding",
        "te",
        "trailer",
        "keep-alive",
        "expect",
        "proxy-connection",
    ];
    OWN.contains(&name) || name.starts_with("sec-websocket-")
}

/// Whether a text can be the value of a header: printable ASCII. RFC 9110 §5.5.
#[must_use]
pub fn is_value(value: &str) -> bool {
    value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}
