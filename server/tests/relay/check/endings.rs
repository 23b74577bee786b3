//! Each way in which a scenario fails, and each exit code.

use super::{Check, against, echo, one};
use crate::hops::upstream::{Upstream, switching};
use crate::support::{Lab, soon};
use observation::Event;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

#[tokio::test]
async fn something_else_arrives() {
    let send = "{ send.text = \"a\" }, { send.text = \"b\" }";
    let (_, ran) = against("", &format!("steps = [{send}, {{ expect.text = \"b\" }}]")).await;
    ran.failed(&["came: a text message of 1 byte, `a`: it differs from `b` at byte 0"]);
    let (_, ran) = against("", &format!("unexpected = \"ignore\"\nsteps = [{send}, {{ expect.text = \"b\" }}]")).await;
    ran.passed();
    let pings = "steps = [{ expect = { silence = \"300ms\", unexpected = \"fail-control\" } }]";
    let (_, ran) = against("?ping-every=20ms", pings).await;
    ran.failed(&["expected nothing for 300ms", "came: a ping frame"]);
    let (_, ran) = against("?ping-every=20ms", "steps = [{ expect.silence = \"100ms\" }]").await;
    ran.passed();
}

#[tokio::test]
async fn nothing_arrives_in_time() {
    let (_, ran) = against("", "steps = [{ expect = { message = \"any\", within = \"50ms\" } }]").await;
    ran.failed(&["step 1, line 3: expected a message, within 50ms", "came: nothing arrived in that time"]);
    let (_, ran) = against("", "time = \"100ms\"\nsteps = [{ expect.text = \"a\" }]").await;
    ran.failed(&["came: the time of the scenario was over"]);
    let (_, ran) = against("", "time = \"100ms\"\nsteps = [{ expect.silence = \"5s\" }]").await;
    ran.failed(&["came: the time of the scenario was over"]);
}

#[tokio::test]
async fn the_server_closes_or_ends_the_connection() {
    let (_, ran) =
        against("?close-after=1&close-code=4001", "steps = [{ send.text = \"a\" }, { expect.text = \"b\" }]").await;
    ran.failed(&["came: a "]);
    let (_, ran) = against(
        "?drop-after=1",
        "steps = [{ send.text = \"a\" }, { expect = { text = \"b\", unexpected = \"ignore\" } }]",
    )
    .await;
    ran.failed(&["came: the end of the connection without a close frame, which a browser reports as 1006"]);
    let (_, ran) =
        against("?drop-after=1", "unexpected = \"ignore\"\nsteps = [{ send.text = \"a\" }, { expect.end = true }]")
            .await;
    ran.passed();
    let (_, ran) =
        against("", "steps = [{ send.close.code = 1000 }, { expect.close.code = 1000 }, { send.text = \"a\" }]").await;
    ran.failed(&["step 3, line 3: expected to send a text message", "a close frame was sent before"]);
}

#[tokio::test]
async fn the_server_breaks_a_rule() {
    let (check, ran) = against("?fault=rsv1@1", "steps = [{ send.text = \"a\" }, { expect.text = \"a\" }]").await;
    ran.failed(&["came: a text frame of 1 byte, `a`, which breaks a rule: RSV1 is set", "(RFC 6455 §5.2)"]);
    let observations = check.recording("a-one.json").observations;
    let broken =
        observations.iter().filter(|it| matches!(&it.event, Event::Frame(frame) if !frame.violations.is_empty()));
    assert_eq!(broken.count(), 1);
    // The bits of that frame can be expected.
    let (_, ran) = against("?fault=rsv1@1", "steps = [{ send.text = \"a\" }, { expect.frame.rsv1 = true }]").await;
    ran.passed();
    // The client can break rules too.
    let lines = "steps = [{ send.frame = { opcode = 1, mask = \"\", text = \"a\" } }, { expect.close.code = 1002 }]";
    against("", lines).await.1.passed();
}

#[tokio::test]
async fn another_response_to_the_handshake() {
    let (check, ran) = against("?refuse=503", "").await;
    ran.failed(&["handshake, line 1: expected a response with status 101", "came: a refusal with status 503"]);
    assert!(matches!(check.recording("a-one.json").observations[0].event, Event::Refusal(_)));
    let (_, ran) = against("?refuse=503", "handshake = { status = 503, contains = \"nothing of that\" }").await;
    ran.failed(&["expected a response with status 503 and a body that contains `nothing of that`"]);
    let (_, ran) = against("", "handshake.status = 401").await;
    ran.failed(&["expected a response with status 401", "came: status 101: the server opened the WebSocket"]);
    let (_, ran) = against("?sec-accept=wrong", "").await;
    ran.failed(&["came: status 101 with an invalid response: `Sec-WebSocket-Accept: ", "(RFC 6455 §4.1)"]);
    let (_, ran) =
        against("?subprotocol=none", "connect.subprotocols = [\"v1\"]\nhandshake.subprotocol = \"v1\"").await;
    ran.failed(&["and the subprotocol `v1`", "came: a response without a subprotocol"]);
}

