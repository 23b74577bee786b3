//! Random settings, bytes and commands cause no panic and no hang, and each connection has exactly one end.

use super::ask;
use crate::support::{Lab, http, masked, soon};
use observation::command::{CloseWith, DropBy};
use observation::{Command, Event};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Several of the examples in one query, each setting at most once.
fn query(examples: Vec<String>) -> impl Strategy<Value = String> {
    let most = examples.len().min(7);
    subsequence(examples, 0..most).prop_map(|chosen| {
        let mut seen = BTreeSet::new();
        let pairs = chosen.iter().flat_map(|example| example.split('&'));
        let once: Vec<_> = pairs.filter(|pair| seen.insert(pair.split('=').next())).collect();
        once.join("&")
    })
}

fn client_bytes() -> impl Strategy<Value = Vec<u8>> {
    let first = select(vec![0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0xc1, 0xc2]);
    let good = (first, "[a-zé]{0,300}").prop_map(|(first, text)| {
        let text = if first & 8 == 0 { text.as_bytes() } else { &text.as_bytes()[..text.len().min(125)] };
        masked(first, text)
    });
    let close_frame = Just(masked(0x88, b"\x03\xe8"));
    let noise = prop::collection::vec(any::<u8>(), 0..40);
    let piece = prop_oneof![12 => good, 1 => close_frame, 1 => noise];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn commands(examples: Vec<String>) -> impl Strategy<Value = Vec<Command>> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..130);
    let command = prop_oneof![
        "[a-z]{0,9}".prop_map(Command::Text),
        bytes().prop_map(Command::Binary),
        bytes().prop_map(Command::Ping),
        bytes().prop_map(Command::Raw),
        (prop::option::of(any::<u16>()), "[a-z]{0,9}")
            .prop_map(|(code, reason)| Command::Close(CloseWith { code, reason })),
        select(vec![Command::Drop(DropBy::Fin), Command::Drop(DropBy::Reset), Command::Resume]),
        query(examples).prop_map(Command::Behave),
    ];
    prop::collection::vec(command, 0..6)
}

#[test]
fn random_settings_input_and_commands() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (lab, examples) = runtime.block_on(async {
        let lab = Lab::with(|config| config.session_connections = 1).await;
        let catalogue = http(lab.address(), "GET", "/api/behaviours", "").await.json();
        let settings = catalogue["settings"].as_array().unwrap().clone();
        let faults = catalogue["faults"].as_array().unwrap().clone();
        let of_settings = settings.iter().map(|setting| setting["example"].as_str().unwrap().to_owned());
        let of_faults = faults.iter().map(|fault| format!("fault={}@2", fault["name"].as_str().unwrap()));
        // These would make the test slow.
        let examples: Vec<_> = of_settings.chain(of_faults).filter(|example| !example.contains("open-delay")).collect();
        (lab, examples)
    });
    let strategy = (query(examples.clone()), client_bytes(), commands(examples), any::<bool>());
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&strategy, |(query, bytes, commands, whole)| {
        runtime.block_on(async {
            let mut feed = lab.feed_after(u64::MAX).await;
            let mut raw = ask(&lab, &query, "").await;
            let first = feed.next().await;
            let Event::Opening(_) = first.event else {
                assert!(matches!(first.event, Event::Refusal(_)), "{first:?}");
                let _ = raw.0.shutdown().await;
                let _ = soon(raw.0.read_to_end(&mut Vec::new())).await;
                return;
            };
            raw.head().await;
            for part in bytes.chunks(if whole { bytes.len().max(1) } else { 7 }) {
                let _ = raw.0.write_all(part).await;
            }
            for command in commands {
                // The command is done or refused. In both cases it is answered.
                feed.command(first.connection.0, command).await;
            }
            let _ = raw.0.shutdown().await;
            let _ = soon(raw.0.read_to_end(&mut Vec::new())).await;
            feed.until_closed().await;
            // Its slot is free, and nothing follows the end.
            crate::support::eventually(async || {
                let mut next = ask(&lab, "refuse=500", "").await;
                next.rest().await.starts_with(b"HTTP/1.1 500 ")
            })
            .await;
            loop {
                let observation = feed.next().await;
                match observation.event {
                    Event::Refusal(refusal) if refusal.rule == "refuse" => break,
                    Event::Refusal(_) => {}
                    Event::Act(act) if act.refused.is_some() => {}
                    other => panic!("{other:?} follows the end"),
                }
            }
        });
        Ok(())
    });
    ran.unwrap();
}
