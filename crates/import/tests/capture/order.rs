//! TCP: order, what is sent twice, what is missing, and the end. RFC 9293.

use super::wire::{DEFLATE, RESPONSE, Tcp, frame, opened, pcap};
use super::{opening, problems, read, story};
use observation::document::Place;

const HELLO: [&str; 4] = ["1 opening", "1 c 1 one", "1 c 1 two", "1 s 1 three"];

/// A connection with three frames, of which each is in one segment.
fn hello() -> (Tcp, Vec<Vec<u8>>) {
    let mut tcp = Tcp::new(50_000);
    let mut packets = opened(&mut tcp, RESPONSE);
    packets.push(tcp.data(0, &frame(0, 0x81, b"one")));
    packets.push(tcp.data(0, &frame(0, 0x81, b"two")));
    packets.push(tcp.data(1, &frame(1, 0x81, b"three")));
    (tcp, packets)
}

#[test]
fn frames_are_read_and_the_handshake_before_them() {
    let (mut tcp, mut packets) = hello();
    packets.extend([tcp.fin(0), tcp.fin(1)]);
    let document = read(&pcap(&packets));
    assert_eq!(story(&document), [&HELLO[..], &["1 closed ConnectionEnded None"]].concat());
    assert_eq!(problems(&document), []);
    assert_eq!(document.began, "2026-11-25T12:00:00.000000Z");
    let times: Vec<_> = document.observations.iter().map(|observation| observation.at_us).collect();
    assert_eq!(times, [4000, 5000, 6000, 7000, 9000]);
    assert_eq!(opening(&document).requested_us, 3000);
    assert!(opening(&document).request.ends_with(b"\r\n\r\n"));
}

#[test]
fn the_order_of_segments_changes_nothing() {
    let (_, packets) = hello();
    for (a, b) in [(3, 4), (5, 6), (6, 7), (5, 7), (4, 5), (3, 5)] {
        let mut packets = packets.clone();
        packets.swap(a, b);
        let mut told = story(&read(&pcap(&packets)));
        // Directions are independent.
        told.sort();
        let mut expect = HELLO;
        expect.sort_unstable();
        assert_eq!(told, expect, "{a} and {b} swapped");
    }
}

#[test]
fn what_is_sent_again_is_read_once() {
    let (tcp, packets) = hello();
    let twice: Vec<_> = packets.iter().flat_map(|packet| [packet.clone(), packet.clone()]).collect();
    assert_eq!(story(&read(&pcap(&twice))), HELLO);
    // Everything since the request again, in one segment, and then the half of the next frame.
    let mut again = Tcp { next: [tcp.next[0].wrapping_sub(18), tcp.next[1]], ..tcp.clone() };
    let mut overlap = packets.clone();
    let both = [frame(0, 0x81, b"one"), frame(0, 0x81, b"two"), frame(0, 0x81, b"four")].concat();
    overlap.push(again.data(0, &both[..23]));
    again.next[0] = again.next[0].wrapping_sub(10);
    overlap.push(again.data(0, &both[13..]));
    assert_eq!(story(&read(&pcap(&overlap))), [&HELLO[..], &["1 c 1 four"]].concat());
    // A probe that keeps the connection alive repeats the last byte.
    let probe = Tcp { next: [tcp.next[0].wrapping_sub(1), tcp.next[1]], ..tcp };
    let mut kept = packets;
    kept.push(probe.segment(0, &[0xFF], |_| {}));
    assert_eq!(story(&read(&pcap(&kept))), HELLO);
}

#[test]
fn a_frame_byte_by_byte_and_many_frames_in_one_segment() {
    let mut tcp = Tcp::new(50_000);
    let mut packets = tcp.open();
    let sent = [super::wire::REQUEST, &frame(0, 0x81, b"one"), &frame(0, 0x81, b"two")].concat();
    packets.extend(sent.iter().map(|byte| tcp.data(0, &[*byte])));
    let answered = [RESPONSE, &frame(1, 0x89, b"p"), &frame(1, 0x81, b"three")].concat();
    packets.push(tcp.data(1, &answered));
    let mut told = story(&read(&pcap(&packets)));
    told.sort();
    assert_eq!(told, ["1 c 1 one", "1 c 1 two", "1 opening", "1 s 1 three", "1 s 9 p"]);
}

#[test]
fn a_lost_segment_is_reported_and_reading_goes_on_at_the_next_frame() {
    let (mut tcp, mut packets) = hello();
    packets.remove(5);
    packets.push(tcp.data(1, &frame(1, 0x8A, b"")));
    let document = read(&pcap(&packets));
    assert_eq!(story(&document), ["1 opening", "1 c 1 two", "1 s 1 three", "1 s A "]);
    let lost = "9 bytes of the client of connection 1 were not captured, so the position of the next frame is unknown";
    let guessed = "connection 1: what looks like a frame is taken for the next one after the missing bytes";
    let end = "the capture ends before connection 1";
    let expect = [(6, lost), (6, guessed), (8, end)].map(|(packet, text)| (Place::Packet(packet), text.to_owned()));
    assert_eq!(problems(&document), expect);
}

