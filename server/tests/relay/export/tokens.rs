//! Tokens are left out of exported files, unless they are asked for.

use super::{download, tshark};
use crate::support::{Lab, handshake, http, masked};
use observation::document::{Document, Secrets};

const TOKEN: &str = "s3cr3t-of-the-test";
/// In a message, which no export changes.
const SAID: &str = "the token is s3cr3t-of-the-test";

/// A session with a token in the URL, in a header, in a subprotocol and in a message; and a refused request with one.
async fn recorded() -> Lab {
    let lab = Lab::new().await;
    let path = format!("{}?token={TOKEN}", lab.path());
    let mut raw = lab.raw().await;
    raw.send(handshake(&path, "").as_bytes()).await;
    // `token` is no setting of a lab.
    assert!(raw.head().await.starts_with("HTTP/1.1 400 "));
    raw.rest().await;
    let more = format!(
        "X-Secret: {TOKEN}\r\nReferer: https://h/?sid={TOKEN}\r\nSec-WebSocket-Protocol: bearer.{TOKEN}\r\nX-Room: lobby\r\n"
    );
    let mut raw = lab.raw().await;
    raw.send(handshake(&format!("{}?subprotocol=first", lab.path()), &more).as_bytes()).await;
    assert!(raw.head().await.contains(&format!("bearer.{TOKEN}")));
    raw.send(&masked(0x81, SAID.as_bytes())).await;
    raw.take(2 + SAID.len()).await;
    raw.send(&masked(0x88, b"\x03\xe8")).await;
    raw.rest().await;
    lab
}

fn count(body: &[u8], text: &str) -> usize {
    body.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

#[tokio::test]
async fn a_file_has_no_tokens_and_says_so() {
    let lab = recorded().await;
    // In JSON and HAR, the message is there twice as a text or as base64; in pcapng, once unmasked.
    for end in ["har", "pcapng", "json"] {
        let without = download(&lab, &format!("export.{end}")).await.body;
        let kept = download(&lab, &format!("export.{end}?secrets=keep")).await.body;
        let said = count(&without, SAID);
        assert_eq!((count(&without, TOKEN), count(&kept, SAID)), (said, said), "{end}");
        assert!(count(&kept, TOKEN) >= said + 5, "{end}: {}", count(&kept, TOKEN));
        assert!(count(&without, "lobby") > 0, "{end}: what is no token stays");
        assert!(count(&without, &format!("bearer.{}", "*".repeat(TOKEN.len()))) > 0, "{end}");
    }
}

#[tokio::test]
async fn every_format_says_whether_it_has_tokens() {
    let lab = recorded().await;
    for (query, secrets, about) in [
        ("", Secrets::LeftOut, "subprotocols are left out"),
        ("?secrets=keep", Secrets::Kept, "subprotocols are in this file"),
    ] {
        let text = String::from_utf8(download(&lab, &format!("export.json{query}")).await.body).unwrap();
        let document = Document::read(&text, text.len()).unwrap();
        assert_eq!(document.secrets, Some(secrets));
        let har = download(&lab, &format!("export.har{query}")).await.json();
        assert!(har["log"]["comment"].as_str().unwrap().contains(about), "{}", har["log"]["comment"]);
        let capture = download(&lab, &format!("export.pcapng{query}")).await.body;
        assert_eq!(count(&capture, about), 1);
    }
}

#[tokio::test]
async fn wireshark_reads_a_capture_without_tokens() {
    let lab = recorded().await;
    let (with, without) =
        (download(&lab, "export.pcapng?secrets=keep").await.body, download(&lab, "export.pcapng").await.body);
    let (with, without) = (tshark::packets(&with, &[]).await, tshark::packets(&without, &[]).await);
    assert_eq!(with.len(), without.len());
    let stars = "*".repeat(TOKEN.len());
    for (with, without) in with.iter().zip(&without) {
        for field in ["frame.time_epoch", "frame.len", "tcp.stream", "tcp.seq_raw", "tcp.len", "websocket.payload.text"]
        {
            assert_eq!(with.text(field), without.text(field), "{field}");
        }
        assert_eq!(with.text("http.request.uri").replace(TOKEN, &stars), without.text("http.request.uri"));
        assert!(without.text("tcp.checksum.status") != "Bad" && without.text("_ws.malformed").is_empty());
    }
    let uris: Vec<_> =
        without.iter().map(|packet| packet.text("http.request.uri")).filter(|uri| !uri.is_empty()).collect();
    assert!(uris[0].ends_with(&format!("?token={stars}")), "{uris:?}");
    assert!(without.iter().any(|packet| packet.text("websocket.payload.text") == SAID));
}

#[tokio::test]
async fn secrets_can_only_be_kept() {
    let lab = Lab::new().await;
    for wrong in ["secrets=", "secrets=leave", "connection=1&secrets=no"] {
        let answer = download(&lab, &format!("export.json?{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(answer.json()["hint"].as_str().unwrap().contains("?secrets=keep"), "{}", answer.json());
    }
    let snippets = |query: &str| {
        let path = format!("/api/snippets?url=ws%3A%2F%2Fh%2F%3Ftoken%3D{TOKEN}{query}");
        let address = lab.address();
        async move { http(address, "GET", &path, "").await }
    };
    let (without, with) = (snippets("").await, snippets("&secrets=keep").await);
    assert_eq!((count(&without.body, TOKEN), count(&with.body, TOKEN)), (0, 4));
    let wrong = snippets("&secrets=no").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["error"].as_str().unwrap().contains("`secrets` can only be `keep`"), "{}", wrong.json());
}
