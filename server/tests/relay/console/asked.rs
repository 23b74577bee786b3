//! Each command when it is possible.

use super::{act, by_hand, open_observed};
use crate::behaviours::{close, close_from_client, ending, frame, nothing_but_a_pong, rules, summary, until_broken};
use crate::support::{Lab, masked};
use observation::command::{CloseWith, Composed, DropBy};
use observation::event::Cause;
use observation::{Command, Event, Party};
use std::io::ErrorKind;
use std::time::Duration;

#[tokio::test]
async fn messages_and_control_frames() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    let commands: [(Command, Vec<u8>, &str, Option<&str>); 6] = [
        (Command::Text("grüße".to_owned()), frame(0x81, "grüße".as_bytes()), "text", None),
        (Command::Text(String::new()), frame(0x81, b""), "text", None),
        (Command::Binary(vec![0xff; 30_000]), frame(0x82, &[0xff; 30_000]), "binary", None),
        (Command::Ping(vec![b'p'; 125]), frame(0x89, &[b'p'; 125]), "ping", Some("5.5.2")),
        (Command::Pong(b"unasked".to_vec()), frame(0x8a, b"unasked"), "pong", Some("5.5.3")),
        (Command::Raw(b"\x81\x03two".to_vec()), b"\x81\x03two".to_vec(), "raw", None),
    ];
    for (command, bytes, what, section) in commands {
        assert_eq!(feed.command(1, command).await, None, "{what}");
        assert!(raw.take(bytes.len()).await == bytes, "{what}");
        match feed.next().await.event {
            Event::Frame(sent) => {
                assert_eq!(
                    (sent.from, sent.wire_bytes(), sent.violations.len()),
                    (Party::Server, bytes.len() as u64, 0)
                );
                assert_eq!(by_hand(&sent.deliberate.unwrap()), (what, section));
            }
            Event::Act(act) => {
                assert_eq!((&act.bytes, act.sent, &act.refused), (&bytes, bytes.len() as u64, &None));
                assert_eq!(by_hand(&act.deliberate), (what, section));
            }
            other => panic!("{other:?}"),
        }
    }
    // The connection echoes as before.
    raw.send(&masked(0x81, b"hi")).await;
    assert_eq!(raw.take(4).await, b"\x81\x02hi");
    close_from_client(&mut raw).await;
    let (_, closed) = feed.until_closed().await;
    assert_eq!(ending(&closed), (Cause::ClosingHandshake, Some(1000), true));
    let bytes = 2 + "grüße".len() + 2 + 4 + 30_000 + 127 + 9 + 5 + 4 + 4;
    assert_eq!((closed.server.frames, closed.server.bytes), (7, bytes as u64));
}

#[tokio::test]
async fn a_close_frame() {
    let lab = Lab::new().await;
    let with = |code, reason: &str| CloseWith { code, reason: reason.to_owned() };
    for (number, (said, payload)) in (1..).zip([
        (with(None, ""), vec![]),
        (with(Some(1000), ""), close(1000, "")),
        (with(Some(4999), "gr€at"), close(4999, "gr€at")),
        (with(Some(1006), "never to travel"), close(1006, "never to travel")),
        (with(Some(0), &"x".repeat(123)), close(0, &"x".repeat(123))),
    ]) {
        let (mut raw, mut feed) = open_observed(&lab, "").await;
        let code = said.code;
        assert_eq!(feed.command(number, Command::Close(said)).await, None);
        assert_eq!(raw.frame().await, (0x88, payload));
        // No echo follows it, but the relay records everything until the answer arrives.
        raw.send(&[masked(0x81, b"crossed"), masked(0x89, b"crossed"), masked(0x88, b"")].concat()).await;
        let rest = raw.rest().await;
        assert!(rest.is_empty() || rest == frame(0x8a, b"crossed"), "{rest:?}");
        let (events, closed) = feed.until_closed().await;
        assert_eq!(ending(&closed), (Cause::DeliberateClose, code, true));
        let Event::Frame(close_frame) = &events[0] else { panic!("{events:?}") };
        assert_eq!(by_hand(close_frame.deliberate.as_ref().unwrap()), ("close", Some("5.5.1")));
        let broken = matches!(code, Some(0 | 1006));
        assert_eq!(rules(close_frame), if broken { vec!["close-code-not-allowed"] } else { vec![] });
    }
}

