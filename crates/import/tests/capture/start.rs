//! Connections whose start is missing, other protocols, and other requests before the handshake.

use super::wire::{DEFLATE, REQUEST, RESPONSE, Tcp, frame, opened, pcap};
use super::{error, opening, problems, read, story};
use observation::Event;

#[test]
fn without_a_start_frames_are_recognized_and_it_is_said() {
    let mut tcp = Tcp::new(50_000);
    let packets = [
        tcp.data(1, b"the end of a longer frame"),
        tcp.data(0, &frame(0, 0x81, b"one")),
        tcp.data(1, &frame(1, 0x80, b"the end of a message")),
        tcp.data(1, &frame(1, 0x81, b"two")),
        tcp.data(1, &frame(1, 0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00")),
    ];
    let document = read(&pcap(&packets));
    let told = story(&document);
    assert_eq!(told[..3], ["1 c 1 one", "1 s 0 the end of a message", "1 s 1 two"]);
    let Event::Frame(compressed) = &document.observations[3].event else { panic!("a frame") };
    assert!(compressed.rsv1 && compressed.inflated.is_none() && compressed.violations.is_empty());
    let says = "the start of this connection is not in the capture (10.0.0.1:50000 and 10.0.0.2:8080)";
    assert!(problems(&document)[0].1.starts_with(says), "{:?}", problems(&document));
}

#[test]
fn without_the_request_the_response_still_says_how_messages_are_compressed() {
    let mut tcp = Tcp::new(50_000);
    let packets = [tcp.data(1, DEFLATE), tcp.data(1, &frame(1, 0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"))];
    let document = read(&pcap(&packets));
    assert_eq!(story(&document), ["1 s 1 Hello"]);
    assert!(problems(&document)[0].1.contains("is not in the capture, so its handshake is not shown"));
}

#[test]
fn other_protocols_are_no_websocket() {
    let connection = |client: &[u8], server: &[u8]| {
        let mut tcp = Tcp::new(50_000);
        let mut packets = tcp.open();
        packets.extend([tcp.data(0, client), tcp.data(1, server), tcp.fin(0), tcp.fin(1)]);
        pcap(&packets)
    };
    let plain = "its 1 TCP connection has none; start the capture before the WebSocket is opened";
    for (client, server) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], &b"SSH-2.0-OpenSSH_9.2\r\n"[..]),
        (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0\0\0\x04\0\0\0\0\0"),
        // Frames, but after an opening that is no handshake.
        (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", b"\x81\x05Hello"),
    ] {
        assert!(error(&connection(client, server)).contains(plain), "{}", error(&connection(client, server)));
    }
    let tls = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00";
    let says = error(&connection(tls, tls));
    assert!(says.contains("1 TCP connection is encrypted with TLS, so a WebSocket in it cannot be read"), "{says}");
    assert!(error(&pcap(&[vec![0x45; 10]])).contains("none of its 1 packets is a TCP segment"));
}

#[test]
fn a_handshake_after_other_requests_and_through_a_proxy() {
    let mut tcp = Tcp::new(50_000);
    let mut packets = tcp.open();
    packets.push(
        tcp.data(0, b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcHEAD /b HTTP/1.1\r\nHost: h\r\n\r\n"),
    );
    packets.push(tcp.data(1, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n0\r\n\r"));
    packets.push(tcp.data(1, b"\nHTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"));
    packets.push(tcp.data(0, b"CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n\r\n"));
    packets.push(tcp.data(1, b"HTTP/1.1 200 Connected\r\n\r\n"));
    packets.push(tcp.data(0, REQUEST));
    let early = [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", RESPONSE, &frame(1, 0x81, b"at once")].concat();
    packets.push(tcp.data(1, &early));
    packets.push(tcp.data(0, &frame(0, 0x81, b"hi")));
    let document = read(&pcap(&packets));
    assert_eq!(story(&document), ["1 opening", "1 s 1 at once", "1 c 1 hi"]);
    assert_eq!(opening(&document).request, REQUEST);
    assert_eq!(opening(&document).response, RESPONSE);
    assert!(opening(&document).interim.starts_with(b"HTTP/1.1 103"));
}

#[test]
fn a_refusal_has_its_body() {
    let mut tcp = Tcp::new(50_000);
    let mut packets = tcp.open();
    packets.push(tcp.data(0, REQUEST));
    let refused = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno!\n";
    packets.push(tcp.data(1, &refused[..46]));
    packets.push(tcp.data(1, &refused[46..]));
    let document = read(&pcap(&packets));
    assert_eq!(story(&document), ["1 refusal Some(403)"]);
    let Event::Refusal(refusal) = &document.observations[0].event else { panic!("a refusal") };
    assert_eq!(refusal.response, refused);
    // The server ends the connection without an answer.
    packets.truncate(4);
    packets.push(tcp.fin(1));
    assert_eq!(story(&read(&pcap(&packets))), ["1 refusal None"]);
}

#[test]
fn a_handshake_that_breaks_a_rule_is_shown_and_the_rule_named() {
    let mut tcp = Tcp::new(50_000);
    let wrong = String::from_utf8_lossy(RESPONSE).replace("s3pP", "AAAA");
    let mut packets = opened(&mut tcp, wrong.as_bytes());
    packets.push(tcp.data(0, &frame(0, 0x81, b"hi")));
    let document = read(&pcap(&packets));
    assert_eq!(story(&document), ["1 opening", "1 c 1 hi"]);
    assert!(problems(&document)[0].1.contains("does not match the key"), "{:?}", problems(&document));
}
