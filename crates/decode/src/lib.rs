//! What is inside a WebSocket message: its format, a summary in one line, and a tree of fields with their bytes.
//!
//! [`decode`] takes the bytes of a message and what is known about its connection. Short and broken input is not an error: the
//! result has everything up to the place where decoding [stopped](Stopped), and says why. The crate does no I/O, and no input
//! makes it panic, recurse deeper than its [`Limits`], or use memory beyond them.
//!
//! | module | content |
//! |---|---|
//! | [`tree`] | the result: nodes with their bytes, and where decoding stopped |
//! | [`format`] | the formats, and their names |
//! | [`schema`] | types of Protocol Buffers, from a `.proto` file or a descriptor set |
//! | `detect` | which format a message has |
//! | `walk` | a place in the payload, and the limits |
//! | `json`, `msgpack`, `cbor`, `protobuf` | values |
//! | `envelope` | protocols that put such values into messages of their own |
//! | `signature` | how images and compressed content begin |
//! | `media` | images, and compressed content |
//! | `summary` | the line for a row |

mod cbor;
mod detect;
mod envelope;
pub mod format;
mod json;
mod media;
mod msgpack;
mod protobuf;
pub mod schema;
mod signature;
mod summary;
pub mod tree;
mod walk;

pub use format::{Format, Why};
pub use schema::Schema;
pub use tree::{Node, Step, Stopped, Value};

use walk::Walk;

/// What is known about a message besides its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// Whether it is a binary message. Otherwise it is text.
    pub binary: bool,
    /// Whether the client sent it.
    pub from_client: bool,
    /// The subprotocol that was agreed on; empty for none.
    pub subprotocol: &'a str,
    /// Path and query of the request.
    pub path: &'a str,
    /// The client's first message on the connection. Some protocols agree on their version or encoding there.
    pub opening: Option<&'a [u8]>,
    /// The last text message of the same sender before this one, and how many binary messages it sent in between.
    pub announced: Option<(&'a [u8], usize)>,
    /// The format that the visitor has chosen.
    pub chosen: Option<Format>,
    /// For Protocol Buffers: the types, and the name of the message's type.
    pub schema: Option<(&'a Schema, &'a str)>,
    /// Whether only the first bytes of the message are known.
    pub cut: bool,
    pub limits: Limits,
}

/// How much is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the payload.
    pub bytes: usize,
    /// Nodes of the tree.
    pub nodes: usize,
    /// Levels of the tree.
    pub depth: usize,
    /// Bytes of content that was compressed.
    pub inflated: usize,
}

impl Limits {
    /// For a row of a list, which needs the summary only.
    pub const ROW: Self = Self { bytes: 8 << 10, nodes: 400, depth: 16, inflated: 8 << 10 };
    /// For the whole tree.
    pub const TREE: Self = Self { bytes: 1 << 20, nodes: 20_000, depth: 64, inflated: 1 << 20 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::TREE
    }
}

/// A message, as far as it could be decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    pub format: Format,
    pub why: Why,
    /// One line, such as "event `chat`, id 7". Empty if there is nothing to say beyond the content itself.
    pub summary: String,
    pub root: Node,
    /// `None` if the whole message was decoded.
    pub stopped: Option<Stopped>,
}

/// Decodes a message.
#[must_use]
pub fn decode(payload: &[u8], context: &Context<'_>) -> Decoded {
    let limits = context.limits;
    let bytes = &payload[..payload.len().min(limits.bytes)];
    let (format, why) = match context.chosen {
        Some(format) => (format, Why::Chosen),
        None => detect::format(bytes, context),
    };
    let mut walk = Walk::new(bytes, limits);
    let (root, summary) = read(format, &mut walk, context);
    let mut stopped = walk.stopped;
    if bytes.len() < payload.len() && stopped.as_ref().is_none_or(|stopped| stopped.short) {
        let reason = format!("Only the first {} bytes of a message are decoded.", limits.bytes);
        stopped = Some(Stopped { offset: bytes.len(), reason, short: true });
    } else if context.cut && stopped.as_ref().is_some_and(|stopped| stopped.short) {
        let reason = "Only the first part of this message was recorded.".into();
        stopped = Some(Stopped { offset: bytes.len(), reason, short: true });
    }
    Decoded { format, why, summary, root, stopped }
}

/// The tree and the summary of bytes in a known format.
fn read(format: Format, walk: &mut Walk<'_>, context: &Context<'_>) -> (Node, String) {
    use envelope::{action_cable, graphql, json_rpc, mqtt, phoenix, signalr, socket_io, stomp, wamp};
    let of_value = |root: Node| {
        let words = summary::of_value(&root);
        (root, words)
    };
    match format {
        Format::Text => (walk.text("text", walk.rest().len()), String::new()),
        Format::Bytes => (walk.raw("bytes", walk.rest().len()), String::new()),
        Format::Json => of_value(json::document(walk)),
        Format::MessagePack => of_value(msgpack::document(walk)),
        Format::Cbor => of_value(cbor::document(walk)),
        Format::Protobuf => {
            let root = protobuf::document(walk, context.schema);
            let words = summary::of_fields(&root, context.schema.map(|(_, name)| name));
            (root, words)
        }
        Format::SocketIo => socket_io::message(walk, context),
        Format::GraphqlTransportWs => graphql::message(walk, &graphql::TRANSPORT_WS),
        Format::GraphqlWs => graphql::message(walk, &graphql::LEGACY),
        Format::Stomp => stomp::message(walk),
        Format::Mqtt => mqtt::message(walk, 4),
        Format::Mqtt5 => mqtt::message(walk, 5),
        Format::Wamp => wamp::message(walk, context),
        Format::SignalR => signalr::message(walk),
        Format::Phoenix => phoenix::message(walk, context),
        Format::ActionCable => action_cable::message(walk),
        Format::JsonRpc => json_rpc::message(walk),
        Format::Image => media::image(walk),
        Format::Compressed => media::compressed(walk),
    }
}

/// Content inside a message of another protocol: its own format by its shape, with spans in the message.
fn content(walk: &mut Walk<'_>, name: &str, count: usize, is_text: bool) -> Node {
    let start = walk.at();
    let bytes = &walk.rest()[..count.min(walk.rest().len())];
    if count > bytes.len() {
        return if is_text { walk.text(name, count) } else { walk.raw(name, count) };
    }
    let node = match detect::value(bytes, walk.limits) {
        Some(Format::Json) => walk.within(count, json::document).noted("JSON"),
        Some(Format::MessagePack) => walk.within(count, msgpack::document).noted("MessagePack"),
        Some(Format::Cbor) => walk.within(count, cbor::document).noted("CBOR"),
        Some(Format::Image) => walk.within(count, |walk| media::image(walk).0),
        _ if is_text || detect::is_printable(bytes) => walk.text(name, count),
        _ => walk.raw(name, count),
    };
    let mut node = node.named(name);
    node.span = walk.since(start);
    node
}
