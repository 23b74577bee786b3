//! Whom the relay believes about a client: trusted proxies, in header fields and in the PROXY protocol.

use crate::support::{Answer, Lab, Raw, handshake, http, masked, soon};
use crate::tls::Secure;
use crate::tls::http2::{VERSION, ask, client, connect};
use framescope::Relay;
use framescope::args::{Config, Switch};
use observation::{ForwardingFields, Front, Routes, Scheme};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const CLAIM: &str = "Forwarded: for=192.0.2.1;proto=https;host=\"lab.example:8443\"\r\n";
/// A header of version 2 for TCP over IPv4, from 192.0.2.7.
const PROXY_V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x7f\0\0\x01\x12\x34\x01\xbb";
const ASK: &[u8] = b"GET /api/routes HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n";

fn trusting(config: &mut Config) {
    config.trusted_proxy = vec!["127.0.0.1".parse().unwrap()];
    config.host.push("lab.example".parse().unwrap());
}

fn routes(answer: &Answer) -> Routes {
    assert_eq!(answer.status, 200, "{}", answer.head);
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn only_a_trusted_proxy_is_believed() {
    let nobody = Lab::new().await;
    let trusting = Lab::with(trusting).await;
    for (lab, client, front) in [
        (&nobody, [127, 0, 0, 1], None),
        (
            &trusting,
            [192, 0, 2, 1],
            Some(Front {
                proxy_protocol: false,
                fields: Some(ForwardingFields::Forwarded),
                scheme: Some(Scheme::Https),
                host: Some("lab.example:8443".to_owned()),
            }),
        ),
    ] {
        let routes = routes(&http(lab.address(), "GET", "/api/routes", CLAIM).await);
        assert_eq!((routes.client, &routes.arrived.front), (Some(IpAddr::from(client)), &front));
        let mut feed = lab.feed().await;
        let mut raw = lab.raw().await;
        let request = handshake(&lab.path(), CLAIM);
        raw.send(request.as_bytes()).await;
        assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
        let opening = feed.opening().await;
        assert_eq!((opening.route.front, &*opening.request), (front, request.as_bytes()));
    }
}

#[tokio::test]
async fn http_2_carries_the_same_fields() {
    let secure = Secure::with("front-h2", trusting).await;
    let mut feed = secure.lab.feed().await;
    let mut client = client(&secure).await;
    let claim = [VERSION, ("x-forwarded-for", "10.9.9.9, 192.0.2.1"), ("x-forwarded-proto", "http")];
    let (response, _sending) = ask(&mut client, connect(&secure.lab.path(), "websocket", &claim)).await;
    assert_eq!(response.status(), 200);
    let front = feed.opening().await.route.front.unwrap();
    assert_eq!((front.fields, front.scheme), (Some(ForwardingFields::XForwarded), Some(Scheme::Http)));
}

/// A trusted proxy may send any `Host`. What it says of its client's is checked instead.
#[tokio::test]
async fn the_host_check_looks_at_the_clients_own_request() {
    let lab = Lab::with(trusting).await;
    let status = async |host: &str, claim: &str| {
        let mut raw = lab.raw().await;
        let text = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{claim}\r\n");
        raw.send(text.as_bytes()).await;
        raw.head().await.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(status("backend.internal", "").await, "421");
    assert_eq!(status("backend.internal", CLAIM).await, "200");
    assert_eq!(status("backend.internal", "X-Forwarded-Host: lab.example\r\n").await, "200");
    assert_eq!(status("localhost", "X-Forwarded-Host: evil.example\r\n").await, "421");
    assert_eq!(status("localhost", "Forwarded: host=evil.example\r\n").await, "421");
}

#[tokio::test]
async fn ports_are_those_that_visitors_use() {
    let ports = |routes: &Routes| (routes.port, routes.tls_port);
    let trusting = Lab::with(trusting).await;
    let own = Some(trusting.address().port());
    assert_eq!(ports(&routes(&http(trusting.address(), "GET", "/api/routes", "").await)), (own, None));
    assert_eq!(ports(&routes(&http(trusting.address(), "GET", "/api/routes", CLAIM).await)), (None, Some(8443)));
    let urls = |urls: &[&str]| urls.iter().map(|url| url.parse().unwrap()).collect::<Vec<_>>();
    let public =
        Lab::with(|config| config.public_url = urls(&["https://lab.example", "http://lab.example:8080"])).await;
    assert_eq!(ports(&routes(&http(public.address(), "GET", "/api/routes", "").await)), (Some(8080), Some(443)));

    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    for (wrong, hint) in [
        (["https://a.example", "https://a.example:8443"], "twice"),
        (["https://a.example", "http://b.example"], "different hosts"),
    ] {
        let config = Config { listen: any, public_url: urls(&wrong), ..Config::default() };
        let error = Relay::start(config).await.unwrap_err().to_string();
        assert!(error.contains(hint), "{error}");
    }
}

/// A relay that expects the PROXY protocol from 127.0.0.2, where no test comes from by itself.
async fn behind_tcp(name: &str, change: impl FnOnce(&mut Config)) -> Secure {
    Secure::with(name, |config| {
        config.trusted_proxy = vec!["127.0.0.2".parse().unwrap()];
        config.proxy_protocol = true;
        change(config);
    })
    .await
}

/// A connection from the proxy.
async fn from_proxy(address: SocketAddr) -> Raw {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 2], 0))).unwrap();
    Raw(soon(socket.connect(address)).await.unwrap())
}

