//! Settings that make sense together, each with a name and what there is to see.

use serde::Serialize;

/// Settings that make sense together, under a name.
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
        "A ping every two seconds. The browser answers by itself, and each pong shows how long the way took.",
    ),
    preset(
        "idle-cut",
        "A silent, proxy-like idle cut",
        "idle=5s&idle-end=drop",
        "When nothing travels for five seconds the line is dropped without a word, as many proxies do after sixty.",
    ),
    preset(
        "saved-by-heartbeat",
        "An idle cut that a heartbeat prevents",
        "idle=5s&idle-end=drop&ping-every=2s",
        "The same cut, and a ping every two seconds that keeps it from happening.",
    ),
    preset(
        "forgets-to-pong",
        "A server that forgets to pong",
        "pong=off",
        "Pings are not answered. A browser never sends one, so try it with another client.",
    ),
    preset(
        "crashes",
        "A server that crashes",
        "drop-after=3&drop-by=reset",
        "After the third message the line is reset, with no goodbye: JavaScript is told 1006.",
    ),
    preset(
        "restarts",
        "A server that restarts politely",
        "close-after=10s&close-code=1012&close-reason=restarting",
        "After ten seconds it says goodbye with 1012 and the reason.",
    ),
    preset(
        "stubborn",
        "A server that will not say goodbye",
        "close-answer=off",
        "The browser's close frame is never answered. See how long the browser waits.",
    ),
    preset(
        "maintenance",
        "Closed for maintenance",
        "refuse=503&body=We+are+back+at+noon.",
        "The handshake is refused with 503. The page that asked is not told.",
    ),
    preset(
        "moved",
        "Moved elsewhere",
        "refuse=301&location=/echo",
        "The handshake is answered with a redirect, which a browser's WebSocket does not follow.",
    ),
    preset(
        "not-signed-in",
        "Not signed in",
        "refuse=401&body=Who+are+you%3F",
        "The handshake is refused with 401, as for a cookie that has expired.",
    ),
    preset(
        "not-a-websocket",
        "A server that is no WebSocket server",
        "open=garbage",
        "What answers is no HTTP at all.",
    ),
    preset(
        "black-hole",
        "A black hole",
        "open=silence",
        "The request is taken and never answered, as behind a firewall.",
    ),
    preset(
        "impostor",
        "An impostor that cannot compute the accept value",
        "sec-accept=wrong",
        "The 101 carries the accept value of another key, so the browser must hang up.",
    ),
    preset(
        "slow-line",
        "A slow line",
        "drip=40ms",
        "Replies come byte by byte, and the message event only with the last.",
    ),
    preset(
        "fragmenter",
        "A server that sends in pieces",
        "fragments=3&fragment-pings",
        "Each reply comes in three fragments with pings between them, and JavaScript sees one message.",
    ),
    preset(
        "chatty",
        "A server that speaks unasked",
        "greet=Welcome&push-every=1s",
        "It greets first, then counts aloud, once a second.",
    ),
    preset(
        "text-only",
        "A server that takes text only",
        "accept=text",
        "A binary message is answered with a goodbye of 1003.",
    ),
    preset(
        "small-mailbox",
        "A server with a small mailbox",
        "max-message=16",
        "A message over 16 bytes is answered with a goodbye of 1009.",
    ),
];
