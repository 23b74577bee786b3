//! Raw bytes that the relay sent on a command. The messages in them reach the page like any other.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::rows::check_all_merges;
use crate::streams::{SERVER, Streams};
use observation::{Act, Deliberate, Event, Origin};

/// The relay sends raw bytes on command: a message, half a message and a ping, and then the other half.
fn by_hand() -> Streams {
    let mut streams = Streams::default();
    streams.constructed(1).open(1).received(1, "hi").received(1, "a").received(1, "bc").received(1, "d");
    let raw = |bytes: &[u8]| {
        let deliberate = Deliberate { by: Origin::Console, what: "raw".into(), explanation: "".into(), rule: None };
        Event::Act(Act { bytes: bytes.to_vec(), sent: bytes.len() as u64, ..Act::of(deliberate) })
    };
    streams.opening(1, true).event(1, raw(b"\x81\x02hi")).text(1, SERVER, "a");
    streams.event(1, raw(b"\x01\x01b\x89\x00\x80\x01c")).text(1, SERVER, "d");
    streams.event(1, raw(b"\x81\x7e")).end(1);
    streams
}

#[test]
fn messages_in_raw_bytes_reach_the_page() {
    check_all_merges(
        100,
        by_hand,
        &[
            ("request", "1 new"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("act", "1 message hi"),
            ("server a", "1 message a"),
            ("act", "1 message bc"),
            ("server d", "1 message d"),
            ("act", "(nothing)"),
            ("end", "(nothing)"),
        ],
    );
}
