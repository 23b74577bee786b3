//! The contract between relay and page: what the relay saw, numbered and timed, as JSON.
//!
//! The relay appends [`Observation`]s to a session's log and sends them as [`FeedMessage`]s over
//! `/api/sessions/{id}/observe`. This is a WebSocket with the subprotocol [`SUBPROTOCOL`]. Each text message is one JSON object.
//!
//! # The feed
//!
//! The first message has the state of the log:
//! ```json
#![doc = include_str!("../golden/hello.json")]
//! ```
//! Observations follow in the order of their numbers, several in one message. An observer that reconnects adds `?after=N` to
//! the URL to get only those after number `N`:
//! ```json
#![doc = include_str!("../golden/observations.json")]
//! ```
//! If the log has already dropped observations that the observer has not received, the relay sends a gap:
//! ```json
#![doc = include_str!("../golden/gap.json")]
//! ```
//! Numbers are left out after relays that share a session have lost the last ones. The next number is then a multiple of
//! 2<sup>20</sup>, and how many observations are missing is not known ([`Gap::is_leap`]):
//! ```json
#![doc = include_str!("../golden/gap-leap.json")]
//! ```
//! Before the relay stops, it says how long connections and sessions will last:
//! ```json
#![doc = include_str!("../golden/draining.json")]
//! ```
//! Several relays of a site can share their sessions. Then the first message has `"shared": true`:
//! ```json
#![doc = include_str!("../golden/hello-shared.json")]
//! ```
//! If such a relay cannot store what it observes, it says so, and again when it can:
//! ```json
#![doc = include_str!("../golden/recording.json")]
//! ```
//!
//! # Observations
//!
//! Short byte strings are lower-case hex (`header`, `masking_key`); long ones are base64 (`payload`). Handshake texts are
//! strings with one character per byte (ISO-8859-1), so no byte is lost. Times are microseconds on the relay's monotonic clock
//! since the session began. Connections of a session are numbered from 1.
//!
//! A connection that was upgraded, with each extension that the client offered and the relay's answer:
//! ```json
#![doc = include_str!("../golden/opening.json")]
//! ```
//! A request that was refused, with the rule it broke:
//! ```json
#![doc = include_str!("../golden/refusal.json")]
//! ```
//! On a connection to another server, the relay is the client. If the server's 101 breaks rules, the connection is refused, and
//! `violations` has all of them:
//! ```json
#![doc = include_str!("../golden/refusal-upstream.json")]
//! ```
//! `route` describes the protocols below the connection and the intermediary, if there is one. Over HTTP/2 (RFC 8441) a
//! handshake text contains the decoded fields, one line each:
//! ```json
#![doc = include_str!("../golden/opening-http2.json")]
//! ```
//! On an encrypted connection the TLS records are observed as well. A client's records come right before the frames that they
//! contain, and a server's right after them. Those of the TLS handshake come right after the opening:
//! ```json
#![doc = include_str!("../golden/records.json")]
//! ```
//! An intermediary has two connections: the client side (`near`) and the server side (`far`). It receives a request before it
//! has a response. Values of credentials are never recorded: `concealed` names their headers, and a `*` replaces each byte:
//! ```json
#![doc = include_str!("../golden/asked.json")]
//! ```
//! A middlebox in front of TLS cannot see the request. Its connection is a tunnel, and only records are observed:
//! ```json
#![doc = include_str!("../golden/tunnel.json")]
//! ```
//! A frame from a browser. `payload` contains the bytes on the wire, so it is still masked, up to the relay's cap.
//! `payload_bytes` is the number of payload bytes that crossed the wire:
//! ```json
#![doc = include_str!("../golden/frame.json")]
//! ```
//! With permessage-deflate (RFC 7692), a frame of a compressed message also has its inflated content:
//! ```json
#![doc = include_str!("../golden/frame-compressed.json")]
//! ```
//! A frame that broke a rule, with a payload of which only the start was kept:
//! ```json
#![doc = include_str!("../golden/frame-violation.json")]
//! ```
//! The end of a connection:
//! ```json
#![doc = include_str!("../golden/closed.json")]
//! ```
//! The end of a connection whose relay is gone, as recorded by another relay. The counts are unknown:
//! ```json
#![doc = include_str!("../golden/closed-relay-lost.json")]
//! ```
//!
//! A deliberate act of the relay that is not a frame. `bytes` contains what the relay sent, if anything:
//! ```json
#![doc = include_str!("../golden/act.json")]
//! ```
//! A frame that the relay deliberately made invalid, with the rules that a strict client finds broken:
//! ```json
#![doc = include_str!("../golden/frame-deliberate.json")]
//! ```
//!
//! # Notes
//!
//! Somebody has pinned a note to an earlier observation. It replaces an earlier note about the same one, and an empty text removes it:
//! ```json
#![doc = include_str!("../golden/note.json")]
//! ```
//!
//! # Commands
//!
//! An observer may also control a session: each of its text messages is a command to the relay's side of an open connection.
//! ```json
#![doc = include_str!("../golden/command.json")]
//! ```
//! The commands are `{"text": "…"}`, `{"binary": HEX}`, `{"ping": HEX}`, `{"pong": HEX}`, `{"close": {"code": 1000,
//! "reason": "…"}}`, `{"frame": {…}}`, `{"raw": HEX}`, `{"drop": "fin"}` or `{"drop": "reset"}`, `"pause"`, `"resume"` and
//! `{"behave": "fragments=3&ping-every=1s"}`. In a frame every bit can be set; only `opcode` is required:
//! ```json
#![doc = include_str!("../golden/command-frame.json")]
//! ```
//! On the client side of a hop, the relay sends as a server; on the server side of `/relay`, it sends as a client and masks. There,
//! a frame is added between two forwarded frames, so the answer may come later than the answers to other commands.
//!
//! The relay answers each command. The effects are observations:
//! ```json
#![doc = include_str!("../golden/answer.json")]
//! ```
//!
//! # Rules
//!
//! A session has rules for what the relay intercepts ([`rule`]). They act on `/lab`, `/via` and `/relay`, also on connections that are
//! open already. One of each kind, with each condition:
//! ```json
#![doc = include_str!("../golden/rules.json")]
//! ```
//! The relay sends all rules to all observers whenever they change:
//! ```json
#![doc = include_str!("../golden/feed-rules.json")]
//! ```
//! An observer replaces all rules, or switches one on or off, with a message that the relay answers like a command:
//! ```json
#![doc = include_str!("../golden/rules-set.json")]
//! ```
//! ```json
#![doc = include_str!("../golden/rules-switch.json")]
//! ```
//! Everything that a rule does is an act of the connection where the message arrived, with the message as it was and as it became
//! ([`intercepted`]). A message that waits for an observer, and says what happens when nobody decides:
//! ```json
#![doc = include_str!("../golden/act-held.json")]
//! ```
//! It went on with another content:
//! ```json
#![doc = include_str!("../golden/act-forwarded.json")]
//! ```
//! An observer decides with a command. The message goes on, as it was sent or edited:
//! ```json
#![doc = include_str!("../golden/command-forward.json")]
//! ```
//! It goes no further:
//! ```json
#![doc = include_str!("../golden/command-discard.json")]
//! ```
//! It goes no further, and the relay answers it as if the other end had:
//! ```json
#![doc = include_str!("../golden/command-answer-held.json")]
//! ```
//! A rule can also hold the opening handshake of a connection to another server ([`intercepted_handshake`]):
//! ```json
#![doc = include_str!("../golden/act-handshake-held.json")]
//! ```
//! `forward` and `discard` decide about it too. It can go on edited, or be refused with a status:
//! ```json
#![doc = include_str!("../golden/command-forward-head.json")]
//! ```
//! ```json
#![doc = include_str!("../golden/command-refuse.json")]
//! ```
//! What became of it:
//! ```json
#![doc = include_str!("../golden/act-handshake-edited.json")]
//! ```
//!
//! # Routes
//!
//! `/api/routes` lists the routes that a relay offers between a browser and a server:
//! ```json
#![doc = include_str!("../golden/routes.json")]
//! ```
//!
//! # Files
//!
//! A session can be exported, and the page can open the file again. It does not contain the session's name. Times of day have
//! the format of RFC 3339:
//! ```json
#![doc = include_str!("../golden/document.json")]
//! ```
//! A document can also be made from a capture or a HAR file. It then says from what, and which parts could not be read:
//! ```json
#![doc = include_str!("../golden/document-imported.json")]
//! ```
//!
//! # Modules
//!
//! | module | content |
//! |---|---|
//! | [`id`] | numbers and names of sessions, connections and observations |
//! | [`feed`] | the messages of the feed |
//! | [`event`] | observations: what the relay saw of a connection |
//! | [`frame`] | frames as the relay saw them |
//! | [`route`] | the protocols below a connection, and intermediaries |
//! | [`deliberate`] | deliberate acts of the relay |
//! | [`note`] | notes that people pin to observations |
//! | [`rule`] | which frames the relay intercepts, and what it does with them |
//! | [`intercepted`] | what a rule changed, before and after |
//! | [`intercepted_handshake`] | the same for an opening handshake |
//! | [`json_path`] | a place in JSON |
//! | [`command`] | commands of an observer |
//! | [`deferred`] | JSON that is read later |
//! | [`encoding`] | how bytes and enums are written in JSON |
//! | [`transcript`] | the state of a session: a pure fold of observations |
//! | [`round_trip`] | round-trip times of pings |
//! | [`page`] | what a page's JavaScript saw of its own WebSocket |
//! | [`sequence`] | pairs both sides, row by row |
//! | [`eavesdrop`] | what an eavesdropper on the path can read |
//! | [`aftermath`] | the effects of a deliberate act |
//! | [`document`] | a recorded session as a file |

