//! A relay below a path: everything is there, and nothing elsewhere.

use crate::support::{Lab, Raw, handshake, heard, http, message, say, soon};
use framescope::Relay;
use framescope::args::Config;
use futures_util::StreamExt;
use observation::{Event, FeedMessage};
use std::net::SocketAddr;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const BASE: &str = "/tools/framescope";

async fn relay() -> Relay {
    let base_path = BASE.parse().unwrap();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    Relay::start(Config { base_path, listen, host: vec!["lab".parse().unwrap()], ..Config::default() }).await.unwrap()
}

/// The URLs of a new session: of its lab, and of its feed.
async fn session(relay: &Relay) -> (String, String) {
    let created = http(relay.address(), "POST", &format!("{BASE}/api/sessions"), "").await;
    let body = created.json();
    let (id, lab) = (body["id"].as_str().unwrap(), body["lab"].as_str().unwrap());
    assert_eq!(created.header("location"), Some(format!("{BASE}/api/sessions/{id}").as_str()));
    assert_eq!(lab, format!("{BASE}/lab/{id}"));
    (lab.to_owned(), body["observe"].as_str().unwrap().to_owned())
}

async fn feed(relay: &Relay, path: &str) -> crate::support::Socket {
    let mut request = format!("ws://{}{path}", relay.address()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", observation::SUBPROTOCOL.parse().unwrap());
    soon(connect_async(request)).await.unwrap().0
}

/// The observations up to the first that `is_last`.
async fn observed(feed: &mut crate::support::Socket, is_last: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    while !events.last().is_some_and(&is_last) {
        if let FeedMessage::Observations(items) = message(feed).await.unwrap() {
            events.extend(items.into_iter().map(|item| item.event));
        }
    }
    events
}

#[tokio::test]
async fn the_page_and_the_api_are_below_it() {
    let relay = relay().await;
    for path in ["/", "/course", "/s/x", "/challenges/x", "/index.html?query"] {
        let page = http(relay.address(), "GET", &format!("{BASE}{path}"), "").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        assert!(page.header("content-security-policy").unwrap().contains("base-uri 'none'"));
    }
    for path in ["/healthz", "/api/course", "/api/routes", "/api/behaviours"] {
        assert_eq!(http(relay.address(), "GET", &format!("{BASE}{path}"), "").await.status, 200, "{path}");
    }
    assert_eq!(http(relay.address(), "GET", &format!("{BASE}/api/nothing"), "").await.status, 404);
    assert_eq!(http(relay.address(), "GET", &format!("{BASE}/healthz"), "Host: evil.example\r\n").await.status, 421);
}

#[tokio::test]
async fn elsewhere_a_text_says_where_the_site_is() {
    let relay = relay().await;
    for path in
        ["/", "/healthz", "/api/course", "/lab/x", "/tools", "/tools/framescopes/", "/%2e%2e/", "/tools//framescope/"]
    {
        let missing = http(relay.address(), "GET", path, "Accept: text/html\r\n").await;
        let text = String::from_utf8(missing.body.clone()).unwrap();
        assert_eq!((missing.status, text.contains(&format!(" {BASE}/\n"))), (404, true), "{path}: {text}");
        assert_eq!(missing.header("x-content-type-options"), Some("nosniff"));
    }
    let entrance = http(relay.address(), "GET", &format!("{BASE}?a=b"), "").await;
    assert_eq!((entrance.status, entrance.header("location")), (307, Some(format!("{BASE}/?a=b").as_str())));
}

#[tokio::test]
async fn its_page_is_compressed_and_cached_like_any_other() {
    let (relay, root) = (relay().await, Lab::new().await);
    let page = async |more: &str| http(relay.address(), "GET", &format!("{BASE}/"), more).await;
    let (plain, gzip) = (page("").await, page("Accept-Encoding: br, gzip\r\n").await);
    assert_eq!((plain.header("content-encoding"), gzip.header("content-encoding")), (None, Some("gzip")));
    let mut inflated = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&*gzip.body), &mut inflated).unwrap();
    assert_eq!(inflated.as_bytes(), plain.body);
    let tag = plain.header("etag").unwrap();
    assert_ne!(gzip.header("etag"), Some(tag));
    assert_eq!(page(&format!("If-None-Match: {tag}\r\n")).await.status, 304);
    // Its files are the same, and only their addresses differ.
    let built = http(root.address(), "GET", "/", "").await;
    if String::from_utf8_lossy(&built.body).contains("</head>") {
        assert_ne!(built.header("etag"), Some(tag));
        let html = String::from_utf8(plain.body).unwrap();
        assert!(html.contains(&format!("<meta name=framescope-base content=\"{BASE}/\">")), "{html}");
        let files = html.split(['"', '\'', '=', ' ', '>']).filter(|part| part.contains("-") && part.contains(".js"));
        for file in files.filter(|file| file.starts_with('/')) {
            assert_eq!(http(relay.address(), "GET", file, "").await.status, 200, "{file}");
        }
    }
}

#[tokio::test]
async fn a_connection_is_recorded_with_its_whole_path() {
    let relay = relay().await;
    let (lab, observe) = session(&relay).await;
    let mut feed = feed(&relay, &observe).await;
    for path in [lab.clone(), format!("{BASE}/via/rewrite{}", lab.strip_prefix(BASE).unwrap())] {
        let (mut socket, _) = soon(connect_async(format!("ws://{}{path}", relay.address()))).await.unwrap();
        say(&mut socket, Message::text("Hello")).await;
        assert_eq!(heard(&mut socket).await, Message::text("Hello"));
        soon(socket.close(None)).await.unwrap();
        while soon(socket.next()).await.is_some() {}
        // A middlebox waits for the end of the client's side too.
        drop(socket);
        let events = observed(&mut feed, |event| matches!(event, Event::Closed(_))).await;
        let requests: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::Opening(opening) => Some(opening.request.to_vec()),
                Event::Asked(asked) => Some(asked.request.to_vec()),
                _ => None,
            })
            .collect();
        assert!(requests[0].starts_with(format!("GET {path} HTTP/1.1\r\n").as_bytes()), "{path}");
        assert!(requests.iter().all(|request| request.starts_with(format!("GET {BASE}/").as_bytes())), "{path}");
    }
}

#[tokio::test]
async fn a_broken_request_reaches_the_session_that_its_path_names() {
    let relay = relay().await;
    let (lab, observe) = session(&relay).await;
    let mut feed = feed(&relay, &observe).await;
    let mut raw = Raw::connect(relay.address()).await;
    raw.send(handshake(&lab, "no header\r\n").as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 400 "));
    let events = observed(&mut feed, |event| matches!(event, Event::Refusal(_))).await;
    assert!(matches!(&events[..], [Event::Refusal(refusal)] if refusal.rule == "head-malformed"), "{events:?}");
}