#[tokio::test]
async fn a_frame_composed_bit_by_bit() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    let order = Composed {
        fin: true,
        rsv1: false,
        rsv2: false,
        rsv3: false,
        opcode: 1,
        masking_key: None,
        length_bits: None,
        length: None,
        payload: b"hi".to_vec(),
    };
    let frames: [(Composed, &[u8], &[&str]); 7] = [
        (order.clone(), b"\x81\x02hi", &[]),
        (
            Composed { rsv1: true, rsv2: true, rsv3: true, opcode: 0xF, ..order.clone() },
            b"\xff\x02hi",
            &["reserved-bits", "reserved-opcode"],
        ),
        (
            Composed { masking_key: Some([1, 2, 3, 4]), ..order.clone() },
            b"\x81\x82\x01\x02\x03\x04ik",
            &["server-frame-masked"],
        ),
        (Composed { length_bits: Some(16), ..order.clone() }, b"\x81\x7e\x00\x02hi", &["length-not-minimal"]),
        (
            Composed { length_bits: Some(64), length: Some(u64::MAX), ..order.clone() },
            b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xffhi",
            &["length-top-bit"],
        ),
        // A fragmented message of two frames.
        (Composed { fin: false, opcode: 2, ..order.clone() }, b"\x02\x02hi", &[]),
        (Composed { opcode: 0, payload: vec![], ..order.clone() }, b"\x80\x00", &[]),
    ];
    for (composed, bytes, broken) in frames {
        assert_eq!(feed.command(1, Command::Frame(composed)).await, None);
        assert_eq!(raw.take(bytes.len()).await, bytes);
        let sent = feed.frame().await;
        assert_eq!(rules(&sent), broken, "{bytes:x?}");
        assert_eq!(by_hand(&sent.deliberate.clone().unwrap()), ("frame", Some("5.2")));
        assert_eq!([&sent.header[..], &sent.payload].concat(), bytes);
    }
    // As JSON: omitted fields have the values of a valid frame.
    let answer =
        feed.say(r#"{"id": 9, "connection": 1, "command": {"frame": {"opcode": 9, "payload": "6869"}}}"#).await;
    assert_eq!((answer.id, answer.refused), (Some(9), None));
    assert_eq!(raw.take(4).await, b"\x89\x02hi");
}

/// After the close frame no valid frame may follow, but commands can still send invalid ones.
#[tokio::test]
async fn after_the_close_frame_only_composed_frames_and_bytes() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    assert_eq!(feed.command(1, Command::Close(CloseWith::default())).await, None);
    assert_eq!(raw.take(2).await, b"\x88\x00");
    for command in [
        Command::Text("x".to_owned()),
        Command::Binary(vec![]),
        Command::Ping(vec![]),
        Command::Pong(vec![]),
        Command::Close(CloseWith::default()),
    ] {
        let refused = feed.command(1, command).await.unwrap();
        assert!(refused.contains("has sent its close frame"), "{refused}");
    }
    assert!(feed.command(1, Command::Behave("push-every=20ms".to_owned())).await.is_some());
    let answer =
        feed.say(r#"{"id": 7, "connection": 1, "command": {"frame": {"opcode": 1, "payload": "6869"}}}"#).await;
    assert_eq!(answer.refused, None);
    assert_eq!(raw.take(4).await, b"\x81\x02hi");
    assert_eq!(feed.command(1, Command::Raw(b"raw".to_vec())).await, None);
    assert_eq!(raw.take(3).await, b"raw");
    raw.send(&masked(0x88, b"")).await;
    assert_eq!(raw.rest().await, b"");
    let (events, closed) = feed.until_closed().await;
    let mut summary = summary(&events);
    summary.retain(|word| !word.starts_with('?'));
    assert_eq!(summary, ["< close", "< text", "! raw", "> close"]);
    let Event::Frame(late) =
        events.iter().rfind(|event| matches!(event, Event::Frame(frame) if frame.opcode == 1)).unwrap()
    else {
        unreachable!()
    };
    assert_eq!((rules(late), ending(&closed)), (vec!["after-close"], (Cause::DeliberateClose, None, true)));
}

