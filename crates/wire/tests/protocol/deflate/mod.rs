//! RFC 7692: permessage-deflate.

mod examples;
mod limits;
mod messages;
mod negotiation;
mod windows;

use crate::support::offers::agreed;
use crate::support::{Endpoint, LIMITS, Received, receive};
use wire::Sender;
use wire::deflate::{Deflater, Inflater};
use wire::violation::Violation;

/// The frames that an endpoint receives from a server after negotiating `permessage-deflate` with `parameters`.
fn from_deflating_server(parameters: &str, bytes: &str) -> (Endpoint, Vec<Received>) {
    receive(Endpoint::new(Sender::Server, LIMITS).with_deflate(&agreed(parameters)), bytes)
}

/// The payloads of a server's messages with these contents, after negotiating `permessage-deflate` with `parameters`.
fn deflate(parameters: &str, contents: &[&[u8]]) -> Vec<Vec<u8>> {
    deflate_as(Sender::Server, parameters, contents)
}

/// The inflated content of `payload`.
fn inflate(inflater: &mut Inflater, payload: &[u8]) -> Result<Vec<u8>, Violation> {
    let mut inflated = Vec::new();
    inflater.push(payload, &mut |content| {
        inflated.extend_from_slice(content);
        Ok(())
    })?;
    inflater.finish().map(|()| inflated)
}

fn deflate_as(sender: Sender, parameters: &str, contents: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut deflater = Deflater::new(&agreed(parameters), sender);
    let mut payload = |content: &&[u8]| {
        deflater.push(content);
        deflater.finish();
        deflater.take()
    };
    contents.iter().map(&mut payload).collect()
}
