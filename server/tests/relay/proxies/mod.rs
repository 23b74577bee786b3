//! The relay behind real proxies, each with its configuration in `deploy/`.

mod apache;
mod caddy;
mod haproxy;
mod nginx;
mod program;

use crate::support::{Feed, Lab, http, refused, soon};
use crate::tls::{Folder, Secure};
use framescope::Relay;
use framescope::args::Config;
use futures_util::{SinkExt, StreamExt};
use observation::event::Cause;
use observation::{Event, ForwardingFields, Http, Routes, Scheme};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Request};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Where the tests' clients come from. The proxies come from 127.0.0.1.
const CLIENT: [u8; 4] = [127, 0, 0, 9];

/// A relay that trusts a proxy on 127.0.0.1, which listens at `public` with TLS.
async fn relay(name: &str, public: SocketAddr) -> Secure {
    Secure::with(&format!("proxies-{name}"), |config| trust(config, public)).await
}

fn trust(config: &mut Config, public: SocketAddr) {
    config.trusted_proxy = vec!["127.0.0.1".parse().unwrap()];
    config.public_url = vec![format!("https://localhost:{}", public.port()).parse().unwrap()];
}

/// The PEM files of the relay's certificate, for the proxy to use.
fn identity(secure: &Secure) -> [String; 2] {
    ["cert.pem", "key.pem"].map(|name| secure.folder.0.join(name).display().to_string())
}

/// A relay that expects the PROXY protocol from 127.0.0.1. It has no session yet: the test can reach it only through the proxy.
struct BehindTcp {
    relay: Relay,
    folder: Folder,
}

impl BehindTcp {
    async fn new(name: &str, public: SocketAddr) -> Self {
        let (folder, any) = (Folder::new(&format!("proxies-{name}")), SocketAddr::from(([127, 0, 0, 1], 0)));
        let mut config = Config { listen: any, tls_listen: Some(any), proxy_protocol: true, ..Config::default() };
        config.tls_self_signed = Some(Some(folder.0.clone()));
        config.host = vec!["lab".parse().unwrap()];
        trust(&mut config, public);
        Self { relay: Relay::start(config).await.unwrap(), folder }
    }

    /// The addresses without and with TLS.
    fn addresses(&self) -> [String; 2] {
        [self.relay.address().to_string(), self.relay.tls_address().unwrap().to_string()]
    }

    /// TLS and HTTP/2 reach the relay, and a header of the PROXY protocol says whose they are.
    async fn check(self, plain: SocketAddr, secured: SocketAddr) {
        let created = http(plain, "POST", "/api/sessions", "").await;
        let id = created.json()["id"].as_str().unwrap().to_owned();
        let secure = Secure { lab: Lab { relay: self.relay, id }, folder: self.folder };
        let routes = routes_over_h2(&secure, secured).await;
        assert_eq!((routes.client, routes.tls_port), (Some(IpAddr::from(CLIENT)), Some(secured.port())));
        assert_eq!(routes.arrived.http, Http::Two);
        let front = routes.arrived.front.unwrap();
        assert_eq!((front.proxy_protocol, front.fields, front.scheme), (true, None, None));

        let mut feed = Feed::open(plain, &secure.lab.id, 0).await;
        let mut socket = open(&secure, secured).await.unwrap();
        let Event::Opening(opening) = feed.next().await.event else { panic!("an opening") };
        assert!(opening.route.tls.is_some() && opening.route.front.unwrap().proxy_protocol);
        let request = String::from_utf8(opening.request).unwrap();
        assert!(request.starts_with("GET /lab/"), "nothing of the header is in the request: {request}");
        check_echo_and_close(&mut socket, &mut feed).await;

        let url = format!("ws://localhost:{}{}", plain.port(), secure.lab.path());
        let (mut socket, _) = soon(client_async(url, tcp(plain).await)).await.unwrap();
        let opening = feed.opening().await;
        assert!(!opening.route.is_secure() && opening.route.front.unwrap().proxy_protocol);
        check_echo_and_close(&mut socket, &mut feed).await;
    }
}

/// A TCP connection to the proxy from `CLIENT`.
async fn tcp(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((CLIENT, 0))).unwrap();
    soon(socket.connect(address)).await.unwrap()
}

/// The same with TLS, where the other end has the relay's certificate.
async fn tls(secure: &Secure, address: SocketAddr, alpn: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(secure.folder.0.join("cert.pem")).unwrap()).unwrap();
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let stream = soon(TlsConnector::from(Arc::new(config)).connect(name, tcp(address).await)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(alpn));
    stream
}

