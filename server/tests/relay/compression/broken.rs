//! Violations of the compression rules: the relay records the frame with its verdict, and fails the connection with the right code.

use crate::support::deflate::{Deflating, deflated, noise};
use crate::support::{Lab, masked};
use observation::event::{Cause, Frame};
use observation::{Event, Party};

/// Sends `bytes`, whose last frame breaks `rule`. Returns that frame as recorded.
async fn check(bytes: &[u8], rule: &str, (rfc, section): (u16, &str), code: u16) -> Frame {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open_deflate("").await;
    raw.send(&[bytes, &masked(0x81, b"ignored")].concat()).await;
    let answer = raw.rest().await;
    feed.opening().await;
    let (events, closed) = feed.until_closed().await;
    let frames = events.into_iter().map(|event| match event {
        Event::Frame(frame) => frame,
        other => panic!("a frame, not {other:?}"),
    });
    let (mut client, server): (Vec<_>, Vec<_>) = frames.partition(|frame| frame.from == Party::Client);
    let broken = client.pop().unwrap();
    assert!(client.iter().all(|frame| frame.violations.is_empty()), "{rule}: only the last one is wrong");
    let [violation] = &broken.violations[..] else { panic!("one violation, not {:?}", broken.violations) };
    assert_eq!((violation.rule.as_ref(), violation.close_code), (rule, code));
    assert_eq!((violation.rfc, violation.section.as_ref()), (rfc, section), "{rule}");
    let close = server.last().unwrap();
    assert_eq!((close.opcode, &close.payload[..2]), (8, &code.to_be_bytes()[..]), "{rule}");
    assert!(answer.ends_with(&[&close.header[..], &close.payload].concat()), "{rule}");
    assert_eq!(closed.cause, Cause::Violation, "{rule}");
    if broken.opcode != 8 {
        assert_eq!((closed.first, closed.code, closed.clean), (Some(Party::Server), Some(code), false), "{rule}");
    }
    broken
}

#[tokio::test]
async fn rsv1_is_only_valid_in_the_first_frame_of_a_message() {
    let rule = "compressed-bit-misplaced";
    let payload = deflated(b"Hello, Hello");
    let (front, back) = payload.split_at(5);
    check(&[masked(0x41, front), masked(0xC0, back)].concat(), rule, (7692, "6.1"), 1002).await;
    // A later fragment cannot mark a message as compressed.
    check(&[masked(0x01, b"He"), masked(0xC0, b"llo")].concat(), rule, (7692, "6.1"), 1002).await;
    check(&masked(0xC9, b"ping"), rule, (7692, "6.1"), 1002).await;
    check(&masked(0xC8, b"\x03\xe8"), rule, (7692, "6.1"), 1002).await;
}

#[tokio::test]
async fn rsv2_and_rsv3_stay_reserved() {
    check(&masked(0xA1, b"x"), "reserved-bits", (6455, "5.2"), 1002).await;
    check(&masked(0xD1, &deflated(b"x")), "reserved-bits", (6455, "5.2"), 1002).await;
}

#[tokio::test]
async fn a_payload_that_is_not_deflate_data() {
    let rule = "broken-deflate";
    // A block of the reserved type, and one with a reference to before the first byte.
    check(&masked(0xC1, b"\x07\x00\x00"), rule, (7692, "7.2.2"), 1007).await;
    let mut deflating = Deflating::new();
    deflating.message(&noise(1, 100));
    let without_its_context = deflating.message(&noise(1, 100));
    check(&masked(0xC2, &without_its_context), rule, (7692, "7.2.2"), 1007).await;
    // The data ends inside a block, so the tail that the relay appends would count as content.
    let whole = deflated(&noise(2, 100));
    check(&masked(0xC2, &whole[..50]), rule, (7692, "7.2.2"), 1007).await;
    let (front, back) = whole.split_at(10);
    check(&[masked(0x42, front), masked(0x80, &back[..20])].concat(), rule, (7692, "7.2.2"), 1007).await;
}

#[tokio::test]
async fn a_text_message_that_inflates_to_invalid_utf8() {
    let section = (6455, "8.1");
    let frame = check(&masked(0xC1, &deflated(b"ab\xff")), "invalid-utf8", section, 1007).await;
    assert!(frame.violations[0].explanation.contains("byte 2 "), "{}", frame.violations[0].explanation);
    // A character is cut at the end of the message, and between frames.
    check(&masked(0xC1, &deflated(b"\xe2\x82")), "invalid-utf8", section, 1007).await;
    let payload = deflated(b"abc\xe2\x28");
    let (front, back) = payload.split_at(3);
    check(&[masked(0x41, front), masked(0x80, back)].concat(), "invalid-utf8", section, 1007).await;
    // As a binary message it is valid.
    let lab = Lab::new().await;
    let mut raw = lab.open_deflate("").await;
    raw.send(&masked(0xC2, &deflated(b"ab\xff"))).await;
    assert_eq!(raw.frame().await.0, 0xC2);
}

#[tokio::test]
async fn rsv1_is_reserved_without_the_extension() {
    for query in ["", "?deflate=on"] {
        let lab = Lab::new().await;
        let mut feed = lab.feed().await;
        let mut raw = crate::support::Raw::open(lab.address(), &format!("{}{query}", lab.path())).await;
        raw.send(&masked(0xC1, &deflated(b"Hello"))).await;
        assert_eq!(raw.close_code().await, 1002);
        feed.opening().await;
        let frame = feed.frame().await;
        assert_eq!((frame.violations[0].rule.as_ref(), frame.inflated), ("reserved-bits", None));
    }
}
