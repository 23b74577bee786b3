//! Values of credentials never enter a session's log, on any path. Cookies of other applications on the same host arrive with every
//! handshake, and everyone who has the session's link can read the log.

use crate::hops::upstream::Upstream;
use crate::hops::{field, relay_path, via};
use crate::support::clock::Clock;
use crate::support::{Feed, Lab, handshake, http, masked, soon};
use crate::tls::Secure;
use crate::tls::http2::{VERSION, ask, client, connect};
use observation::{Event, Observation};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Part of every secret in these tests.
const SECRET: &str = "S3CR3T";
const SENT: &str = "Cookie: lms_session=S3CR3T-1; theme=S3CR3T-2\r\nCookie: S3CR3T-3\r\nAuthorization: Basic S3CR3T4=\r\n\
    proxy-authorization: Digest username=\"S3CR3T\", response=\"S3CR3T\"\r\nX-Forwarded-Access-Token: S3CR3T-5\r\n\
    X-Auth-Request-Email: S3CR3T@example.com\r\nX-Mine: S3CR3T 6\r\n";
const RECORDED: &str = "Cookie: lms_session=********; theme=********\r\nCookie: ********\r\nAuthorization: Basic ********\r\n\
    proxy-authorization: Digest ************************************\r\nX-Forwarded-Access-Token: ********\r\n\
    X-Auth-Request-Email: ******************\r\nX-Mine: ********\r\n";

/// A relay with one more header to conceal, and servers that `/relay` may reach.
async fn lab(reachable: &[&Upstream]) -> Lab {
    let allowed: Vec<_> = reachable.iter().map(|upstream| upstream.url("").parse().unwrap()).collect();
    Lab::with(|config| {
        config.conceal_header = vec!["X-Mine".parse().unwrap()];
        config.relay_to = allowed;
        config.head_timeout = Duration::from_secs(1);
    })
    .await
}

/// The head of an observation's request, and of its response.
fn heads(event: &Event) -> Option<(&[u8], &[u8], &[String])> {
    match event {
        Event::Asked(asked) => Some((&asked.request, b"", &asked.concealed)),
        Event::Opening(opening) => Some((&opening.request, &opening.response, &opening.concealed)),
        Event::Refusal(refusal) => Some((&refusal.request, &refusal.response, &refusal.concealed)),
        _ => None,
    }
}

/// Reads up to `count` requests that were answered, and checks that the whole session has no secret: neither the feed nor an export.
async fn without_secrets(lab: &Lab, feed: &mut Feed, count: usize) -> Vec<Observation> {
    let mut seen: Vec<Observation> = Vec::new();
    let is_answered = |seen: &&Observation| matches!(seen.event, Event::Opening(_) | Event::Refusal(_));
    while seen.iter().filter(is_answered).count() < count {
        seen.push(feed.next().await);
    }
    for observation in &seen {
        let json = serde_json::to_string(observation).unwrap();
        assert!(!json.contains(SECRET), "{json}");
    }
    for format in ["json", "har", "pcapng"] {
        let export = http(lab.address(), "GET", &format!("/api/sessions/{}/export.{format}", lab.id), "").await;
        assert_eq!(export.status, 200);
        let found = export.body.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!found, "export.{format}");
    }
    seen
}

