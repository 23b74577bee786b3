//! What a snippet is to do, checked and bounded.

use super::quote;
use thiserror::Error;

/// The longest URL, in bytes.
pub const MAX_URL: usize = 2048;
/// The most subprotocols and messages, and the longest of each, in bytes.
pub const MAX_ITEMS: usize = 16;
pub const MAX_SUBPROTOCOL: usize = 256;
pub const MAX_MESSAGE: usize = 4096;

/// What a snippet is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub(super) url: String,
    pub(super) subprotocols: Vec<String>,
    pub(super) messages: Vec<String>,
}

/// Why there can be no snippet. Its text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WishError {
    #[error("there is a parameter that is none of `url`, `subprotocol` and `message`; write `&` in a value as `%26`")]
    ParameterUnknown,
    #[error("`url` is missing; give that of a WebSocket, such as `ws://127.0.0.1:8080/echo`")]
    UrlMissing,
    #[error("`url` has to begin with `ws://` or `wss://` and a host")]
    UrlScheme,
    #[error("`url` has a fragment (`#…`), which that of a WebSocket cannot have; leave it out")]
    UrlFragment,
    #[error("`url` has a character that a URL cannot have; write it percent-encoded, in UTF-8")]
    UrlCharacter,
    #[error("`url` is over {MAX_URL} bytes")]
    UrlTooLong,
    #[error("a subprotocol is a word of letters, digits and some punctuation, and {0} is none")]
    SubprotocolMalformed(String),
    #[error("a subprotocol is there twice; offer each once")]
    SubprotocolRepeated,
    #[error("over {MAX_ITEMS} subprotocols, or one over {MAX_SUBPROTOCOL} bytes")]
    TooManySubprotocols,
    #[error("over {MAX_ITEMS} messages, or one over {MAX_MESSAGE} bytes")]
    TooManyMessages,
}

impl Wish {
    /// Checks what a visitor wishes.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub fn new(url: String, subprotocols: Vec<String>, messages: Vec<String>) -> Result<Self, WishError> {
        check_url(&url)?;
        if subprotocols.len() > MAX_ITEMS || subprotocols.iter().any(|name| name.len() > MAX_SUBPROTOCOL) {
            return Err(WishError::TooManySubprotocols);
        }
        if let Some(wrong) = subprotocols.iter().find(|name| !is_token(name)) {
            return Err(WishError::SubprotocolMalformed(quote::rust(&wrong.chars().take(40).collect::<String>())));
        }
        // Browsers refuse that, and look at letters without regard to their case.
        let mut seen: Vec<_> = subprotocols.iter().map(|name| name.to_ascii_lowercase()).collect();
        seen.sort_unstable();
        if seen.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(WishError::SubprotocolRepeated);
        }
        if messages.len() > MAX_ITEMS || messages.iter().any(|message| message.len() > MAX_MESSAGE) {
            return Err(WishError::TooManyMessages);
        }
        Ok(Self { url, subprotocols, messages })
    }
}

/// RFC 6455 §3, with no more than can be told without looking anything up.
fn check_url(url: &str) -> Result<(), WishError> {
    if url.is_empty() {
        return Err(WishError::UrlMissing);
    }
    if url.len() > MAX_URL {
        return Err(WishError::UrlTooLong);
    }
    let rest = ["ws://", "wss://"].iter().find_map(|scheme| {
        let (front, rest) = url.split_at_checked(scheme.len())?;
        front.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let rest = rest.ok_or(WishError::UrlScheme)?;
    if rest.contains('#') {
        return Err(WishError::UrlFragment);
    }
    // RFC 3986 §2: neither spaces, controls, nor anything past ASCII.
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(WishError::UrlCharacter);
    }
    match rest.split(['/', '?']).next() {
        Some("") | None => Err(WishError::UrlScheme),
        Some(_) => Ok(()),
    }
}

/// RFC 9110 §5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(items: &[&str]) -> Vec<String> {
        items.iter().map(|item| (*item).to_owned()).collect()
    }

    #[test]
    fn wishes_are_checked() {
        #[track_caller]
        fn check(url: &str, subprotocols: &[&str], messages: &[&str], expect: Result<(), WishError>) {
            let wish = Wish::new(url.to_owned(), owned(subprotocols), owned(messages));
            assert_eq!(wish.map(|_| ()), expect, "{url} {subprotocols:?} {messages:?}");
        }
        let (url, long) = ("ws://lab", "x".repeat(MAX_MESSAGE));
        for url in [url, "WSS://lab:1/a?b=c&d", "ws://[::1]:8080/", "ws://a'b\"c\\`${d}/;|"] {
            check(url, &["chat", "a.b"], &["", "x\ny"], Ok(()));
        }
        check("", &[], &[], Err(WishError::UrlMissing));
        for url in ["lab", "http://lab", "ws:/lab", "ws://", "ws:///x", "wss://?x", "wß://x"] {
            check(url, &[], &[], Err(WishError::UrlScheme));
        }
        check("ws://lab/#x", &[], &[], Err(WishError::UrlFragment));
        for url in ["ws://lab/ x", "ws://lab/\n", "ws://läb"] {
            check(url, &[], &[], Err(WishError::UrlCharacter));
        }
        check(&format!("ws://{}", "x".repeat(MAX_URL)), &[], &[], Err(WishError::UrlTooLong));
        for name in ["", "a b", "a,b", "ä", "\""] {
            let error = WishError::SubprotocolMalformed(format!("{name:?}"));
            check(url, &[name], &[], Err(error));
        }
        check(url, &["chat", "Chat"], &[], Err(WishError::SubprotocolRepeated));
        check(url, &[&long], &[], Err(WishError::TooManySubprotocols));
        check(url, &[], &[long.as_str(); MAX_ITEMS], Ok(()));
        check(url, &[], &[long.as_str(); MAX_ITEMS + 1], Err(WishError::TooManyMessages));
        check(url, &[], &[&format!("{long}x")], Err(WishError::TooManyMessages));
    }
}
