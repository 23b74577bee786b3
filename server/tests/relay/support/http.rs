//! Requests over HTTP/1.1.

use super::Raw;
use std::net::SocketAddr;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// If the body is chunked, it is reassembled. RFC 9112 §7.1
    pub(crate) fn dechunked(mut self) -> Self {
        if self.header("transfer-encoding") == Some("chunked") {
            self.body = reassembled(&self.body);
        }
        self
    }
}

/// One request on a new connection. A chunked body stays so: see [`Answer::dechunked`].
pub(crate) async fn http(address: SocketAddr, method: &str, path: &str, more: &str) -> Answer {
    let mut raw = Raw::connect(address).await;
    raw.send(format!("{method} {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n{more}\r\n").as_bytes()).await;
    let head = raw.head().await;
    let body = raw.rest().await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body }
}

/// What [`http`] sends after a request with this body.
pub(crate) fn with_body(text: &str) -> String {
    format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}", text.len())
}

fn reassembled(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").expect("the size of a chunk");
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        let chunk = &rest[end + 2..];
        body.extend_from_slice(&chunk[..size]);
        assert_eq!(&chunk[size..size + 2], b"\r\n");
        rest = &chunk[size + 2..];
        if size == 0 {
            assert_eq!(rest, b"");
            return body;
        }
    }
}
