//! Compressed messages are echoed compressed with the same content. The relay records payload and content in both directions.

use crate::support::deflate::{Deflating, Inflating, deflated, noise};
use crate::support::{DEFLATE_OFFER, Feed, Lab, Raw, handshake, masked};
use observation::event::Frame;
use observation::{Event, Inflated, Party};

const TEXT: &[u8] =
    "Das ist ein Text, der sich zusammendrücken läßt, denn er sagt alles zweimal; alles zweimal. ".as_bytes();

fn inflated(content: &[u8]) -> Option<Inflated> {
    Some(Inflated { payload: content.to_vec(), bytes: content.len() as u64 })
}

/// The next observations up to the last frame of a message from the server, without control frames.
async fn seen(feed: &mut Feed) -> (Vec<Frame>, Vec<Frame>) {
    let mut frames = Vec::new();
    loop {
        let frame = feed.frame().await;
        let Some(position) = frame.position else { continue };
        let over = frame.from == Party::Server && position.last;
        frames.push(frame);
        if over {
            return frames.into_iter().partition(|frame| frame.from == Party::Client);
        }
    }
}

/// The content of several frames, as the relay recorded it.
fn content(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(|frame| frame.inflated.as_ref().unwrap().payload.clone()).collect()
}

#[tokio::test]
async fn each_kind_of_message_is_echoed() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open_deflate("").await;
    feed.opening().await;
    let (mut deflating, mut inflating) = (Deflating::new(), Inflating::new());
    for (first, message) in [(0xC1, TEXT), (0xC2, &noise(1, 300)[..]), (0xC1, b""), (0xC2, b""), (0xC1, b"x")] {
        let payload = deflating.message(message);
        let sent = masked(first, &payload);
        raw.send(&sent).await;
        let frames = raw.message().await;
        assert_eq!((frames.len(), frames[0].0), (1, first));
        assert_eq!(inflating.frames(&frames), message);

        let (client, server) = seen(&mut feed).await;
        let ([client], [server]) = (&client[..], &server[..]) else { panic!("one frame each way") };
        // The recorded payload is masked and compressed, as on the wire.
        assert_eq!([&client.header[..], &client.payload].concat(), sent);
        assert_eq!((client.rsv1, server.rsv1), (true, true));
        assert_eq!(server.payload, frames[0].1);
        assert_eq!((client.inflated.clone(), server.inflated.clone()), (inflated(message), inflated(message)));
        assert_eq!((client.position, client.opcode), (server.position, server.opcode));
    }
}

#[tokio::test]
async fn the_examples_of_the_rfc() {
    let lab = Lab::new().await;
    let mut raw = lab.open_deflate("").await;
    // RFC 7692 §7.2.3.1 and §7.2.3.2: "Hello", and a second "Hello" with the first as context.
    for payload in [&b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..], b"\xf2\x00\x11\x00\x00"] {
        raw.send(&masked(0xC1, payload)).await;
    }
    let mut inflating = Inflating::new();
    assert_eq!(inflating.frames(&raw.message().await), b"Hello");
    assert_eq!(inflating.frames(&raw.message().await), b"Hello");
    // §7.2.3.3: an uncompressed block. §7.2.3.4: a block that is marked as the last one.
    for payload in [&b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"[..], b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"] {
        raw.send(&masked(0xC1, payload)).await;
        assert_eq!(inflating.frames(&raw.message().await), b"Hello");
    }
}

#[tokio::test]
async fn fragments_around_a_ping_are_one_message() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open_deflate("").await;
    feed.opening().await;
    // Each block has content: the first part inflates before the ping, the rest after it.
    let mut deflating = Deflating::new();
    let (front, back) = TEXT.split_at(60);
    let payload = [deflating.message(front), vec![0, 0, 0xff, 0xff], deflating.message(back)].concat();
    let (one, rest) = payload.split_at(payload.len() / 2);
    let (two, three) = rest.split_at(rest.len() / 2);
    let frames = [masked(0x41, one), masked(0x89, b"still there?"), masked(0x00, two), masked(0x80, three)];
    raw.send(&frames.concat()).await;
    // The pong does not wait for the message.
    assert_eq!(raw.frame().await, (0x8A, b"still there?".to_vec()));
    assert_eq!(Inflating::new().frames(&raw.message().await), TEXT);

    let (client, server) = seen(&mut feed).await;
    assert_eq!(client.iter().map(|frame| frame.rsv1).collect::<Vec<_>>(), [true, false, false]);
    assert!(client.iter().all(|frame| frame.inflated.is_some()), "each fragment has its own part of the content");
    assert_eq!(content(&client), TEXT);
    assert_eq!(content(&server), TEXT);
}

