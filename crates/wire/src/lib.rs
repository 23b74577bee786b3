//! The WebSocket protocol (RFC 6455 and RFC 7692) without IO: bytes in, frames and violations out.
//!
//! The crate uses no socket, clock or random source, and no input makes it panic.
//!
//! | module | content |
//! |---|---|
//! | [`handshake`] | reads and checks the opening handshake, writes the response, derives the accept value |
//! | [`extension`] | parses `Sec-WebSocket-Extensions` and similar lists |
//! | [`opcode`], [`header`], [`mask`] | reads and writes frame headers, and locates their fields |
//! | [`decoder`] | splits a byte stream into frames |
//! | [`message`] | assigns frames to messages |
//! | [`utf8`] | checks text as it arrives |
//! | [`close_code`], [`close`] | close codes, and the payload of a close frame |
//! | [`ping`] | which ping a pong answers |
//! | [`violation`] | every rule that a frame can break, with its section |
//! | [`header_rules`] | the rules that a header alone can break |
//! | [`encoder`] | writes frames |
//! | [`deflate`] | negotiates permessage-deflate; the feature `deflate` adds the codec |
//! | [`incoming`] | the receiving side of an endpoint |
//! | [`outgoing`] | the sending side, and the replies that the protocol requires |

pub mod close;
pub mod close_code;
pub mod decoder;
pub mod deflate;
pub mod encoder;
pub mod extension;
pub mod handshake;
pub mod header;
pub mod header_rules;
pub mod incoming;
pub mod mask;
pub mod message;
pub mod opcode;
pub mod outgoing;
pub mod ping;
pub mod utf8;
pub mod violation;

/// The endpoint that sent some bytes. Clients mask their frames and servers do not. RFC 6455 §5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    Client,
    Server,
}
