//! Routes: the protocols below a connection, and the intermediaries between client and server.

use crate::encoding::{self, named::named};
use crate::{ConnectionNumber, Deliberate, Party};
use serde::{Deserialize, Serialize};

/// How a request reached the point where it was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub http: Http,
    /// `null` if the connection is not encrypted.
    pub tls: Option<Tls>,
    /// `null` if the client is connected directly to the relay's lab.
    pub hop: Option<Hop>,
}

/// The HTTP version of the opening handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Http {
    /// A TCP connection that was upgraded. RFC 6455 §4.
    #[default]
    #[serde(rename = "1.1")]
    One,
    /// A stream of an HTTP/2 connection, opened with an extended CONNECT. RFC 8441. Handshake texts contain the decoded
    /// fields in order, one line each (`:method: CONNECT`).
    #[serde(rename = "2")]
    Two,
}

named!(Http: "1.1" => Http::One, "2" => Http::Two);

/// The negotiated parameters of a TLS connection. RFC 8446.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// `TLS 1.3` or `TLS 1.2`.
    pub version: String,
    /// Its name in the IANA registry, such as `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// The server name that the client sent unencrypted (SNI); `null` if it sent none. RFC 6066 §3.
    pub server_name: Option<String>,
    /// The protocol negotiated with ALPN (RFC 7301), such as `h2`; `null` if none was negotiated.
    pub alpn: Option<String>,
}

/// One of the two connections of an intermediary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    pub leg: Leg,
    pub middle: Intermediary,
    /// The connection on the other side of the intermediary. Only the server side names it: when the client side is recorded,
    /// the other connection does not exist yet.
    pub other: Option<ConnectionNumber>,
    /// Only on the relay's connection to another server: that server as `host:port`, with the address that was dialed.
    pub server: Option<String>,
}

/// A side of an intermediary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leg {
    /// The client side: from the client to the intermediary.
    Near,
    /// The server side: from the intermediary to the server.
    Far,
}

named!(Leg: "near" => Leg::Near, "far" => Leg::Far);

/// What forwards a connection between client and server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intermediary {
    /// A middlebox that reads HTTP. The string is its name.
    Box(String),
    /// A middlebox in front of TLS, which cannot read the contents. The string is its name.
    Tunnel(String),
    /// The relay itself, as a proxy to another server.
    Relay,
}

impl Intermediary {
    /// The middlebox's name; `None` for the relay.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Box(name) | Self::Tunnel(name) => Some(name),
            Self::Relay => None,
        }
    }
}

/// A request that an intermediary received and forwards. An opening or a refusal of the same connection follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    #[serde(with = "encoding::latin1")]
    pub request: Vec<u8>,
    pub route: Route,
    /// What the intermediary deliberately changes before it forwards the request.
    pub deliberate: Vec<Deliberate>,
}

/// A client's connection to a middlebox in front of TLS. It carries TLS from the first byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tunnel {
    pub hop: Hop,
    /// The server name that the client sent unencrypted in the first record (SNI).
    pub server_name: Option<String>,
    /// What the middlebox deliberately does.
    pub deliberate: Vec<Deliberate>,
}

/// TLS records of one direction. Records from a client come before the frames that they contain, and records from a server
/// after them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    pub from: Party,
    pub records: Vec<Record>,
    /// How many records of either direction came right before these and were not kept.
    pub missed: u64,
}

/// A TLS record: an unencrypted header of five bytes and a fragment, which is usually encrypted. RFC 8446 §5.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// 20 change_cipher_spec, 21 alert, 22 handshake, 23 application_data. In TLS 1.3 every encrypted record has 23.
    pub content_type: u8,
    /// The version field of the header: 0x0303 even for TLS 1.3.
    pub version: u16,
    /// The length of the fragment in bytes, without the header.
    pub length: u16,
    /// The start of the fragment, up to the relay's cap.
    #[serde(with = "encoding::base64")]
    pub fragment: Vec<u8>,
}

/// The routes that a relay offers, as `/api/routes` tells them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routes {
    /// Where http and ws are spoken.
    pub port: u16,
    /// Where https and wss are; `null` if nowhere.
    pub tls_port: Option<u16>,
    pub boxes: Vec<MiddleboxOffer>,
    /// What `/relay` may lead to, as given on the command line; empty if nowhere.
    pub relay_to: Vec<String>,
}

/// A middlebox to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MiddleboxOffer {
    /// As in `/via/{name}/lab/…`.
    pub name: String,
    pub title: String,
    /// What it does, in sentences.
    pub explanation: String,
    pub settings: Vec<MiddleboxSetting>,
    /// The port where it stands in front of TLS; `null` if nowhere.
    pub tunnel_port: Option<u16>,
}

/// A setting of a middlebox, as in `/via/idle-cut,after=5s/lab/…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MiddleboxSetting {
    pub name: String,
    pub explanation: String,
    /// What holds if it is left out.
    pub default: String,
}