/// What the server sends together with its response is not lost.
#[tokio::test]
async fn a_frame_right_after_the_response() {
    let upstream = Upstream::bind().await;
    let url = format!("ws://{}/", upstream.address);
    let serve = async {
        let (mut raw, head) = upstream.accept_silently().await;
        raw.send(&[switching(&head, "").as_bytes(), b"\x81\x02hi"].concat()).await;
        raw
    };
    let check = Check::new(&one("steps = [{ expect.text = \"hi\" }]"));
    let (ran, _) = tokio::join!(check.run(&url), serve);
    ran.passed();
}

#[tokio::test]
async fn a_server_that_is_not_reached() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let check = Check::new(&one(""));
    let ran = check.run(&format!("ws://{gone}/")).await;
    assert_eq!(ran.code, 3, "{ran:#?}");
    ran.says(&[
        "ERROR a.toml: one (",
        "cannot connect: cannot connect to 127.0.0.1:",
        "check that the server runs",
        "0 passed, 0 failed, 1 could not connect",
    ]);
    let ran = check.run("ws://nowhere.invalid/").await;
    assert_eq!(ran.code, 3, "{ran:#?}");
    ran.says(&["the name `nowhere.invalid` has no address; check its spelling"]);
    // A server that is no HTTP server.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let serve = async {
        let (mut stream, _) = soon(listener.accept()).await.unwrap();
        stream.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    };
    let (ran, ()) = tokio::join!(check.run(&url), serve);
    assert_eq!(ran.code, 3, "{ran:#?}");
    ran.says(&["sent something that is not HTTP"]);
    assert!(matches!(check.recording("a-one.json").observations[0].event, Event::Refusal(_)));
    // A failed check weighs more.
    let lab = Lab::new().await;
    let check = Check::new(&format!(
        "{}[[scenario]]\nname = \"gone\"\nurl = \"ws://{gone}/\"\n",
        one("handshake.status = 401")
    ));
    let ran = check.run(&echo(&lab)).await;
    ran.failed(&["0 passed, 1 failed, 1 could not connect"]);
}

#[tokio::test]
async fn what_is_wrong_with_the_command_or_the_files() {
    async fn usage(check: &Check, url: &str, arguments: &[&str], says: &str) {
        let ran = check.run_with(url, arguments, &[]).await;
        assert_eq!(ran.code, 2, "{ran:#?}");
        assert!(ran.errors.contains(says), "{ran:#?}\nhas no\n{says}");
    }
    let check = Check::new("[[scenario]]\nname = \"a\"\nstep = []\n");
    usage(&check, "ws://a", &["a.toml"], "a.toml:3: this scenario has an unknown field `step`. Did you mean `steps`?")
        .await;
    usage(&check, "ws://a", &[], "required arguments").await;
    usage(&check, "ws://a", &["b.toml"], "b.toml: the file cannot be read (No such file").await;
    for url in ["http://a", "a", "ws://", "ws://me:secret@a"] {
        usage(&check, url, &["a.toml"], "the URL is not that of a WebSocket server; write one such as wss://").await;
    }
    check.write("a.toml", [0xff]);
    usage(&check, "ws://a", &["a.toml"], "a.toml: the file is not valid UTF-8. Save it as UTF-8.").await;
    check.write("a.toml", one("connect.headers = [\"X: ${FRAMESCOPE_NO_SUCH_VARIABLE}\"]"));
    usage(&check, "ws://a", &["a.toml"], "a.toml:3: the environment variable `FRAMESCOPE_NO_SUCH_VARIABLE` is not set")
        .await;
    check.write("a.toml", one("connect.proxy = \"https://a\""));
    usage(&check, "ws://a", &["a.toml"], "a.toml:3: `proxy`: the scheme `https` is not supported").await;
    check.write("a.toml", one("url = \"http://b/\""));
    usage(&check, "ws://a", &["a.toml"], "a.toml:3: `url` is `http://b/`, which leads nowhere").await;
    check.write("a.toml", one("connect.tls.authority = \"none.pem\""));
    usage(&check, "ws://a", &["a.toml"], "none.pem; `authority` takes a PEM file with certificates").await;
    check.write("a.toml", one("steps = [{ send.file = \"none.bin\" }]"));
    usage(&check, "ws://a", &["a.toml"], "`none.bin` cannot be read (No such file").await;
    check.write("large.bin", vec![0; (16 << 20) + 1]);
    check.write("a.toml", one("steps = [{ send.file = \"large.bin\" }]"));
    usage(&check, "ws://a", &["a.toml"], "`large.bin` has more than 16777216 bytes").await;
    // The results cannot be written.
    let lab = Lab::new().await;
    check.write("a.toml", one(""));
    usage(&check, &echo(&lab), &["a.toml", "--junit", "no/folder.xml"], "cannot write no/folder.xml").await;
}

#[tokio::test]
async fn all_scenarios_together_have_a_time() {
    let lab = Lab::new().await;
    let wait = "steps = [{ expect.text = \"a\" }]";
    let check = Check::new(&format!("{}[[scenario]]\nname = \"two\"\n{wait}\n", one(wait)));
    let ran = check.run_with(&echo(&lab), &["a.toml", "--time", "2s"], &[]).await;
    ran.failed(&[
        "came: the time of the scenario was over",
        "came: the time of --time was over before it",
        "0 passed, 2 failed",
    ]);
}
