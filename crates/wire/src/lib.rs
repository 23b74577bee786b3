//! The WebSocket protocol (RFC 6455 and RFC 7692) without IO: bytes in, spans and verdicts out.
//!
//! Nothing here reads a socket, a clock or a random source, and no bytes make it panic.
//!
//! | module | what it knows |
//! |---|---|
//! | [`handshake`] | both handshake texts with spans, what a server must check, the accept value |
//! | [`extension`] | the lists in `Sec-WebSocket-Extensions` |
//! | [`opcode`], [`header`], [`mask`] | one frame's first bytes: parse, write, where each field sits |
//! | [`decoder`] | frames out of bytes cut anywhere |
//! | [`message`] | which frames make up which message |
//! | [`utf8`] | text checked as it arrives |
//! | [`close`] | close codes and the payload of a close frame |
//! | [`violation`] | every rule that a frame can break, with its section |
//! | [`encoder`] | frames into bytes |
//! | [`deflate`] | permessage-deflate: offers, answers, and with the feature `deflate` the codec |
//! | [`incoming`] | all of it together: what an endpoint makes of the bytes it gets |
//! | [`outgoing`] | what it sends, and the answers that the protocol demands |

pub mod close;
pub mod decoder;
pub mod deflate;
pub mod encoder;
pub mod extension;
pub mod handshake;
pub mod header;
pub mod incoming;
pub mod mask;
pub mod message;
pub mod opcode;
pub mod outgoing;
pub mod utf8;
pub mod violation;

/// Which endpoint sent some bytes. RFC 6455 §5.1 makes the two differ: a client masks, a server does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    Client,
    Server,
}
