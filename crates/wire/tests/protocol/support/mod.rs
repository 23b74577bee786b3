//! Shared by the tests: wire bytes as the RFCs print them, and an endpoint that keeps complete frames.

mod endpoint;

pub(crate) mod inflate;
pub(crate) mod offers;

pub(crate) use endpoint::{Endpoint, Received};

use wire::Sender;
use wire::incoming::Limits;
use wire::message::{MessageKind, MessagePosition};
use wire::violation::Violation;

pub(crate) const LIMITS: Limits = Limits { frame: 1 << 20, message: 1 << 20 };

/// The bytes of `text`: hex digits with spaces anywhere.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    hex::decode(digits).expect("hex")
}

/// The frames in `bytes` for an endpoint whose peer is a server. Servers do not mask, so the bytes stay readable.
pub(crate) fn from_server(bytes: &str) -> (Endpoint, Vec<Received>) {
    receive(Endpoint::new(Sender::Server, LIMITS), bytes)
}

pub(crate) fn receive(mut endpoint: Endpoint, bytes: &str) -> (Endpoint, Vec<Received>) {
    let mut frames = Vec::new();
    endpoint.receive(&mut hex(bytes), &mut frames);
    (endpoint, frames)
}

pub(crate) fn violations(frames: &[Received]) -> Vec<Violation> {
    frames.iter().flat_map(|frame| frame.violations.clone()).collect()
}

/// A frame's message, fragment, kind, and whether it is the last, in short for tables.
pub(crate) fn place(position: Option<MessagePosition>) -> Option<(u64, u32, MessageKind, bool)> {
    position.map(|at| (at.message, at.fragment, at.kind, at.last))
}
