//! Why the relay does what a behavior asks for, in words, with the relevant section of the RFC.

use observation::command::DropBy;
use observation::{Act, Deliberate};
use std::time::Duration;

pub(super) fn greeting() -> Deliberate {
    Deliberate::by_behaviour("greet", "the server sends first: after the handshake, either side may send", Some("1.2"))
}

pub(super) fn random_greeting() -> Deliberate {
    Deliberate::by_behaviour(
        "greet-bytes",
        "the server sends random bytes first: after the handshake, either side may send",
        Some("1.2"),
    )
}

pub(super) fn token() -> Deliberate {
    Deliberate::by_behaviour("reply", "the reply has a random token, which only a client that reads it knows", None)
}

pub(super) fn shuffled() -> Deliberate {
    Deliberate::by_behaviour("shuffle", "the replies are sent in another order than their messages", None)
}

pub(super) fn silence() -> Act {
    Act::of(Deliberate::by_behaviour("silent-after", "after this, the server answers nothing any more", None))
}

pub(super) fn pushed() -> Deliberate {
    Deliberate::by_behaviour(
        "push-every",
        "the server sends this on its own: either side may send at any time",
        Some("1.2"),
    )
}

pub(super) fn script() -> Deliberate {
    Deliberate::by_behaviour("script", "the script of this connection says so", None)
}

pub(super) fn heartbeat() -> Deliberate {
    Deliberate::by_behaviour("ping-every", "a heartbeat: the browser answers with a pong automatically", Some("5.5.2"))
}

pub(super) fn ping_between() -> Deliberate {
    Deliberate::by_behaviour(
        "fragment-pings",
        "a ping between two fragments, where control frames are allowed",
        Some("5.4"),
    )
}

pub(super) fn delayed(delay: Duration) -> Deliberate {
    Deliberate::by_behaviour("delay", format!("this reply was delayed by {delay:?}"), None)
}

pub(super) fn fragments(count: usize) -> Deliberate {
    Deliberate::by_behaviour("fragments", format!("the server sends the message in {count} fragments"), Some("5.4"))
}

pub(super) fn drip(gap: Duration) -> Deliberate {
    Deliberate::by_behaviour("drip", format!("the server sends the frame byte by byte, {gap:?} apart"), None)
}

pub(super) fn close_after() -> Deliberate {
    Deliberate::by_behaviour("close-after", "the server closes the connection, as its behavior asks", Some("5.5.1"))
}

pub(super) fn no_pong_came() -> Deliberate {
    Deliberate::by_behaviour(
        "pong-within",
        "no pong arrived within the timeout of the behavior, so the server closes",
        Some("5.5.3"),
    )
}

pub(super) fn idle_close() -> Deliberate {
    Deliberate::by_behaviour(
        "idle",
        "there was no traffic for as long as the behavior allows, so the server closes",
        None,
    )
}

pub(super) fn idle_drop(by: DropBy) -> Deliberate {
    let how = how(by);
    Deliberate::by_behaviour(
        "idle",
        format!(
            "there was no traffic for too long, so the server {how} the TCP connection without a close frame, as a proxy does"
        ),
        None,
    )
}

pub(super) fn drop(by: DropBy) -> Deliberate {
    Deliberate::by_behaviour(
        "drop-after",
        format!("the server {} the TCP connection without a close frame", how(by)),
        Some("7.1.7"),
    )
}

pub(super) fn script_drop(by: DropBy) -> Deliberate {
    let explanation = format!("the script {} the TCP connection without a close frame", how(by));
    Deliberate::by_behaviour("script", explanation, Some("7.1.7"))
}

pub(super) fn how(by: DropBy) -> &'static str {
    match by {
        DropBy::Fin => "ends",
        DropBy::Reset => "resets",
    }
}

pub(super) fn no_reply() -> Act {
    Act::of(Deliberate::by_behaviour("reply", "the server does not answer the message", None))
}

pub(super) fn no_pong() -> Act {
    Act::of(Deliberate::by_behaviour("pong", "the server does not answer the ping, although it must", Some("5.5.2")))
}

pub(super) fn no_close_answer() -> Act {
    Act::of(Deliberate::by_behaviour(
        "close-answer",
        "the server does not answer the close frame, although it must",
        Some("5.5.1"),
    ))
}
