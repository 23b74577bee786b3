//! The names of headers whose values are concealed.

use std::str::FromStr;
use thiserror::Error;

/// Headers that always carry credentials, and those that login proxies add: oauth2-proxy and Traefik (`X-Auth-…`,
/// `X-Forwarded-…-Token`), Amazon's and Microsoft's load balancers, Google's and Cloudflare's access proxies. In lower case.
const BUILT_IN: [&str; 10] = [
    "cookie",
    "set-cookie",
    "authorization",
    "proxy-authorization",
    "x-*-token",
    "x-auth-*",
    "x-api-key",
    "x-amzn-oidc-*",
    "x-ms-token-*",
    "*-jwt-assertion",
];

/// The longest pattern, in bytes.
const LONGEST: usize = 100;

/// The name of a header. `*` stands for any characters, and case does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderPattern(String);

/// Why a text is not such a name. The message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PatternError {
    #[error("expected the name of a header, such as X-Session-Id, in which * stands for any characters")]
    Malformed,
    #[error(
        "this would also conceal `{0}`, which every opening handshake needs and Framescope explains; use a longer name"
    )]
    Needed(&'static str),
}

impl FromStr for HeaderPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if text.is_empty() || text.len() > LONGEST || !text.bytes().all(is_token) {
            return Err(PatternError::Malformed);
        }
        let pattern = Self(text.to_ascii_lowercase());
        match NEEDED.into_iter().find(|name| pattern.matches(name)) {
            Some(needed) => Err(PatternError::Needed(needed)),
            None => Ok(pattern),
        }
    }
}

/// What the protocol consists of.
const NEEDED: [&str; 9] = [
    "host",
    "upgrade",
    "connection",
    "origin",
    "sec-websocket-key",
    "sec-websocket-accept",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
];

impl HeaderPattern {
    /// `name` is in lower case.
    pub(super) fn matches(&self, name: &str) -> bool {
        matches(&self.0, name)
    }
}

/// `name` is in lower case.
pub(super) fn is_built_in(name: &str) -> bool {
    BUILT_IN.iter().any(|pattern| matches(pattern, name))
}

fn matches(pattern: &str, name: &str) -> bool {
    let Some((front, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(front) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        // The first place is the best: it leaves the most for the next parts.
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, expect) in [
            ("x-auth-*", "x-auth-", true),
            ("x-auth-*", "x-author", false),
            ("x-*-token", "x-forwarded-access-token", true),
            ("x-*-token", "x-token", false),
            ("*-id", "x-id", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("a*", "b", false),
            ("*", "anything", true),
        ] {
            assert_eq!(matches(pattern, name), expect, "{pattern} {name}");
        }
        assert!(is_built_in("cf-access-jwt-assertion") && is_built_in("set-cookie") && !is_built_in("cookies"));
    }

    #[test]
    fn a_pattern_leaves_the_handshake_readable() {
        assert_eq!("X-Mine".parse(), Ok(HeaderPattern("x-mine".to_owned())));
        for needed in ["Sec-*", "*", "Host", "*n"] {
            assert!(matches!(needed.parse::<HeaderPattern>(), Err(PatternError::Needed(_))), "{needed}");
        }
        for malformed in ["", "a b", "a:", "\u{e9}", &"a".repeat(101)] {
            assert_eq!(malformed.parse::<HeaderPattern>(), Err(PatternError::Malformed), "{malformed}");
        }
    }
}
