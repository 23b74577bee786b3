//! Captures as Wireshark dissects them: every handshake and frame is compared with the observations.

use super::tshark::{Packet, packets};
use super::{
    BROKEN, COMPRESSED, CUT, DELIBERATE, LARGE, MALFORMED, REFUSED, RESET, Recorded, STILL_OPEN, TALK, TOO_BIG,
    download,
};
use crate::support::{Lab, handshake, masked};
use observation::command::{Command, DropBy};
use observation::{Event, Frame, Observation, Party};
use tokio::io::AsyncWriteExt;

const FIN: u64 = 0x01;
const SYN: u64 = 0x02;
const RST: u64 = 0x04;

/// The packets with data of one connection, read in the order of the observations.
struct Reader<'p> {
    data: std::iter::Peekable<std::vec::IntoIter<&'p Packet>>,
    /// The start of the session in seconds.
    began: f64,
    server_port: u16,
}

impl<'p> Reader<'p> {
    /// The packets that carry the next `length` bytes of `from`, of which `kept` are in the file.
    fn take(&mut self, from: Party, kept: &[u8], length: u64, at_us: u64) -> Vec<&'p Packet> {
        let (mut taken, mut bytes, mut count) = (Vec::new(), Vec::new(), 0);
        while count < length {
            let packet = self.data.next().expect("a packet with data");
            assert_eq!(packet.number("tcp.srcport") == u64::from(self.server_port), from == Party::Server);
            count += packet.number("tcp.len");
            bytes.extend(packet.bytes("tcp.payload"));
            let time: f64 = packet.text("frame.time_epoch").parse().unwrap();
            assert!((time - self.began - at_us as f64 / 1e6).abs() < 1e-6, "{time} for {at_us} µs");
            taken.push(packet);
        }
        assert_eq!(count, length);
        assert!(bytes == kept, "the packets have the bytes of the connection");
        taken
    }

    fn observation(&mut self, observation: &Observation) {
        let at_us = observation.at_us;
        match &observation.event {
            Event::Opening(opening) => {
                let request =
                    self.take(Party::Client, &opening.request, opening.request.len() as u64, opening.requested_us);
                let response = self.take(Party::Server, &opening.response, opening.response.len() as u64, at_us);
                assert_eq!(request[0].text("http.request.method"), "GET");
                assert!(request[0].text("http.request.uri").starts_with("/lab/xxxxxxxxxxxxxxxxxxxxxxxxxx"));
                assert_eq!(response[0].text("http.response.code"), "101");
            }
            Event::Refusal(refusal) => {
                self.take(Party::Client, &refusal.request, refusal.request.len() as u64, refusal.requested_us);
                let response = self.take(Party::Server, &refusal.response, refusal.response.len() as u64, at_us);
                let status = refusal.status.map(|status| status.to_string()).unwrap_or_default();
                assert_eq!(response[0].text("http.response.code"), status);
                assert!(response[0].text("frame.comment").contains(&refusal.explanation));
            }
            Event::Frame(frame) => {
                let kept = [&frame.header[..], &frame.payload].concat();
                // If bytes are missing, the first packet has as many recorded bytes as fit. With this cap, all of them fit.
                check_frame(frame, &self.take(frame.from, &kept, frame.wire_bytes(), at_us));
            }
            Event::Act(act) => {
                self.take(Party::Server, &act.bytes, act.sent, at_us);
            }
            Event::Closed(_) => {}
            Event::Asked(_) | Event::Tunnel(_) | Event::Records(_) | Event::Note(_) => {
                unreachable!("there is no hop and no note")
            }
        }
    }
}

/// Compares Wireshark's dissection of a frame's header with the relay's.
fn check_frame(frame: &Frame, packets: &[&Packet]) {
    // Wireshark dissects a frame that is complete, or that the file marks as truncated.
    let dissected = if frame.truncated() { packets[0] } else { packets[packets.len() - 1] };
    if frame.payload_bytes < frame.length {
        assert!(!dissected.is_websocket(), "an incomplete frame is not dissected");
        return;
    }
    let bit = |set: bool| if set { "1" } else { "0" };
    let text = |field| dissected.text(field).to_owned();
    assert_eq!(text("websocket.fin"), bit(frame.fin));
    assert_eq!(text("websocket.mask"), bit(frame.masked));
    assert_eq!(text("websocket.opcode"), frame.opcode.to_string());
    let rsv = u64::from(frame.rsv1) << 2 | u64::from(frame.rsv2) << 1 | u64::from(frame.rsv3);
    assert_eq!(dissected.number("websocket.rsv") & 0x7, if frame.rsv1 { rsv & 0x7 } else { rsv });
    assert_eq!(dissected.bytes("websocket.masking_key"), frame.masking_key.map_or(Vec::new(), Vec::from));
    let length = match frame.length_bits {
        7 => "websocket.payload_length",
        16 => "websocket.payload_length_ext_16",
        _ => "websocket.payload_length_ext_64",
    };
    assert_eq!(dissected.number(length), frame.length);
    if frame.opcode == 8 && frame.length >= 2 {
        let payload = frame.unmasked_payload();
        let code = u16::from_be_bytes([payload[0], payload[1]]);
        assert_eq!(text("websocket.payload.close.status_code"), code.to_string());
        assert_eq!(text("websocket.payload.close.reason").as_bytes(), &payload[2..]);
    }
    let comment = text("frame.comment");
    for violation in &frame.violations {
        assert!(comment.contains(&violation.explanation), "{comment}");
    }
    if let Some(deliberate) = &frame.deliberate {
        assert!(comment.contains(&*deliberate.explanation), "{comment}");
    }
    assert_eq!(comment.contains("kept the first"), frame.truncated(), "{comment}");
}

