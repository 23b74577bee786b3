//! Refused requests: status, headers, a readable body, and the same bytes in the observation.

use crate::support::{Lab, handshake, http, masked, refused};
use tokio_tungstenite::connect_async;

/// Sends `request`, and checks that the response is the recorded one.
async fn check(request: impl Fn(&str) -> String, status: u16, rule: &str, section: Option<&str>, header: &str) {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.raw().await;
    let request = request(&lab.path());
    raw.send(request.as_bytes()).await;
    let response = String::from_utf8(raw.rest().await).unwrap();
    let refusal = feed.refusal().await;
    let end = request.find("\r\n\r\n").unwrap() + 4;
    assert_eq!(String::from_utf8(refusal.request).unwrap(), request[..end]);
    assert_eq!(String::from_utf8(refusal.response).unwrap(), response);
    assert_eq!((refusal.status, refusal.rule.as_ref(), refusal.section.as_deref()), (Some(status), rule, section));
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    assert!(head.contains(header), "{head}");
    assert!(head.contains("close"), "{head}");
    if request.starts_with("HEAD ") {
        assert_eq!(body, "");
    } else {
        assert!(body.contains(&refusal.explanation), "{body}");
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
    }
}

fn without(path: &str, line: &str) -> String {
    let (before, after) = {
        let text = handshake(path, "");
        let start = text.find(line).unwrap();
        let end = start + text[start..].find("\r\n").unwrap() + 2;
        (text[..start].to_owned(), text[end..].to_owned())
    };
    before + &after
}

#[tokio::test]
async fn a_plain_get() {
    let request = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: lab\r\n\r\n");
    check(request, 426, "upgrade-missing", Some("4.2.1"), "Upgrade: websocket").await;
}

#[tokio::test]
async fn another_method() {
    let post = |path: &str| format!("POST {path} HTTP/1.1\r\nHost: lab\r\nContent-Length: 2\r\n\r\nhi");
    check(post, 405, "method-not-get", Some("4.2.1"), "Allow: GET").await;
    let head = |path: &str| format!("HEAD {path} HTTP/1.1\r\nHost: lab\r\n\r\n");
    check(head, 405, "method-not-get", Some("4.2.1"), "Allow: GET").await;
    let chunked = |path: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
    };
    check(chunked, 405, "method-not-get", Some("4.2.1"), "Allow: GET").await;
}

#[tokio::test]
async fn another_version() {
    let version = |path: &str| handshake(path, "").replace("Version: 13", "Version: 8");
    check(version, 426, "version-unsupported", Some("4.4"), "Sec-WebSocket-Version: 13").await;
    let none = |path: &str| without(path, "Sec-WebSocket-Version");
    check(none, 426, "version-missing", Some("4.4"), "Sec-WebSocket-Version: 13").await;
    let old = |path: &str| handshake(path, "").replace("HTTP/1.1", "HTTP/1.0");
    check(old, 426, "http-too-old", Some("4.2.1"), "Upgrade: websocket").await;
}

#[tokio::test]
async fn a_wrong_key() {
    let none = |path: &str| without(path, "Sec-WebSocket-Key");
    check(none, 400, "key-missing", Some("4.2.1"), "").await;
    let short = |path: &str| handshake(path, "").replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=");
    check(short, 400, "key-malformed", Some("4.2.1"), "").await;
    let twice = |path: &str| handshake(path, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    check(twice, 400, "key-repeated", Some("4.2.1"), "").await;
}

#[tokio::test]
async fn other_headers() {
    let no_connection = |path: &str| without(path, "Connection");
    check(no_connection, 400, "connection-lacks-upgrade", Some("4.2.1"), "").await;
    let no_host = |path: &str| without(path, "Host");
    check(no_host, 400, "host-missing", Some("4.2.1"), "").await;
    let subprotocol = |path: &str| handshake(path, "Sec-WebSocket-Protocol: a b\r\n");
    check(subprotocol, 400, "subprotocol-malformed", Some("4.2.1"), "").await;
    let extension = |path: &str| handshake(path, "Sec-WebSocket-Extensions: ;;\r\n");
    check(extension, 400, "extensions-malformed", Some("9.1"), "").await;
    let body = |path: &str| handshake(path, "Content-Length: 2\r\n") + "hi";
    check(body, 400, "request-body", None, "").await;
}

#[tokio::test]
async fn too_many_connections() {
    let lab = Lab::with(|config| config.session_connections = 2).await;
    let mut feed = lab.feed().await;
    let (first, _second) = (lab.open().await, lab.open().await);
    feed.opening().await;
    feed.opening().await;
    let error = connect_async(format!("ws://{}{}", lab.address(), lab.path())).await.unwrap_err();
    assert_eq!(refused(error), 503);
    let refusal = feed.refusal().await;
    assert_eq!((refusal.rule.as_ref(), refusal.section), ("too-many-connections", None));
    drop(first);
    feed.closed().await;
    lab.open().await;
}

#[tokio::test]
async fn an_unknown_session() {
    let lab = Lab::new().await;
    for name in ["aaaaaaaaaaaaaaaaaaaaaaaaaa", "x", "%ff", "%00", &"y".repeat(5000)] {
        let answer = http(lab.address(), "GET", &format!("/lab/{name}"), "").await;
        assert_eq!(answer.status, 404);
        assert!(String::from_utf8(answer.body).unwrap().contains("POST /api/sessions"));
    }
}

#[tokio::test]
async fn refusals_after_other_responses_on_a_kept_alive_connection() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.raw().await;
    let health = "GET /healthz HTTP/1.1\r\nHost: lab\r\n\r\n";
    let plain = format!("GET {} HTTP/1.1\r\nHost: lab\r\n\r\n", lab.path());
    raw.send(format!("{health}{health}{plain}{health}").as_bytes()).await;
    let all = String::from_utf8(raw.rest().await).unwrap();
    let refusal = feed.refusal().await;
    assert_eq!(String::from_utf8(refusal.request).unwrap(), plain);
    // The connection ends after the refusal. The relay does not answer later requests.
    assert!(all.ends_with(std::str::from_utf8(&refusal.response).unwrap()));
    assert_eq!(all.matches("HTTP/1.1 200 OK").count(), 2);
}

#[tokio::test]
async fn echo_refuses_alike() {
    let lab = Lab::new().await;
    assert_eq!(http(lab.address(), "GET", "/echo", "").await.status, 426);
    assert_eq!(http(lab.address(), "DELETE", "/echo", "").await.status, 405);
    // Frames are not HTTP.
    let mut raw = lab.raw().await;
    raw.send(&masked(0x81, b"hello")).await;
    assert!(raw.rest().await.starts_with(b"HTTP/1.1 400 "));
}
