//! Compares the relay with tungstenite: both servers must react in the same way to a client's bytes.

mod broken;
mod judge;
mod traffic;

use crate::support::Lab;
use judge::{Outcome, relay, tungstenite};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::net::SocketAddr;
use traffic::Traffic;

/// The size limits of both for a frame and a message.
const LIMIT: u64 = 300_000;

/// Runs `check` on many cases of `strategy`, all on one relay. Each case has its own connection.
fn many<S: Strategy>(cases: u32, strategy: &S, check: impl AsyncFn(SocketAddr, S::Value) -> Result<(), TestCaseError>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let lab = runtime.block_on(Lab::with(|config| (config.max_frame, config.max_message) = (LIMIT, LIMIT)));
    // No file for failed cases: proptest prints them, and they become tests.
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(strategy, |case| runtime.block_on(check(lab.address(), case)));
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn both_agree_on_valid_traffic() {
    many(200, &(any::<Traffic>(), 1..20_000_usize), async |address, (traffic, cut)| {
        let bytes = traffic.bytes();
        let theirs = tungstenite(&bytes);
        let ours = relay(address, &bytes, cut).await;
        prop_assert_eq!(&ours.messages, &theirs.messages);
        prop_assert_eq!(ours.end, theirs.end);
        // The relay answers each ping; tungstenite only the last of those that it reads at once. RFC 6455 §5.5.3.
        prop_assert_eq!(&ours.pongs, &traffic.pings());
        let mut pongs = ours.pongs.iter();
        prop_assert!(theirs.pongs.iter().all(|pong| pongs.any(|other| other == pong)));
        Ok(())
    });
}

#[test]
fn both_agree_on_traffic_with_one_wrong_bit() {
    let strategy = (any::<Traffic>(), any::<prop::sample::Index>(), 0..8_u8, 1..20_000_usize);
    many(400, &strategy, async |address, (traffic, place, bit, cut)| {
        let mut bytes = traffic.bytes();
        prop_assume!(!bytes.is_empty());
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let theirs = tungstenite(&bytes);
        let ours = relay(address, &bytes, cut).await;
        if ours.end != theirs.end {
            let difference = broken::known_difference(&ours, &theirs);
            prop_assert!(difference.is_some(), "{ours:?}, and tungstenite: {theirs:?}");
        }
        // The server that fails first has echoed only a part of what the other one has.
        let (fewer, more) = match ours.messages.len() <= theirs.messages.len() {
            true => (&ours, &theirs),
            false => (&theirs, &ours),
        };
        prop_assert!(more.messages.starts_with(&fewer.messages));
        if ours.end == theirs.end {
            prop_assert_eq!(ours.messages.len(), theirs.messages.len());
        }
        Ok(())
    });
}

#[test]
fn both_fail_invalid_traffic_with_the_same_code() {
    let strategy = (any::<Traffic>(), any::<prop::sample::Index>(), 1..20_000_usize);
    let all = broken::all();
    many(400, &strategy, async |address, (traffic, which, cut)| {
        let broken = which.get(&all);
        let bytes = [traffic.without_close(), broken.bytes.clone()].concat();
        let ours = relay(address, &bytes, cut).await;
        let theirs = tungstenite(&bytes);
        prop_assert_eq!(ours.end, Some(broken.relay), "{}: {}", broken.what, &ours.reason);
        prop_assert_eq!(theirs.end, broken.tungstenite, "{} with tungstenite", broken.what);
        if theirs.end.is_some() {
            prop_assert_eq!(&ours.messages, &theirs.messages);
        }
        Ok(())
    });
}

#[test]
fn every_kind_of_invalid_traffic_is_covered() {
    let all = broken::all();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let lab = Lab::with(|config| (config.max_frame, config.max_message) = (LIMIT, LIMIT)).await;
        for broken in &all {
            let ours: Outcome = relay(lab.address(), &broken.bytes, usize::MAX).await;
            assert_eq!(ours.end, Some(broken.relay), "{}: {}", broken.what, ours.reason);
            assert_eq!(tungstenite(&broken.bytes).end, broken.tungstenite, "{} with tungstenite", broken.what);
        }
    });
}
