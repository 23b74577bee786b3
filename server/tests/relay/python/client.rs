//! Python's client against the relay: everything is echoed, and the observations match what the client says it sent.

use super::script;
use crate::support::{Feed, Lab};
use observation::event::{Cause, Frame};
use observation::{Deflate, Event, MessageKind, Party};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;

const PLAIN: Deflate = Deflate {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: 15,
    client_max_window_bits: 15,
};

/// Runs a script to its end and returns its output.
pub(crate) async fn run(name: &str, arguments: &[&str]) -> Value {
    let output = script(name).await.args(arguments).stderr(Stdio::inherit()).output();
    // The script does much and can be slow without an error.
    let output = tokio::time::timeout(Duration::from_secs(120), output).await.expect("the script ends").unwrap();
    assert!(output.status.success(), "{name} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The client offers `parameters` to the lab with `query`. Compares what the client and the relay report.
async fn check(query: &str, parameters: Value, deflate: Option<Deflate>) {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let url = format!("ws://{}{}{query}", lab.address(), lab.path());
    let offer = parameters.to_string();
    let arguments = [url.as_str(), &offer];
    // Reads the observations meanwhile, because the log does not keep everything.
    let (report, (opened, frames)) = tokio::join!(run("client.py", &arguments), all(&mut feed));
    assert_eq!(opened, deflate);
    let agreed: Vec<_> = deflate.iter().map(repr).collect();
    assert_eq!(report["agreed"], json!(agreed), "{parameters} at {query:?}");

    let messages: Vec<_> = messages(&frames, Party::Client).collect();
    let echoes: Vec<_> = self::messages(&frames, Party::Server).collect();
    let sent = report["sent"].as_array().unwrap();
    assert_eq!((messages.len(), echoes.len()), (sent.len(), sent.len()));
    for ((sent, message), echo) in sent.iter().zip(&messages).zip(&echoes) {
        let kind = if sent["text"] == json!(true) { MessageKind::Text } else { MessageKind::Binary };
        let fragments = sent["fragments"].as_array().unwrap();
        assert_eq!(message.len(), fragments.len());
        for (frame, fragment) in message.iter().zip(fragments) {
            let fragment = hex::decode(fragment.as_str().unwrap()).unwrap();
            assert_eq!(frame.inflated.is_some(), deflate.is_some());
            // The client flushes after each fragment, so each frame has its own part of the content.
            assert_eq!((frame.content_bytes(), frame.position.unwrap().kind), (fragment.len() as u64, kind));
            assert!(frame.content() == fragment[..fragment.len().min(16 << 10)]);
        }
        let count = |frames: &[&Frame]| frames.iter().map(|frame| frame.content_bytes()).sum::<u64>();
        assert_eq!(count(echo), count(message));
        assert!(echo.iter().all(|frame| frame.position.unwrap().kind == kind));
    }
}

/// The negotiated parameters as Python prints them.
fn repr(deflate: &Deflate) -> String {
    let python = |bool| if bool { "True" } else { "False" };
    format!(
        "PerMessageDeflate(remote_no_context_takeover={}, local_no_context_takeover={}, remote_max_window_bits={}, \
         local_max_window_bits={})",
        python(deflate.server_no_context_takeover),
        python(deflate.client_no_context_takeover),
        deflate.server_max_window_bits,
        deflate.client_max_window_bits
    )
}

/// The negotiated parameters, and all frames up to the end. The end must be clean.
async fn all(feed: &mut Feed) -> (Option<Deflate>, Vec<Frame>) {
    let opening = feed.opening().await;
    let (events, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.clean), (Cause::ClosingHandshake, true));
    assert_eq!((closed.code, closed.reason.as_str()), (Some(4000), "c'est fini"));
    let frames = events.into_iter().map(|event| match event {
        Event::Frame(frame) => frame,
        other => panic!("a frame, not {other:?}"),
    });
    let frames: Vec<_> = frames.collect();
    assert!(frames.iter().all(|frame| frame.violations.is_empty()));
    (opening.deflate, frames)
}

/// The data frames of `party`, message by message.
fn messages(frames: &[Frame], party: Party) -> impl Iterator<Item = Vec<&Frame>> {
    let mut data = frames.iter().filter(move |frame| frame.from == party && frame.position.is_some());
    std::iter::from_fn(move || {
        let mut message = vec![data.next()?];
        while !message[message.len() - 1].position?.last {
            message.push(data.next()?);
        }
        Some(message)
    })
}

#[tokio::test]
async fn without_compression() {
    check("", Value::Null, None).await;
    check("?deflate=off", json!({}), None).await;
}

#[tokio::test]
async fn with_its_default_compression_offer() {
    check("", json!({}), Some(PLAIN)).await;
}

#[tokio::test]
async fn with_each_compression_parameter() {
    let parameters = json!({ "server_no_context_takeover": true, "client_no_context_takeover": true });
    let neither = Deflate { server_no_context_takeover: true, client_no_context_takeover: true, ..PLAIN };
    check("", parameters, Some(neither)).await;
    // Python inflates with a window of that size, and fails if the relay refers further back.
    let parameters = json!({ "server_max_window_bits": 9, "client_max_window_bits": 10 });
    let small = Deflate { server_max_window_bits: 9, client_max_window_bits: 10, ..PLAIN };
    check("", parameters, Some(small)).await;
}

#[tokio::test]
async fn with_parameters_from_the_relays_url() {
    let query = "?server_no_context_takeover&server_max_window_bits=12&client_max_window_bits=9";
    let wanted =
        Deflate { server_no_context_takeover: true, server_max_window_bits: 12, client_max_window_bits: 9, ..PLAIN };
    check(query, json!({}), Some(wanted)).await;
    // An offer that the relay cannot accept: zlib does not support a window of 2^8.
    check("", json!({ "server_max_window_bits": 8 }), None).await;
}

#[tokio::test]
async fn each_ending_is_reported_to_the_user() {
    let lab = Lab::with(|config| config.max_message = 1000).await;
    let url = format!("ws://{}{}", lab.address(), lab.path());
    let endings = run("endings.py", &[&url]).await;
    let ours =
        |code: u16, reason: &str| json!({ "received": [code, ""], "sent": [code, reason], "received_first": false });
    assert_eq!(endings["normal"], ours(1000, ""));
    assert_eq!(endings["with a reason"], ours(3000, "adiós"));
    assert_eq!(endings["own code"], ours(4999, ""));
    let failed =
        |code: u16, reason: &str| json!({ "received": [code, reason], "sent": [code, reason], "received_first": true });
    let reason = "a message of at least 2000 bytes exceeds this relay's limit of 1000; §10.4 allows limits";
    assert_eq!(endings["too big"], failed(1009, reason));
    assert_eq!(endings["not masked"], failed(1002, "a client must mask every frame, but this one is not masked"));
    assert_eq!(endings["not text"], failed(1007, "a text message must be valid UTF-8, but byte 0 of this one is not"));
}
