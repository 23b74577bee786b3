//! Violations over the socket: the relay records the frame with its verdict, and fails the connection with the right code.

use crate::support::{Lab, Raw, masked};
use observation::Party;
use observation::event::Cause;

/// Sends `bytes`. The frame after the first `before` complete ones breaks `rule`.
async fn check(bytes: &[u8], before: usize, rule: &str, code: u16) {
    let lab = Lab::with(|config| (config.max_frame, config.max_message) = (1000, 1500)).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    // The relay ignores everything after the invalid frame.
    raw.send(&[bytes, &masked(0x81, b"ignored")].concat()).await;
    let answer = raw.rest().await;
    feed.opening().await;
    let (events, closed) = feed.until_closed().await;
    let frames: Vec<_> = events
        .into_iter()
        .map(|event| match event {
            observation::Event::Frame(frame) => frame,
            other => panic!("a frame, not {other:?}"),
        })
        .collect();
    let sent: Vec<_> = frames.iter().filter(|frame| frame.from == Party::Client).collect();
    assert_eq!(sent.len(), before + 1, "{rule}");
    let broken = sent[before];
    assert_eq!(broken.violations[0].rule, rule);
    assert_eq!(broken.violations[0].close_code, code, "{rule}");
    let close = frames.iter().rfind(|frame| frame.from == Party::Server).unwrap();
    assert_eq!((close.opcode, &close.payload[..2]), (8, &code.to_be_bytes()[..]), "{rule}");
    assert!(answer.ends_with(&[&close.header[..], &close.payload].concat()), "{rule}");
    assert_eq!(closed.cause, if code == 1009 { Cause::TooBig } else { Cause::Violation }, "{rule}");
    if broken.opcode != 8 {
        assert_eq!((closed.first, closed.code, closed.clean), (Some(Party::Server), Some(code), false));
        assert_eq!(closed.reason.as_bytes(), &close.payload[2..]);
    }
}

#[tokio::test]
async fn in_the_header() {
    check(b"\x81\x05hello", 0, "client-frame-unmasked", 1002).await;
    check(&masked(0x83, b""), 0, "reserved-opcode", 1002).await;
    check(&masked(0x8b, b""), 0, "reserved-opcode", 1002).await;
    check(&masked(0xc1, b"deflated"), 0, "reserved-bits", 1002).await;
    check(&masked(0x09, b"ping"), 0, "control-fragmented", 1002).await;
    check(&masked(0x89, &[0; 126]), 0, "control-too-long", 1002).await;
    check(&[&[0x82, 0xfe, 0, 5, 1, 2, 3, 4][..], &[0; 5]].concat(), 0, "length-not-minimal", 1002).await;
    check(&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 0, "length-top-bit", 1002).await;
}

#[tokio::test]
async fn violations_by_frame_order() {
    check(&masked(0x80, b"x"), 0, "nothing-to-continue", 1002).await;
    check(&[masked(0x01, b"a"), masked(0x81, b"b")].concat(), 1, "message-still-open", 1002).await;
}

#[tokio::test]
async fn in_the_payload() {
    check(&masked(0x81, b"ab\xff"), 0, "invalid-utf8", 1007).await;
    check(&[masked(0x01, b"\xe2\x82"), masked(0x80, b"x")].concat(), 1, "invalid-utf8", 1007).await;
    check(&masked(0x88, b"\x03"), 0, "close-payload-one-byte", 1002).await;
    check(&masked(0x88, b"\x03\xed"), 0, "close-code-not-allowed", 1002).await;
    check(&masked(0x88, b"\x03\xe8\xff"), 0, "close-reason-not-utf8", 1007).await;
}

#[tokio::test]
async fn an_unaccepted_kind_is_closed_with_1003() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    for (query, right, wrong) in [("accept=text", 0x81, 0x82), ("accept=binary", 0x82, 0x81)] {
        let mut raw = Raw::open(lab.address(), &format!("{}?{query}", lab.path())).await;
        raw.send(&[masked(right, b"yes"), masked(wrong, b"no")].concat()).await;
        let answer = raw.rest().await;
        assert_eq!(
            (&answer[..5], answer[5], &answer[7..9]),
            (&[right, 3, b'y', b'e', b's'][..], 0x88, &b"\x03\xeb"[..])
        );
        feed.opening().await;
        let (events, closed) = feed.until_closed().await;
        let broken = events.iter().filter_map(|event| match event {
            observation::Event::Frame(frame) => frame.violations.first().map(|violation| violation.rule.to_string()),
            _ => None,
        });
        assert_eq!(broken.collect::<Vec<_>>(), ["kind-not-accepted"]);
        assert_eq!((closed.cause, closed.code), (Cause::NotAccepted, Some(1003)));
    }
}

#[tokio::test]
async fn over_a_limit() {
    check(&masked(0x82, &[0; 1001]), 0, "frame-too-big", 1009).await;
    check(&[0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4], 0, "frame-too-big", 1009).await;
    check(&[masked(0x02, &[0; 1000]), masked(0x80, &[0; 501])].concat(), 1, "message-too-big", 1009).await;
}

#[tokio::test]
async fn the_close_frame_reaches_a_client_that_is_still_sending() {
    let lab = Lab::with(|config| config.max_frame = 1000).await;
    let mut raw = lab.open().await;
    // Far more than the relay reads before it fails the connection, and more than the socket buffers hold. If the relay closed with
    // unread data, TCP would reset the connection and discard the close frame.
    raw.send(&masked(0x82, &vec![0; 32 << 20])).await;
    let answer = raw.rest().await;
    assert_eq!((answer[0], &answer[2..4]), (0x88, &1009_u16.to_be_bytes()[..]));
    assert_eq!(answer.len(), 2 + usize::from(answer[1]), "the connection ends after the close frame");
}
