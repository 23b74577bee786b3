//! What is read from a file, and what its author is told about a problem.
#![cfg(feature = "load")]
#![expect(clippy::unwrap_used, reason = "a test fails at the first unexpected value")]

use scenario::model::MAX_FILE;
use scenario::model::{Action, Bytes, Mask, Scenario, Send, Unexpected, What};
use scenario::read::read;
use std::time::Duration;
use wire::header::LengthForm;
use wire::message::MessageKind;
use wire::opcode::Opcode;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Reads a file beside which there is `a.bin` with the bytes 1, 2 and 255.
fn reading(text: &str) -> Result<Vec<Scenario>, Vec<String>> {
    let mut file = |name: &str| match name {
        "a.bin" => Ok(vec![1, 2, 255]),
        _ => Err(("it cannot be read".to_owned(), "Add it.".to_owned())),
    };
    read("a.toml", text, &mut file).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn scenario(text: &str) -> Scenario {
    let mut scenarios = reading(text).unwrap();
    assert_eq!(scenarios.len(), 1);
    scenarios.remove(0)
}

/// A scenario with one step.
#[track_caller]
fn action(step: &str) -> Action {
    let mut scenario = scenario(&format!("[[scenario]]\nname = \"a\"\n[[scenario.steps]]\n{step}\n"));
    assert_eq!(scenario.steps[0].line, 3);
    scenario.steps.remove(0).action
}

/// The problems of a scenario with this text, which begins in line 3.
#[track_caller]
fn check(text: &str, expect: &[&str]) {
    let problems = reading(&format!("[[scenario]]\nname = \"a\"\n{text}\n")).expect_err(text);
    assert_eq!(problems.len(), expect.len(), "{problems:#?}");
    for (problem, expect) in problems.iter().zip(expect) {
        assert!(problem.contains(expect), "{problem}\nhas no\n{expect}");
    }
}

#[test]
fn a_scenario_has_the_values_of_its_file_unless_it_says_otherwise() {
    let scenarios = reading(
        r#"
within = "2s"
unexpected = "ignore"

[connect]
headers = ["Authorization: Bearer ${TOKEN}", "X-A:b"]
origin = "https://app.example"
subprotocols = ["v2", "v1"]
deflate = true
proxy = "socks5://127.0.0.1:1080"
tls.authority = "ca.pem"

[[scenario]]
name = "one"
[[scenario.steps]]
expect.message = "any"
[[scenario.steps]]
expect = { ping = true, within = "250ms", unexpected = "fail-control" }

[[scenario]]
name = "two"
url = "?room=${ROOM}"
time = "2m"
within = "1s"
unexpected = "fail"
handshake = { subprotocol = "v1", deflate = false }
[scenario.connect]
headers = []
origin = ""
deflate = false
tls = { certificate = "c.pem", key = "k.pem" }
[[scenario.steps]]
expect.pong = "x"
"#,
    )
    .unwrap();
    let [one, two] = &scenarios[..] else { panic!("{scenarios:?}") };
    let headers: Vec<_> = one.connect.headers.iter().map(|it| format!("{}: {}", it.name, it.value)).collect();
    assert_eq!(headers, ["Authorization: Bearer ${TOKEN}", "X-A: b"]);
    assert_eq!(one.connect.extensions, "permessage-deflate; client_max_window_bits");
    assert_eq!((one.line, one.time, one.url.is_none()), (13, Duration::from_secs(60), true));
    let waits = |scenario: &Scenario, step: usize| match &scenario.steps[step].action {
        Action::Expect(expect) => (expect.within, expect.unexpected),
        Action::Send(_) => panic!(),
    };
    assert_eq!(waits(one, 0), (Duration::from_secs(2), Unexpected::Ignore));
    assert_eq!(waits(one, 1), (Duration::from_millis(250), Unexpected::FailControl));
    assert_eq!(waits(two, 0), (Duration::from_secs(1), Unexpected::Fail));
    assert_eq!((two.connect.headers.len(), &two.connect.origin, &*two.connect.extensions), (0, &None, ""));
    assert_eq!(two.connect.subprotocols, ["v2", "v1"]);
    assert_eq!(two.connect.proxy, one.connect.proxy);
    let (tls, url) = (&two.connect.tls, two.url.as_ref().unwrap());
    assert!(tls.authority.is_none() && tls.identity.as_ref().unwrap().1.value == "k.pem");
    assert_eq!((url.value.to_string(), url.line), ("?room=${ROOM}".to_owned(), 22));
    assert_eq!(two.handshake.subprotocol.as_deref(), Some("v1"));
    assert_eq!((two.handshake.deflate, two.time), (Some(false), Duration::from_secs(120)));
}

#[test]
fn everything_that_can_be_sent() {
    let send = |step: &str| match action(step) {
        Action::Send(send) => send,
        Action::Expect(_) => panic!("{step}"),
    };
    assert!(matches!(send("send.text = \"a ${B}\""), Send::Text(text) if text.to_string() == "a ${B}"));
    assert_eq!(send("send.hex = \"0a FF\""), Send::Binary(vec![10, 255]));
    assert_eq!(send("send.base64 = \"aGk=\""), Send::Binary(b"hi".to_vec()));
    assert_eq!(send("send.file = \"a.bin\""), Send::File(MessageKind::Binary, vec![1, 2, 255]));
    assert_eq!(send("send.ping = \"\""), Send::Ping(Vec::new()));
    assert_eq!(send("send.pong = \"a\""), Send::Pong(b"a".to_vec()));
    assert_eq!(send("send.close = {}"), Send::Close(None, String::new()));
    assert_eq!(send("send.close = { code = 4000, reason = \"a\" }"), Send::Close(Some(4000), "a".to_owned()));
    let Send::Frame(frame) = send("send.frame = { opcode = \"text\", text = \"hi\" }") else { panic!() };
    assert_eq!((frame.header.fin, frame.header.opcode, frame.mask), (true, Opcode::Text, Mask::Random));
    assert_eq!(
        (frame.header.length.bytes, frame.header.length.form, &*frame.payload),
        (2, LengthForm::Bits7, &b"hi"[..])
    );
    let bits =
        "opcode = 11, fin = false, rsv1 = true, rsv3 = true, mask = \"\", length = 9, length-bits = 64, hex = \"01\"";
    let Send::Frame(frame) = send(&format!("send.frame = {{ {bits} }}")) else { panic!() };
    let header = frame.header;
    assert_eq!((header.fin, header.rsv.rsv1, header.rsv.rsv2, header.rsv.rsv3), (false, true, false, true));
    assert_eq!((header.opcode, frame.mask, header.masking_key), (Opcode::ReservedControl(11), Mask::Off, None));
    assert_eq!((header.length.bytes, header.length.form), (9, LengthForm::Bits64));
    let Send::Frame(frame) = send("send.frame = { opcode = 1, mask = \"01020304\" }") else { panic!() };
    assert_eq!((frame.mask, frame.header.masking_key.unwrap().0), (Mask::Key, [1, 2, 3, 4]));
}

#[test]
fn everything_that_can_be_expected() {
    let what = |step: &str| match action(step) {
        Action::Expect(expect) => expect.what,
        Action::Send(_) => panic!("{step}"),
    };
    let described = |step: &str| what(step).describe();
    assert_eq!(described("expect.text = \"a\""), "a text message equal to `a`");
    assert_eq!(described("expect.hex = \"00\""), "a binary message equal to 0x00");
    assert_eq!(described("expect.message = \"binary\""), "a binary message");
    assert_eq!(described("expect.message = \"any\""), "a message");
    assert_eq!(
        described("expect = { contains = \"a\", matches = \"^b\", json = { path = \"$.c\", equals = [1, \"d\"] } }"),
        "a message that contains `a` and that matches `^b` and in which `$.c` is `[1,\"d\"]`"
    );
    assert!(
        matches!(what("expect.file = \"a.bin\""), What::Message(None, it) if matches!(it.equals, Some(Bytes::File(..))))
    );
    assert_eq!(
        described("expect.json = [{ path = \"$.a\" }, { path = \"$.b\", equals = 1.5 }]"),
        "a message in which `$.a` selects a value and in which `$.b` is `1.5`"
    );
    assert_eq!(described("expect.ping = true"), "a ping");
    assert_eq!(described("expect.pong = \"a\""), "a pong with `a`");
    assert_eq!(described("expect.close = {}"), "a close frame");
    assert_eq!(described("expect.close = { code = 1005 }"), "a close frame without a code");
    assert_eq!(
        described("expect.close = { code = 1001, reason = \"a\" }"),
        "a close frame with code 1001 and reason `a`"
    );
    assert_eq!(described("expect.end = true"), "the end of the connection without a close frame");
    assert_eq!(described("expect.silence = \"1s\""), "nothing for 1s");
    assert_eq!(
        described(
            "expect.frame = { opcode = \"ping\", fin = true, rsv2 = false, masked = false, length-bits = 16, length = 1, contains = \"a\" }"
        ),
        "a ping frame with FIN 1, RSV2 0, MASK 0, a length of 16 bits, length 1 that contains `a`"
    );
}

#[test]
fn problems_have_a_line_and_say_what_would_be_right() {
    assert_eq!(
        reading("").unwrap_err(),
        ["a.toml:1: the file has no scenario. Add `[[scenario]]` with a `name` and `steps`."]
    );
    assert_eq!(reading("a = ").unwrap_err().len(), 1);
    check("step = []", &["a.toml:3: this scenario has an unknown field `step`. Did you mean `steps`?"]);
    check(
        "steps = [{}]",
        &["a.toml:3: this step has neither `send` nor `expect`. Add one, such as `send.text = \"hello\"`"],
    );
    check(
        "steps = [{ send = {}, expect = {} }]",
        &["a.toml:3: this step has `send` and `expect`. Make two steps of them."],
    );
    check(
        "[[scenario.steps]]\nsend.txt = \"a\"",
        &["a.toml:4: `send` is empty", "a.toml:4: `send` has an unknown field `txt`. Did you mean `text`?"],
    );
    check("[[scenario.steps]]\nsend = 7", &["a.toml:4: `send` must be a table, not a number"]);
    check("steps = [{ send = { text = \"a\", hex = \"\" } }]", &["`send` has more than one of `text` and `hex`"]);
    check("steps = [{ send.hex = \"0\" }]", &["`hex` is not valid. Write two hex digits for each byte"]);
    check("steps = [{ send.base64 = \"?\" }]", &["`base64` is not valid. Write base64"]);
    check("steps = [{ send.file = \"b\" }]", &["`file`: it cannot be read. Add it."]);
    check("steps = [{ send = { file = \"a.bin\", as = \"text\" } }]", &["not valid UTF-8"]);
    check("steps = [{ send.text = \"${\" }]", &["`${` has no `}` after it. Write `${NAME}`, or `$${`"]);
    check(
        &format!("steps = [{{ send.ping = \"{}\" }}]", "a".repeat(126)),
        &["`ping` has 126 bytes, but a ping carries at most 125"],
    );
    check("steps = [{ send.close = { reason = \"a\" } }]", &["a close reason needs a code. Add `code = 1000`."]);
    check("steps = [{ send.frame = {} }]", &["`frame` has no `opcode`"]);
    check("steps = [{ send.frame.opcode = 16 }]", &["`opcode` is neither a name nor a number from 0 to 15"]);
    check("steps = [{ send.frame.opcode = \"pin\" }]", &["`opcode` has the unknown value `pin`. Did you mean `ping`?"]);
    check(
        "steps = [{ send.frame = { opcode = 1, mask = \"00\" } }]",
        &["`mask` has 1 byte, but a masking key has 4 bytes"],
    );
    check(
        "steps = [{ send.frame = { opcode = 1, length = 126, length-bits = 7 } }]",
        &["a length of 126 does not fit into 7 bits"],
    );
    check("steps = [{ send.frame = { opcode = 1, length-bits = 8 } }]", &["A length has 7, 16 or 64 bits."]);
    check("steps = [{ expect = {} }]", &["`expect` does not say what must arrive"]);
    check(
        "steps = [{ expect = { text = \"a\", ping = true } }]",
        &["these cannot be expected together: `ping` and `text`"],
    );
    check("steps = [{ expect = { text = \"a\", hex = \"\" } }]", &["more than one payload: `text` and `hex`"]);
    check("steps = [{ expect.matches = \"(\" }]", &["`matches` is not a valid regular expression: unclosed group"]);
    check(
        "steps = [{ expect.matches = \"(a{1000}){1000}\" }]",
        &["`matches` is not a valid regular expression: Compiled regex exceeds size limit"],
    );
    check("steps = [{ expect.json = 7 }]", &["`json` is not a table with a `path`"]);
    check("steps = [{ expect.json = { path = \"a\" } }]", &["`a` is not a valid JSONPath"]);
    let path = |path: &str| format!("steps = [{{ expect.json = {{ path = \"{path}\" }} }}]");
    check(
        &path(&format!("$[?{}", "(".repeat(490))),
        &["the parentheses and brackets of `path` nest more than 10 deep"],
    );
    check(&path(&"a".repeat(501)), &["`path` has 501 bytes, but the limit is 500"]);
    check("steps = [{ expect.ping = 7 }]", &["`ping` is neither a text nor true"]);
    check("steps = [{ expect.close.code = 1006 }]", &["Write `expect.end = true`."]);
    check("steps = [{ expect.end = false }]", &["`end` is not true"]);
    check(
        "steps = [{ expect = { end = true, within = \"0s\" } }]",
        &["`within` is `0s`, which is no time from 1ms to 10m"],
    );
    check("unexpected = \"fial\"", &["`unexpected` has the unknown value `fial`. Did you mean `fail`?"]);
    check("connect.headers = [\"a\", \"A: \u{e9}\"]", &["`a` is not a header. Write `Name: value`", "is not a header"]);
    check("connect.headers = [\"Upgrade: a\"]", &["you cannot set the header `Upgrade`"]);
    check("connect.headers = [\"sec-websocket-protocol: a\"]", &["Write `subprotocols"]);
    check("connect.subprotocols = [\"a\", \"a\"]", &["not a list of distinct tokens"]);
    check("connect.subprotocols = [\"a, b\"]", &["not a list of distinct tokens"]);
    check("connect = { deflate = true, extensions = \"a\" }", &["`connect` has `deflate` and `extensions`"]);
    check("connect.extensions = \"a;;\"", &["`extensions` is not a valid list"]);
    check("connect.tls.key = \"k\"", &["needs both `certificate` and `key`"]);
    check("connect.deflat = true", &["Did you mean `deflate`?"]);
    check("handshake.status = 404\nsteps = [{ send.text = \"a\" }]", &["status 404 opens no connection for steps"]);
    check("handshake.status = 150", &["150 is not a final status"]);
    check("handshake = { status = 400, subprotocol = \"a\" }", &["a refusal agrees on nothing"]);
    check("handshake.contains = \"a\"", &["status 101 has no body"]);
    check("[[scenario]]\nname = \"a\"", &["a.toml:4: another scenario of this file is also called `a`"]);
}

#[test]
fn sizes_and_numbers_have_limits() {
    assert!(reading(&"#".repeat(MAX_FILE + 1)).unwrap_err()[0].contains("the limit is 1048576. Split it"));
    let many = "{ send.text = \"a\" },".repeat(1001);
    check(&format!("steps = [{many}]"), &["this scenario has 1001 steps, but the limit is 1000"]);
    let many: String = (0..201).map(|number| format!("[[scenario]]\nname = \"{number}\"\n")).collect();
    assert!(reading(&many).unwrap_err()[0].contains("the file has 201 scenarios, but the limit is 200"));
    check(
        &format!("steps = [{{ expect.text = \"a\", {}.a = 1 }}]", "a.".repeat(30).trim_end_matches('.')),
        &["more than 20 dots"],
    );
}
