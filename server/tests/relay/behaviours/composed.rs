//! Combined settings, and what the client does during them.

use super::{
    close, close_from_client, close_from_server, ending, events_and_end, frame, frames, name, nothing_but_a_pong, open,
    open_deflate, rules, summary,
};
use crate::support::clock::Clock;
use crate::support::deflate::{Deflating, Inflating, deflated};
use crate::support::{Lab, Raw, masked};
use observation::event::Cause;
use observation::{Command, Party};
use std::time::Duration;

/// RFC 6455 §5.4: control frames may come between the fragments of a message, but other messages may not.
#[tokio::test]
async fn pings_interrupt_fragmented_messages_and_pushes_do_not() {
    let lab = Lab::new().await;
    let mut raw = open(&lab, "ping-every=20ms&push-every=30ms&push=pushed").await;
    raw.send(&masked(0x01, b"begun")).await;
    // Skips everything before the first fragment of the echo.
    while raw.frame().await != (0x01, b"begun".to_vec()) {}
    for _ in 0..5 {
        assert_eq!(raw.frame().await.0, 0x89, "only pings come inside");
    }
    raw.send(&masked(0x80, b"ended")).await;
    let mut next = raw.frame().await;
    while next.0 == 0x89 {
        next = raw.frame().await;
    }
    assert_eq!(next, (0x80, b"ended".to_vec()));
    let mut next = raw.frame().await;
    while next.0 == 0x89 {
        next = raw.frame().await;
    }
    assert_eq!(next, (0x81, b"pushed".to_vec()), "and now they come");
}

#[tokio::test]
async fn nothing_interrupts_a_half_echoed_frame() {
    let lab = Lab::new().await;
    let mut raw = open(&lab, "ping-every=20ms&push-every=20ms").await;
    let content: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let whole = masked(0x82, &content);
    let half = whole.len() / 2;
    raw.send(&whole[..half]).await;
    let mut next = raw.take(2).await;
    while next[0] != 0x82 {
        let length = usize::from(next[1]);
        raw.take(length).await;
        next = raw.take(2).await;
    }
    assert_eq!([&next[..], &raw.take(8).await].concat(), frame(0x82, &content)[..10]);
    let there = half - 14;
    assert!(raw.take(there).await == content[..there]);
    // Several of each are due.
    super::let_pass(&lab, "200ms").await;
    raw.send(&whole[half..]).await;
    assert!(raw.take(content.len() - there).await == content[there..], "and none of them is inside");
    assert!([0x81, 0x89].contains(&raw.frame().await.0));
}

#[tokio::test]
async fn the_clients_ping_and_close_frame_during_a_drip() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "drip=1s").await;
    raw.send(&masked(0x81, b"a long text")).await;
    raw.take(1).await;
    raw.send(&[masked(0x89, b"?"), masked(0x88, &close(1000, ""))].concat()).await;
    // The frame must end before the close frame. It does so at once, because the clock is stopped.
    assert_eq!(raw.rest().await, [&b"\x0ba long text"[..], b"\x88\x02\x03\xe8"].concat());
    drop(clock);
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(summary(&events), ["> text", "> ping", "> close", "< text", "< close"]);
    assert_eq!(ending(&closed), (Cause::ClosingHandshake, Some(1000), true));
}

#[tokio::test]
async fn a_violation_during_a_drip() {
    let lab = Lab::new().await;
    let mut raw = open(&lab, "drip=1s").await;
    raw.send(&[masked(0x81, b"a long text"), masked(0x83, b"")].concat()).await;
    let all = raw.rest().await;
    assert_eq!((&all[..13], all[13], &all[15..17]), (&b"\x81\x0ba long text"[..], 0x88, &b"\x03\xea"[..]));
}

#[tokio::test]
async fn the_relays_own_close_frame_during_a_drip() {
    let lab = Lab::with(|config| config.idle_timeout = Duration::from_millis(200)).await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "drip=1s").await;
    raw.send(&masked(0x81, b"a long text")).await;
    assert_eq!(raw.take(1).await, b"\x81");
    clock.pass(Duration::from_millis(200)).await;
    drop(clock);
    assert_eq!(raw.take(12).await, b"\x0ba long text");
    close_from_server(&mut raw, 1001, "no data received for too long").await;
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(summary(&events), ["> text", "< text", "< close", "> close"]);
    assert_eq!(ending(&closed), (Cause::Idle, Some(1001), true));
}