/// Checks what is true for every packet of every capture.
fn check_all(packets: &[Packet]) {
    for packet in packets {
        let whole = packet.number("frame.len") == packet.number("frame.cap_len");
        // 1 means correct, 2 means not checked.
        assert_eq!(packet.text("ip.checksum.status"), "1");
        assert_eq!(packet.text("tcp.checksum.status"), if whole { "1" } else { "2" });
        assert_eq!(packet.text("tcp.analysis.flags"), "", "at {}", packet.text("frame.time_epoch"));
        assert_eq!(packet.text("_ws.malformed"), "");
    }
}

fn with_x_for_the_name(recorded: &Recorded) -> Vec<Observation> {
    let text = serde_json::to_string(&recorded.observations).unwrap();
    serde_json::from_str(&text.replace(&recorded.lab.id, &"x".repeat(26))).unwrap()
}

#[tokio::test]
async fn wireshark_dissects_what_was_recorded() {
    let recorded = Recorded::new().await;
    let packets = packets(&recorded.download("export.pcapng").await.body, &[]).await;
    check_all(&packets);
    let server_port = recorded.lab.address().port();
    let observations = with_x_for_the_name(&recorded);
    let first = packets[0].text("frame.time_epoch").parse::<f64>().unwrap();
    let Event::Opening(opening) = &observations[0].event else { panic!("it begins with an opening") };
    let began = first - opening.requested_us as f64 / 1e6;

    let connections = TALK..=STILL_OPEN;
    let mut seen = 0;
    for (index, number) in connections.enumerate() {
        let of_it: Vec<_> = packets.iter().filter(|packet| packet.number("tcp.stream") == index as u64).collect();
        seen += of_it.len();
        let flags: Vec<_> = of_it.iter().map(|packet| packet.number("tcp.flags")).collect();
        assert_eq!((flags[0] & 0x17, flags[1] & 0x17, flags[2] & 0x17), (SYN, SYN | 0x10, 0x10));
        let data: Vec<_> = of_it.iter().copied().filter(|packet| packet.number("tcp.len") > 0).collect();
        let mut reader = Reader { data: data.into_iter().peekable(), began, server_port };
        for observation in observations.iter().filter(|observation| observation.connection.0 == number) {
            reader.observation(observation);
        }
        assert!(reader.data.next().is_none(), "the file has no other packets");

        // The end of the connection.
        let finished: Vec<_> = of_it
            .iter()
            .filter(|packet| packet.number("tcp.flags") & (FIN | RST) != 0)
            .map(|packet| {
                let from_server = packet.number("tcp.srcport") == u64::from(server_port);
                (if from_server { Party::Server } else { Party::Client }, packet.number("tcp.flags") & (FIN | RST))
            })
            .collect();
        let expect: &[_] = match number {
            CUT | DELIBERATE => &[(Party::Client, FIN), (Party::Server, FIN)],
            RESET => &[(Party::Server, RST)],
            STILL_OPEN => &[],
            _ => &[(Party::Server, FIN), (Party::Client, FIN)],
        };
        assert_eq!(finished, expect, "connection {number}");
    }
    assert_eq!(seen, packets.len());
    let frames = |number| recorded.of(number).iter().filter(|seen| matches!(seen.event, Event::Frame(_))).count();
    let dissected = packets.iter().filter(|packet| packet.is_websocket()).count();
    let all: usize = (TALK..=STILL_OPEN).map(frames).sum();
    // The two incomplete ones do not count.
    assert_eq!(dissected, all - 2, "of {all}");
    assert!([TALK, COMPRESSED, BROKEN, TOO_BIG, LARGE, DELIBERATE].iter().all(|&number| frames(number) > 0));
    assert_eq!((frames(REFUSED), frames(MALFORMED)), (0, 0));
}

#[tokio::test]
async fn wireshark_unmasks_and_inflates() {
    let recorded = Recorded::new().await;
    let file = format!("export.pcapng?connection={COMPRESSED}");
    let packets = packets(&recorded.download(&file).await.body, &[]).await;
    check_all(&packets);
    let texts: Vec<_> = packets.iter().map(|packet| packet.text("websocket.payload.text")).collect();
    let texts: Vec<_> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    assert_eq!(texts, ["again and again and again"; 4]);
}

