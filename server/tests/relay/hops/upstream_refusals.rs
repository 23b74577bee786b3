//! If a client cannot reach another server, the relay reports the reason, what to do, and the server's response if there is one.

use super::upstream::{Upstream, switching};
use super::{Legs, ask, relay_path};
use crate::support::clock::Clock;
use crate::support::{DEFLATE_OFFER, Lab, handshake};
use observation::event::Refusal;
use observation::{Event, Intermediary};
use tokio::io::AsyncWriteExt;

pub(super) async fn leading_to(urls: &[String]) -> Lab {
    let allowed = urls.iter().map(|url| url.parse().unwrap()).collect();
    Lab::with(|config| config.relay_to = allowed).await
}

/// Requests `to` and expects that no server is contacted. Returns the refusal on the near leg.
pub(super) async fn not_even_asked(lab: &Lab, to: &str) -> Refusal {
    let mut feed = lab.feed_after(u64::MAX).await;
    let (status, answer) = ask(lab, &relay_path(lab, to), "").await;
    let refusal = loop {
        match feed.next().await.event {
            Event::Refusal(refusal) => break refusal,
            Event::Asked(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((refusal.status, &refusal.response[..]), (Some(status), answer.as_bytes()));
    assert!(answer.contains(&refusal.explanation), "the client receives it too: {answer}");
    refusal
}

#[tokio::test]
async fn nothing_is_allowed_by_default() {
    let lab = Lab::new().await;
    let refusal = not_even_asked(&lab, "ws://127.0.0.1:1/").await;
    assert_eq!((refusal.status, &*refusal.rule), (Some(403), "not-allowed"));
    assert!(refusal.explanation.contains("--relay-to"), "{}", refusal.explanation);
}

#[tokio::test]
async fn only_listed_servers_are_contacted() {
    let (upstream, other) = (Upstream::bind().await, Upstream::bind().await);
    let port = upstream.address.port();
    let lab = leading_to(&[upstream.url("/ws")]).await;
    let elsewhere = [
        upstream.url("/"),
        upstream.url("/wsx"),
        upstream.url("/ws/../x"),
        upstream.url("/ws/%252e%252e/x"),
        upstream.url("/ws/..%252fx"),
        upstream.url("/ws%252f..%252fx"),
        upstream.url("/ws/..%255cx"),
        upstream.url("/ws/..;/x"),
        other.url("/ws"),
        format!("wss://127.0.0.1:{port}/ws"),
        format!("ws://localhost:{port}/ws"),
        format!("ws://[::1]:{port}/ws"),
        format!("ws://[::ffff:127.0.0.1]:{port}/ws"),
        format!("ws://127.0.0.2:{port}/ws"),
        format!("ws://127.0.0.1.:{}/ws", other.address.port()),
        format!("ws://127.0.0.1%2523:{port}/ws"),
    ];
    for to in elsewhere {
        let refusal = not_even_asked(&lab, &to).await;
        let expect = [(Some(403), "not-allowed"), (Some(400), "setting")];
        assert!(expect.contains(&(refusal.status, &*refusal.rule)), "{to}: {refusal:?}");
    }
    for to in ["", "127.0.0.1", "http://127.0.0.1/ws", "ws://user@127.0.0.1/ws", "ws://127.0.0.1/ws%23fragment", "ws:"]
    {
        let refusal = not_even_asked(&lab, to).await;
        assert_eq!((refusal.status, &*refusal.rule), (Some(400), "setting"), "{to}");
    }
    assert!(!upstream.was_called().await && !other.was_called().await);
}

/// A name of this machine other than `localhost`, if it has one.
fn own_name() -> Option<String> {
    let hosts = std::fs::read_to_string("/etc/hosts").ok()?;
    let lines = hosts.lines().filter_map(|line| line.strip_prefix("127.0."));
    let names = lines.flat_map(|line| line.split_whitespace().skip(1));
    names.map(str::to_owned).find(|name| !name.starts_with("localhost"))
}

#[tokio::test]
async fn names_of_internal_addresses_are_refused() {
    let upstream = Upstream::bind().await;
    let Some(name) = own_name() else { return };
    let url = format!("ws://{name}:{}", upstream.address.port());
    let lab = leading_to(std::slice::from_ref(&url)).await;
    let refusal = not_even_asked(&lab, &format!("{url}/")).await;
    assert_eq!((refusal.status, &*refusal.rule), (Some(403), "address-not-allowed"));
    assert!(!upstream.was_called().await);
}

#[tokio::test]
async fn localhost_is_allowed_if_it_is_listed() {
    let upstream = Upstream::bind().await;
    let url = format!("ws://localhost:{}", upstream.address.port());
    let lab = leading_to(std::slice::from_ref(&url)).await;
    let mut raw = lab.raw().await;
    raw.send(handshake(&relay_path(&lab, &format!("ws://LOCALHOST.:{}/", upstream.address.port())), "").as_bytes())
        .await;
    upstream.accept().await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
}

/// The operator allows a name to be private. Other names, and other ports of that name, stay refused.
#[tokio::test]
async fn a_name_may_be_private_if_the_operator_says_so() {
    let (upstream, other) = (Upstream::bind().await, Upstream::bind().await);
    let Some(name) = own_name() else { return };
    let [url, elsewhere] = [&upstream, &other].map(|it| format!("ws://{name}:{}", it.address.port()));
    let (private, public) = (url.parse().unwrap(), elsewhere.parse().unwrap());
    let lab = Lab::with(|config| (config.relay_to_private, config.relay_to) = (vec![private], vec![public])).await;
    let routes = crate::support::http(lab.address(), "GET", "/api/routes", "").await.json();
    assert_eq!(routes["relay_to"], serde_json::json!([url, elsewhere]));
    let refusal = not_even_asked(&lab, &format!("{elsewhere}/")).await;
    assert_eq!((refusal.status, &*refusal.rule), (Some(403), "address-not-allowed"));
    assert!(refusal.explanation.contains("--relay-to-private"), "{}", refusal.explanation);
    let mut raw = lab.raw().await;
    raw.send(handshake(&relay_path(&lab, &format!("{url}/")), "").as_bytes()).await;
    upstream.accept().await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    assert!(!other.was_called().await);
}

#[tokio::test]
async fn who_cannot_be_reached() {
    let gone = Upstream::bind().await.url("");
    let lab = leading_to(&[gone.clone(), "ws://nobody.invalid".to_owned()]).await;
    let refusal = not_even_asked(&lab, &gone).await;
    assert_eq!((refusal.status, &*refusal.rule), (Some(502), "unreachable"));
    let refusal = not_even_asked(&lab, "ws://nobody.invalid/").await;
    assert_eq!((refusal.status, &*refusal.rule), (Some(502), "name-unknown"));
    assert!(refusal.explanation.contains("nobody.invalid"));
}

/// The server responds with `answer` of the request. Returns the refusals on the near and on the far leg.
pub(super) async fn answered(more: &str, answer: impl Fn(&str) -> String) -> (Refusal, Refusal) {
    let upstream = Upstream::bind().await;
    let lab = leading_to(&[upstream.url("")]).await;
    let mut feed = lab.feed().await;
    let path = relay_path(&lab, &upstream.url("/"));
    let serve = async {
        let (mut server, head) = upstream.accept_silently().await;
        server.send(answer(&head).as_bytes()).await;
        let _ = server.0.shutdown().await;
        (server, head)
    };
    let ((status, text), (_server, head)) = tokio::join!(ask(&lab, &path, more), serve);
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    let (near, far) = (near.refusal().clone(), far.refusal().clone());
    assert_eq!((near.status, &near.response[..]), (Some(status), text.as_bytes()));
    assert_eq!(far.request, head.as_bytes());
    assert_eq!((&near.rule, &near.explanation), (&far.rule, &far.explanation));
    (near, far)
}

#[tokio::test]
async fn a_servers_refusal_is_recorded_on_its_leg() {
    let text = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 12\r\n\r\nwho are you?and more";
    let (near, far) = answered("", |_| text.to_owned()).await;
    assert_eq!((near.status, far.status, &*near.rule), (Some(502), Some(401), "upstream-refused"));
    assert_eq!(String::from_utf8(far.response).unwrap(), text.strip_suffix("and more").unwrap());
    assert!(near.explanation.contains("401"), "{}", near.explanation);
    // A body without a length is recorded to its end. A body that is too long is truncated.
    let (_, far) = answered("", |_| "HTTP/1.1 404 Not Found\r\n\r\nnothing here".to_owned()).await;
    assert!(far.response.ends_with(b"\r\n\r\nnothing here"));
    let (_, far) = answered("", |_| format!("HTTP/1.1 500 Oh\r\n\r\n{}", "x".repeat(100_000))).await;
    assert!((16 << 10..33 << 10).contains(&far.response.len()), "{}", far.response.len());
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    let target = Upstream::bind().await;
    let location = target.url("/there");
    let (near, far) =
        answered("", |_| format!("HTTP/1.1 301 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")).await;
    assert_eq!((near.status, far.status, &*near.rule), (Some(502), Some(301), "upstream-redirect"));
    assert!(near.explanation.contains(&location), "{}", near.explanation);
    assert!(!target.was_called().await);
}

#[tokio::test]
async fn an_invalid_handshake_response() {
    type Spoil = fn(String) -> String;
    let cases: [(&str, Spoil, &str); 7] = [
        ("", |it| it.replace("Accept: ", "Accept: x"), "does not match the key"),
        ("", |it| it.replace("Sec-WebSocket-Accept", "X-Accept"), "`Sec-WebSocket-Accept` is missing"),
        ("", |it| it.replace("Upgrade: websocket", "Upgrade: h2c"), "`Upgrade: h2c` is not `Upgrade: websocket`"),
        ("", |it| it.replace("Connection: Upgrade", "Connection: close"), "`Connection`"),
        ("", |it| it.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: b\r\n\r\n"), "the subprotocol `b`"),
        (
            "",
            |it| it.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
            "`permessage-deflate`",
        ),
        (DEFLATE_OFFER, |it| it.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: x-other\r\n\r\n"), "`x-other`"),
    ];
    for (more, spoil, says) in cases {
        let (near, far) = answered(more, |head| spoil(switching(head, ""))).await;
        assert_eq!((near.status, &*near.rule), (Some(502), "upstream-not-websocket"), "{says}");
        assert_eq!(far.status, Some(101));
        assert!(near.explanation.contains(says) && near.explanation.contains("(RFC 6455 §"), "{}", near.explanation);
        assert_eq!((near.violations.len(), far.violations.len()), (0, 1));
        assert_eq!(far.section.as_deref(), Some(&*far.violations[0].section));
    }
}

#[tokio::test]
async fn a_response_that_is_not_http() {
    for (text, rule) in [
        ("", "upstream-ended"),
        ("SSH-2.0-OpenSSH_9.6\r\n", "upstream-not-http"),
        ("HTTP/1.1 101 Switch", "upstream-ended"),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: web", "upstream-ended"),
        ("HTTP/1.1 1x1 Switching Protocols\r\n\r\n", "upstream-not-http"),
        ("\x15\x03\x01\0\x02\x02\x46", "upstream-not-http"),
    ] {
        let (near, far) = answered("", |_| text.to_owned()).await;
        assert_eq!((near.status, &*near.rule, far.status), (Some(502), rule, None), "{text:?}");
        assert_eq!(far.response, text.as_bytes());
    }
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let upstream = Upstream::bind().await;
    let lab = leading_to(&[upstream.url("")]).await;
    let mut feed = lab.feed().await;
    let path = relay_path(&lab, &upstream.url("/"));
    let clock = Clock::stop();
    let both = async { tokio::join!(ask(&lab, &path, ""), upstream.accept_silently()) };
    let ((status, _), (_server, _)) = clock.pass_until(both).await;
    drop(clock);
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert_eq!((status, near.refusal().status, far.refusal().status), (504, Some(504), None));
    assert_eq!(near.refusal().rule, "upstream-timeout");
}