#[tokio::test]
async fn a_close_frame_while_replies_are_queued() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    // After the client's close frame, queued replies are not sent.
    let mut raw = open(&lab, "delay=60s").await;
    raw.send(&masked(0x81, b"never answers")).await;
    nothing_but_a_pong(&mut raw).await;
    close_from_client(&mut raw).await;
    assert_eq!(summary(&events_and_end(&mut feed).await.0), ["> text", "> ping", "< pong", "> close", "< close"]);
    // The server's close frame after a number of messages follows all their replies.
    let mut raw = open(&lab, "delay=200ms&close-after=2").await;
    raw.send(&[masked(0x81, b"a"), masked(0x81, b"b"), masked(0x81, b"c")].concat()).await;
    assert_eq!(raw.take(6).await, b"\x81\x01a\x81\x01b");
    close_from_server(&mut raw, 1000, "").await;
    // A timed close frame does not wait for the replies.
    let clock = Clock::stop();
    let mut raw = open(&lab, "delay=60s&close-after=200ms").await;
    raw.send(&masked(0x81, b"never answers")).await;
    clock.pass(Duration::from_millis(200)).await;
    close_from_server(&mut raw, 1000, "").await;
}

#[tokio::test]
async fn a_timed_close_frame_during_an_incomplete_text_frame() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "close-after=100ms").await;
    let text = masked(0x81, b"half and half");
    raw.send(&text[..10]).await;
    clock.pass(Duration::from_millis(100)).await;
    drop(clock);
    assert_eq!(raw.frame().await, (0x88, close(1000, "")));
    raw.send(&[&text[10..], &masked(0x88, b"")].concat()).await;
    assert_eq!(raw.rest().await, b"", "no data after a close frame");
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(summary(&events), ["< close", "> text", "> close"]);
    assert_eq!(ending(&closed), (Cause::DeliberateClose, Some(1000), true));
}

#[tokio::test]
async fn deflate_with_greetings_and_pushes() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = open_deflate(&lab, "greet=hello&ping-every=40ms&push-every=60ms&push=p").await;
    let (mut deflating, mut inflating) = (Deflating::new(), Inflating::new());
    assert_eq!(raw.frame().await, (0x81, b"hello".to_vec()), "it need not be compressed");
    for n in 0..20 {
        let content = format!("message {n} of some");
        raw.send(&masked(0xc1, &deflating.message(content.as_bytes()))).await;
        let mut next = raw.frame().await;
        while next.0 == 0x89 || next == (0x81, b"p".to_vec()) {
            next = raw.frame().await;
        }
        assert_eq!(inflating.frames(&[next]), content.as_bytes());
    }
    raw.send(&masked(0x88, b"")).await;
    raw.rest().await;
    let (events, _) = events_and_end(&mut feed).await;
    let sent = frames(events, Party::Server);
    assert!(sent.iter().all(|frame| rules(frame).is_empty()));
    assert_eq!(sent.iter().filter(|frame| frame.inflated.is_some()).count(), 20);
}

/// A reply that is not an immediate echo is uncompressed. It has as many fragments as the settings say.
#[tokio::test]
async fn compressed_messages_with_reply_settings() {
    let lab = Lab::new().await;
    let payload = deflated(&[b'x'; 300_000]);
    for (query, parts) in [("fragments=2", 2), ("delay=20ms", 1), ("delay=20ms&fragments=3", 3)] {
        let mut raw = open_deflate(&lab, query).await;
        // The message has two frames.
        raw.send(&[masked(0x42, &payload[..100]), masked(0x80, &payload[100..])].concat()).await;
        let back = raw.message().await;
        assert_eq!((back.len(), back[0].0 & 0x7f), (parts, 2), "{query}");
        assert!(back.iter().all(|(first, _)| first & 0x70 == 0));
        assert!(back.concat_payload() == [b'x'; 300_000]);
        close_from_client(&mut raw).await;
    }
}

trait ConcatPayload {
    fn concat_payload(&self) -> Vec<u8>;
}

impl ConcatPayload for Vec<(u8, Vec<u8>)> {
    fn concat_payload(&self) -> Vec<u8> {
        self.iter().flat_map(|(_, payload)| payload.iter().copied()).collect()
    }
}

#[tokio::test]
async fn a_behaviour_that_changes_during_a_drip() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let mut raw = open(&lab, "drip=1s").await;
    raw.send(&[masked(0x81, b"a long text"), masked(0x81, b"another")].concat()).await;
    raw.take(1).await;
    let began = tokio::time::Instant::now();
    let behave = feed.command(1, Command::Behave("greet=new&fragments=3".to_owned()));
    assert_eq!(clock.pass_until(behave).await, None);
    // When the next byte is due, the server sends the rest of the frame, then the queued replies, then the new ones.
    let mut expect = [&b"\x0ba long text"[..], &frame(0x81, b"another")].concat();
    expect.extend([frame(1, b"n"), frame(0, b"e"), frame(0x80, b"w")].concat());
    assert_eq!(clock.pass_until(raw.take(expect.len())).await, expect);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    drop(clock);
    raw.send(&masked(0x82, b"abc")).await;
    let expect = [frame(2, b"a"), frame(0, b"b"), frame(0x80, b"c")].concat();
    assert_eq!(raw.take(expect.len()).await, expect);
    close_from_client(&mut raw).await;
    let (events, _) = events_and_end(&mut feed).await;
    assert_eq!(
        summary(&events)[..8],
        ["> text", "> text", "< text", "< text", "! behave", "< text", "< continuation", "< continuation"]
    );
}