#[tokio::test]
async fn frames_in_several_packets_are_reassembled() {
    let lab = Lab::with(|config| config.payload_cap = 1 << 20).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    let payload: Vec<u8> = (0..200_000).map(|at: u32| b'a' + (at % 26) as u8).collect();
    raw.send(&[masked(0x81, &payload), masked(0x81, b"behind it"), masked(0x88, b"\x03\xe8")].concat()).await;
    raw.rest().await;
    let mut observations = Vec::new();
    super::until_over(&mut feed, &mut observations).await;
    let packets = packets(&download(&lab, "export.pcapng").await.body, &[]).await;
    check_all(&packets);
    let Event::Opening(opening) = &mut observations[0].event else { panic!("it begins with an opening") };
    opening.request = String::from_utf8(opening.request.clone()).unwrap().replace(&lab.id, &"x".repeat(26)).into();
    let began = packets[0].text("frame.time_epoch").parse::<f64>().unwrap() - opening.requested_us as f64 / 1e6;
    let data: Vec<_> = packets.iter().filter(|packet| packet.number("tcp.len") > 0).collect();
    assert_eq!(data.len(), 2 + 6 + 6, "four packets for a frame and its echo, one for everything else");
    let mut reader = Reader { data: data.into_iter().peekable(), began, server_port: lab.address().port() };
    observations.iter().for_each(|observation| reader.observation(observation));
    assert!(reader.data.next().is_none());
}

#[tokio::test]
async fn a_connection_without_its_start_can_be_decoded_manually() {
    let lab = Lab::with(|config| config.log_count = 4).await;
    let mut raw = lab.open().await;
    for text in ["one", "two", "three", "four"] {
        raw.send(&masked(0x81, text.as_bytes())).await;
        raw.frame().await;
    }
    let capture = download(&lab, "export.pcapng").await.body;
    let unaided = packets(&capture, &[]).await;
    assert!(unaided[0].text("frame.comment").contains("use Decode As and select WebSocket"));
    let decode = format!("tcp.port=={},websocket", lab.address().port());
    let packets = packets(&capture, &["-d", &decode]).await;
    check_all(&packets);
    let texts: Vec<_> = packets.iter().map(|packet| packet.text("websocket.payload.text")).collect();
    assert_eq!(texts, ["three", "three", "four", "four"]);
}

/// What follows the request of the only connection: who sent what, the flags that end it, and the comment.
async fn of_one(lab: &Lab) -> Vec<(Party, Vec<u8>, u64, String)> {
    let packets = packets(&download(lab, "export.pcapng").await.body, &[]).await;
    check_all(&packets);
    let seen = packets.iter().map(|packet| {
        let from =
            if packet.number("tcp.dstport") == u64::from(lab.address().port()) { Party::Client } else { Party::Server };
        let comment = packet.text("frame.comment").to_owned();
        (from, packet.bytes("tcp.payload"), packet.number("tcp.flags") & (FIN | RST), comment)
    });
    // The packets that open the connection, and its request, are always the same.
    seen.skip(4).filter(|(_, payload, flags, _)| !payload.is_empty() || *flags != 0).collect()
}

#[tokio::test]
async fn bytes_that_are_not_frames_are_included() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    assert_eq!(feed.command(1, Command::Raw(b"\x81\x7enonsense".to_vec())).await, None);
    raw.take(10).await;
    assert_eq!(feed.command(1, Command::Drop(DropBy::Reset)).await, None);
    feed.until_closed().await;
    let packets = of_one(&lab).await;
    let [_, (Party::Server, bytes, 0, comment), (Party::Server, nothing, RST, _)] = &packets[..] else {
        panic!("an answer, the bytes, and the end, not {packets:?}")
    };
    assert_eq!((&bytes[..], &nothing[..]), (&b"\x81\x7enonsense"[..], &b""[..]));
    assert!(comment.starts_with("deliberate: "), "{comment}");
}

#[tokio::test]
async fn unanswered_requests_keep_their_end() {
    for (open, ends) in [
        ("garbage", &[Party::Server, Party::Client][..]),
        ("drop", &[Party::Server, Party::Client]),
        ("silence", &[Party::Client, Party::Server]),
    ] {
        let lab = Lab::new().await;
        let mut feed = lab.feed().await;
        let mut raw = lab.raw().await;
        raw.send(handshake(&format!("{}?open={open}", lab.path()), "").as_bytes()).await;
        let refusal = feed.refusal().await;
        if open == "silence" {
            assert!(of_one(&lab).await.is_empty(), "the connection continues");
            raw.0.shutdown().await.unwrap();
            assert!(matches!(feed.next().await.event, Event::Act(_)));
        } else {
            raw.rest().await;
        }
        let packets = of_one(&lab).await;
        let said: Vec<u8> = packets.iter().flat_map(|(_, payload, ..)| payload.clone()).collect();
        assert_eq!(said, refusal.response);
        let ended: Vec<_> = packets.iter().filter(|(_, _, flags, _)| *flags == FIN).map(|(from, ..)| *from).collect();
        assert_eq!(ended, ends, "{open}");
        assert!(packets.iter().any(|(.., comment)| comment.contains("deliberate: ")), "{open}");
    }
}
