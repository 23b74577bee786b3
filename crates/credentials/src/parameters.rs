//! Tokens in URLs: the values of parameters whose names mark them, and user information (`user:password@`). A URL may be inside a
//! parameter of another one, percent-encoded once for each level.

use crate::PLACEHOLDER;
use crate::token_name::marks_token;
use std::collections::BTreeSet;
use std::ops::Range;

/// What `names` gets for user information. RFC 3986 §3.2.1.
const USER_INFORMATION: &str = "user information in a URL";

/// A character of a URL.
struct Char {
    /// Decoded.
    byte: u8,
    /// How many times it is percent-encoded.
    depth: usize,
    /// Where it is written.
    at: Range<usize>,
}

/// Conceals the tokens of all URLs in `line`, and adds the names of their parameters to `names`.
pub(crate) fn conceal(line: &mut [u8], names: &mut BTreeSet<String>) {
    let chars = decode(line);
    // Where the current name begins.
    let mut name: Option<usize> = None;
    let mut at = 0;
    while let Some(char) = chars.get(at) {
        at += 1;
        match char.byte {
            b'?' | b'&' | b';' | b'#' => name = Some(at),
            b'=' => {
                let Some(name) = name.take().map(|from| text(&chars[from..at - 1])).filter(|name| marks_token(name))
                else {
                    continue;
                };
                let end = end_of_value(&chars, at, char.depth);
                if fill(line, &chars[at..end]) {
                    names.insert(name.to_ascii_lowercase());
                }
                at = end;
            }
            b'/' if at >= 3 && chars[at - 2].byte == b'/' && chars[at - 3].byte == b':' => {
                let authority = chars[at..].iter().position(|char| b"/?# ".contains(&char.byte));
                let authority = &chars[at..authority.map_or(chars.len(), |length| at + length)];
                if let Some(length) = authority.iter().rposition(|char| char.byte == b'@')
                    && fill(line, &authority[..length])
                {
                    names.insert(USER_INFORMATION.to_owned());
                }
            }
            _ => {}
        }
    }
}

/// Where the value ends that begins at `from`: at the next separator of the same level or of one around it.
fn end_of_value(chars: &[Char], from: usize, depth: usize) -> usize {
    let ends = |char: &Char| char.depth <= depth && b"&# \t\"<>".contains(&char.byte);
    chars[from..].iter().position(ends).map_or(chars.len(), |length| from + length)
}

/// Conceals these characters. Returns whether there are any.
fn fill(line: &mut [u8], chars: &[Char]) -> bool {
    let (Some(first), Some(last)) = (chars.first(), chars.last()) else { return false };
    line[first.at.start..last.at.end].fill(PLACEHOLDER);
    true
}

fn text(chars: &[Char]) -> String {
    let bytes: Vec<_> = chars.iter().map(|char| char.byte).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn decode(line: &[u8]) -> Vec<Char> {
    let mut chars = Vec::with_capacity(line.len());
    let mut at = 0;
    while at < line.len() {
        let (byte, depth, length) = decode_first(&line[at..]);
        chars.push(Char { byte, depth, at: at..at + length });
        at += length;
    }
    chars
}

/// The first character of `text`, which is not empty: the byte, how many times it is encoded, and how many bytes that takes.
fn decode_first(text: &[u8]) -> (u8, usize, usize) {
    let mut at = 1;
    let mut depth = 1;
    if text[0] == b'%' {
        // An encoded `%` is `%25`.
        while text[at..].starts_with(b"25") && hex(&text[at + 2..]).is_some() {
            at += 2;
            depth += 1;
        }
        if let Some(byte) = hex(&text[at..]) {
            return (byte, depth, at + 2);
        }
    }
    (text[0], 0, 1)
}

fn hex(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &str, names: &[&str]) {
        let (mut bytes, mut found) = (line.as_bytes().to_vec(), BTreeSet::new());
        conceal(&mut bytes, &mut found);
        assert_eq!(String::from_utf8(bytes).unwrap(), expect);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), names);
    }

    #[test]
    fn values_go_and_the_rest_stays() {
        check("GET /a?token=abc&b=c HTTP/1.1", "GET /a?token=***&b=c HTTP/1.1", &["token"]);
        check("GET /a?b=c&Api_Key=a=b;c HTTP/1.1", "GET /a?b=c&Api_Key=***** HTTP/1.1", &["api_key"]);
        check("/a;jsessionid=abc?x=1", "/a;jsessionid=*******", &["jsessionid"]);
        check("https://a/#access_token=abc&b", "https://a/#access_token=***&b", &["access_token"]);
        check("<https://a/?sig=abc>; rel=x", "<https://a/?sig=***>; rel=x", &["sig"]);
        check("/a?%74oken=a%26b&c", "/a?%74oken=*****&c", &["token"]);
        for same in
            ["/a?token=&b", "/a?token", "/token=a", "?a=token&b=c", "?to=token%3D", "/?=a", "%", "%2", "%25", "%zz"]
        {
            check(same, same, &[]);
        }
    }

    #[test]
    fn a_url_in_a_url_has_tokens_too() {
        check(
            "/relay/s?to=ws%3A%2F%2Fh%3Ftoken%3Da%2526b%26c%3Dd&x=y",
            "/relay/s?to=ws%3A%2F%2Fh%3Ftoken%3D*******%26c%3Dd&x=y",
            &["token"],
        );
        check("?u=%253Ftoken%253Dabc%26d&e", "?u=%253Ftoken%253D***%26d&e", &["token"]);
        check("?to=ws://h?token=abc&x=y", "?to=ws://h?token=***&x=y", &["token"]);
    }

    #[test]
    fn user_information_goes() {
        check("Referer: https://me:pw@a/b@c", "Referer: https://*****@a/b@c", &[USER_INFORMATION]);
        check("?to=wss%3A%2F%2Fme%40x:p@h%2Fa", "?to=wss%3A%2F%2F********@h%2Fa", &[USER_INFORMATION]);
        check("http://a/?b=c@d", "http://a/?b=c@d", &[]);
        check("://@a", "://@a", &[]);
    }
}
