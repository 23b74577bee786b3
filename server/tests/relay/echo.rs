//! Open connections: every frame is echoed unchanged, and recorded in both directions.

use crate::support::{Lab, Raw, heard, masked, say};
use observation::event::{Cause, Position};
use observation::{Event, MessageKind, Party};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

#[tokio::test]
async fn an_independent_client_receives_its_echoes() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut client = lab.client().await;
    let messages = [
        Message::text("hello"),
        Message::text(""),
        Message::text("日本"),
        Message::binary(vec![0, 255]),
        Message::binary(vec![7; 200]),
        Message::binary(vec![8; 100_000]),
    ];
    for message in messages.clone() {
        say(&mut client, message).await;
    }
    for message in messages {
        assert_eq!(heard(&mut client).await, message);
    }
    say(&mut client, Message::Ping("are you there".into())).await;
    assert_eq!(heard(&mut client).await, Message::Pong("are you there".into()));
    let close = CloseFrame { code: 4001.into(), reason: "enough".into() };
    client.close(Some(close)).await.unwrap();
    let Message::Close(Some(answer)) = heard(&mut client).await else { panic!("a close frame") };
    assert_eq!(u16::from(answer.code), 4001);

    feed.opening().await;
    let (events, closed) = feed.until_closed().await;
    assert_eq!((closed.first, closed.code, closed.reason.as_str()), (Some(Party::Client), Some(4001), "enough"));
    assert_eq!((closed.clean, closed.cause), (true, Cause::ClosingHandshake));
    let frames = |party| {
        let frames = events.iter().filter_map(|event| match event {
            Event::Frame(frame) if frame.from == party => Some(frame),
            _ => None,
        });
        frames.collect::<Vec<_>>()
    };
    let (sent, answered) = (frames(Party::Client), frames(Party::Server));
    assert_eq!((sent.len(), answered.len()), (8, 8));
    assert_eq!((closed.client.frames, closed.server.frames), (8, 8));
    assert_eq!(closed.client.bytes, sent.iter().map(|frame| frame.wire_bytes()).sum::<u64>());
    assert_eq!(closed.server.bytes, answered.iter().map(|frame| frame.wire_bytes()).sum::<u64>());
    for (sent, answered) in sent.iter().zip(&answered).take(6) {
        assert!(sent.masked && !answered.masked);
        assert_eq!(sent.unmasked_payload(), answered.payload);
        assert_eq!((sent.position, sent.opcode, sent.length), (answered.position, answered.opcode, answered.length));
    }
    // Only the start of the last one was recorded.
    assert_eq!((sent[5].payload.len(), sent[5].payload_bytes), (16 << 10, 100_000));
    assert!(sent[5].truncated() && sent[5].unmasked_payload().iter().all(|byte| *byte == 8));
}

#[tokio::test]
async fn bytes_are_recorded_exactly() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    let frame = masked(0x82, &[9; 300]);
    raw.send(&frame).await;
    assert_eq!(raw.take(4).await, [0x82, 126, 1, 44]);
    feed.opening().await;
    let seen = feed.frame().await;
    assert_eq!([seen.header, seen.payload].concat(), frame);
    assert_eq!((seen.masking_key, seen.length_bits), (Some([0x37, 0xfa, 0x21, 0x3d]), 16));
    assert_eq!(feed.frame().await.header, [0x82, 126, 1, 44]);
}

#[tokio::test]
async fn fragments_keep_their_boundaries_around_control_frames() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    let sent = [
        masked(0x01, "h\u{e9}".as_bytes().split_at(2).0),
        masked(0x89, b"ping"),
        masked(0x00, b""),
        masked(0x8a, b"unasked pong"),
        masked(0x80, "h\u{e9}!".as_bytes().split_at(2).1),
        masked(0x82, b"\xff"),
    ];
    // In single bytes: the result does not depend on how the bytes are split.
    for byte in sent.concat() {
        raw.send(&[byte]).await;
    }
    assert_eq!(raw.take(17).await, b"\x01\x02h\xc3\x8a\x04ping\x00\x00\x80\x02\xa9!\x82");
    feed.opening().await;
    let mut positions = Vec::new();
    for _ in 0..11 {
        let frame = feed.frame().await;
        if frame.from == Party::Client {
            positions.push(frame.position);
        }
    }
    let text = |fragment, last| Some(Position { message: 1, fragment, kind: MessageKind::Text, last });
    let binary = Some(Position { message: 2, fragment: 1, kind: MessageKind::Binary, last: true });
    assert_eq!(positions, [text(1, false), None, text(2, false), None, text(3, true), binary]);
}

#[tokio::test]
async fn many_frames_in_one_write_are_echoed_in_order() {
    let lab = Lab::new().await;
    let mut raw = Raw::open(lab.address(), "/echo").await;
    let frames: Vec<_> = (0..2000_u16).map(|n| masked(0x82, &n.to_be_bytes())).collect();
    raw.send(&frames.concat()).await;
    let answers = raw.take(2000 * 4).await;
    for (n, answer) in (0..2000_u16).zip(answers.chunks(4)) {
        assert_eq!(answer, [&[0x82, 2][..], &n.to_be_bytes()].concat());
    }
}

#[tokio::test]
async fn a_frame_of_the_maximum_size_is_echoed() {
    let lab = Lab::with(|config| (config.max_frame, config.max_message) = (1 << 20, 1 << 20)).await;
    let mut raw = Raw::open(lab.address(), "/echo").await;
    let payload = vec![b'x'; 1 << 20];
    raw.send(&masked(0x82, &payload)).await;
    assert_eq!(raw.take(10 + (1 << 20)).await[10..], payload);
}

#[tokio::test]
async fn a_close_is_answered_with_its_code() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let cases: [(&[u8], &[u8], Option<u16>); 3] = [
        (b"", b"\x88\x00", None),
        (b"\x03\xe8", b"\x88\x02\x03\xe8", Some(1000)),
        (b"\x0b\xb8bye", b"\x88\x02\x0b\xb8", Some(3000)),
    ];
    for (payload, answer, code) in cases {
        let mut raw = lab.open().await;
        raw.send(&masked(0x88, payload)).await;
        // The relay closes first: it does not wait for this side.
        assert_eq!(raw.rest().await, answer);
        feed.opening().await;
        let (frames, closed) = feed.until_closed().await;
        assert_eq!((frames.len(), closed.first, closed.code, closed.clean), (2, Some(Party::Client), code, true));
    }
}
