//! Python's server against our protocol code as a client.

use super::engine::Client;
use super::script;
use crate::support::deflate::noise;
use crate::support::soon;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

/// A server process that ends with the test.
pub(crate) struct Server {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) async fn start(parameters: &Value) -> Self {
        let mut script = script("server.py").await;
        let mut child = script.arg(parameters.to_string()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = soon(lines.next_line()).await.unwrap().expect("it says its port");
        let address = SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()));
        Self { _child: child, lines, address }
    }

    /// The code and reason of the close frame that the server received on a connection that has ended.
    pub(crate) async fn received(&mut self) -> String {
        soon(self.lines.next_line()).await.unwrap().unwrap()
    }
}

/// Echoes messages of every kind and size between a server with these `parameters` and a client with this `offer`.
async fn check(parameters: Value, offer: &str, answer: &str) {
    let mut server = Server::start(&parameters).await;
    let mut client = Client::connect(server.address, offer).await;
    assert_eq!(client.answer, answer, "{parameters} for {offer:?}");
    let texts = ["Grüße, 世界! ".repeat(5), "Grüße, 世界! ".repeat(5), String::new(), "0123456789".repeat(50_000)];
    for text in texts {
        client.send(true, text.as_bytes()).await;
        assert!(client.message().await == (true, text.into_bytes()));
    }
    // 700 bytes twice: too far back for the smallest windows.
    for length in [700, 700, 0, 1, 125, 126, 9999, 10_000, 0xFFFF, 0x1_0000, 400_000] {
        let content = noise(length, length as usize);
        client.send(false, &content).await;
        assert!(client.message().await == (false, content), "{length} bytes");
    }
    assert_eq!(client.pings, 1, "and it waited for the answer");
    client.close(4000, "c'est fini").await;
    // The answer has the same code, and Python repeats the reason.
    assert_eq!(client.closed().await, (Some(4000), "c'est fini".to_owned()));
    assert_eq!(server.received().await, "4000 c'est fini");

    // The other direction: the server closes, and the client answers.
    let mut client = Client::connect(server.address, offer).await;
    client.send(true, "close 3999 adiós".as_bytes()).await;
    assert_eq!(client.closed().await, (Some(3999), "adiós".to_owned()));
    assert_eq!(server.received().await, "3999 ");
}

#[tokio::test]
async fn without_compression() {
    check(Value::Null, "", "").await;
    check(Value::Null, "permessage-deflate", "").await;
}

#[tokio::test]
async fn with_compression() {
    check(json!({}), "permessage-deflate", "permessage-deflate").await;
}

#[tokio::test]
async fn without_context_takeover_on_either_side() {
    let parameters = json!({ "server_no_context_takeover": true, "client_no_context_takeover": true });
    let answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    check(parameters, "permessage-deflate", answer).await;
}

#[tokio::test]
async fn with_limited_windows_on_both_sides() {
    // Python inflates with a window of that size, and fails if the client refers further back.
    let parameters = json!({ "server_max_window_bits": 10, "client_max_window_bits": 9 });
    let answer = "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9";
    check(parameters, "permessage-deflate; client_max_window_bits", answer).await;
}

#[tokio::test]
async fn with_the_smallest_window_which_zlib_does_not_support() {
    let parameters = json!({ "client_max_window_bits": 8 });
    let answer = "permessage-deflate; client_max_window_bits=8";
    check(parameters, "permessage-deflate; client_max_window_bits", answer).await;
}
