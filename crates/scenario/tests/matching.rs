//! What an arrival means for a step.
#![cfg(feature = "load")]
#![expect(clippy::unwrap_used, reason = "a test fails at the first unexpected value")]

use scenario::matching::{Arrival, Verdict};
use scenario::model::{Action, Expect};
use scenario::read::read;
use wire::header::{FrameHeader, LengthForm, PayloadLength};
use wire::message::MessageKind;
use wire::opcode::Opcode;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[track_caller]
fn expect(step: &str) -> Expect {
    let text = format!("[[scenario]]\nname = \"a\"\n[[scenario.steps]]\nexpect = {{ {step} }}\n");
    let mut scenarios = read("a.toml", &text, &mut |_| Ok(b"from a file".to_vec())).unwrap();
    match scenarios.remove(0).steps.remove(0).action {
        Action::Expect(expect) => expect,
        Action::Send(_) => panic!(),
    }
}

#[track_caller]
fn judge(step: &str, arrival: Arrival<'_>) -> Verdict {
    let Expect { what, unexpected, .. } = expect(step);
    what.judge(arrival, unexpected)
}

fn text(content: &str) -> Arrival<'_> {
    Arrival::Message(MessageKind::Text, content.as_bytes())
}

/// Judges a frame with this opcode and payload.
#[track_caller]
fn frame(step: &str, opcode: Opcode, payload: &[u8]) -> Verdict {
    judge(step, Arrival::Frame(&FrameHeader::unmasked(true, opcode, payload.len() as u64), payload))
}

#[track_caller]
fn fails(verdict: Verdict, says: &str) {
    let Verdict::Failed(why) = verdict else { panic!("{verdict:?} instead of {says}") };
    assert!(why.contains(says), "{why}\nhas no\n{says}");
}

#[test]
fn messages() {
    for (step, content) in [
        ("text = \"a\"", "a"),
        ("contains = \"ell\"", "hello"),
        ("matches = '^\\d+$'", "123"),
        ("json = { path = \"$.a\", equals = 1 }", "{\"a\": 1.0}"),
        ("file = \"f\"", "from a file"),
        ("message = \"any\"", ""),
    ] {
        assert_eq!(judge(step, text(content)), Verdict::Met, "{step}");
    }
    fails(judge("text = \"abc\"", text("abd")), "a text message of 3 bytes, `abd`: it differs from `abc` at byte 2");
    fails(judge("text = \"abc\"", text("ab")), "it is not equal to `abc`, which has 3 bytes and differs at byte 2");
    fails(judge("contains = \"x\"", text("abc")), "it does not contain `x`");
    fails(judge("matches = \"x\"", text("abc")), "it does not match `x`");
    fails(judge("json = { path = \"$.a\" }", text("[")), "it is not valid JSON (EOF");
    fails(judge("json = { path = \"$.a\" }", text(&"[".repeat(1000))), "it is not valid JSON (recursion limit");
    fails(judge("contains = \"a\"", Arrival::Message(MessageKind::Binary, &[0xff])), "0xff: it is not UTF-8");
    fails(judge("text = \"a\"", Arrival::Message(MessageKind::Binary, b"a")), "it is binary, not text");
    assert_eq!(judge("hex = \"ff\"", Arrival::Message(MessageKind::Binary, &[0xff])), Verdict::Met);
    // The frames of a message do not count, and its content is that of the whole.
    assert_eq!(frame("text = \"a\"", Opcode::Text, b"a"), Verdict::Skipped);
}