#[tokio::test]
async fn requests_are_recorded_without_credentials_however_they_end() {
    let lab = lab(&[]).await;
    let mut feed = lab.feed().await;
    let clock = Clock::stop();
    let path = lab.path();
    let right = handshake(&path, SENT);
    let with = |query: &str| handshake(&format!("{path}?{query}"), SENT);
    // Left before the answer, not answered, refused, malformed, folded, cut off in a value, and too large.
    let requests = [
        (right.clone(), RECORDED.to_owned()),
        (right.replace("Version: 13", "Version: 8"), RECORDED.to_owned()),
        (with("refuse=401"), RECORDED.to_owned()),
        (with("no-such-setting"), RECORDED.to_owned()),
        (with("open=fin"), RECORDED.to_owned()),
        (with("open-delay=30s"), RECORDED.to_owned()),
        (right.replace("Host: lab", "no header"), RECORDED.to_owned()),
        (
            right.replace("Host: lab", "Host: lab\r\nCookie: a=S3CR3T;\r\n b=S3CR3T\r\nCOOKIE : S3CR3T"),
            "Cookie: a=******;\r\n ********\r\nCOOKIE : ******".to_owned(),
        ),
        (
            format!("GET {path} HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer S3CR3T"),
            "Authorization: Bearer ******".to_owned(),
        ),
        (format!("GET {path} HTTP/1.1\r\nCookie: a={}", SECRET.repeat(4000)), "Cookie: a=************".to_owned()),
    ];
    for (request, recorded) in requests {
        let mut raw = lab.raw().await;
        // The relay may end the connection before it has read everything.
        let _ = raw.0.write_all(request.as_bytes()).await;
        if request.contains("open-delay") {
            drop(raw);
        } else {
            std::mem::forget(raw);
        }
        let seen = clock.pass_until(feed.next_head()).await;
        let (head, response, concealed) = heads(&seen.event).unwrap();
        let head = String::from_utf8(head.to_vec()).unwrap();
        assert!(head.contains(&recorded), "{head}");
        assert!(!head.contains(SECRET) && !response.windows(6).any(|window| window == SECRET.as_bytes()), "{head}");
        assert!(!concealed.is_empty() && head.starts_with(&format!("GET {path}")), "{head}");
        if request.ends_with("\r\n\r\n") && head.ends_with("\r\n\r\n") {
            assert_eq!(head.len(), request.len());
        }
    }
}

impl Feed {
    /// The next observation with a handshake.
    async fn next_head(&mut self) -> Observation {
        loop {
            let seen = self.next().await;
            if heads(&seen.event).is_some() {
                return seen;
            }
        }
    }
}

#[tokio::test]
async fn http_2_fields_are_recorded_without_credentials() {
    let secure = Secure::new("h2-credentials").await;
    let mut feed = secure.lab.feed().await;
    let mut client = client(&secure).await;
    let fields = [VERSION, ("cookie", "a=S3CR3T"), ("cookie", "b=S3CR3T"), ("authorization", "Bearer S3CR3T")];
    let (response, sending) = ask(&mut client, connect(&secure.lab.path(), "websocket", &fields)).await;
    assert_eq!(response.status(), 200);
    let refused = ask(&mut client, connect(&secure.lab.path(), "other", &fields)).await;
    assert_eq!(refused.0.status(), 501);
    for observation in without_secrets(&secure.lab, &mut feed, 2).await {
        let Some((request, _, concealed)) = heads(&observation.event) else { continue };
        let request = String::from_utf8(request.to_vec()).unwrap();
        assert!(
            request.contains("\r\ncookie: a=******\r\ncookie: b=******\r\nauthorization: Bearer ******\r\n"),
            "{request}"
        );
        assert_eq!(concealed, ["authorization", "cookie"]);
    }
    drop(sending);
}

#[tokio::test]
async fn both_sides_of_a_middlebox_are_recorded_without_credentials() {
    let lab = lab(&[]).await;
    let mut feed = lab.feed().await;
    for (middlebox, status) in [("idle-cut", "101"), ("old-proxy", "426"), ("rewrite", "101")] {
        let mut raw = lab.raw().await;
        raw.send(handshake(&via(&lab, middlebox, ""), SENT).as_bytes()).await;
        let head = raw.head().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        let seen = without_secrets(&lab, &mut feed, 2).await;
        // Asked, and the answer on each side.
        let requests: Vec<_> = seen.iter().filter_map(|seen| heads(&seen.event)).collect();
        assert_eq!(requests.len(), 3, "{middlebox}");
        for (request, _, concealed) in requests {
            assert!(String::from_utf8(request.to_vec()).unwrap().contains("lms_session=********; theme=********\r\n"));
            assert_eq!(concealed.len(), 6);
        }
    }
}

