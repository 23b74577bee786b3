//! The exact bytes of every fault, built without the relay's code, and what a strict client finds wrong with them.

use super::{close_from_client, ending, events_and_end, frame, frames, name, open, open_deflate, rules};
use crate::support::deflate::{Deflating, Inflating};
use crate::support::{Lab, http, masked};
use observation::event::Cause;
use observation::{Origin, Party};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

/// The bytes that replace a reply.
struct Spoilt {
    bytes: Vec<u8>,
    /// For each frame: whether it is the deliberate one, and which rules it breaks.
    frames: Vec<(bool, Vec<&'static str>)>,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The connection stays open.
    None,
    Goodbye,
    Drop,
}

fn spoilt(fault: &str, text: bool, content: &[u8]) -> Spoilt {
    let first = if text { 0x81 } else { 0x82 };
    let reply = || frame(first, content);
    let one = |bytes, rule| Spoilt { bytes, frames: vec![(true, vec![rule])], end: End::None };
    let before_reply = |bytes: Vec<u8>, rule| Spoilt {
        bytes: [bytes, reply()].concat(),
        frames: vec![(true, vec![rule]), (false, vec![])],
        end: End::None,
    };
    let close_frame = |payload: &[u8], rule| Spoilt { end: End::Goodbye, ..one(frame(0x88, payload), rule) };
    match fault {
        "masked" => one(masked(first, content), "server-frame-masked"),
        "rsv1" => one(frame(first | 0x40, content), "reserved-bits"),
        "rsv2" => one(frame(first | 0x20, content), "reserved-bits"),
        "rsv3" => one(frame(first | 0x10, content), "reserved-bits"),
        "reserved-data" => one(frame(0x83, content), "reserved-opcode"),
        "reserved-control" => before_reply(b"\x8b\x01?".to_vec(), "reserved-opcode"),
        "invalid-utf8" => {
            let lossy = String::from_utf8_lossy(&content[..content.len().min(80)]).into_owned();
            one(frame(0x81, &[lossy.trim_end_matches('\u{FFFD}').as_bytes(), b"\xff"].concat()), "invalid-utf8")
        }
        "split-code-point" => {
            let euro = [if text { content } else { b"" }, b" \xe2\x82\xac"].concat();
            let whole = if text && !content.is_ascii() { content } else { &euro };
            let at = whole.iter().position(|byte| *byte >= 0x80).unwrap() + 1;
            Spoilt {
                bytes: [frame(0x01, &whole[..at]), frame(0x80, &whole[at..])].concat(),
                frames: vec![(true, vec![]), (true, vec![])],
                end: End::None,
            }
        }
        "ping-fragmented" => before_reply(b"\x09\x04half".to_vec(), "control-fragmented"),
        "ping-too-long" => before_reply([&b"\x89\x7e\x00\x7e"[..], &[b'.'; 126]].concat(), "control-too-long"),
        "length-not-minimal" if content.len() <= 125 => {
            one([&[first, 126, 0, content.len() as u8][..], content].concat(), "length-not-minimal")
        }
        "length-not-minimal" => {
            // The length would fit in 16 bits.
            let content = &content[..content.len().min(0xFFFF)];
            let length = (content.len() as u64).to_be_bytes();
            one([&[first, 127][..], &length, content].concat(), "length-not-minimal")
        }
        "length-top-bit" => {
            let length = (content.len() as u64 + (1 << 63)).to_be_bytes();
            one([&[first, 127][..], &length, content].concat(), "length-top-bit")
        }
        "nothing-to-continue" => one(frame(0x80, content), "nothing-to-continue"),
        "message-inside-message" => Spoilt {
            bytes: [frame(first & 0x0F, &content[..content.len() / 2]), reply()].concat(),
            frames: vec![(false, vec![]), (true, vec!["message-still-open"])],
            end: End::None,
        },
        "close-one-byte" => close_frame(b"\x03", "close-payload-one-byte"),
        "close-1005" => close_frame(b"\x03\xed", "close-code-not-allowed"),
        "close-reason-not-utf8" => close_frame(b"\x03\xe8caf\xe9", "close-reason-not-utf8"),
        "data-after-close" => Spoilt {
            bytes: [b"\x88\x0a\x03\xe8but wait".to_vec(), reply()].concat(),
            frames: vec![(true, vec![]), (true, vec!["after-close"])],
            end: End::Goodbye,
        },
        "broken-deflate" => {
            let mut rules = vec!["reserved-bits"];
            if text {
                rules.push("invalid-utf8");
            }
            Spoilt { bytes: vec![first | 0x40, 3, 0x07, 0x00, 0xff], frames: vec![(true, rules)], end: End::None }
        }
        "cut-off" => {
            let whole = if content.len() < 2 { frame(first, b"??") } else { reply() };
            let header = whole.len() - content.len().max(2);
            let bytes = [&whole[..header], &content[..content.len() / 2]].concat();
            Spoilt { bytes, frames: vec![(true, vec![])], end: End::Drop }
        }
        other => panic!("the fault {other} has no test"),
    }
}

/// The RFC section of each fault.
fn section(fault: &str) -> (u16, &'static str) {
    let section = match fault {
        "masked" => "5.1",
        "ping-fragmented" | "ping-too-long" => "5.5",
        "nothing-to-continue" | "message-inside-message" => "5.4",
        "close-one-byte" | "close-reason-not-utf8" | "data-after-close" => "5.5.1",
        "close-1005" => "7.4.1",
        "split-code-point" => "5.6",
        "invalid-utf8" => "8.1",
        "cut-off" => "7.1.7",
        "broken-deflate" => return (7692, "7.2.2"),
        _ => "5.2",
    };
    (6455, section)
}

async fn all(lab: &Lab) -> Vec<String> {
    let faults = http(lab.address(), "GET", "/api/behaviours", "").await.json()["faults"].clone();
    faults.as_array().unwrap().iter().map(|fault| fault["name"].as_str().unwrap().to_owned()).collect()
}

async fn check(lab: &Lab, fault: &str, at: usize, text: bool, content: &[u8]) {
    let said = format!("{fault}@{at}, text: {text}, {} bytes", content.len());
    let mut feed = lab.feed_after(u64::MAX).await;
    let mut raw = open(lab, &format!("fault={fault}@{at}")).await;
    let first = if text { 0x81 } else { 0x82 };
    for _ in 1..at {
        raw.send(&masked(first, b"before")).await;
        assert_eq!(raw.take(8).await, frame(first, b"before"));
    }
    raw.send(&masked(first, content)).await;
    let expect = spoilt(fault, text, content);
    assert!(raw.take(expect.bytes.len()).await == expect.bytes, "{said}");
    match expect.end {
        End::None => {
            raw.send(&masked(0x81, b"after")).await;
            assert_eq!(raw.take(7).await, frame(0x81, b"after"), "{said}");
            close_from_client(&mut raw).await;
        }
        End::Goodbye => {
            raw.send(&masked(0x88, b"")).await;
            assert_eq!(raw.rest().await, b"", "{said}");
        }
        End::Drop => assert_eq!(raw.rest().await, b"", "{said}"),
    }
    let (events, closed) = events_and_end(&mut feed).await;
    let sent = frames(events, Party::Server);
    let before = &sent[..at - 1];
    assert!(before.iter().all(|frame| frame.deliberate.is_none() && frame.violations.is_empty()), "{said}");
    let made = &sent[at - 1..][..expect.frames.len()];
    for (frame, (is_deliberate, broken)) in made.iter().zip(&expect.frames) {
        assert_eq!(rules(frame), *broken, "{said}");
        assert_eq!(frame.deliberate.is_some(), *is_deliberate, "{said}");
        if let Some(deliberate) = &frame.deliberate {
            assert_eq!(deliberate.by, Origin::Behaviour);
            assert_eq!(name(deliberate), (fault, Some(section(fault))));
        }
    }
    let expect = match expect.end {
        End::None => (Cause::ClosingHandshake, Some(1000), true),
        End::Drop => (Cause::Dropped, None, false),
        End::Goodbye => {
            let code = match fault {
                "close-one-byte" => None,
                "close-1005" => Some(1005),
                _ => Some(1000),
            };
            (Cause::DeliberateClose, code, true)
        }
    };
    assert_eq!(ending(&closed), expect, "{said}");
}

#[tokio::test]
async fn every_fault_at_the_first_and_at_the_third_reply() {
    let lab = Lab::new().await;
    let large = "0123456789".repeat(7_000);
    for fault in all(&lab).await {
        for at in [1, 3] {
            for content in ["", "?", "Hello", "h€llo", &"x".repeat(126), &large] {
                check(&lab, &fault, at, true, content.as_bytes()).await;
            }
            for content in [&b""[..], b"\x01\x02\x03\x04", large.as_bytes()] {
                check(&lab, &fault, at, false, content).await;
            }
        }
    }
}

#[tokio::test]
async fn a_cut_inside_a_character_is_not_a_second_fault() {
    let lab = Lab::new().await;
    check(&lab, "cut-off", 1, true, "€".as_bytes()).await;
    // 65,535 bytes end inside the 32,768th of these characters.
    let mut feed = lab.feed().await;
    let mut raw = open(&lab, "fault=length-not-minimal").await;
    raw.send(&masked(0x81, "é".repeat(40_000).as_bytes())).await;
    let (first, text) = raw.frame().await;
    assert_eq!((first, text.len()), (0x81, 65_534));
    close_from_client(&mut raw).await;
    // After the events of the previous connection.
    events_and_end(&mut feed).await;
    let (events, _) = events_and_end(&mut feed).await;
    assert_eq!(rules(&frames(events, Party::Server)[0]), ["length-not-minimal"]);
}

/// The client accepts the legal ones and no others.
#[tokio::test]
async fn an_independent_client_agrees() {
    let lab = Lab::new().await;
    for fault in all(&lab).await {
        let url = format!("ws://{}{}?fault={fault}", lab.address(), lab.path());
        let (mut client, _) = connect_async(url).await.unwrap();
        crate::support::say(&mut client, Message::text("héllo")).await;
        let mut wrong = false;
        loop {
            match crate::support::soon(futures_util::StreamExt::next(&mut client)).await {
                Some(Ok(Message::Text(text))) => {
                    assert_eq!(text.as_str(), "héllo", "{fault}");
                    break;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    wrong = true;
                    break;
                }
            }
        }
        // This client accepts all forms of the length.
        assert_eq!(wrong, !["split-code-point", "length-not-minimal"].contains(&&fault[..]), "{fault}");
    }
}

#[tokio::test]
async fn several_faults_in_one_connection() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = open(&lab, "fault=rsv3@4,masked@2,split-code-point@1").await;
    for _ in 0..5 {
        raw.send(&masked(0x81, "é".as_bytes())).await;
    }
    let e = "é".as_bytes();
    let expect =
        [frame(0x01, &e[..1]), frame(0x80, &e[1..]), masked(0x81, e), frame(0x81, e), frame(0x91, e), frame(0x81, e)]
            .concat();
    assert_eq!(raw.take(expect.len()).await, expect);
    close_from_client(&mut raw).await;
    let (events, _) = events_and_end(&mut feed).await;
    let names: Vec<_> = frames(events, Party::Server)
        .iter()
        .map(|frame| frame.deliberate.as_ref().map_or(String::new(), |why| why.what.to_string()))
        .collect();
    assert_eq!(names, ["split-code-point", "split-code-point", "masked", "", "rsv3", "", ""]);
}

