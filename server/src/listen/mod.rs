//! Accepting connections, and the raw bytes below HTTP.
//!
//! | module | what it does |
//! |---|---|
//! | `listener` | the accept loops |
//! | `h2` | HTTP/2 over TLS |
//! | `tls` | certificates and handshakes |
//! | `arrival` | a request's text and transport, and how to answer it byte for byte |
//! | `captured_stream`, `head_capture` | keep the text of request heads and replace the text of responses |
//! | `record_capture` | keeps the TLS records of a connection |
//! | `stream` | the byte stream of a connection |
//! | `unfinished` | request heads that never became a request |

mod arrival;
mod captured_stream;
mod h2;
mod head_capture;
mod listener;
pub(crate) mod record_capture;
mod stream;
pub(crate) mod tls;
mod transport;
mod unfinished;

pub(crate) use arrival::{Arrival, ConnectionSlot, RawConnection};
pub(crate) use listener::Listener;
pub(crate) use stream::Stream;
pub(crate) use unfinished::{HeadFault, UnfinishedHead};
