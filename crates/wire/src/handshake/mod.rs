//! The opening handshake: both texts, what a server must check in the first, and what it answers. RFC 6455 §4.
//!
//! [`head`] reads either text and keeps where each part sits, [`accept`] derives the accept value, [`request`] judges a
//! client's request, [`response`] writes a server's answer.

pub mod accept;
pub mod answer;
pub mod connect;
pub mod head;
pub mod request;
pub mod response;
