//! Compares the JSON examples in the crate's documentation with the types: they serialize to the examples and are read from them.
//!
//! `UPDATE_GOLDEN=1 cargo test -p observation --test golden` writes the files again.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod relay;

use observation::command::{Composed, Request};
use observation::event::{Cause, Count};
use observation::route::{MiddleboxOffer, MiddleboxSetting};
use observation::{
    Act, Answer, Asked, Citation, Closed, Command, ConnectionNumber, Deliberate, Document, Event, FeedMessage,
    ForwardingFields, Front, Hop, Http, Intermediary, Leg, Note, Observation, Opening, Origin, Party, Record, Records,
    Refusal, Route, Routes, Scheme, Seq, Tls, Tunnel, document,
};
use relay::{LIMITS, REQUEST, judged, offers, seen, seen_by};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use wire::Sender;
use wire::handshake::answer::{self, AnswerError};
use wire::handshake::connect::Connected;
use wire::handshake::head::ResponseHead;
use wire::handshake::response;
use wire::header::FrameHeader;
use wire::incoming::Incoming;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

/// `text` is the file when the tests were built, because a browser has no files.
#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, text: &str, value: &T) {
    let expect = serde_json::to_string_pretty(value).expect("the value serializes") + "\n";
    #[cfg(not(target_arch = "wasm32"))]
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = format!("{}/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, expect).expect("golden/ can be written to");
        return;
    }
    assert_eq!(text, expect, "golden/{name}.json");
    let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(json, serde_json::to_value(value).expect("the value serializes"), "golden/{name}.json");
    assert_eq!(serde_json::from_str::<T>(text).expect("the file reads back"), *value, "golden/{name}.json");
}

macro_rules! golden {
    ($name:literal, $value:expr) => {
        check($name, include_str!(concat!("../../golden/", $name, ".json")), &$value)
    };
}

// After the macro, which it uses.
mod feed;
mod rules;

fn observation(seq: u64, at_us: u64, event: Event) -> Observation {
    Observation { seq: Seq(seq), at_us, connection: ConnectionNumber(1), event }
}

// Connections

#[test]
fn opening() {
    const OFFERED: &str = "permessage-deflate; server_max_window_bits=10, permessage-deflate; client_max_window_bits";
    let (head, end) = (REQUEST.trim_end(), "\r\n\r\n");
    let text = format!("{head}\r\nSec-WebSocket-Extensions: {OFFERED}{end}");
    let request = judged(&text).expect("the RFC's request is right");
    let (offers, agreed) = offers(OFFERED);
    let answer = agreed.map(|agreed| agreed.to_string());
    let opening = Opening {
        request: text.into(),
        response: response::switching_protocols(&request.key, Some("chat"), answer.as_deref()).into(),
        subprotocol: Some("chat".to_owned()),
        offers,
        deflate: agreed.as_ref().map(Into::into),
        requested_us: 1_702,
        ..Opening::default()
    };
    golden!("opening", observation(1, 1_830, Event::Opening(opening)));
}

#[test]
fn refusal() {
    let text = REQUEST.replace("Version: 13", "Version: 8");
    let error = judged(&text).expect_err("version 8 is not spoken");
    let refusal = Refusal {
        request: text.into(),
        response: response::refusal_for(&error).into(),
        status: Some(error.status()),
        rule: error.rule().into(),
        explanation: error.to_string(),
        section: error.section().map(Into::into),
        requested_us: 1_655,
        ..Refusal::default()
    };
    golden!("refusal", observation(1, 1_704, Event::Refusal(refusal)));
}

/// RFC 8297 §2, and then a 101 with the wrong accept value.
#[test]
fn refusal_upstream() {
    let response = response::switching_protocols("AAAAAAAAAAAAAAAAAAAAAA==", None, None);
    let head = ResponseHead::parse(response.as_bytes()).expect("a head").expect("a whole head");
    let asked = judged(REQUEST).expect("the RFC's request is right");
    let Err(AnswerError::Invalid(faults)) = answer::judge(response.as_bytes(), &head, &asked) else {
        panic!("a 101 that breaks a rule")
    };
    let hop = Hop {
        leg: Leg::Far,
        middle: Intermediary::Relay,
        other: Some(ConnectionNumber(1)),
        server: Some("server.example.com".to_owned()),
        address: Some(([192, 0, 2, 1], 80).into()),
    };
    let refusal = Refusal {
        request: REQUEST.into(),
        response: response.into(),
        interim: b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n".to_vec(),
        status: Some(101),
        rule: "upstream-not-websocket".into(),
        explanation: "the response of server.example.com breaks a rule, so a client must fail the connection"
            .to_owned(),
        section: Some("4.1".into()),
        violations: faults.iter().map(Into::into).collect(),
        requested_us: 1_655,
        route: Route { hop: Some(hop), ..Route::default() },
        ..Refusal::default()
    };
    golden!("refusal-upstream", observation(1, 1_704, Event::Refusal(refusal)));
}