#[test]
fn a_lost_segment_inside_a_payload_leaves_the_frame_with_its_start() {
    let mut tcp = Tcp::new(50_000);
    let mut packets = opened(&mut tcp, RESPONSE);
    let long = frame(0, 0x81, &[b'a'; 100]);
    packets.push(tcp.data(0, &long[..50]));
    tcp.data(0, &long[50..80]);
    packets.push(tcp.data(0, &long[80..]));
    packets.push(tcp.data(0, &frame(0, 0x81, b"next")));
    let document = read(&pcap(&packets));
    let cut = format!("1 c 1 {} -56", "a".repeat(44));
    assert_eq!(story(&document), ["1 opening", &cut, "1 c 1 next"]);
    assert_eq!(problems(&document)[0].1, "30 bytes of the client of connection 1 were not captured");
}

#[test]
fn compressed_messages_are_inflated_with_the_earlier_ones_as_context() {
    let mut tcp = Tcp::new(50_000);
    let mut packets = opened(&mut tcp, DEFLATE);
    // RFC 7692 §7.2.3.1 and §7.2.3.2: the second message refers to the first.
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    packets.push(tcp.data(1, &frame(1, 0xC1, hello)));
    packets.push(tcp.data(1, &frame(1, 0xC1, b"\xf2\x00\x11\x00\x00")));
    let both = read(&pcap(&packets));
    assert_eq!(story(&both), ["1 opening", "1 s 1 Hello", "1 s 1 Hello"]);
    assert!(opening(&both).deflate.is_some());
    // Without the first, the second cannot be read, and nothing is made up.
    packets.remove(5);
    let second = read(&pcap(&packets));
    assert_eq!(second.observations.len(), 2);
    let observation::Event::Frame(frame) = &second.observations[1].event else { panic!("a frame") };
    assert_eq!((frame.rsv1, &frame.inflated, &frame.violations), (true, &None, &Vec::new()));
    assert!(problems(&second)[1].1.contains("cannot be inflated"), "{:?}", problems(&second));
}

#[test]
fn each_kind_of_end_is_told_apart() {
    let close = b"\x03\xe8bye";
    let (mut tcp, mut packets) = hello();
    packets.push(tcp.data(1, &frame(1, 0x88, close)));
    packets.push(tcp.data(0, &frame(0, 0x88, close)));
    packets.extend([tcp.fin(1), tcp.fin(0)]);
    let last = |packets: &[Vec<u8>]| story(&read(&pcap(packets))).pop();
    assert_eq!(last(&packets).as_deref(), Some("1 closed ClosingHandshake Some(1000)"));
    let (tcp, mut packets) = hello();
    packets.push(tcp.segment(1, &[], |tcp| tcp.rst = true));
    assert_eq!(last(&packets).as_deref(), Some("1 closed ConnectionLost None"));
}

#[test]
fn a_broken_rule_is_named_and_reading_goes_on() {
    let (mut tcp, mut packets) = hello();
    packets.push(tcp.data(1, &frame(1, 0x83, b"x")));
    packets.push(tcp.data(1, &frame(1, 0x81, b"\xff")));
    packets.push(tcp.data(1, &frame(1, 0x80, b"y")));
    packets.push(tcp.data(0, &frame(1, 0x81, b"bare")));
    let told = story(&read(&pcap(&packets)));
    let expect = [
        "1 s 3 x !reserved-opcode",
        "1 s 1 \u{FFFD} !invalid-utf8",
        "1 s 0 y !nothing-to-continue",
        "1 s 1 bare !client-frame-unmasked",
    ];
    assert_eq!(told[4..], expect);
}

#[test]
fn several_connections_and_ports_that_are_used_again() {
    let (mut first, mut packets) = hello();
    let mut second = Tcp::new(50_001);
    packets.extend(opened(&mut second, RESPONSE));
    packets.push(second.data(0, &frame(0, 0x82, b"2nd")));
    packets.push(first.data(1, &frame(1, 0x81, b"1st")));
    packets.extend([first.fin(0), first.fin(1)]);
    let mut third = Tcp { next: [123, 456], ..Tcp::new(50_000) };
    packets.extend(opened(&mut third, RESPONSE));
    packets.push(third.data(0, &frame(0, 0x82, b"3rd")));
    let told = story(&read(&pcap(&packets)));
    let expect = ["2 opening", "2 c 2 2nd", "1 s 1 1st", "1 closed ConnectionEnded None", "3 opening", "3 c 2 3rd"];
    assert_eq!(told[4..], expect);
}
