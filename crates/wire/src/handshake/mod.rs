//! The opening handshake. RFC 6455 §4.
//!
//! [`head`] parses a request or response and locates its parts. [`request`] checks a client's request, [`response`] writes the
//! server's response, and [`answer`] checks that response as a client must. [`body`] finds the end of a refusal's body. [`accept`]
//! derives the accept value. [`connect`] is the handshake over HTTP/2.

pub mod accept;
pub mod answer;
pub mod body;
pub mod connect;
pub mod head;
pub mod request;
pub mod response;