pub mod aftermath;
pub mod command;
pub mod deferred;
pub mod deliberate;
pub mod document;
pub mod eavesdrop;
pub mod encoding;
pub mod event;
pub mod feed;
pub mod frame;
pub mod id;
pub mod intercepted;
pub mod intercepted_handshake;
pub mod json_path;
pub mod note;
pub mod page;
pub mod reactions;
pub mod round_trip;
pub mod route;
pub mod rule;
pub mod sequence;
pub mod transcript;

pub use command::{Answer, Command};
pub use deferred::Deferred;
pub use deliberate::{Act, Citation, Deliberate, Origin};
pub use document::Document;
pub use event::{Closed, Deflate, Event, HandshakeViolation, Observation, Offer, Opening, Refusal};
pub use feed::{Draining, FeedMessage, Gap, Hello, Recording};
pub use frame::{Frame, Inflated, MessageKind, Party, Position, Violation};
pub use id::{ConnectionNumber, Seq, SessionId};
pub use intercepted::{Content, Intercepted};
pub use intercepted_handshake::InterceptedHandshake;
pub use json_path::JsonPath;
pub use note::Note;
pub use route::{
    Asked, ForwardingFields, Front, Hop, Http, Intermediary, Leg, Record, Records, Route, Routes, Scheme, Tls, Tunnel,
};
pub use rule::Rule;
pub use transcript::Transcript;

/// The subprotocol of the feed. A change that old observers cannot read gets a new number.
pub const SUBPROTOCOL: &str = "framescope.observe.v1";
