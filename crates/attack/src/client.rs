//! The ends of connections. Each client has an address of its own in 127.0.0.0/8, so that it is a client of its own for the relay.

use crate::target::Target;
use anyhow::{Context, Result, bail};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How many addresses the attackers have.
pub(crate) const ADDRESSES: u8 = 16;
/// How long an attacker waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A stream that an attack can use, with or without TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The address of an attacker.
pub(crate) fn attacker(number: usize) -> Ipv4Addr {
    let last = u8::try_from(number % usize::from(ADDRESSES)).unwrap_or_default();
    Ipv4Addr::new(127, 1, 0, last + 1)
}

/// A connection from that address.
pub(crate) async fn connect(from: Ipv4Addr, to: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
    let stream = timeout(PATIENCE, socket.connect(to)).await.context("the relay accepts no connection")??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A TLS connection that offers these protocols.
pub(crate) async fn connect_tls(from: Ipv4Addr, target: &Target, alpn: &[&[u8]]) -> Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(target.certificate.clone())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let stream = connect(from, target.tls).await?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost")?, stream);
    Ok(timeout(PATIENCE, connecting).await.context("no TLS handshake")??)
}

/// One request and its answer: the status, and all of the text.
pub(crate) async fn http(
    from: Ipv4Addr,
    to: SocketAddr,
    method: &str,
    path: &str,
    more: &str,
) -> Result<(u16, String)> {
    let mut stream = connect(from, to).await?;
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.context("no answer")??;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
    Ok((status, text))
}

/// A new session's name.
pub(crate) async fn session(from: Ipv4Addr, target: &Target) -> Result<String> {
    let (status, text) = http(from, target.http, "POST", "/api/sessions", "").await?;
    if status != 201 {
        bail!("a new session was answered with {status}");
    }
    let body = text.split_once("\r\n\r\n").context("no body")?.1;
    let json: serde_json::Value = serde_json::from_str(body)?;
    Ok(json["id"].as_str().context("no id")?.to_owned())
}

/// The text of an opening handshake.
pub(crate) fn handshake(to: SocketAddr, path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {to}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

/// An open WebSocket from that address.
pub(crate) async fn open(from: Ipv4Addr, to: SocketAddr, path: &str, more: &str) -> Result<TcpStream> {
    let mut stream = connect(from, to).await?;
    stream.write_all(handshake(to, path, more).as_bytes()).await?;
    let head = head(&mut stream).await?;
    if !head.starts_with("HTTP/1.1 101 ") {
        bail!("{}", head.lines().next().unwrap_or_default());
    }
    Ok(stream)
}

/// The head of an answer.
pub(crate) async fn head(stream: &mut impl Stream) -> Result<String> {
    let reading = async {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        anyhow::Ok(head)
    };
    let head = timeout(PATIENCE, reading).await.context("no answer")??;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// A masked frame. The masking key is zero, so the payload is on the wire as it is.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length @ 0..=125) => frame.push(0x80 | length.to_le_bytes()[0]),
        Ok(length) => {
            frame.push(0xFE);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0xFF);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
