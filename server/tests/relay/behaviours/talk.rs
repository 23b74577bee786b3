//! Replies and other messages of the server: fragments, delays, drips, greetings, pushes, silence, and unaccepted messages.

use super::{
    acts, close_from_client, close_from_server, ending, events_and_end, frame, frames, name, nothing_but_a_pong, open,
    summary,
};
use crate::support::clock::Clock;
use crate::support::{Lab, masked};
use observation::Party;
use observation::event::Cause;
use std::time::{Duration, Instant};

/// The reply to one message with these settings.
async fn check(lab: &Lab, query: &str, first: u8, content: &[u8], expect: &[Vec<u8>]) {
    let mut raw = open(lab, query).await;
    raw.send(&masked(first, content)).await;
    let expect = expect.concat();
    assert!(raw.take(expect.len()).await == expect, "{query}, {} bytes", content.len());
    close_from_client(&mut raw).await;
}

#[tokio::test]
async fn an_echo_in_fragments() {
    let lab = Lab::new().await;
    let (text, binary) = (0x81, 0x82);
    check(&lab, "fragments=3", text, b"Hello", &[frame(1, b"H"), frame(0, b"el"), frame(0x80, b"lo")]).await;
    check(&lab, "fragments=2", binary, &[0xff; 3], &[frame(2, &[0xff]), frame(0x80, &[0xff; 2])]).await;
    check(&lab, "fragments=1", text, b"Hello", &[frame(text, b"Hello")]).await;
    check(&lab, "fragments=3", text, b"", &[frame(1, b""), frame(0, b""), frame(0x80, b"")]).await;
    check(&lab, "fragments=2", binary, b"x", &[frame(2, b""), frame(0x80, b"x")]).await;
    // Text is cut between characters.
    let euro = "€€".as_bytes();
    check(&lab, "fragments=3", text, euro, &[frame(1, &euro[..3]), frame(0, &euro[3..]), frame(0x80, b"")]).await;
    check(&lab, "fragments=3", binary, euro, &[frame(2, &euro[..2]), frame(0, &euro[2..4]), frame(0x80, &euro[4..])])
        .await;
    let large = vec![b'x'; 70_000];
    check(&lab, "fragments=2", text, &large, &[frame(1, &large[..35_000]), frame(0x80, &large[35_000..])]).await;
    let hundred: Vec<_> = (0..100)
        .map(|n| {
            frame(
                if n == 0 {
                    2
                } else if n == 99 {
                    0x80
                } else {
                    0
                },
                &large[..700],
            )
        })
        .collect();
    check(&lab, "fragments=100", binary, &large, &hundred).await;
}

#[tokio::test]
async fn a_ping_between_fragments_is_recorded() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = open(&lab, "fragments=3&fragment-pings").await;
    // The client's fragments are one message, and its reply is fragmented again.
    raw.send(&[masked(0x01, b"He"), masked(0x80, b"llo")].concat()).await;
    let expect = [
        frame(1, b"H"),
        frame(0x89, b"between 1 and 2"),
        frame(0, b"el"),
        frame(0x89, b"between 2 and 3"),
        frame(0x80, b"lo"),
    ];
    assert_eq!(raw.take(expect.concat().len()).await, expect.concat());
    raw.send(&masked(0x8a, b"between 1 and 2")).await;
    close_from_client(&mut raw).await;
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(
        summary(&events),
        [
            "> text",
            "> continuation",
            "< text",
            "< ping",
            "< continuation",
            "< ping",
            "< continuation",
            "> pong",
            "> close",
            "< close"
        ]
    );
    let sent = frames(events, Party::Server);
    let names: Vec<_> = sent.iter().map(|frame| frame.deliberate.as_ref().map(name)).collect();
    let (part, ping) = (Some(("fragments", Some((6455, "5.4")))), Some(("fragment-pings", Some((6455, "5.4")))));
    assert_eq!(names, [part, ping, part, ping, part, None]);
    let places =
        sent.iter().filter_map(|frame| frame.position).map(|place| (place.message, place.fragment, place.last));
    assert_eq!(places.collect::<Vec<_>>(), [(1, 1, false), (1, 2, false), (1, 3, true)]);
    assert!(sent.iter().all(|frame| frame.violations.is_empty()));
    assert_eq!(ending(&closed), (Cause::ClosingHandshake, Some(1000), true));
}

/// The replies do not depend on how the network splits the messages into reads.
#[tokio::test]
async fn replies_keep_their_order_within_one_read() {
    let lab = Lab::new().await;
    for query in ["fragments=2", "drip=1ms", "fault=split-code-point@7", "max-message=100", "fault=rsv1@2"] {
        let mut raw = open(&lab, query).await;
        raw.send(&[masked(0x82, b"ab"), masked(0x89, b"?"), masked(0x88, b"\x03\xe8")].concat()).await;
        let all = raw.rest().await;
        let reply =
            if query == "fragments=2" { [frame(2, b"a"), frame(0x80, b"b")].concat() } else { frame(0x82, b"ab") };
        // During a drip, the pong waits. After a close frame, it is not sent.
        let pong = if query == "drip=1ms" { Vec::new() } else { frame(0x8a, b"?") };
        assert_eq!(all, [reply, pong, frame(0x88, b"\x03\xe8")].concat(), "{query}");
    }
    let mut raw = open(&lab, "fault=rsv1@1").await;
    raw.send(&[masked(0x82, b"ab"), masked(0x82, b"cd"), masked(0x88, b"")].concat()).await;
    assert_eq!(raw.rest().await, [frame(0xc2, b"ab"), frame(0x82, b"cd"), frame(0x88, b"")].concat());
}

