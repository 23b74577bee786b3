//! Connections after the opening handshake, and the plain requests that the lab needs.

use crate::TIMEOUT;
use anyhow::{Context, Result, bail, ensure};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// The sample of RFC 6455 §1.3. Its accept value is known, so it need not be computed.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The number of handshakes in flight at once.
const AT_ONCE: usize = 64;
/// Longer than the head of any server's response.
const LONGEST_HEAD: usize = 8 << 10;

/// Opens `count` WebSockets at `path`.
///
/// # Errors
/// If the server does not upgrade one of them correctly, or is silent for a long time.
pub fn open_many(address: SocketAddr, path: &str, count: usize) -> Result<Vec<TcpStream>> {
    let mut open = Vec::with_capacity(count);
    while open.len() < count {
        let first = open.len();
        for _ in first..count.min(first + AT_ONCE) {
            open.push(ask(address, path, None)?);
        }
        for stream in &mut open[first..] {
            let early = confirm(stream, None)?;
            ensure!(early.is_empty(), "the server sent {} bytes before it received a message", early.len());
        }
    }
    Ok(open)
}

/// Opens one WebSocket with `subprotocol`. Bytes that the server sends immediately may be lost.
///
/// # Errors
/// As [`open_many`].
pub fn open_with(address: SocketAddr, path: &str, subprotocol: &str) -> Result<TcpStream> {
    let mut stream = ask(address, path, Some(subprotocol))?;
    confirm(&mut stream, Some(subprotocol))?;
    Ok(stream)
}

/// The body of the response to an empty `POST`.
///
/// # Errors
/// If there is no response, or its status is not 2xx.
pub fn post(address: SocketAddr, path: &str) -> Result<String> {
    request(address, "POST", path, "")
}

/// The body of the response to a `PUT`.
///
/// # Errors
/// As [`post`].
pub fn put(address: SocketAddr, path: &str, body: &str) -> Result<String> {
    request(address, "PUT", path, body)
}

fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> Result<String> {
    let mut stream = connect(address)?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream
        .take(64 << 10)
        .read_to_string(&mut answer)
        .with_context(|| format!("reading the response to {method} {path}"))?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .with_context(|| format!("the server did not send a complete response to {method} {path}"))?;
    ensure!(head.starts_with("HTTP/1.1 2"), "{method} {path} failed. The response is: {answer}");
    Ok(body.to_owned())
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, TIMEOUT).with_context(|| format!("connecting to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

fn ask(address: SocketAddr, path: &str, subprotocol: Option<&str>) -> Result<TcpStream> {
    let mut stream = connect(address)?;
    let subprotocol = subprotocol.map_or(String::new(), |name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{subprotocol}\r\n"
    );
    stream.write_all(request.as_bytes()).context("sending the handshake")?;
    Ok(stream)
}

/// Reads the response and returns the bytes after it.
fn confirm(stream: &mut TcpStream, subprotocol: Option<&str>) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let end = loop {
        if let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
        ensure!(head.len() < LONGEST_HEAD, "the response to the handshake is longer than {LONGEST_HEAD} bytes");
        let mut bytes = [0; 1024];
        match stream.read(&mut bytes) {
            Ok(0) => bail!("the server closed the connection during the handshake: {}", head.escape_ascii()),
            Ok(read) => head.extend(&bytes[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("waiting for the response to the handshake"),
        }
    };
    let early = head.split_off(end);
    let text = String::from_utf8_lossy(&head);
    ensure!(text.starts_with("HTTP/1.1 101 "), "the server refused the handshake. Its response is: {text}");
    ensure!(
        field(&text, "Sec-WebSocket-Accept") == Some(ACCEPT),
        "Sec-WebSocket-Accept must be {ACCEPT}. The response is: {text}"
    );
    ensure!(
        field(&text, "Sec-WebSocket-Protocol") == subprotocol,
        "the subprotocol must be {subprotocol:?}. The response is: {text}"
    );
    Ok(early)
}

/// The value of a header field. Its name is case-insensitive.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn field_names_are_case_insensitive() {
        let head = "HTTP/1.1 101 Switching Protocols\r\nupgrade:websocket\r\nSec-WebSocket-Accept:  x=\r\n\r\n";
        assert_eq!(field(head, "Upgrade"), Some("websocket"));
        assert_eq!(field(head, "sec-websocket-accept"), Some("x="));
        assert_eq!(field(head, "Sec-WebSocket-Protocol"), None);
    }
}
