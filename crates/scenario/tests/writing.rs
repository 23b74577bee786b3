//! What is written is read back.
#![cfg(feature = "load")]

use scenario::model::{Action, Bytes, Content, Expect, Send, Step, Unexpected, WITHIN, What};
use scenario::read::read;
use scenario::template::Template;
use scenario::write;
use std::time::Duration;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Everything that a file can say, except for a file that is sent.
const ALL: &str = r#"
[[scenario]]
name = "all of it: \"quoted\", it's"
url = "/chat?a=${A}&b=$${"
time = "90s"
connect.headers = ["Authorization: Bearer ${TOKEN}", 'X-Quote: "a\b"']
connect.origin = "https://app.example"
connect.subprotocols = ["v2", "v1"]
connect.extensions = "permessage-deflate; client_max_window_bits=10"
connect.tls = { authority = "ca.pem", certificate = "c.pem", key = "k.pem" }
connect.proxy = "http://me:${PASSWORD}@proxy.example:3128"
handshake = { subprotocol = "", deflate = true }
steps = [
  { send.text = "plain ${NAME} $${NAME}" },
  { send.text = "" },
  { send.text = "it's \"quoted\" \\ and\n\tin two lines \u0000\u007F\u0085 é" },
  { send.hex = "" },
  { send.hex = "00ff" },
  { send.base64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
  { send.ping = "are you there?" },
  { send.pong = "" },
  { send.close = {} },
  { send.close = { code = 1000, reason = "bye" } },
  { send.frame = { opcode = 3, fin = false, rsv1 = true, rsv2 = true, rsv3 = true, mask = "", length = 9, length-bits = 64, hex = "00ff" } },
  { send.frame = { opcode = "continuation", mask = "01020304", text = "in parts" } },
  { send.frame = { opcode = "ping" } },
  { expect.message = "any" },
  { expect = { message = "binary", contains = "a" } },
  { expect.text = "a" },
  { expect.hex = "0a0b" },
  { expect = { message = "any", text = "a", within = "250ms", unexpected = "ignore" } },
  { expect.file = "a.bin" },
  { expect = { matches = '^\d+ "x"$', unexpected = "fail-control", within = "2m" } },
  { expect.json = { path = "$.a[0]['b c']" } },
  { expect.json = [{ path = "$.a", equals = 1 }, { path = "$.b", equals = { "a b" = [1.5, true, "x", {}] } }] },
  { expect.ping = true },
  { expect.pong = "a" },
  { expect.close = {} },
  { expect.close = { code = 1005, reason = "" } },
  { expect.frame = { opcode = "text", fin = true, rsv1 = false, rsv2 = false, rsv3 = true, masked = false, length = 1, length-bits = 7, text = "a" } },
  { expect.frame.opcode = 11 },
  { expect.end = true },
  { expect.silence = "500ms" },
]

[[scenario]]
name = "refused"
connect.deflate = true
handshake = { status = 401, contains = "log in" }

[[scenario]]
name = "nothing"
"#;

fn parsed(text: &str) -> Vec<scenario::model::Scenario> {
    let mut file = |_: &str| Ok(vec![1, 2, 255]);
    read("a.toml", text, &mut file).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"))
}

/// Without the numbers of lines.
fn shown(scenarios: &[scenario::model::Scenario]) -> String {
    let shown = format!("{scenarios:#?}");
    shown.lines().filter(|line| !line.trim_start().starts_with("line: ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_written_is_read_back() {
    let scenarios = parsed(ALL);
    let written: String =
        scenarios.iter().map(|each| write::scenario(each, &["a\ncomment".to_owned()]) + "\n").collect();
    assert_eq!(shown(&parsed(&written)), shown(&scenarios), "{written}");
    // Written again, it is the same.
    let again: String =
        parsed(&written).iter().map(|each| write::scenario(each, &["a\ncomment".to_owned()]) + "\n").collect();
    assert_eq!(again, written);
}

#[test]
fn steps_are_short() {
    let message = |content| {
        Action::Expect(Expect { what: What::Message(None, content), within: WITHIN, unexpected: Unexpected::Fail })
    };
    let text = |text: &str| Content { equals: Some(Bytes::Text(text.to_owned())), ..Content::default() };
    let late = Expect {
        what: What::Close(Default::default()),
        within: Duration::from_micros(1),
        unexpected: Unexpected::Fail,
    };
    for (action, expect) in [
        (Action::Send(Send::Text(Template::plain("{\"a\":1}"))), "  { send.text = '{\"a\":1}' },\n"),
        (Action::Send(Send::Text(Template::plain("${A}"))), "  { send.text = \"$${A}\" },\n"),
        (message(text("a")), "  { expect = { text = \"a\", message = \"any\" } },\n"),
        (message(Content::default()), "  { expect.message = \"any\" },\n"),
        (Action::Expect(late), "  { expect = { close = {}, within = \"1ms\" } },\n"),
    ] {
        assert_eq!(write::step(&Step { line: 1, action }), expect);
    }
}