/// RFC 7692: broken data is marked as compressed. It does not change the context of later messages.
#[tokio::test]
async fn with_deflate_on() {
    let lab = Lab::new().await;
    for (fault, first, rule) in [("broken-deflate", 0xc1, "broken-deflate"), ("rsv2", 0xa1, "reserved-bits")] {
        let mut feed = lab.feed_after(u64::MAX).await;
        let mut raw = open_deflate(&lab, &format!("fault={fault}@2")).await;
        let (mut deflating, mut inflating) = (Deflating::new(), Inflating::new());
        for n in 1..=3 {
            raw.send(&masked(0xc1, &deflating.message(b"Hello, hello, hello"))).await;
            if n == 2 {
                let payload = if fault == "rsv2" { &b"Hello, hello, hello"[..] } else { &[0x07, 0x00, 0xff] };
                assert_eq!(raw.frame().await, (first, payload.to_vec()), "{fault}");
            } else {
                assert_eq!(inflating.frames(&raw.message().await), b"Hello, hello, hello");
            }
        }
        close_from_client(&mut raw).await;
        let (events, closed) = events_and_end(&mut feed).await;
        let sent = frames(events, Party::Server);
        assert_eq!(rules(&sent[1]), [rule]);
        assert_eq!(sent[1].deliberate.as_ref().map(name), Some((fault, Some(section(fault)))));
        assert!([0, 2].iter().all(|&n: &usize| sent[n].inflated.is_some() && rules(&sent[n]).is_empty()));
        assert_eq!(ending(&closed), (Cause::ClosingHandshake, Some(1000), true));
    }
}

#[tokio::test]
async fn a_request_for_broken_deflate_negotiates_deflate() {
    let lab = Lab::with(|config| config.deflate = framescope::args::Switch::Off).await;
    open_deflate(&lab, "fault=broken-deflate").await;
}

#[tokio::test]
async fn a_fault_is_delayed_like_its_reply() {
    let lab = Lab::new().await;
    let began = std::time::Instant::now();
    let mut raw = open(&lab, "delay=300ms&fault=rsv1@1").await;
    raw.send(&[masked(0x81, b"late"), masked(0x81, b"well")].concat()).await;
    assert_eq!(raw.take(12).await, b"\xc1\x04late\x81\x04well");
    assert!(began.elapsed().as_millis() >= 300);
    // The connection is dropped only after half of the frame was sent byte by byte.
    let mut raw = open(&lab, "drip=5ms&fault=cut-off").await;
    raw.send(&masked(0x81, b"12345678")).await;
    assert_eq!(raw.rest().await, b"\x81\x081234");
}