#[tokio::test]
async fn a_delayed_echo() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "delay=300ms").await;
    raw.send(&[masked(0x81, b"one"), masked(0x82, b"two"), masked(0x81, b"")].concat()).await;
    // Only messages are delayed.
    nothing_but_a_pong(&mut raw).await;
    clock.pass(Duration::from_millis(290)).await;
    nothing_but_a_pong(&mut raw).await;
    clock.pass(Duration::from_millis(10)).await;
    drop(clock);
    let expect = [frame(0x81, b"one"), frame(0x82, b"two"), frame(0x81, b"")].concat();
    assert_eq!(raw.take(expect.len()).await, expect);
    close_from_client(&mut raw).await;
    let (events, _) = events_and_end(&mut feed).await;
    let sent = frames(events, Party::Server);
    let names: Vec<_> = sent.iter().map(|frame| frame.deliberate.as_ref().map(name)).collect();
    let delay = Some(("delay", None));
    assert_eq!(names, [None, None, delay, delay, delay, None]);
}

#[tokio::test]
async fn a_slow_drip_of_bytes() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "drip=20ms").await;
    raw.send(&masked(0x81, b"drop by drop")).await;
    assert_eq!(raw.take(1).await, [0x81], "the first byte does not wait for the others");
    // The answer waits for the end of the frame.
    raw.send(&masked(0x89, b"?")).await;
    clock.pass(Duration::from_millis(12 * 20)).await;
    assert_eq!(raw.take(12).await, b"\x0cdrop by dro");
    assert_eq!(raw.0.try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    clock.pass(Duration::from_millis(20)).await;
    drop(clock);
    assert_eq!(raw.take(1).await, b"p");
    assert_eq!(raw.take(3).await, b"\x8a\x01?");
    // The drip of an empty message is its header.
    raw.send(&masked(0x82, b"")).await;
    assert_eq!(raw.take(2).await, b"\x82\x00");
    close_from_client(&mut raw).await;
    let (events, _) = events_and_end(&mut feed).await;
    assert_eq!(
        summary(&events),
        ["> text", "> ping", "< text", "< pong", "> binary", "< binary", "> close", "< close"]
    );
    let sent = frames(events, Party::Server);
    assert_eq!(sent[0].deliberate.as_ref().map(name), Some(("drip", None)));
    assert_eq!((sent[0].payload_bytes, sent[1].deliberate.is_none()), (12, true));
}

#[tokio::test]
async fn the_server_sends_first() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = open(&lab, "greet=Gr%C3%BC%C3%9Fe").await;
    assert_eq!(raw.take(9).await, frame(0x81, "Grüße".as_bytes()));
    raw.send(&masked(0x81, b"hi")).await;
    assert_eq!(raw.take(4).await, b"\x81\x02hi");
    close_from_client(&mut raw).await;
    let (events, _) = events_and_end(&mut feed).await;
    assert_eq!(summary(&events), ["< text", "> text", "< text", "> close", "< close"]);
    let sent = frames(events, Party::Server);
    assert_eq!(sent[0].deliberate.as_ref().map(name), Some(("greet", Some((6455, "1.2")))));
    assert_eq!(sent[1].deliberate, None);
    // An empty greeting is sent too, and it keeps its name when it is fragmented.
    let mut raw = open(&lab, "greet=&fragments=2").await;
    assert_eq!(raw.take(4).await, b"\x01\x00\x80\x00");
    close_from_client(&mut raw).await;
    let (events, _) = events_and_end(&mut feed).await;
    assert_eq!(frames(events, Party::Server)[0].deliberate.as_ref().map(name), Some(("greet", Some((6455, "1.2")))));
}

#[tokio::test]
async fn the_server_sends_repeatedly() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let began = Instant::now();
    let mut raw = open(&lab, "push-every=50ms").await;
    assert_eq!(raw.take(9).await, b"\x81\x011\x81\x012\x81\x013");
    assert!(began.elapsed() >= Duration::from_millis(150));
    raw.send(&masked(0x88, b"")).await;
    raw.rest().await;
    let (events, _) = events_and_end(&mut feed).await;
    let sent = frames(events, Party::Server);
    assert!(sent.len() >= 4);
    assert!(
        sent[..3].iter().all(|frame| frame.deliberate.as_ref().map(name) == Some(("push-every", Some((6455, "1.2")))))
    );
    let mut raw = open(&lab, "push-every=20ms&push=tick").await;
    assert_eq!(raw.take(12).await, b"\x81\x04tick\x81\x04tick");
}