/// The relay sent its own close frame, on a connection without a behavior.
#[tokio::test]
async fn after_the_relays_own_close_frame() {
    let lab = Lab::with(|config| config.idle_timeout = Duration::from_millis(100)).await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    assert_eq!(raw.frame().await.0, 0x88);
    let refused = feed.command(1, Command::Text("late".to_owned())).await;
    assert!(refused.unwrap().contains("has sent its close frame"));
    raw.send(&masked(0x88, b"")).await;
    assert_eq!(raw.rest().await, b"");
}

#[tokio::test]
async fn an_unanswered_close_frame_can_be_answered_by_hand() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "close-answer=off").await;
    raw.send(&masked(0x88, &close(1000, "bye"))).await;
    feed.frame().await;
    assert_eq!(act(&mut feed).await.deliberate.what, "close-answer");
    assert_eq!(feed.command(1, Command::Text("not yet".to_owned())).await, None);
    assert_eq!(feed.command(1, Command::Close(CloseWith { code: Some(1000), reason: String::new() })).await, None);
    assert_eq!(raw.take(13).await, b"\x81\x07not yet\x88\x02\x03\xe8");
    raw.0.set_nodelay(true).unwrap();
    tokio::io::AsyncWriteExt::shutdown(&mut raw.0).await.unwrap();
    assert_eq!(raw.rest().await, b"");
    let (_, closed) = feed.until_closed().await;
    assert_eq!((closed.first, closed.clean), (Some(Party::Client), true));
}

#[tokio::test]
async fn the_connection_dropped() {
    let lab = Lab::new().await;
    for (number, by) in [(1, DropBy::Fin), (2, DropBy::Reset)] {
        let (mut raw, mut feed) = open_observed(&lab, "").await;
        assert_eq!(feed.command(number, Command::Drop(by)).await, None);
        let (bytes, ended) = until_broken(&mut raw).await;
        assert_eq!(bytes, b"");
        match by {
            DropBy::Fin => assert!(ended.is_ok()),
            DropBy::Reset => assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset),
        }
        let dropped = act(&mut feed).await;
        assert_eq!(by_hand(&dropped.deliberate), ("drop", Some("7.1.7")));
        assert_eq!(ending(&feed.closed().await), (by.into(), None, false));
    }
    // The same inside a frame of the relay or of the client.
    let (mut raw, mut feed) = open_observed(&lab, "drip=1s").await;
    raw.send(&masked(0x81, b"a long text")).await;
    raw.take(1).await;
    assert_eq!(feed.command(3, Command::Drop(DropBy::Fin)).await, None);
    assert!(raw.rest().await.len() < 12);
    assert_eq!(summary(&feed.until_closed().await.0), ["> text", "! drop"]);
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    raw.send(&masked(0x82, &[0; 100])[..56]).await;
    raw.take(52).await;
    assert_eq!(feed.command(4, Command::Drop(DropBy::Fin)).await, None);
    assert_eq!(raw.rest().await, b"");
    assert_eq!(feed.until_closed().await.1.cause, Cause::Dropped);
}

