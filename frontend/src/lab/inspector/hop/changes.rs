//! The differences between two requests, line by line.

use observation::encoding::latin1::to_text;
use wire::handshake::connect;
use wire::handshake::head::RequestHead;

/// A header that differs between the client side and the server side of a hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The name as first written.
    pub(super) name: String,
    /// `None` if there is no such header.
    pub(super) near: Option<String>,
    pub(super) far: Option<String>,
}

/// In the order of the client-side request. New headers come last.
pub(super) fn changes(near: &[u8], far: &[u8]) -> Vec<Change> {
    let (near, mut far) = (lines(near), lines(far));
    let mut changes = Vec::new();
    for (name, value) in near {
        let position = far.iter().position(|(other, _)| other.eq_ignore_ascii_case(&name));
        let behind = position.map(|position| far.remove(position).1);
        if behind.as_ref() != Some(&value) {
            changes.push(Change { name, near: Some(value), far: behind });
        }
    }
    let added = far.into_iter().map(|(name, value)| Change { name, near: None, far: Some(value) });
    changes.extend(added);
    changes
}

/// Names and values. Method and target come first, in the same form for both versions of HTTP.
fn lines(request: &[u8]) -> Vec<(String, String)> {
    let field = |(name, value): (&[u8], &[u8])| (to_text(name), to_text(value).trim().to_owned());
    let pair = |name: &str, span: &std::ops::Range<usize>| (name.to_owned(), to_text(&request[span.clone()]));
    match RequestHead::parse(request).ok().flatten() {
        Some(head) => {
            let first = [pair("method", &head.method), pair("target", &head.target)];
            let of = |span: &std::ops::Range<usize>| to_text(&request[span.clone()]);
            first.into_iter().chain(head.headers.iter().map(|line| (of(&line.name), of(&line.value)))).collect()
        }
        None => connect::fields(request)
            .map(field)
            .map(|(name, value)| match name.as_str() {
                ":method" => ("method".to_owned(), value),
                ":path" => ("target".to_owned(), value),
                ":authority" => ("Host".to_owned(), value),
                _ => (name, value),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR: &str =
        "GET /via/x/lab/s HTTP/1.1\r\nHost: a:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX: 1\r\n\r\n";

    /// `name: near → far`, `-` where there is none.
    fn told(near: &str, far: &str) -> Vec<String> {
        let value = |value: Option<String>| value.unwrap_or("-".into());
        let changes = changes(near.as_bytes(), far.as_bytes()).into_iter();
        changes.map(|it| format!("{}: {} → {}", it.name, value(it.near), value(it.far))).collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        assert_eq!(told(NEAR, NEAR), [""; 0]);
        let far = "GET /lab/s HTTP/1.1\r\nhost: b\r\nX: 1\r\nVia: 1.1 x\r\n\r\n";
        let expect = [
            "target: /via/x/lab/s → /lab/s",
            "Host: a:1 → b",
            "Upgrade: websocket → -",
            "Connection: Upgrade → -",
            "Via: - → 1.1 x",
        ];
        assert_eq!(told(NEAR, far), expect);
    }

    #[test]
    fn lines_of_one_name_are_compared_in_their_order() {
        let (near, far) = ("GET / HTTP/1.1\r\nA: 1\r\nA: 2\r\n\r\n", "GET / HTTP/1.1\r\na: 1\r\n\r\n");
        assert_eq!(told(near, far), ["A: 2 → -"]);
    }

    #[test]
    fn the_fields_of_http2_are_compared_with_the_lines_of_http1() {
        let near = ":method: CONNECT\r\n:protocol: websocket\r\n:path: /x\r\n:authority: a\r\norigin: o\r\n\r\n";
        let far = "GET /x HTTP/1.1\r\nHost: a\r\nOrigin: o\r\n\r\n";
        assert_eq!(told(near, far), ["method: CONNECT → GET", ":protocol: websocket → -"]);
    }
}