#[tokio::test]
async fn another_server_gets_the_real_values_and_the_log_does_not() {
    let upstream = Upstream::bind().await;
    let lab = lab(&[&upstream]).await;
    let mut feed = lab.feed().await;
    let path = format!(
        "{}&pass=cookie,authorization&header=X-Mine%3A+S3CR3T+7&header=X-Thing:open",
        relay_path(&lab, &upstream.url("/"))
    );
    let cookie = "Set-Cookie: server=S3CR3T; HttpOnly; Path=/\r\n";
    // Accepted, refused with a body, and an answer that is not HTTP.
    for answer in ["101", "403", "junk"] {
        let mut raw = lab.raw().await;
        raw.send(handshake(&path, SENT).as_bytes()).await;
        let (mut server, head) = upstream.accept_silently().await;
        assert!(head.contains("\r\nCookie: lms_session=S3CR3T-1; theme=S3CR3T-2\r\nCookie: S3CR3T-3\r\n"), "{head}");
        assert_eq!(field(head.as_bytes(), "authorization").as_deref(), Some("Basic S3CR3T4="));
        assert_eq!(field(head.as_bytes(), "x-mine").as_deref(), Some("S3CR3T 7"));
        let sent = match answer {
            "101" => crate::hops::upstream::switching(&head, cookie),
            "403" => format!("HTTP/1.1 403 Forbidden\r\n{cookie}Content-Length: 7\r\n\r\nCookie:"),
            _ => format!("HTTP\r\n{cookie}\r\n"),
        };
        server.send(sent.as_bytes()).await;
        drop(server);
        soon(raw.head()).await;
        let seen = without_secrets(&lab, &mut feed, 2).await;
        let far: Vec<_> =
            seen.iter().filter_map(|seen| heads(&seen.event)).filter(|heads| heads.0.starts_with(b"GET / ")).collect();
        let [(request, response, concealed)] = far[..] else { panic!("the server side, not {far:?}") };
        let request = String::from_utf8(request.to_vec()).unwrap();
        assert!(
            request.contains("Authorization: Basic ********\r\n") && request.contains("X-Mine: ********\r\n"),
            "{request}"
        );
        assert_eq!(request.len(), head.len());
        let response = String::from_utf8(response.to_vec()).unwrap();
        assert_eq!(response, sent.replace(SECRET, "******"));
        assert_eq!(concealed, ["authorization", "cookie", "set-cookie", "x-mine"]);
        let near =
            seen.iter().filter_map(|seen| heads(&seen.event)).find(|heads| !heads.0.starts_with(b"GET / ")).unwrap();
        let target = String::from_utf8(near.0.to_vec()).unwrap();
        assert!(target.contains("&header=X-Mine%3A*********&header=X-Thing:open HTTP/1.1"), "{target}");
    }
}

/// Another site's page cannot send the visitor's own credentials to a listed server, which might tell them back.
#[tokio::test]
async fn only_the_relays_own_page_may_pass_credentials_on() {
    let upstream = Upstream::bind().await;
    let lab = lab(&[&upstream]).await;
    let mut feed = lab.feed().await;
    for passed in ["cookie", "authorization", "origin,cookie"] {
        let path = format!("{}&pass={passed}", relay_path(&lab, &upstream.url("/")));
        for origin in ["http://evil.example", "https://lab", "null", "http://lab:1"] {
            let mut raw = lab.raw().await;
            raw.send(handshake(&path, &format!("Origin: {origin}\r\n{SENT}")).as_bytes()).await;
            assert!(raw.head().await.starts_with("HTTP/1.1 403 "), "{passed} {origin}");
            let refusal = feed.refusal().await;
            assert_eq!(refusal.rule, "foreign-page");
            assert!(refusal.explanation.contains(origin), "{}", refusal.explanation);
        }
    }
    // The page's own origin, a program, and a request that passes none.
    let own = format!("http://{}", lab.address());
    for (origin, passed) in
        [(format!("Origin: {own}\r\n"), "cookie"), (String::new(), "cookie"), ("Origin: null\r\n".to_owned(), "origin")]
    {
        let path = format!("{}&pass={passed}", relay_path(&lab, &upstream.url("/")));
        let mut raw = lab.raw().await;
        let request =
            handshake(&path, &format!("{origin}{SENT}")).replace("Host: lab", &format!("Host: {}", lab.address()));
        raw.send(request.as_bytes()).await;
        let (mut server, head) = upstream.accept().await;
        assert!(raw.head().await.starts_with("HTTP/1.1 101 "), "{origin}");
        assert_eq!(head.contains("Cookie: S3CR3T-3"), passed == "cookie", "{head}");
        raw.send(&masked(0x81, b"hi")).await;
        assert_eq!(server.take(8).await.len(), 8);
    }
}