#[test]
fn control_frames() {
    assert_eq!(frame("ping = true", Opcode::Ping, b"x"), Verdict::Met);
    assert_eq!(frame("pong = \"x\"", Opcode::Pong, b"x"), Verdict::Met);
    assert_eq!(frame("pong = \"x\"", Opcode::Pong, b"y"), Verdict::Skipped);
    assert_eq!(frame("pong = \"x\"", Opcode::Ping, b"x"), Verdict::Skipped);
    fails(frame("pong = \"x\", unexpected = \"fail-control\"", Opcode::Pong, b"y"), "its payload is not `x`");
    let close = |step: &str, payload: &[u8]| frame(step, Opcode::Close, payload);
    for step in [
        "close = {}",
        "close = { code = 1001 }",
        "close = { reason = \"bye\" }",
        "close = { code = 1001, reason = \"bye\" }",
    ] {
        assert_eq!(close(step, b"\x03\xe9bye"), Verdict::Met, "{step}");
    }
    assert_eq!(close("close = { code = 1005 }", b""), Verdict::Met);
    fails(
        close("close = { code = 1000 }", b"\x03\xe9bye"),
        "a close frame with code 1001 and reason `bye`: the code is not 1000",
    );
    fails(close("close = { reason = \"x\" }", b""), "a close frame without a code: the reason is not `x`");
}

#[test]
fn single_frames() {
    let header = |length, form| FrameHeader {
        length: PayloadLength { bytes: length, form },
        ..FrameHeader::unmasked(false, Opcode::Text, 0)
    };
    let short = header(2, LengthForm::Bits7);
    for step in [
        "opcode = \"text\"",
        "fin = false",
        "rsv1 = false",
        "masked = false",
        "length-bits = 7",
        "length = 2",
        "text = \"ab\"",
    ] {
        assert_eq!(judge(&format!("frame = {{ {step} }}"), Arrival::Frame(&short, b"ab")), Verdict::Met, "{step}");
    }
    for (step, says) in [
        ("opcode = 0", "the opcode is 1, not 0"),
        ("fin = true", "FIN is 0, not 1"),
        ("rsv2 = true", "RSV2 is 0, not 1"),
        ("masked = true", "MASK is 0, not 1"),
        ("length-bits = 16", "the size of the length field is 7, not 16"),
        ("length = 3", "the length is 2, not 3"),
        ("text = \"b\"", "it is not equal to `b`"),
    ] {
        fails(judge(&format!("frame = {{ {step} }}"), Arrival::Frame(&short, b"ab")), says);
        let ignoring = format!("frame = {{ {step} }}, unexpected = \"ignore\"");
        assert_eq!(judge(&ignoring, Arrival::Frame(&short, b"ab")), Verdict::Skipped);
    }
    assert_eq!(judge("frame.fin = true", text("ab")), Verdict::Skipped, "its frames were judged");
    assert_eq!(frame("frame.opcode = \"text\"", Opcode::Ping, b""), Verdict::Skipped);
}

#[test]
fn what_is_unexpected() {
    fails(judge("text = \"a\"", text("b")), "a text message of 1 byte, `b`");
    assert_eq!(judge("text = \"a\", unexpected = \"ignore\"", text("b")), Verdict::Skipped);
    assert_eq!(frame("text = \"a\"", Opcode::Ping, b"b"), Verdict::Skipped);
    fails(frame("text = \"a\", unexpected = \"fail-control\"", Opcode::Ping, b"b"), "a ping frame of 1 byte, `b`");
    // Nothing follows these.
    fails(frame("text = \"a\", unexpected = \"ignore\"", Opcode::Close, b""), "a close frame without a code");
    let end = |after_close| Arrival::End { after_close };
    fails(judge("text = \"a\", unexpected = \"ignore\"", end(false)), "which a browser reports as 1006");
    fails(judge("text = \"a\", unexpected = \"ignore\"", end(true)), "the end of the connection after a close frame");
    assert_eq!(judge("end = true", end(false)), Verdict::Met);
    fails(frame("end = true", Opcode::Close, b""), "a close frame");
    fails(judge("silence = \"1s\"", text("b")), "a text message of 1 byte, `b`");
    assert_eq!(frame("silence = \"1s\"", Opcode::Ping, b"b"), Verdict::Skipped);
    assert_eq!(judge("silence = \"1s\", unexpected = \"ignore\"", text("b")), Verdict::Skipped);
}