/// A drip that starts during the client's incomplete text message would interrupt its echo.
#[tokio::test]
async fn a_behaviour_that_changes_during_an_incomplete_text_frame() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    for deflate in [false, true] {
        let mut feed_now = lab.feed_after(u64::MAX).await;
        let (mut raw, text) = if deflate {
            (open_deflate(&lab, "").await, masked(0xc1, &deflated(b"half and half")))
        } else {
            (lab.open().await, masked(0x81, b"half and half"))
        };
        feed_now.opening().await;
        half_there(&mut raw, &text[..10]).await;
        let number = if deflate { 2 } else { 1 };
        assert_eq!(feed.command(number, Command::Behave("drip=20ms&greet=drop+by+drop".to_owned())).await, None);
        super::let_pass(&lab, "100ms").await;
        raw.send(&text[10..]).await;
        let back = raw.message().await;
        if deflate {
            assert_eq!(Inflating::new().frames(&back), b"half and half");
        } else {
            assert_eq!(back, [(0x81, b"half and half".to_vec())]);
        }
        assert_eq!(raw.frame().await, (0x81, b"drop by drop".to_vec()));
        close_from_client(&mut raw).await;
    }
}

/// Sends them after a ping in one write. After the pong, the relay has received them.
async fn half_there(raw: &mut Raw, bytes: &[u8]) {
    raw.send(&[&masked(0x89, b"barrier"), bytes].concat()).await;
    assert_eq!(raw.frame().await, (0x8a, b"barrier".to_vec()));
}

#[tokio::test]
async fn a_limit_lowered_during_a_message() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    // A compressed message whose inflated part is already larger than the new limit.
    let mut raw = open_deflate(&lab, "").await;
    let payload = deflated(&crate::support::deflate::noise(7, 10_000));
    feed.opening().await;
    half_there(&mut raw, &masked(0x42, &payload[..5_000])).await;
    assert_eq!(feed.command(1, Command::Behave("max-message=100".to_owned())).await, None);
    raw.send(&masked(0x80, &payload[5_000..])).await;
    assert_eq!(raw.close_code().await, 1009);
    // A message with a frame that has only partly arrived.
    let mut raw = open_deflate(&lab, "").await;
    let whole = masked(0xc2, &payload);
    half_there(&mut raw, &whole[..5_000]).await;
    feed.until_closed().await;
    feed.opening().await;
    assert_eq!(feed.command(2, Command::Behave("max-message=100".to_owned())).await, None);
    raw.send(&whole[5_000..]).await;
    assert_eq!(raw.close_code().await, 1009);
}

#[tokio::test]
async fn everything_at_once() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let query = "open-delay=20ms&subprotocol=none&greet=hi&fragments=2&fragment-pings&delay=20ms&drip=1ms&push-every=50ms\
                 &push=tick&ping-every=30ms&pong-within=10s&idle=10s&close-after=3&close-code=4321&close-reason=three\
                 &fault=split-code-point@2&accept=text&max-message=100&pong=off&deflate=off";
    let mut raw = open(&lab, query).await;
    raw.send(&[masked(0x81, "€1".as_bytes()), masked(0x81, "€2".as_bytes()), masked(0x81, "€3".as_bytes())].concat())
        .await;
    let mut messages = Vec::new();
    let mut open_message = Vec::new();
    let close_frame = loop {
        let (first, payload) = raw.frame().await;
        match first & 0x0F {
            8 => break payload,
            9 => {}
            0 | 1 => {
                open_message.extend(payload);
                if first & 0x80 != 0 {
                    messages.push(String::from_utf8(std::mem::take(&mut open_message)).unwrap());
                }
            }
            other => panic!("opcode {other}"),
        }
    };
    assert_eq!(close_frame, close(4321, "three"));
    messages.retain(|message| message != "tick");
    assert_eq!(messages, ["hi", "€1", "€2", "€3"]);
    raw.send(&masked(0x88, &close(4321, ""))).await;
    assert_eq!(raw.rest().await, b"");
    let (events, closed) = events_and_end(&mut feed).await;
    assert_eq!(ending(&closed), (Cause::DeliberateClose, Some(4321), true));
    let sent = frames(events, Party::Server);
    assert!(sent.iter().all(|frame| rules(frame).is_empty()), "all of it is legal");
    let split =
        sent.iter().filter(|frame| frame.deliberate.as_ref().is_some_and(|why| name(why).0 == "split-code-point"));
    assert_eq!(split.count(), 2);
}