/// RFC 6455 §5.7, a single-frame masked text message.
#[test]
fn frame() {
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    golden!("frame", observation(2, 9_415, seen(Sender::Client, &hello, 16)));
}

/// RFC 7692 §7.2.3.1, as a client would mask it.
#[test]
fn frame_compressed() {
    let (_, agreed) = offers("permessage-deflate");
    let incoming = Incoming::new(Sender::Client, LIMITS).with_deflate(&agreed.expect("agreed on"));
    let key = MaskingKey([0x37, 0xfa, 0x21, 0x3d]);
    let mut header = FrameHeader { masking_key: Some(key), ..FrameHeader::unmasked(true, Opcode::Text, 7) };
    header.rsv.rsv1 = true;
    let mut bytes = Vec::new();
    wire::encoder::encode(&header, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], &mut bytes);
    golden!("frame-compressed", observation(2, 9_415, seen_by(incoming, Sender::Client, &bytes, 16)));
}

#[test]
fn frame_violation() {
    let key = MaskingKey([0x37, 0xfa, 0x21, 0x3d]);
    let header = FrameHeader { masking_key: Some(key), ..FrameHeader::unmasked(true, Opcode::Text, 20) };
    let mut bytes = Vec::new();
    wire::encoder::encode(&header, b"Hello, W\xf6rld!        ", &mut bytes);
    golden!("frame-violation", observation(3, 11_062, seen(Sender::Client, &bytes, 8)));
}

#[test]
fn closed() {
    let closed = Closed {
        first: Some(observation::Party::Client),
        code: Some(1000),
        reason: "bye".to_owned(),
        clean: true,
        cause: Cause::ClosingHandshake,
        client: Count { frames: 2, bytes: 22 },
        server: Count { frames: 2, bytes: 11 },
    };
    golden!("closed", observation(6, 31_377, Event::Closed(closed)));
}

#[test]
fn closed_relay_lost() {
    let closed = Closed {
        first: None,
        code: None,
        reason: String::new(),
        clean: false,
        cause: Cause::RelayLost,
        client: Count::default(),
        server: Count::default(),
    };
    golden!("closed-relay-lost", observation(7, 5_031_377, Event::Closed(closed)));
}

// Routes: transport and hops

/// RFC 8441 §5.1, over TLS.
#[test]
fn opening_http2() {
    const REQUEST: &str = ":method: CONNECT\r\n:protocol: websocket\r\n:scheme: https\r\n:path: /chat\r\n\
        :authority: server.example.com\r\nsec-websocket-protocol: chat, superchat\r\n\
        sec-websocket-version: 13\r\norigin: http://www.example.com\r\n\r\n";
    let tls = Tls {
        version: "TLS 1.3".to_owned(),
        cipher_suite: "TLS_AES_128_GCM_SHA256".to_owned(),
        server_name: Some("server.example.com".to_owned()),
        alpn: Some("h2".to_owned()),
    };
    let opening = Opening {
        request: REQUEST.into(),
        response: Connected { subprotocol: Some("chat"), extensions: None }.to_string().into(),
        subprotocol: Some("chat".to_owned()),
        requested_us: 1_702,
        route: Route { http: Http::Two, tls: Some(tls), ..Route::default() },
        ..Opening::default()
    };
    golden!("opening-http2", observation(1, 1_830, Event::Opening(opening)));
}

/// A record with a frame of 11 bytes, 1 byte for the content type, and a tag of 16 bytes. RFC 8446 §5.2.
#[test]
fn records() {
    let fragment = (0..28).map(|n: u8| n.wrapping_mul(151) ^ 0x5c).collect();
    let record = Record { content_type: 23, version: 0x0303, length: 28, fragment };
    let records = Records { from: Party::Client, records: vec![record], missed: 0 };
    golden!("records", observation(4, 9_411, Event::Records(records)));
}

#[test]
fn asked() {
    let middle = Intermediary::Box("old-proxy".to_owned());
    let hop = Hop { leg: Leg::Near, middle, other: None, server: None, address: None };
    let explanation = "`Upgrade` and `Connection` are left out: they are of one hop only";
    let asked = Asked {
        request: REQUEST.replace("Origin:", "Cookie: id=*******\r\nOrigin:").into(),
        route: Route { hop: Some(hop), ..Route::default() },
        deliberate: vec![Deliberate::by_middlebox("old-proxy", explanation)],
        concealed: vec!["cookie".to_owned()],
    };
    golden!("asked", observation(1, 1_702, Event::Asked(asked)));
}

#[test]
fn tunnel() {
    let middle = Intermediary::Tunnel("idle-cut".to_owned());
    let tunnel = Tunnel {
        hop: Hop { leg: Leg::Near, middle, other: None, server: None, address: None },
        server_name: Some("server.example.com".to_owned()),
        deliberate: vec![Deliberate::by_middlebox("idle-cut", "a line on which nothing travels for 5 seconds is cut")],
    };
    golden!("tunnel", observation(1, 1_702, Event::Tunnel(tunnel)));
}

