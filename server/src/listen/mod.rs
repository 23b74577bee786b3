//! Accepting connections, and the raw bytes below HTTP.
//!
//! | module | what it does |
//! |---|---|
//! | `listener` | the accept loops |
//! | `outage` | accepting while descriptors are short |
//! | `h2` | HTTP/2 over TLS; `h2_stream` is one request of it, `rewound` its byte stream after the preface |
//! | `entrance` | who opened a connection, and its place |
//! | `tls` | handshakes; `certificate` replaces the certificate while the relay runs |
//! | `arrival` | a request's text and transport, and how to answer it byte for byte |
//! | `captured_stream`, `head_capture` | keep the text of request heads and replace the text of responses |
//! | `record_capture` | keeps the TLS records of a connection |
//! | `stream` | the byte stream of a connection |
//! | `unfinished` | request heads that never became a request |

mod arrival;
mod captured_stream;
mod certificate;
mod connection_id;
mod entrance;
mod h2;
mod h2_stream;
mod head_capture;
mod listener;
mod outage;
pub(crate) mod record_capture;
mod rewound;
mod stream;
pub(crate) mod tls;
pub(crate) mod tls_error;
mod transport;
mod unfinished;

pub(crate) use arrival::{Arrival, ConnectionSlot, RawConnection};
pub(crate) use connection_id::ConnectionId;
pub(crate) use entrance::{Entered, Entrance, Seat};
pub(crate) use listener::Listener;
pub(crate) use outage::Outage;
pub(crate) use stream::{Stream, tune};
pub(crate) use unfinished::{HeadFault, UnfinishedHead};
