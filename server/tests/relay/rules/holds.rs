//! Held messages: an observer forwards, edits, drops or answers them, or their time is over.

use super::{act, heard, ruled, say, set, tell, told, unmasked};
use crate::hops::Legs;
use crate::hops::endings::pair;
use crate::support::clock::Clock;
use crate::support::{Feed, Lab, Raw, masked};
use observation::command::{AnswerHeld, Composed, Edited, Forward};
use observation::event::Cause;
use observation::rule::Expiry;
use observation::{Command, Intermediary, Origin, Party};
use std::io::ErrorKind;
use std::time::Duration;

const HOLD: &str = r#"[{"name": "stop", "when": {"text": "hold"}, "then": {"hold": {"ms": 20000}}}]"#;

fn frame(opcode: u8, payload: &[u8]) -> Composed {
    let json = format!(r#"{{"opcode": {opcode}, "payload": "{}"}}"#, hex::encode(payload));
    serde_json::from_str(&json).unwrap()
}

fn edited(opcode: u8, payload: &[u8]) -> Edited {
    Edited { frame: frame(opcode, payload), compress: false }
}

/// Waits until a message is held. Returns its number.
async fn held(feed: &mut Feed) -> u64 {
    let (done, intercepted) = act(feed).await;
    assert_eq!(done.deliberate.what, "hold");
    assert_eq!((intercepted.expiry, intercepted.after.len()), (Some(Expiry::Forward), 0));
    intercepted.held.unwrap()
}

#[tokio::test]
async fn a_held_message_is_forwarded_as_it_was_or_edited() {
    let (lab, mut raw, mut server, mut feed) = ruled(HOLD).await;
    raw.send(&[say("hold 1"), say("passes"), say("hold 2")].concat()).await;
    assert_eq!(told(&mut server).await, "passes");
    let (one, two) = (held(&mut feed).await, held(&mut feed).await);
    assert_eq!((one, two), (1, 2));
    let new = edited(2, b"\x00edited");
    assert_eq!(feed.command(1, Command::Forward(Forward { held: two, edited: Some(new) })).await, None);
    assert_eq!(unmasked(&mut server).await, (0x82, b"\x00edited".to_vec()));
    let (done, intercepted) = act(&mut feed).await;
    assert_eq!((&*done.deliberate.what, intercepted.held), ("forward", Some(2)));
    assert_eq!((intercepted.before.payload.as_slice(), intercepted.after[0].opcode), (&b"hold 2"[..], 2));
    // Either number of the hop reaches it.
    assert_eq!(feed.command(2, Command::Forward(Forward { held: one, edited: None })).await, None);
    let original = say("hold 1");
    assert_eq!(server.take(original.len()).await, original, "byte for byte");
    let again = feed.command(1, Command::Forward(Forward { held: one, edited: None })).await;
    assert!(again.unwrap().starts_with("no message 1 is held"));
    drop((raw, server));
    let mut feed = lab.feed().await;
    let (_, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    let by_rule = |frame: &&&observation::Frame| frame.deliberate.as_ref().is_some_and(|why| why.by == Origin::Rule);
    assert_eq!(far.frames().iter().filter(by_rule).count(), 2);
    assert_eq!(far.closed().client.frames, 3);
}

#[tokio::test]
async fn every_bit_of_an_edited_frame_can_be_set() {
    let (_lab, mut raw, mut server, mut feed) = ruled(HOLD).await;
    server.send(&tell("hold")).await;
    let held = held(&mut feed).await;
    let composed =
        Composed { rsv2: true, fin: false, length_bits: Some(64), masking_key: Some([1, 2, 3, 4]), ..frame(3, b"") };
    let command = Command::Forward(Forward { held, edited: Some(Edited { frame: composed, compress: false }) });
    assert_eq!(feed.command(1, command).await, None);
    assert_eq!(raw.take(14).await, b"\x23\xff\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04");
    drop((raw, server));
}

#[tokio::test]
async fn a_held_message_is_dropped_or_answered() {
    let (_lab, mut raw, mut server, mut feed) = ruled(HOLD).await;
    raw.send(&[say("hold a"), say("hold b")].concat()).await;
    let (a, b) = (held(&mut feed).await, held(&mut feed).await);
    assert_eq!(feed.command(1, Command::Discard(a)).await, None);
    assert_eq!(feed.command(1, Command::Answer(AnswerHeld { held: b, with: edited(1, b"no") })).await, None);
    assert_eq!(heard(&mut raw).await, "no");
    let (dropped, answered) = (act(&mut feed).await, act(&mut feed).await);
    assert_eq!((&*dropped.0.deliberate.what, dropped.1.after.len()), ("discard", 0));
    assert_eq!((&*answered.0.deliberate.what, answered.1.after[0].payload.as_slice()), ("answer", &b"no"[..]));
    // The other way round, the relay answers in the client's place, and masks.
    server.send(&tell("hold c")).await;
    let c = held(&mut feed).await;
    assert_eq!(feed.command(2, Command::Answer(AnswerHeld { held: c, with: edited(1, b"yes") })).await, None);
    assert_eq!(told(&mut server).await, "yes");
    raw.send(&say("after")).await;
    assert_eq!(told(&mut server).await, "after", "nothing else has arrived");
}

#[tokio::test]
async fn a_decision_that_cannot_be_carried_out_leaves_the_message_held() {
    let (_lab, mut raw, mut server, mut feed) = ruled(HOLD).await;
    raw.send(&say("hold")).await;
    let number = held(&mut feed).await;
    for (edited, why) in [
        (Edited { frame: frame(1, b""), compress: true }, "no permessage-deflate"),
        (
            Edited { frame: Composed { length_bits: Some(7), length: Some(126), ..frame(1, b"") }, compress: false },
            "does not fit",
        ),
    ] {
        let refused = feed.command(1, Command::Forward(Forward { held: number, edited: Some(edited) })).await.unwrap();
        assert!(refused.contains(why), "{refused}");
    }
    assert_eq!(feed.command(1, Command::Forward(Forward { held: number, edited: None })).await, None);
    assert_eq!(told(&mut server).await, "hold");
}

#[tokio::test]
async fn a_message_goes_on_or_is_dropped_when_its_time_is_over() {
    for (then, arrives) in [("forward", true), ("drop", false)] {
        let (_lab, mut raw, mut server, mut feed) = ruled(&format!(
            r#"[{{"when": {{"text": "hold"}}, "then": {{"hold": {{"ms": 5000, "then": "{then}"}}}}}}]"#
        ))
        .await;
        let clock = Clock::stop();
        raw.send(&[say("hold"), masked(0x89, b"")].concat()).await;
        assert_eq!(unmasked(&mut server).await, (0x89, vec![]), "pings pass");
        let held = clock.pass_until(act(&mut feed)).await;
        assert_eq!(held.1.expiry, Some(if arrives { Expiry::Forward } else { Expiry::Drop }));
        clock.pass(Duration::from_millis(4000)).await;
        assert_eq!(server.0.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock, "it is still held");
        let over = clock.pass_until(act(&mut feed)).await;
        assert_eq!(over.0.deliberate.what, if arrives { "forward" } else { "discard" });
        raw.send(&say("next")).await;
        assert_eq!(told(&mut server).await, if arrives { "hold" } else { "next" });
    }
}

#[tokio::test]
async fn what_is_held_when_the_connection_closes_is_dropped_and_recorded() {
    let (_lab, mut raw, mut server, mut feed) = ruled(HOLD).await;
    raw.send(&[say("hold"), masked(0x88, b"\x03\xe8")].concat()).await;
    assert_eq!(unmasked(&mut server).await.0, 0x88);
    held(&mut feed).await;
    let (done, intercepted) = act(&mut feed).await;
    assert_eq!((&*done.deliberate.what, intercepted.held, intercepted.after.len()), ("discard", Some(1), 0));
    server.send(b"\x88\x02\x03\xe8").await;
    drop(server);
    assert_eq!(raw.close_code().await, 1000);
    drop(raw);
    assert_eq!(feed.until_closed().await.1.cause, Cause::ClosingHandshake);
}

#[tokio::test]
async fn a_rule_that_is_switched_off_keeps_what_it_holds() {
    let (_lab, mut raw, mut server, mut feed) = ruled(HOLD).await;
    raw.send(&say("hold 1")).await;
    let number = held(&mut feed).await;
    set(&mut feed, "[]").await;
    raw.send(&say("hold 2")).await;
    assert_eq!(told(&mut server).await, "hold 2");
    assert_eq!(feed.command(1, Command::Forward(Forward { held: number, edited: None })).await, None);
    assert_eq!(told(&mut server).await, "hold 1");
    raw.send(&say("hold 3")).await;
    assert_eq!(told(&mut server).await, "hold 3");
    let (_, far) = {
        drop((raw, server));
        let mut feed = _lab.feed().await;
        Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay)
    };
    let numbers: Vec<_> = far
        .frames()
        .iter()
        .filter(|frame| frame.from == Party::Client)
        .filter_map(|frame| Some(frame.position?.message))
        .collect();
    assert_eq!(numbers, [1, 2, 3], "the order in which they have left");
}

#[tokio::test]
async fn a_hold_says_when_the_connection_ends_before_it() {
    // By how many microseconds the connection ends earlier than the wait.
    async fn earlier(feed: &mut Feed) -> Option<u64> {
        let (_, intercepted) = act(feed).await;
        Some(intercepted.until_us.unwrap() - intercepted.ends_us?)
    }
    let idle = |config: &mut framescope::args::Config| config.idle_timeout = Duration::from_secs(12);
    // The relay's own timeout, for both ends.
    let (lab, mut raw, _server) = pair(idle).await;
    let mut feed = lab.feed().await;
    let rules = r#"[{"when": {"text": "short"}, "then": {"delay": {"ms": 11000}}}, {"then": {"hold": {"ms": 20000}}}]"#;
    set(&mut feed, rules).await;
    raw.send(&[say("long"), say("short")].concat()).await;
    assert_eq!((earlier(&mut feed).await, earlier(&mut feed).await), (Some(8_000_000), None));
    // A behavior of the lab.
    let lab = Lab::with(idle).await;
    let mut feed = lab.feed().await;
    set(&mut feed, rules).await;
    let mut raw = Raw::open(lab.address(), &format!("{}?idle=5s", lab.path())).await;
    raw.send(&say("long")).await;
    assert_eq!(earlier(&mut feed).await, Some(15_000_000));
    // A middlebox. It counts from what has crossed it last.
    let mut raw = Raw::open(lab.address(), &format!("/via/idle-cut,after=5s/lab/{}", lab.id)).await;
    raw.send(&say("long")).await;
    let earlier = earlier(&mut feed).await.unwrap();
    assert!((15_000_000..20_000_000).contains(&earlier), "{earlier}");
}
