//! Why the relay does what a behaviour asks for, in words, with the rule that it is about.

use observation::command::DropBy;
use observation::{Act, Deliberate};
use std::time::Duration;

pub(super) fn greeting() -> Deliberate {
    Deliberate::by_behaviour(
        "greet",
        "the server speaks first: once the handshake is over, either side may",
        Some("1.2"),
    )
}

pub(super) fn pushed() -> Deliberate {
    Deliberate::by_behaviour(
        "push-every",
        "a message that nobody asked for: either side may send at any time",
        Some("1.2"),
    )
}

pub(super) fn heartbeat() -> Deliberate {
    Deliberate::by_behaviour("ping-every", "a heartbeat: the browser answers with a pong by itself", Some("5.5.2"))
}

pub(super) fn ping_between() -> Deliberate {
    Deliberate::by_behaviour(
        "fragment-pings",
        "a ping between two fragments: control frames may come there",
        Some("5.4"),
    )
}

pub(super) fn delayed(delay: Duration) -> Deliberate {
    Deliberate::by_behaviour("delay", format!("this reply has waited {delay:?}"), None)
}

pub(super) fn fragments(count: usize) -> Deliberate {
    Deliberate::by_behaviour("fragments", format!("the message goes out in {count} fragments"), Some("5.4"))
}

pub(super) fn drip(gap: Duration) -> Deliberate {
    Deliberate::by_behaviour("drip", format!("the frame goes out byte by byte, {gap:?} apart"), None)
}

pub(super) fn close_after() -> Deliberate {
    Deliberate::by_behaviour("close-after", "the server says goodbye, as its behaviour asks", Some("5.5.1"))
}

pub(super) fn no_pong_came() -> Deliberate {
    Deliberate::by_behaviour(
        "pong-within",
        "no pong came in the time that the behaviour gives, so the server closes",
        Some("5.5.3"),
    )
}

pub(super) fn idle_close() -> Deliberate {
    Deliberate::by_behaviour(
        "idle",
        "nothing travelled for as long as the behaviour allows, so the server closes",
        None,
    )
}

pub(super) fn idle_drop(by: DropBy) -> Deliberate {
    let how = how(by);
    Deliberate::by_behaviour(
        "idle",
        format!("nothing travelled for too long, so the line is {how} without a goodbye, as a proxy does it"),
        None,
    )
}

pub(super) fn drop(by: DropBy) -> Deliberate {
    Deliberate::by_behaviour("drop-after", format!("the line is {} without a goodbye", how(by)), Some("7.1.7"))
}

pub(super) fn how(by: DropBy) -> &'static str {
    match by {
        DropBy::Fin => "dropped",
        DropBy::Reset => "reset",
    }
}

pub(super) fn no_reply() -> Act {
    Act::of(Deliberate::by_behaviour("reply", "the message is not answered", None))
}

pub(super) fn no_pong() -> Act {
    Act::of(Deliberate::by_behaviour("pong", "the ping is not answered, though it must be", Some("5.5.2")))
}

pub(super) fn no_close_answer() -> Act {
    Act::of(Deliberate::by_behaviour(
        "close-answer",
        "the close frame is not answered, though it must be",
        Some("5.5.1"),
    ))
}

pub(super) fn resumed_by_itself() -> Act {
    Act::of(Deliberate::by_console("resume", "the pause has been as long as one may be, and reading goes on", None))
}
