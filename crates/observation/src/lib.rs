//! The contract between relay and page: what the relay saw, numbered and timed, as JSON.
//!
//! The relay appends [`Observation`]s to a session's log and sends them as [`FeedMessage`]s over
//! `/api/sessions/{id}/observe`, a WebSocket with the subprotocol [`SUBPROTOCOL`], one JSON object in each text message.
//!
//! # The feed
//!
//! The first message says where the log stands:
//! ```json
#![doc = include_str!("../golden/hello.json")]
//! ```
//! Then come observations, several in one message, in the order of their numbers. An observer that was here before asks
//! with `?after=N` for those past number `N`:
//! ```json
#![doc = include_str!("../golden/observations.json")]
//! ```
//! Where the log no longer holds what an observer has not seen, a gap says so:
//! ```json
#![doc = include_str!("../golden/gap.json")]
//! ```
//!
//! # Observations
//!
//! Bytes are in lower-case hex where they are few (`header`, `masking_key`) and in base64 where they may be many
//! (`payload`). Handshake texts are strings with one character per byte (ISO-8859-1), so that no byte is lost. Times are
//! microseconds on the relay's monotonic clock since the session began. Connections of a session are counted from 1.
//!
//! A connection that was upgraded, with each extension that the client offered and what became of it:
//! ```json
#![doc = include_str!("../golden/opening.json")]
//! ```
//! A request that was refused, with the rule it broke:
//! ```json
#![doc = include_str!("../golden/refusal.json")]
//! ```
//! `route` says what carried the connection, and whether something stands in between. Over HTTP/2 (RFC 8441) a handshake text
//! has the fields as they were decoded, a line each:
//! ```json
#![doc = include_str!("../golden/opening-http2.json")]
//! ```
//! Where it is encrypted, what crosses the line below TLS is told, too. A client's records come right before the frames that
//! they held, a server's right behind; those of the TLS handshake come right behind the opening:
//! ```json
#![doc = include_str!("../golden/records.json")]
//! ```
//! On a way over something in between there are two connections, the near leg and the far one. What stands there has a request
//! before it has an answer:
//! ```json
#![doc = include_str!("../golden/asked.json")]
//! ```
//! A middlebox in front of TLS has no request, only a line, and what is told of that are records:
//! ```json
#![doc = include_str!("../golden/tunnel.json")]
//! ```
//! A frame, here one that a browser sent. `payload` is as on the wire, so still masked, up to the relay's cap;
//! `payload_bytes` counts what crossed the wire:
//! ```json
#![doc = include_str!("../golden/frame.json")]
//! ```
//! On a connection that agreed on permessage-deflate (RFC 7692), a frame of a compressed message also says what its payload
//! holds:
//! ```json
#![doc = include_str!("../golden/frame-compressed.json")]
//! ```
//! A frame that broke a rule, and a payload of which only the front was kept:
//! ```json
#![doc = include_str!("../golden/frame-violation.json")]
//! ```
//! The end of a connection:
//! ```json
#![doc = include_str!("../golden/closed.json")]
//! ```
//!
//! Something that the relay did on purpose and that is no frame; `bytes` are what it sent for that, if anything:
//! ```json
#![doc = include_str!("../golden/act.json")]
//! ```
//! A frame that the relay made wrong on purpose says so, and what a strict client finds wrong with it:
//! ```json
#![doc = include_str!("../golden/frame-deliberate.json")]
//! ```
//!
//! # Commands
//!
//! Whoever may see a session may also act in it: a text message of an observer is a command to the relay's side of one of
//! its open connections.
//! ```json
#![doc = include_str!("../golden/command.json")]
//! ```
//! The commands are `{"text": "…"}`, `{"binary": HEX}`, `{"ping": HEX}`, `{"pong": HEX}`, `{"close": {"code": 1000,
//! "reason": "…"}}`, `{"frame": {…}}`, `{"raw": HEX}`, `{"drop": "fin"}` or `{"drop": "reset"}`, `"pause"`, `"resume"` and
//! `{"behave": "fragments=3&ping-every=1s"}`. A frame is given bit by bit; only its opcode must be there:
//! ```json
#![doc = include_str!("../golden/command-frame.json")]
//! ```
//! Each is answered, and what came of it is observed:
//! ```json
#![doc = include_str!("../golden/answer.json")]
//! ```
//!
//! # Routes
//!
//! `/api/routes` tells what a relay offers between a browser and a server:
//! ```json
#![doc = include_str!("../golden/routes.json")]
//! ```
//!
//! # Files
//!
//! A session can be exported and opened again, without its name; times of day are RFC 3339:
//! ```json
#![doc = include_str!("../golden/document.json")]
//! ```
//!
//! # Modules
//!
//! | module | what it knows |
//! |---|---|
//! | [`feed`] | the messages of the feed |
//! | [`event`] | what can be seen of a connection |
//! | [`deliberate`] | what the relay does on purpose |
//! | [`command`] | what an observer may ask of it |
//! | [`encoding`] | bytes in JSON |
//! | [`transcript`] | a session so far: a pure fold of observations |
//! | [`round_trip`] | how long pings took to be answered |
//! | [`page`] | what a page's JavaScript saw of its own socket |
//! | [`sequence`] | both put side by side, row by row |
//! | [`route`] | what carries a connection, and what stands in between |
//! | [`eavesdrop`] | what someone on the path would have read |
//! | [`aftermath`] | what became of something that was done on purpose |
//! | [`document`] | a recorded session as a file |

pub mod aftermath;
pub mod command;
pub mod deliberate;
pub mod document;
pub mod eavesdrop;
pub mod encoding;
pub mod event;
pub mod feed;
pub mod frame;
pub mod id;
pub mod page;
pub mod round_trip;
pub mod route;
pub mod sequence;
pub mod transcript;

pub use command::{Answer, Command};
pub use deliberate::{Act, Citation, Deliberate, Origin};
pub use document::Document;
pub use event::{Closed, Deflate, Event, Observation, Offer, Opening, Refusal};
pub use feed::{FeedMessage, Gap, Hello};
pub use frame::{Frame, Inflated, MessageKind, Party, Position, Violation};
pub use id::{ConnectionNumber, Seq, SessionId};
pub use route::{Asked, Hop, Http, Leg, Intermediary, Record, Records, Route, Routes, Tls, Tunnel};
pub use transcript::Transcript;

/// The subprotocol of the feed. A change that old observers cannot read gets a new number.
pub const SUBPROTOCOL: &str = "framescope.observe.v1";