/// A WebSocket through the proxy to the session's lab. The client also sends headers as a proxy would.
async fn open(
    secure: &Secure,
    address: SocketAddr,
) -> Result<WebSocketStream<TlsStream<TcpStream>>, tungstenite::Error> {
    let url = format!("wss://localhost:{}{}", address.port(), secure.lab.path());
    let mut request = url.into_client_request().unwrap();
    for (name, value) in [
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ("x-forwarded-for", "10.9.9.9"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "for=10.9.9.9;host=evil.example;proto=http"),
    ] {
        request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(soon(client_async(request, tls(secure, address, b"http/1.1").await)).await?.0)
}

/// What the page does: it loads over HTTP/2, opens a WebSocket, sends, and closes. The proxy ends TLS.
async fn check_journey(secure: &Secure, address: SocketAddr) {
    let routes = routes_over_h2(secure, address).await;
    let host = format!("localhost:{}", address.port());
    assert_eq!((routes.port, routes.tls_port), (None, Some(address.port())));
    assert_eq!(routes.client, Some(IpAddr::from(CLIENT)));
    check_front(&routes.arrived, &host);

    let mut feed = secure.lab.feed().await;
    let mut socket = open(secure, address).await.unwrap();
    let opening = feed.opening().await;
    check_front(&opening.route, &host);
    let request = String::from_utf8(opening.request.clone()).unwrap().to_ascii_lowercase();
    assert!(
        request.contains("\r\nsec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n"),
        "{request}"
    );
    assert!(!request.contains("evil.example"), "{request}");
    check_echo_and_close(&mut socket, &mut feed).await;
}

/// The relay knows what the client asked the proxy for.
#[track_caller]
fn check_front(route: &observation::Route, host: &str) {
    let front = route.front.as_ref().unwrap();
    assert_eq!((route.http, route.tls.as_ref(), route.is_secure()), (Http::One, None, true));
    assert_eq!((front.scheme, front.host.as_deref()), (Some(Scheme::Https), Some(host)));
    assert_eq!((front.fields, front.proxy_protocol), (Some(ForwardingFields::XForwarded), false));
}

async fn check_echo_and_close(socket: &mut WebSocketStream<impl AsyncRead + AsyncWrite + Unpin>, feed: &mut Feed) {
    soon(socket.send(Message::text("through"))).await.unwrap();
    assert_eq!(soon(socket.next()).await.unwrap().unwrap(), Message::text("through"));
    let farewell = CloseFrame { code: CloseCode::from(4321), reason: "enough".into() };
    soon(socket.send(Message::Close(Some(farewell)))).await.unwrap();
    let Message::Close(Some(answer)) = soon(socket.next()).await.unwrap().unwrap() else { panic!("a close frame") };
    assert_eq!(u16::from(answer.code), 4321);
    let (_, closed) = feed.until_closed().await;
    assert_eq!((closed.code, &*closed.reason, closed.clean), (Some(4321), "enough", true));
}

/// `/api/routes`, asked for over HTTP/2.
async fn routes_over_h2(secure: &Secure, address: SocketAddr) -> Routes {
    let (mut client, connection) = soon(h2::client::handshake(tls(secure, address, b"h2").await)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(format!("https://localhost:{}/api/routes", address.port()));
    let request = request.header("forwarded", "for=10.9.9.9").body(()).unwrap();
    let response = soon(client.send_request(request, true).unwrap().0).await.unwrap();
    assert_eq!(response.status(), 200);
    let (mut body, mut bytes) = (response.into_body(), Vec::new());
    while let Some(data) = soon(body.data()).await {
        bytes.extend_from_slice(&data.unwrap());
    }
    serde_json::from_slice(&bytes).unwrap()
}

/// A proxy that is not set up for WebSockets does not forward the upgrade. Returns the request that it made.
async fn check_no_upgrade(secure: &Secure, address: SocketAddr) -> String {
    let mut feed = secure.lab.feed().await;
    assert_eq!(refused(open(secure, address).await.unwrap_err()), 426);
    let request = String::from_utf8(feed.refusal().await.request).unwrap();
    assert!(!request.to_ascii_lowercase().contains("\r\nupgrade:"), "{request}");
    request
}

/// A connection on which nothing happens is cut by the proxy, and no close frame says so.
async fn check_idle_cut(secure: &Secure, address: SocketAddr) {
    let mut feed = secure.lab.feed().await;
    let mut socket = open(secure, address).await.unwrap();
    assert!(matches!(soon(socket.next()).await, None | Some(Err(_))), "the proxy ends it without a close frame");
    feed.opening().await;
    let (before, closed) = feed.until_closed().await;
    assert!(!before.iter().any(|event| matches!(event, Event::Frame(_))));
    // Some proxies end the connection, others reset it.
    assert!(matches!(closed.cause, Cause::ConnectionEnded | Cause::ConnectionLost), "{closed:?}");
}