#[test]
fn routes() {
    let after = MiddleboxSetting {
        name: "after".to_owned(),
        explanation: "How long a line may be silent.".to_owned(),
        default: "5s".to_owned(),
    };
    let idle_cut = MiddleboxOffer {
        name: "idle-cut".to_owned(),
        title: "Idle cut".to_owned(),
        explanation: "Cuts a line on which nothing has travelled for a while, and tells nobody.".to_owned(),
        settings: vec![after],
        tunnel_port: Some(8_444),
    };
    let front = Front {
        proxy_protocol: false,
        fields: Some(ForwardingFields::XForwarded),
        scheme: Some(Scheme::Https),
        host: Some("server.example.com".to_owned()),
    };
    let routes = Routes {
        port: Some(8_080),
        tls_port: Some(8_443),
        boxes: vec![idle_cut],
        relay_to: vec!["wss://server.example.com/chat".to_owned()],
        arrived: Route { front: Some(front), ..Route::default() },
        client: Some([192, 0, 2, 1].into()),
    };
    golden!("routes", routes);
}

// Deliberate acts of the relay

#[test]
fn act() {
    let deliberate = Deliberate {
        by: Origin::Console,
        what: "raw".into(),
        explanation: "bytes as they are, of no frame that the relay would make".into(),
        rule: None,
    };
    let act = Act { bytes: b"\x81\x7e".to_vec(), sent: 2, ..Act::of(deliberate) };
    golden!("act", observation(7, 40_310, Event::Act(act)));
}

#[test]
fn frame_deliberate() {
    let Event::Frame(mut frame) = seen(Sender::Server, &[0xc1, 0x02, 0x68, 0x69], 16) else { panic!("a frame") };
    frame.deliberate = Some(Deliberate {
        by: Origin::Behaviour,
        what: "rsv1".into(),
        explanation: "RSV1 is set, and no extension was agreed on that gives it a meaning".into(),
        rule: Some(Citation::new(6455, "5.2")),
    });
    golden!("frame-deliberate", observation(8, 52_118, Event::Frame(frame)));
}

// Commands

#[test]
fn command() {
    let command = Command::Ping(b"hi".to_vec());
    golden!("command", Request { id: 1, connection: ConnectionNumber(1), command });
}

#[test]
fn command_frame() {
    let composed = Composed {
        fin: true,
        rsv1: true,
        rsv2: false,
        rsv3: false,
        opcode: 1,
        masking_key: None,
        length_bits: Some(16),
        length: Some(5),
        payload: b"Hello".to_vec(),
    };
    let request = Request { id: 2, connection: ConnectionNumber(1), command: Command::Frame(composed.clone()) };
    golden!("command-frame", request);
    let header = composed.header().expect("a header");
    assert_eq!(header.encode()[..], [0xc1, 0x7e, 0x00, 0x05]);
}

#[test]
fn answer() {
    let refused = Some("connection 1 is not open: it may have ended".to_owned());
    golden!("answer", FeedMessage::<Observation>::Answer(Answer { id: Some(2), refused }));
}

// Notes

#[test]
fn note() {
    let note = Note { about: Seq(7), text: "This is where the price is wrong".to_owned() };
    golden!("note", observation(12, 2_500_000, Event::Note(note)));
}

// Files

#[test]
fn document() {
    let ping = seen(Sender::Server, &[0x89, 0x02, 0x68, 0x69], 16);
    let closed = Closed {
        first: None,
        code: None,
        reason: String::new(),
        clean: false,
        cause: Cause::ConnectionEnded,
        client: Count::default(),
        server: Count { frames: 1, bytes: 4 },
    };
    let document = Document {
        format: document::Format,
        exported: "2026-11-25T12:00:07.250000Z".to_owned(),
        began: "2026-11-25T12:00:00.000000Z".to_owned(),
        rules: None,
        secrets: Some(document::Secrets::LeftOut),
        observations: vec![observation(2, 20_480, ping), observation(3, 31_377, Event::Closed(closed))],
        import: None,
    };
    golden!("document", document);
    let text = serde_json::to_string(&document).expect("the value serializes");
    assert_eq!(Document::read(&text, text.len()), Ok(document));
}

#[test]
fn document_imported() {
    let document = Document {
        rules: None,
        secrets: None,
        format: document::Format,
        exported: "2026-11-25T12:00:07.250000Z".to_owned(),
        began: "2026-11-25T12:00:00.000000Z".to_owned(),
        observations: vec![observation(1, 20_480, seen(Sender::Server, &[0x89, 0x02, 0x68, 0x69], 16))],
        import: Some(document::Import {
            source: document::Source::Pcapng,
            program: Some("Dumpcap 4.2.1".to_owned()),
            problems: vec![
                document::Problem { place: document::Place::Packet(17), text: "40 bytes are missing".to_owned() },
                document::Problem { place: document::Place::File, text: "the file is cut".to_owned() },
            ],
            more_problems: 0,
        }),
    };
    golden!("document-imported", document);
    let text = serde_json::to_string(&document).expect("the value serializes");
    assert_eq!(Document::read(&text, text.len()), Ok(document));
}