async fn answer(mut raw: Raw) -> Answer {
    let head = raw.head().await;
    let body = raw.rest().await;
    Answer { status: head.split(' ').nth(1).unwrap().parse().unwrap(), head, body }
}

#[tokio::test]
async fn a_proxy_protocol_header_names_the_client() {
    let secure = behind_tcp("front-tcp", |_| {}).await;
    let lab = &secure.lab;
    let mut raw = from_proxy(lab.address()).await;
    raw.send(&[PROXY_V2, ASK].concat()).await;
    let known = routes(&answer(raw).await);
    assert_eq!(known.client, Some(IpAddr::from([192, 0, 2, 7])));
    assert_eq!(known.arrived.front, Some(Front { proxy_protocol: true, ..Front::default() }));

    // Byte by byte, with a handshake behind it.
    let mut feed = lab.feed().await;
    let mut raw = from_proxy(lab.address()).await;
    for byte in PROXY_V2 {
        raw.send(&[*byte]).await;
    }
    let request = handshake(&lab.path(), "");
    raw.send(request.as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    raw.send(&masked(0x81, b"x")).await;
    assert_eq!(raw.frame().await, (0x81, b"x".to_vec()));
    let opening = feed.opening().await;
    assert_eq!(String::from_utf8(opening.request).unwrap(), request, "the header is not in the request");
    assert!(opening.route.front.unwrap().proxy_protocol);
}

#[tokio::test]
async fn a_trusted_proxy_must_send_the_header_and_nobody_else_may() {
    let secure = behind_tcp("front-tcp-must", |config| config.head_timeout = Duration::from_millis(200)).await;
    for address in [secure.lab.address(), secure.lab.relay.tls_address().unwrap()] {
        let mut without = from_proxy(address).await;
        without.send(ASK).await;
        // The relay may reset the connection, because it did not read the request.
        assert!(without.0.readable().await.is_ok());
        let mut silent = from_proxy(address).await;
        assert_eq!(silent.rest().await, b"", "it is closed after the head timeout");
        let mut half = from_proxy(address).await;
        half.send(&PROXY_V2[..20]).await;
        assert_eq!(half.rest().await, b"");
    }
    // From elsewhere, the header is not read, so it is no HTTP.
    let mut elsewhere = secure.lab.raw().await;
    elsewhere.send(&[PROXY_V2, ASK].concat()).await;
    assert_eq!(answer(elsewhere).await.status, 400);
    let mut elsewhere = secure.lab.raw().await;
    elsewhere.send(ASK).await;
    assert_eq!(routes(&answer(elsewhere).await).client, Some(IpAddr::from([127, 0, 0, 1])));
}

/// A proxy makes the connections of many clients. Each client has its own limits.
#[tokio::test]
async fn limits_count_the_clients_behind_a_proxy() {
    let one = |config: &mut Config| {
        config.client.client_limits_on_loopback = Switch::On;
        config.client.client_connections = "1".parse().unwrap();
    };
    let lab = Lab::with(|config| (trusting(config), one(config)).0).await;
    let ask = async |client: &str| {
        let mut raw = lab.raw().await;
        raw.send(handshake("/echo", &format!("X-Forwarded-For: {client}\r\n")).as_bytes()).await;
        (raw.head().await.split(' ').nth(1).unwrap().to_owned(), raw)
    };
    let (first, _open) = ask("192.0.2.1").await;
    let (again, _) = ask("192.0.2.1").await;
    let (other, _also) = ask("192.0.2.2").await;
    assert_eq!((&*first, &*again, &*other), ("101", "429", "101"));

    let secure = behind_tcp("front-limits", one).await;
    let connect = async |last: u8| {
        let mut raw = from_proxy(secure.lab.address()).await;
        let mut header = PROXY_V2.to_vec();
        header[19] = last;
        raw.send(&[&header, handshake("/echo", "").as_bytes()].concat()).await;
        (raw.head().await.split(' ').nth(1).unwrap().to_owned(), raw)
    };
    let (first, _open) = connect(7).await;
    let (again, _) = connect(7).await;
    let (other, _also) = connect(8).await;
    assert_eq!((&*first, &*again, &*other), ("101", "429", "101"));
}

/// The relay's own middleboxes connect from an address that is trusted, and send no header.
#[tokio::test]
async fn the_relays_own_middleboxes_are_no_proxies_in_front() {
    let secure = Secure::with("front-boxes", |config| {
        trusting(config);
        config.box_listen = Some(([127, 0, 0, 1], 0).into());
    })
    .await;
    let mut feed = secure.lab.feed().await;
    let mut raw = secure.lab.raw().await;
    raw.send(handshake(&format!("/via/rewrite{}", secure.lab.path()), CLAIM).as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    let observation::Event::Asked(asked) = feed.next().await.event else { panic!("a request") };
    assert_eq!(asked.route.front.unwrap().scheme, Some(Scheme::Https));
    let lab_side = feed.opening().await;
    assert_eq!((lab_side.route.front, lab_side.route.hop.is_some()), (None, true));
}