#[tokio::test]
async fn reading_is_paused_and_resumed() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    assert_eq!(feed.command(1, Command::Resume).await.unwrap(), "the relay is not paused");
    assert_eq!(act(&mut feed).await.refused.as_deref(), Some("the relay is not paused"));
    assert_eq!(feed.command(1, Command::Pause).await, None);
    assert_eq!(by_hand(&act(&mut feed).await.deliberate), ("pause", None));
    assert_eq!(feed.command(1, Command::Pause).await.unwrap(), "the relay is already paused");
    act(&mut feed).await;
    raw.send(&masked(0x81, b"hi")).await;
    // The relay can still send.
    assert_eq!(feed.command(1, Command::Ping(b"1".to_vec())).await, None);
    assert_eq!(raw.take(3).await, b"\x89\x011");
    crate::behaviours::let_pass(&lab, "200ms").await;
    assert_eq!(feed.command(1, Command::Ping(b"2".to_vec())).await, None);
    assert_eq!(raw.take(3).await, b"\x89\x012", "and still has not read");
    assert_eq!(feed.command(1, Command::Resume).await, None);
    assert_eq!(raw.take(4).await, b"\x81\x02hi");
    close_from_client(&mut raw).await;
    let (events, _) = feed.until_closed().await;
    assert_eq!(summary(&events), ["< ping", "< ping", "! resume", "> text", "< text", "> close", "< close"]);
}

#[tokio::test]
async fn a_pause_has_an_end() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    assert_eq!(feed.command(1, Command::Pause).await, None);
    act(&mut feed).await;
    raw.send(&masked(0x81, b"hi")).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    assert_eq!(raw.take(4).await, b"\x81\x02hi");
    let resumed = act(&mut feed).await;
    assert_eq!(by_hand(&resumed.deliberate).0, "resume");
}

#[tokio::test]
async fn a_new_behaviour_for_an_open_connection() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    raw.send(&masked(0x81, b"ab")).await;
    assert_eq!(raw.take(4).await, b"\x81\x02ab");
    feed.frame().await;
    feed.frame().await;
    assert_eq!(feed.command(1, Command::Behave("fragments=2&close-after=2&close-code=4000".to_owned())).await, None);
    let behave = act(&mut feed).await;
    assert_eq!(by_hand(&behave.deliberate), ("behave", None));
    assert!(behave.deliberate.explanation.contains("`fragments=2&close-after=2&close-code=4000`"));
    raw.send(&masked(0x81, b"ab")).await;
    assert_eq!(raw.take(6).await, b"\x01\x01a\x80\x01b");
    // Counting starts with the new behavior.
    assert_eq!(feed.command(1, Command::Behave("accept=binary&fault=rsv1@2&close-after=9".to_owned())).await, None);
    raw.send(&[masked(0x82, b"a"), masked(0x82, b"b")].concat()).await;
    assert_eq!(raw.take(6).await, b"\x82\x01a\xc2\x01b");
    // An empty query is a plain echo of all kinds of messages.
    assert_eq!(feed.command(1, Command::Behave(String::new())).await, None);
    raw.send(&[masked(0x81, b"a"), masked(0x81, b"b")].concat()).await;
    assert_eq!(raw.take(6).await, b"\x81\x01a\x81\x01b");
    assert_eq!(feed.command(1, Command::Behave("preset=text-only".to_owned())).await, None);
    raw.send(&masked(0x82, b"a")).await;
    assert_eq!(raw.close_code().await, 1003);
}

/// The first command arrives while the client's message is half echoed.
#[tokio::test]
async fn a_commanded_message_waits_for_the_echo() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    raw.send(&masked(0x01, b"begun")).await;
    assert_eq!(raw.take(7).await, b"\x01\x05begun");
    assert_eq!(feed.command(1, Command::Text("by hand".to_owned())).await, None);
    assert_eq!(feed.command(1, Command::Ping(b"may".to_vec())).await, None);
    assert_eq!(raw.take(5).await, b"\x89\x03may");
    nothing_but_a_pong(&mut raw).await;
    raw.send(&masked(0x80, b"ended")).await;
    assert_eq!(raw.take(16).await, b"\x80\x05ended\x81\x07by hand");
    close_from_client(&mut raw).await;
    let (events, _) = feed.until_closed().await;
    let broken = events.iter().filter(|event| matches!(event, Event::Frame(frame) if !frame.violations.is_empty()));
    assert_eq!(broken.count(), 0);
}