#[tokio::test]
async fn empty_fragments_add_nothing() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open_deflate("").await;
    feed.opening().await;
    let payload = deflated(TEXT);
    raw.send(&[masked(0x42, b""), masked(0x00, &payload), masked(0x00, b""), masked(0x80, b"")].concat()).await;
    assert_eq!(Inflating::new().frames(&raw.message().await), TEXT);
    let (client, server) = seen(&mut feed).await;
    assert_eq!(
        client.iter().map(|frame| frame.inflated.as_ref().unwrap().bytes).collect::<Vec<_>>(),
        [0, TEXT.len() as u64, 0, 0]
    );
    assert_eq!(content(&server), TEXT);
}

#[tokio::test]
async fn single_bytes_make_the_same_message() {
    let lab = Lab::new().await;
    let mut raw = lab.open_deflate("").await;
    let (mut deflating, mut inflating) = (Deflating::new(), Inflating::new());
    let frames = [masked(0xC1, &deflating.message(TEXT)), masked(0xC2, &deflating.message(TEXT))].concat();
    for byte in frames {
        raw.send(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(inflating.frames(&raw.message().await), TEXT);
    assert_eq!(inflating.frames(&raw.message().await), TEXT);
}

/// The lengths of the payloads when two equal messages are echoed with `query`. The second one is short if the relay uses the
/// first as context.
async fn twice(query: &str, window: u8, message: &[u8]) -> [usize; 2] {
    let lab = Lab::new().await;
    let mut raw = lab.open_deflate(query).await;
    let mut inflating = Inflating::with_window(window);
    let mut lengths = [0; 2];
    for length in &mut lengths {
        raw.send(&masked(0xC2, &deflated(message))).await;
        let frames = raw.message().await;
        assert_eq!(inflating.frames(&frames), message);
        *length = frames.iter().map(|(_, payload)| payload.len()).sum();
    }
    lengths
}

#[tokio::test]
async fn the_context_is_kept_except_with_no_context_takeover() {
    let message = noise(2, 400);
    let [first, second] = twice("", 15, &message).await;
    assert!(first >= 400 && second < 30, "{first} and {second} bytes");
    let [first, second] = twice("?server_no_context_takeover", 15, &message).await;
    assert!(first >= 400 && second >= 400, "{first} and {second} bytes");
}

#[tokio::test]
async fn replies_fit_the_negotiated_window() {
    // The repetition is 700 bytes back, too far for a window of 2^9 bytes.
    let message = noise(3, 700);
    let [_, wide] = twice("?server_max_window_bits=11", 11, &message).await;
    let [_, narrow] = twice("?server_max_window_bits=9", 9, &message).await;
    assert!(wide < 50 && narrow >= 700, "{wide} and {narrow} bytes");
}

#[tokio::test]
async fn client_no_context_takeover_is_accepted() {
    let lab = Lab::new().await;
    let mut raw = lab.open_deflate("?client_no_context_takeover").await;
    let mut inflating = Inflating::new();
    for _ in 0..3 {
        raw.send(&masked(0xC1, &deflated(TEXT))).await;
        assert_eq!(inflating.frames(&raw.message().await), TEXT);
    }
}

#[tokio::test]
async fn uncompressed_messages_are_echoed_uncompressed() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open_deflate("").await;
    feed.opening().await;
    let (mut deflating, mut inflating) = (Deflating::new(), Inflating::new());
    raw.send(&masked(0xC1, &deflating.message(TEXT))).await;
    assert_eq!(inflating.frames(&raw.message().await), TEXT);
    raw.send(&[masked(0x01, b"not "), masked(0x00, b"com"), masked(0x80, b"pressed"), masked(0x82, b"\xff")].concat())
        .await;
    assert_eq!(raw.take(4 * 2 + 4 + 3 + 7 + 1).await, b"\x01\x04not \x00\x03com\x80\x07pressed\x82\x01\xff");
    // Neither side uses it as context.
    raw.send(&masked(0xC1, &deflating.message(TEXT))).await;
    let frames = raw.message().await;
    assert!(frames[0].1.len() < 30, "{} bytes with the first as context", frames[0].1.len());
    assert_eq!(inflating.frames(&frames), TEXT);

    seen(&mut feed).await;
    for _ in 0..8 {
        let frame = feed.frame().await;
        assert_eq!((frame.rsv1, frame.inflated), (false, None));
    }
    let (client, server) = seen(&mut feed).await;
    assert_eq!((content(&client), content(&server)), (TEXT.to_vec(), TEXT.to_vec()));
}

#[tokio::test]
async fn a_long_message_is_echoed_in_fragments() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open_deflate("").await;
    feed.opening().await;
    let message = noise(4, 1 << 20);
    raw.send(&masked(0xC2, &deflated(&message))).await;
    let frames = raw.message().await;
    assert!(frames.len() >= 8, "{} frames", frames.len());
    assert_eq!(frames[0].0, 0x42);
    assert_eq!(Inflating::new().frames(&frames), message);
    let (client, server) = seen(&mut feed).await;
    assert_eq!(server.iter().map(|frame| frame.payload_bytes).collect::<Vec<_>>(), {
        frames.iter().map(|(_, payload)| payload.len() as u64).collect::<Vec<_>>()
    });
    // The relay records only the start of each, but counts everything.
    for frames in [client, server] {
        let all: u64 = frames.iter().map(|frame| frame.inflated.as_ref().unwrap().bytes).sum();
        assert_eq!(all, 1 << 20);
        let first = frames[0].inflated.as_ref().unwrap();
        assert_eq!(first.payload, message[..16 << 10]);
        assert!(frames[0].content_truncated());
    }
}

