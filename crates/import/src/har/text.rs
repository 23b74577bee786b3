//! The texts of a handshake, put together from the fields of an entry. A HAR file does not have the bytes themselves.

use super::entry::{Content, Entry, Pair};
use crate::handshake::Handshake;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use observation::Http;

/// How many bytes of a refusal's body are kept.
const MAX_BODY: usize = 16 << 10;

pub(super) fn handshake(entry: &Entry<'_>, requested_us: u64) -> Handshake {
    let (request, response) = (&entry.request, &entry.response);
    let is_connect = request.headers.iter().any(|pair| pair.name.eq_ignore_ascii_case(":protocol"));
    let http = if is_connect || request.http_version.starts_with("HTTP/2") { Http::Two } else { Http::One };
    let status = response.status.and_then(|status| u16::try_from(status).ok()).filter(|status| *status >= 100);
    let (authority, path) = parts(&request.url);
    let mut asked = Vec::new();
    match http {
        Http::One => {
            let method = if request.method.is_empty() { "GET" } else { &request.method };
            line(&mut asked, &[method, " ", path, " HTTP/1.1"]);
            if !request.headers.iter().any(|pair| pair.name.eq_ignore_ascii_case("host")) {
                line(&mut asked, &["Host: ", authority]);
            }
        }
        Http::Two if !request.headers.iter().any(|pair| pair.name.starts_with(':')) => {
            for (name, value) in [
                (":method", "CONNECT"),
                (":protocol", "websocket"),
                (":scheme", "https"),
                (":path", path),
                (":authority", authority),
            ] {
                line(&mut asked, &[name, ": ", value]);
            }
        }
        Http::Two => {}
    }
    headers(&mut asked, &request.headers);
    let mut answer = Vec::new();
    if let Some(status) = status {
        let number = status.to_string();
        match http {
            Http::One => line(&mut answer, &["HTTP/1.1 ", &number, " ", &response.status_text]),
            Http::Two if response.headers.iter().any(|pair| pair.name == ":status") => {}
            Http::Two => line(&mut answer, &[":status: ", &number]),
        }
        headers(&mut answer, &response.headers);
        if status != 101 && status != 200 {
            answer.extend(body(&response.content));
        }
    }
    Handshake { http, request: asked, requested_us, interim: Vec::new(), response: answer, status }
}

/// The authority and the path of a URL. RFC 3986 §3.
fn parts(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    (authority, if path.starts_with('/') { path } else { "/" })
}

fn headers(text: &mut Vec<u8>, pairs: &[Pair<'_>]) {
    for pair in pairs {
        line(text, &[&pair.name, ": ", &pair.value]);
    }
    text.extend_from_slice(b"\r\n");
}

/// Adds a line. Characters up to U+00FF become one byte, because browsers read a header that way (ISO-8859-1).
fn line(text: &mut Vec<u8>, parts: &[&str]) {
    for character in parts.iter().flat_map(|part| part.chars()) {
        match u8::try_from(character) {
            // A line end would start another line.
            Ok(b'\r' | b'\n' | 0) => text.push(b' '),
            Ok(byte) => text.push(byte),
            Err(_) => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    text.extend_from_slice(b"\r\n");
}

fn body(content: &Content<'_>) -> Vec<u8> {
    let text = content.text.as_deref().unwrap_or_default();
    let mut bytes = match content.encoding.as_deref() {
        Some("base64") => STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec()),
        _ => text.as_bytes().to_vec(),
    };
    bytes.truncate(MAX_BODY);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_url_has_an_authority_and_a_path() {
        assert_eq!(parts("wss://example.org/chat?a=/b#c"), ("example.org", "/chat?a=/b"));
        assert_eq!(parts("ws://[::1]:80"), ("[::1]:80", "/"));
        assert_eq!(parts("ws://h?q"), ("h", "/"));
        assert_eq!(parts(""), ("", "/"));
    }
}