#[tokio::test]
async fn silence() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = open(&lab, "reply=none").await;
    raw.send(&[masked(0x81, b"hello?"), masked(0x02, b"any"), masked(0x80, b"one?")].concat()).await;
    nothing_but_a_pong(&mut raw).await;
    // Text is still checked.
    raw.send(&masked(0x81, b"\xff")).await;
    assert_eq!(raw.close_code().await, 1007);
    let (events, closed) = events_and_end(&mut feed).await;
    let silent: Vec<_> = acts(&events).iter().map(|act| name(&act.deliberate)).collect();
    assert_eq!(silent, [("reply", None), ("reply", None)]);
    // The network decides how many messages one read has.
    let (came, done): (Vec<_>, Vec<_>) = summary(&events).into_iter().partition(|word| word.starts_with('>'));
    assert_eq!(came, ["> text", "> binary", "> continuation", "> ping", "> text"]);
    assert_eq!(done, ["! reply", "! reply", "< pong", "< close"]);
    assert_eq!(ending(&closed), (Cause::Violation, Some(1007), false));
    // The same if the close frame comes in the same read.
    let mut raw = open(&lab, "reply=none").await;
    raw.send(&[masked(0x81, b"hello?"), masked(0x88, b"")].concat()).await;
    assert_eq!(raw.rest().await, frame(0x88, b""));
    assert_eq!(summary(&events_and_end(&mut feed).await.0), ["> text", "> close", "! reply", "< close"]);
}

#[tokio::test]
async fn a_silent_server_keeps_no_messages() {
    let lab = Lab::with(|config| config.max_unfinished = 0).await;
    let mut raw = open(&lab, "reply=none").await;
    raw.send(&[masked(0x02, &vec![1; 100_000]), masked(0x80, &vec![1; 100_000])].concat()).await;
    nothing_but_a_pong(&mut raw).await;
    close_from_client(&mut raw).await;
}

#[tokio::test]
async fn an_unaccepted_kind_or_size() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let cases: [(&str, &[u8], u16, &str, Cause); 5] = [
        ("accept=text", &masked(0x82, b"no"), 1003, "kind-not-accepted", Cause::NotAccepted),
        ("accept=binary&fragments=2", &masked(0x01, b"no"), 1003, "kind-not-accepted", Cause::NotAccepted),
        ("max-message=4", &masked(0x82, b"12345"), 1009, "frame-too-big", Cause::TooBig),
        (
            "max-message=4&delay=1s",
            &[masked(0x02, b"123"), masked(0x80, b"45")].concat(),
            1009,
            "message-too-big",
            Cause::TooBig,
        ),
        ("max-message=0", &masked(0x81, b"1"), 1009, "frame-too-big", Cause::TooBig),
    ];
    for (query, wrong, code, rule, cause) in cases {
        let mut raw = open(&lab, query).await;
        if query == "max-message=4" {
            raw.send(&masked(0x81, b"1234")).await;
            assert_eq!(raw.take(6).await, b"\x81\x041234");
        }
        raw.send(wrong).await;
        assert_eq!(raw.close_code().await, code, "{query}");
        let (events, closed) = events_and_end(&mut feed).await;
        assert_eq!((closed.cause, closed.code), (cause, Some(code)), "{query}");
        let broken: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                observation::Event::Frame(frame) => frame.violations.first().map(|violation| violation.rule.as_ref()),
                _ => None,
            })
            .collect();
        assert_eq!(broken, [rule], "{query}");
    }
}

/// The smaller limit applies: a URL cannot raise the relay's limit.
#[tokio::test]
async fn a_url_cannot_raise_the_relays_limit() {
    let lab = Lab::with(|config| (config.max_frame, config.max_message) = (100, 150)).await;
    let mut raw = open(&lab, "max-message=1GiB").await;
    raw.send(&masked(0x82, &[0; 101])).await;
    assert_eq!(raw.close_code().await, 1009);
    let mut raw = open(&lab, "max-message=120&greet=hello").await;
    raw.take(7).await;
    raw.send(&[masked(0x02, &[0; 100]), masked(0x80, &[0; 21])].concat()).await;
    raw.take(102).await;
    closed_by_server(&mut raw, 1009).await;
}

async fn closed_by_server(raw: &mut crate::support::Raw, code: u16) {
    assert_eq!(raw.close_code().await, code);
}

#[tokio::test]
async fn reply_settings_combine() {
    let lab = Lab::new().await;
    let began = Instant::now();
    let mut raw = open(&lab, "fragments=2&fragment-pings&drip=5ms&delay=100ms&close-after=1&close-reason=done").await;
    raw.send(&masked(0x81, b"ab")).await;
    let expect = [frame(1, b"a"), frame(0x89, b"between 1 and 2"), frame(0x80, b"b")].concat();
    assert_eq!(raw.take(expect.len()).await, expect);
    assert!(began.elapsed() >= Duration::from_millis(100 + 4 * 5));
    close_from_server(&mut raw, 1000, "done").await;
}
