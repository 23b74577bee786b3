//! Routes: the protocols below a connection, and the intermediaries between client and server.

use crate::encoding::{self, named::named};
use crate::{ConnectionNumber, Deliberate, Party};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// How a request reached the point where it was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub http: Http,
    /// `null` if the connection is not encrypted.
    pub tls: Option<Tls>,
    /// `null` if the client is connected directly to the relay's lab.
    pub hop: Option<Hop>,
    /// Left out if no trusted proxy in front of the relay says whose request this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub front: Option<Front>,
}

impl Route {
    /// Whether the client used TLS: up to the relay, or up to the proxy in front of it.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.tls.is_some() || self.ended_tls()
    }

    /// Whether a proxy in front of the relay ended the client's TLS, and forwards the request without it.
    #[must_use]
    pub fn ended_tls(&self) -> bool {
        self.tls.is_none() && self.front.as_ref().is_some_and(|front| front.scheme == Some(Scheme::Https))
    }
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

/// What a proxy in front of the relay says about a request or its connection. The relay believes only proxies that its operator trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Front {
    /// Whether the proxy sent a header of the PROXY protocol before everything else on the connection.
    pub proxy_protocol: bool,
    /// The header fields in which the proxy says more; `null` if there are none.
    pub fields: Option<ForwardingFields>,
    /// What the client used to reach the proxy; `null` if the proxy does not say.
    pub scheme: Option<Scheme>,
    /// The host in the client's own request, with a port or without; `null` if the proxy does not say.
    pub host: Option<String>,
}

impl Front {
    /// Of a connection that began with a header of the PROXY protocol.
    #[must_use]
    pub fn of_proxy_protocol() -> Self {
        Self { proxy_protocol: true, ..Self::default() }
    }

    /// The port in the client's own request; `None` if the proxy does not say the scheme or the host.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let (scheme, host) = (self.scheme?, self.host.as_deref()?);
        let named = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        Some(named.unwrap_or(if scheme == Scheme::Https { 443 } else { 80 }))
    }
}

/// The header fields with which a proxy describes the request that it received, and whether the relay believed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardingFields {
    /// `Forwarded`, RFC 7239.
    Forwarded,
    /// `X-Forwarded-For`, `X-Forwarded-Proto` or `X-Forwarded-Host`.
    XForwarded,
    /// Both kinds, and what both say is believed.
    Both,
    /// Both kinds, and they contradict each other, so nothing is believed.
    Contradictory,
    /// Too long or malformed, so nothing is believed.
    Malformed,
}

named!(ForwardingFields:
    "forwarded" => ForwardingFields::Forwarded,
    "x-forwarded" => ForwardingFields::XForwarded,
    "both" => ForwardingFields::Both,
    "contradictory" => ForwardingFields::Contradictory,
    "malformed" => ForwardingFields::Malformed,
);

/// The scheme of a URL. A WebSocket has that of its handshake: `ws` is `http`, and `wss` is `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    Http,
    Https,
}

named!(Scheme: "http" => Scheme::Http, "https" => Scheme::Https);

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
    /// Only on the relay's connection to another server: that server as `host:port`, without a default port.
    pub server: Option<String>,
    /// Only on the relay's connection to another server: the address that was dialed, as `IP:port`.
    #[serde(default)]
    pub address: Option<SocketAddr>,
}

impl Hop {
    /// Whether this is the relay's connection to another server, on which the relay is the client.
    #[must_use]
    pub fn leads_to_a_server(&self) -> bool {
        self.leg == Leg::Far && self.middle == Intermediary::Relay
    }
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
    /// As in an [`Opening`](crate::Opening).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concealed: Vec<String>,
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
    /// The port where visitors reach http and ws; `null` if nowhere.
    pub port: Option<u16>,
    /// The port where they reach https and wss; `null` if nowhere.
    pub tls_port: Option<u16>,
    pub boxes: Vec<MiddleboxOffer>,
    /// What `/relay` may lead to, as given on the command line; empty if nowhere.
    pub relay_to: Vec<String>,
    /// How the request for this list reached the relay.
    #[serde(default)]
    pub arrived: Route,
    /// The address that the relay takes for the client's; `null` if it is not known.
    #[serde(default)]
    pub client: Option<IpAddr>,
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
