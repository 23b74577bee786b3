//! Presets: settings that work together, with a name and a description.

use serde::Serialize;

/// Settings that work together, under a name.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Preset {
    pub(crate) name: &'static str,
    title: &'static str,
    pub(crate) query: &'static str,
    what: &'static str,
}

const fn preset(name: &'static str, title: &'static str, query: &'static str, what: &'static str) -> Preset {
    Preset { name, title, query, what }
}

pub(crate) const PRESETS: [Preset; 18] = [
    preset(
        "heartbeat",
        "A healthy heartbeat",
        "ping-every=2s&pong-within=5s",
        "The server sends a ping every two seconds. The browser answers automatically, and each pong gives a round-trip time.",
    ),
    preset(
        "idle-cut",
        "A proxy's idle timeout",
        "idle=5s&idle-end=drop",
        "After five seconds without traffic, the TCP connection ends without a close frame. Many proxies do this after 60 seconds.",
    ),
    preset(
        "saved-by-heartbeat",
        "An idle timeout that a heartbeat prevents",
        "idle=5s&idle-end=drop&ping-every=2s",
        "The same idle timeout, and a ping every two seconds that prevents it.",
    ),
    preset(
        "forgets-to-pong",
        "A server that forgets to send pongs",
        "pong=off",
        "The server does not answer pings. Browsers never send pings, so try this with another client.",
    ),
    preset(
        "crashes",
        "A server that crashes",
        "drop-after=3&drop-by=reset",
        "After the third message, the server resets the TCP connection without a close frame. JavaScript gets 1006.",
    ),
    preset(
        "restarts",
        "A server that restarts cleanly",
        "close-after=10s&close-code=1012&close-reason=restarting",
        "After ten seconds, the server closes with 1012 and a reason.",
    ),
    preset(
        "stubborn",
        "A server that ignores the close frame",
        "close-answer=off",
        "The server never answers the browser's close frame. See how long the browser waits.",
    ),
    preset(
        "maintenance",
        "Closed for maintenance",
        "refuse=503&body=We+are+back+at+noon.",
        "The server refuses the handshake with 503. JavaScript does not get the status.",
    ),
    preset(
        "moved",
        "Moved elsewhere",
        "refuse=301&location=/echo",
        "The server answers the handshake with a redirect. A browser's WebSocket does not follow it.",
    ),
    preset(
        "not-signed-in",
        "Not signed in",
        "refuse=401&body=Who+are+you%3F",
        "The server refuses the handshake with 401, as it would for an expired cookie.",
    ),
    preset(
        "not-a-websocket",
        "A server that is not a WebSocket server",
        "open=garbage",
        "The server's answer is not HTTP.",
    ),
    preset(
        "black-hole",
        "A black hole",
        "open=silence",
        "The server accepts the request but never answers it. A firewall can have the same effect.",
    ),
    preset(
        "impostor",
        "A server that computes a wrong accept value",
        "sec-accept=wrong",
        "The 101 response has the accept value of another key, so the browser must fail the connection.",
    ),
    preset(
        "slow-line",
        "A slow connection",
        "drip=40ms",
        "Replies arrive byte by byte. The message event fires only after the last byte.",
    ),
    preset(
        "fragmenter",
        "A server that fragments its messages",
        "fragments=3&fragment-pings",
        "Each reply arrives in three fragments with pings between them. JavaScript sees one message.",
    ),
    preset(
        "chatty",
        "A server that sends on its own",
        "greet=Welcome&push-every=1s",
        "The server sends a greeting, then a counter once a second.",
    ),
    preset(
        "text-only",
        "A server that accepts text only",
        "accept=text",
        "The server closes with 1003 when it receives a binary message.",
    ),
    preset(
        "small-mailbox",
        "A server with a small message limit",
        "max-message=16",
        "The server closes with 1009 when a message has more than 16 bytes.",
    ),
];
