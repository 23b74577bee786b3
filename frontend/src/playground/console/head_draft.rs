//! The head of a handshake as it is edited. What is wrong with it is said before the page asks the relay, which checks it too.

use observation::rule::HandshakePart;
use wire::handshake::head::{RequestHead, ResponseHead};

/// What is wrong with an edited head, and what to write instead.
///
/// # Errors
/// The first line that is wrong.
pub(super) fn check(part: HandshakePart, head: &str) -> Result<(), String> {
    let mut lines = head.trim_end_matches('\n').split('\n');
    let first = lines.next().unwrap_or_default();
    let is_first = match part {
        HandshakePart::Request => {
            first.starts_with("GET /") && first.ends_with(" HTTP/1.1") && first.split(' ').count() == 3
        }
        HandshakePart::Response => first.strip_prefix("HTTP/1.1 ").is_some_and(|rest| {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            digits == 3 && rest[digits..].chars().next().is_none_or(|c| c == ' ')
        }),
    };
    if !is_first {
        return Err(match part {
            HandshakePart::Request => "Line 1 must be GET, a path that begins with /, and HTTP/1.1.".to_owned(),
            HandshakePart::Response => "Line 1 must be HTTP/1.1, a status such as 101, and words for it.".to_owned(),
        });
    }
    for (index, line) in lines.enumerate() {
        let number = index + 2;
        let Some((name, _)) = line.split_once(':') else {
            return Err(format!("Line {number} must be a header, such as X-Name: value."));
        };
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(format!(
                "Line {number} must begin with the name of a header and a colon, such as X-Name: value."
            ));
        }
    }
    // One character for each byte.
    let bytes: Vec<u8> = head.trim_end_matches('\n').replace('\n', "\r\n").chars().map(|c| c as u8).collect();
    let bytes = [&bytes[..], b"\r\n\r\n"].concat();
    let error = match part {
        HandshakePart::Request => RequestHead::parse(&bytes).err(),
        HandshakePart::Response => ResponseHead::parse(&bytes).err(),
    };
    error.map_or(Ok(()), |error| Err(format!("This is not an HTTP head: {error}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_names_its_line() {
        #[track_caller]
        fn refused(part: HandshakePart, head: &str, says: &str) {
            let why = check(part, head).expect_err(head);
            assert!(why.contains(says), "{head}: {why}");
        }
        use HandshakePart::{Request, Response};
        assert_eq!(check(Request, "GET /a?b HTTP/1.1\nHost: c\nX-A:"), Ok(()));
        assert_eq!(check(Request, "GET / HTTP/1.1\n\n"), Ok(()));
        assert_eq!(check(Response, "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket"), Ok(()));
        assert_eq!(check(Response, "HTTP/1.1 404"), Ok(()));
        refused(Request, "", "Line 1 must be GET");
        refused(Request, "POST / HTTP/1.1", "Line 1 must be GET");
        refused(Request, "GET / a HTTP/1.1", "Line 1 must be GET");
        refused(Response, "HTTP/1.1 4", "a status such as 101");
        refused(Response, "HTTP/2 101", "a status such as 101");
        refused(Request, "GET / HTTP/1.1\nHost: a\nb", "Line 3 must be a header");
        refused(Request, "GET / HTTP/1.1\n\nHost: a", "Line 2 must be a header");
        refused(Request, "GET / HTTP/1.1\nmy name: a", "Line 2 must begin with the name");
        refused(Response, "HTTP/1.1 101 a\nX: \u{7}", "not an HTTP head");
    }
}
