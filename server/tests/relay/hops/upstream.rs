//! Another server, played by the test: the test controls every byte of its responses.

use crate::support::{Raw, soon};
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use wire::handshake::accept::Derivation;

pub(crate) struct Upstream {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Upstream {
    pub(crate) async fn bind() -> Self {
        Self::bind_to("127.0.0.1").await
    }

    pub(crate) async fn bind_to(ip: &str) -> Self {
        let listener = TcpListener::bind(format!("{ip}:0")).await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// Accepts the next request and does not answer it.
    pub(crate) async fn accept_silently(&self) -> (Raw, String) {
        let (stream, _) = soon(self.listener.accept()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut raw = Raw(stream);
        let head = raw.head().await;
        (raw, head)
    }

    /// Accepts the next request and answers it correctly.
    pub(crate) async fn accept(&self) -> (Raw, String) {
        self.accept_with("").await
    }

    /// Accepts the next request and answers with additional header lines.
    pub(crate) async fn accept_with(&self, more: &str) -> (Raw, String) {
        let (mut raw, head) = self.accept_silently().await;
        raw.send(switching(&head, more).as_bytes()).await;
        (raw, head)
    }

    /// Accepts the next connection without reading from it.
    pub(crate) async fn accept_any(&self) -> (TcpStream, SocketAddr) {
        self.listener.accept().await.unwrap()
    }

    /// Whether a client has connected.
    pub(crate) async fn was_called(self) -> bool {
        let called = tokio::time::timeout(std::time::Duration::from_millis(100), self.listener.accept()).await;
        called.is_ok()
    }
}

/// The 101 for a request.
pub(crate) fn switching(head: &str, more: &str) -> String {
    let key = super::field(head.as_bytes(), "sec-websocket-key").unwrap();
    let accept = Derivation::from_key(&key).accept;
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\
         {more}\r\n"
    )
}
