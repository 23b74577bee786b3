//! What carries a connection, and what stands between a browser and the server that it means to reach.

use crate::encoding::{self, named::named};
use crate::{ConnectionNumber, Deliberate, Party};
use serde::{Deserialize, Serialize};

/// How a request came to where it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub http: Http,
    /// `null` where nothing is encrypted.
    pub tls: Option<Tls>,
    /// `null` where the client and the relay's lab are the two ends.
    pub hop: Option<Hop>,
}

/// The version of HTTP that the opening handshake was made in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Http {
    /// A connection of its own, upgraded. RFC 6455 §4.
    #[default]
    #[serde(rename = "1.1")]
    One,
    /// One stream of several on a connection, opened by extended CONNECT. RFC 8441. Handshake texts are the fields as they
    /// were decoded, one line each (`:method: CONNECT`), in their order.
    #[serde(rename = "2")]
    Two,
}

named!(Http: "1.1" => Http::One, "2" => Http::Two);

/// What the two ends of a line have agreed on to encrypt it. RFC 8446.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// `TLS 1.3` or `TLS 1.2`.
    pub version: String,
    /// By its name in IANA's registry, such as `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// The host that the client asked for in the clear (SNI); `null` if it named none. RFC 6066 §3.
    pub server_name: Option<String>,
    /// The protocol agreed on by ALPN (RFC 7301), such as `h2`; `null` if the client offered none.
    pub alpn: Option<String>,
}

/// One of the two legs of a way that leads over something in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    pub leg: Leg,
    pub middle: Middle,
    /// The connection that is the other leg. The far one names the near one; the near one does not know yet.
    pub other: Option<ConnectionNumber>,
    /// The far leg of a relay to another server: that server, as `host:port`, with the address that was dialled.
    pub server: Option<String>,
}

/// Which leg, seen from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leg {
    /// From the client to what stands in between.
    Near,
    /// From there to the server.
    Far,
}

named!(Leg: "near" => Leg::Near, "far" => Leg::Far);

/// What stands in between.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Middle {
    /// A middlebox that reads HTTP, by its name.
    Box(String),
    /// The same in front of TLS, which it cannot look into.
    Tunnel(String),
    /// The relay itself, on the way to another server.
    Relay,
}

impl Middle {
    /// The middlebox's name; `None` for the relay.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Box(name) | Self::Tunnel(name) => Some(name),
            Self::Relay => None,
        }
    }
}

/// A request has come to what stands in between, which now asks further on; an opening or a refusal of the same connection
/// follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    #[serde(with = "encoding::latin1")]
    pub request: Vec<u8>,
    pub route: Route,
    /// What is done to it on purpose before it goes on.
    pub deliberate: Vec<Deliberate>,
}

/// A client's line to a middlebox that carries TLS from its first byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tunnel {
    pub hop: Hop,
    /// The host named in the clear, in the first record.
    pub server_name: Option<String>,
    /// What the box is there for.
    pub deliberate: Vec<Deliberate>,
}

/// What crossed a line below its encryption, all in one direction. It comes before the frames that it held if a client sent
/// it, and behind them if a server did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    pub from: Party,
    pub records: Vec<Record>,
    /// How many came right before these, of either direction, and were not kept.
    pub missed: u64,
}

/// A TLS record. RFC 8446 §5.1: five bytes of header in the clear, and what is usually ciphertext.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// 20 change_cipher_spec, 21 alert, 22 handshake, 23 application_data. In TLS 1.3 whatever is encrypted says 23.
    pub content_type: u8,
    /// As in the header: 0x0303 also for TLS 1.3.
    pub version: u16,
    /// Bytes behind the header.
    pub length: u16,
    /// The first of them, up to the relay's cap.
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
    pub boxes: Vec<BoxOffer>,
    /// What `/relay` may lead to, as given on the command line; empty if nowhere.
    pub relay_to: Vec<String>,
}

/// A middlebox to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxOffer {
    /// As in `/via/{name}/lab/…`.
    pub name: String,
    pub title: String,
    /// What it does, in sentences.
    pub explanation: String,
    pub settings: Vec<BoxSetting>,
    /// The port where it stands in front of TLS; `null` if nowhere.
    pub tunnel_port: Option<u16>,
}

/// A setting of a middlebox, as in `/via/idle-cut,after=5s/lab/…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxSetting {
    pub name: String,
    pub explanation: String,
    /// What holds if it is left out.
    pub default: String,
}
