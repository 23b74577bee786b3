//! The messages of the feed.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::check;
use super::relay::seen;
use observation::{Draining, FeedMessage, Gap, Hello, Observation, Recording, Seq, SessionId};
use wire::Sender;

fn a_hello(shared: bool) -> FeedMessage {
    FeedMessage::Hello(Hello {
        session: SessionId::from_random(*b"sixteen bits * 8"),
        watch: SessionId::watch_only(*b"other 16 bits *8"),
        next: Seq(1),
        now_us: 1_250,
        payload_cap: 16 << 10,
        max_frame: 16 << 20,
        max_message: 16 << 20,
        shared,
    })
}

#[test]
fn hello() {
    golden!("hello", a_hello(false));
}

#[test]
fn hello_shared() {
    golden!("hello-shared", a_hello(true));
}

#[test]
fn observations() {
    let ping = seen(Sender::Server, &[0x89, 0x02, 0x68, 0x69], 16);
    let pong = seen(Sender::Client, &[0x8a, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x5f, 0x93], 16);
    let items = vec![super::observation(4, 20_480, ping), super::observation(5, 20_911, pong)];
    golden!("observations", FeedMessage::Observations(items));
}

#[test]
fn gap() {
    golden!("gap", FeedMessage::<Observation>::Gap(Gap { from: Seq(17), to: Seq(240) }));
}

#[test]
fn gap_leap() {
    golden!("gap-leap", FeedMessage::<Observation>::Gap(Gap { from: Seq(241), to: Seq(1_048_575) }));
}

#[test]
fn draining() {
    golden!("draining", FeedMessage::<Observation>::Draining(Draining { left_ms: 15_000 }));
}

#[test]
fn recording() {
    golden!("recording", FeedMessage::<Observation>::Recording(Recording { interrupted: true }));
}