#[tokio::test]
async fn a_message_that_fills_a_turn_exactly_is_answered_at_once() {
    let lab = Lab::new().await;
    let mut raw = lab.open_deflate("").await;
    // The content is far more than one turn inflates, and its few compressed bytes are used up after that turn.
    let mut inflating = Inflating::new();
    for length in [255 << 10, 256 << 10, 257 << 10, 1 << 20] {
        let message = vec![b'0'; length];
        raw.send(&masked(0xC1, &deflated(&message))).await;
        assert!(inflating.frames(&raw.message().await) == message, "{length} bytes");
    }
}

#[tokio::test]
async fn compressed_frames_right_after_the_head_are_not_lost() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw: Raw = lab.raw().await;
    let request = handshake(&lab.path(), DEFLATE_OFFER);
    let (mut deflating, mut inflating) = (Deflating::new(), Inflating::new());
    let long = noise(5, 30_000);
    let frames = [masked(0xC1, &deflating.message(TEXT)), masked(0xC2, &deflating.message(&long))].concat();
    let (front, back) = frames.split_at(20_000);
    raw.send(&[request.as_bytes(), front].concat()).await;
    raw.send(back).await;
    assert!(raw.head().await.contains("permessage-deflate"));
    assert_eq!(inflating.frames(&raw.message().await), TEXT);
    assert!(inflating.frames(&raw.message().await) == long);
    assert_eq!(feed.opening().await.request, request.as_bytes());
    assert_eq!(feed.frame().await.inflated, inflated(TEXT));
}

#[tokio::test]
async fn the_plain_echo_compresses_too() {
    let lab = Lab::new().await;
    let mut raw = Raw::open_deflate(lab.address(), "/echo?server_no_context_takeover").await;
    raw.send(&masked(0xC1, &deflated(TEXT))).await;
    assert_eq!(Inflating::new().frames(&raw.message().await), TEXT);
}

#[tokio::test]
async fn a_connection_that_ends_inside_a_compressed_frame() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open_deflate("").await;
    let message = noise(6, 5000);
    let frame = masked(0xC2, &deflated(&message));
    raw.send(&frame[..4000]).await;
    tokio::io::AsyncWriteExt::shutdown(&mut raw.0).await.unwrap();
    assert_eq!(raw.rest().await, b"");
    feed.opening().await;
    let (events, closed) = feed.until_closed().await;
    let [Event::Frame(cut)] = &events[..] else { panic!("one frame, not {events:?}") };
    assert_eq!((cut.payload_bytes, cut.payload.len()), (4000 - 8, 4000 - 8));
    let content = cut.inflated.as_ref().unwrap();
    assert!(content.bytes > 0 && message.starts_with(&content.payload), "{} bytes", content.bytes);
    assert_eq!((closed.clean, closed.client.frames), (false, 1));
}
