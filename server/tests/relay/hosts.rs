//! The relay answers only to host names that it is known by, so that a page cannot reach it under a name of its own (DNS rebinding).

use crate::support::{Lab, handshake, http};
use crate::tls::Secure;
use crate::tls::http2::{VERSION, ask, client, client_to, connect};
use observation::Routes;
use tokio_tungstenite::tungstenite::http::Request;

const EVIL: &str = "evil.example:8080";

/// The status and the text of the response to a request for `host`.
async fn request(lab: &Lab, line: &str, host: &str, more: &str) -> (u16, String) {
    let mut raw = lab.raw().await;
    raw.send(format!("{line} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n").as_bytes()).await;
    let head = raw.head().await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    // A refused upgrade ends the connection, and so does `Connection: close`.
    let body = if status == 101 { Vec::new() } else { raw.rest().await };
    (status, head + &String::from_utf8_lossy(&body))
}

const CLOSE: &str = "Connection: close\r\n";

#[tokio::test]
async fn a_loopback_listener_answers_only_to_names_of_this_machine() {
    let lab = Lab::with(|config| config.host = vec!["lab".parse().unwrap(), "lab.example".parse().unwrap()]).await;
    for known in [
        "localhost",
        "LOCALHOST:9",
        "a.localhost",
        "127.0.0.1:8080",
        "127.1.2.3",
        "[::1]:8080",
        "lab.example",
        "Lab.Example.:80",
    ] {
        assert_eq!(request(&lab, "POST /api/sessions", known, CLOSE).await.0, 201, "{known}");
    }
    for unknown in [EVIL, "localhost.evil.example", "10.1.2.3", "sub.lab.example", "a b", "lab.example@evil.example"] {
        let (status, text) = request(&lab, "POST /api/sessions", unknown, CLOSE).await;
        assert_eq!(status, 421, "{unknown}: {text}");
        assert!(text.contains("--host NAME") && text.contains("DNS rebinding"), "{text}");
    }
    // The second name counts as well, and a name in the request line.
    let twice = format!("Host: {EVIL}\r\n{CLOSE}");
    assert!(matches!(request(&lab, "GET /healthz", "localhost", &twice).await.0, 400 | 421));
    assert_eq!(request(&lab, &format!("GET http://{EVIL}/healthz"), "localhost", CLOSE).await.0, 421);
    assert_eq!(request(&lab, "GET http://localhost/healthz", "localhost", CLOSE).await.0, 200);
    let mut old = lab.raw().await;
    old.send(b"GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(old.head().await.contains(" 200 "), "a client without a host is no browser");
}

#[tokio::test]
async fn every_entrance_checks_the_host() {
    let upstream = Lab::new().await;
    let url = format!("ws://{}/echo", upstream.address());
    let lab = Lab::with(|config| config.relay_to = vec![url.parse().unwrap()]).await;
    let mut feed = lab.feed().await;
    for path in
        ["/", "/healthz", "/course", "/api/routes", "/api/course", "/api/receipts/key", "/sandbox", "/favicon.ico"]
    {
        assert_eq!(request(&lab, &format!("GET {path}"), EVIL, CLOSE).await.0, 421, "{path}");
    }
    let id = &lab.id;
    let recorded = [format!("/lab/{id}"), format!("/via/rewrite/lab/{id}"), format!("/relay/{id}?to={url}")];
    let others = ["/echo".to_owned(), format!("/api/sessions/{id}/observe")];
    for path in recorded.iter().chain(&others) {
        let mut raw = lab.raw().await;
        raw.send(handshake(path, "").replace("Host: lab", &format!("Host: {EVIL}")).as_bytes()).await;
        let head = raw.head().await;
        assert!(head.starts_with("HTTP/1.1 421 Misdirected Request\r\n"), "{path}: {head}");
        if !recorded.contains(path) {
            continue;
        }
        let body = String::from_utf8(raw.rest().await).unwrap();
        assert!(body.contains("`--host evil.example`"), "{body}");
        let refusal = feed.refusal().await;
        assert_eq!((&*refusal.rule, refusal.status), ("misdirected", Some(421)));
        assert_eq!(refusal.response, [head, body].concat().as_bytes());
    }
    // The middlebox changes `Host` itself, and its own request is not refused for that.
    let mut raw = lab.raw().await;
    raw.send(handshake(&recorded[1], "").as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
}

#[tokio::test]
async fn http_2_and_middleboxes_in_front_of_tls_check_the_host() {
    let secure = Secure::with("h2-hosts", |config| config.box_listen = Some(([127, 0, 0, 1], 0).into())).await;
    let routes = http(secure.lab.address(), "GET", "/api/routes", "").await;
    let routes: Routes = serde_json::from_slice(&routes.body).unwrap();
    let tunnel = ([127, 0, 0, 1], routes.boxes[0].tunnel_port.unwrap()).into();
    let session = secure.lab.path();
    for mut client in [client(&secure).await, client_to(&secure, tunnel).await] {
        let evil = |path: &str| {
            let mut request = connect(path, "websocket", &[VERSION]);
            *request.uri_mut() = format!("https://{EVIL}{path}").parse().unwrap();
            request
        };
        assert_eq!(ask(&mut client, evil(&session)).await.0.status(), 421);
        let api = Request::get(format!("https://{EVIL}/api/routes")).body(()).unwrap();
        assert_eq!(ask(&mut client, api).await.0.status(), 421);
        let (response, sending) = ask(&mut client, connect(&session, "websocket", &[VERSION])).await;
        assert_eq!(response.status(), 200);
        drop(sending);
    }
}

/// A relay that is open to a network has names that it cannot know, unless the operator lists them.
#[tokio::test]
async fn another_listener_answers_to_every_name_or_to_the_listed_ones() {
    for (named, expect) in [(vec![], 200), (vec!["lab", "lab.example"], 421)] {
        let lab = Lab::with(|config| {
            config.listen = ([0, 0, 0, 0], 0).into();
            config.host = named.iter().map(|name| name.parse().unwrap()).collect();
        });
        let lab = lab.await;
        assert_eq!(request(&lab, "GET /healthz", EVIL, CLOSE).await.0, expect);
        for known in ["localhost", "192.168.1.5:8080", "[2001:db8::1]", "lab.example"] {
            assert_eq!(request(&lab, "GET /healthz", known, CLOSE).await.0, 200, "{known}");
        }
    }
}
