//! The parameters of a snippet, checked and limited.

use super::quote;
use credentials::tokens;
use thiserror::Error;

/// The longest URL, in bytes.
pub const MAX_URL: usize = 2048;
/// The most subprotocols and messages, and the longest of each, in bytes.
pub const MAX_ITEMS: usize = 16;
pub const MAX_SUBPROTOCOL: usize = 256;
pub const MAX_MESSAGE: usize = 4096;

/// The parameters of a snippet: where it connects and what it sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    pub(super) url: String,
    pub(super) subprotocols: Vec<String>,
    pub(super) messages: Vec<String>,
    /// Whether tokens were replaced.
    pub(super) left_out: bool,
}

/// Why no snippet can be made. The text says what to send instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParameterError {
    #[error("unknown parameter; use `url`, `subprotocol`, `message` and `secrets`, and write `&` in a value as `%26`")]
    ParameterUnknown,
    #[error("`secrets` can only be `keep`; leave it out if the code must have no tokens")]
    SecretsMalformed,
    #[error("`url` is missing; send a WebSocket URL such as `ws://127.0.0.1:8080/echo`")]
    UrlMissing,
    #[error("`url` must start with `ws://` or `wss://` and a host")]
    UrlScheme,
    #[error("`url` has a fragment (`#…`), which a WebSocket URL cannot have; leave it out")]
    UrlFragment,
    #[error("`url` contains a character that is not allowed in a URL; percent-encode it as UTF-8")]
    UrlCharacter,
    #[error("`url` is too long; the limit is {MAX_URL} bytes")]
    UrlTooLong,
    #[error("{0} is not a valid subprotocol; use letters, digits and any of !#$%&'*+-.^_`|~")]
    SubprotocolMalformed(String),
    #[error("a subprotocol appears twice; offer each once")]
    SubprotocolRepeated,
    #[error("too many or too long subprotocols; the limit is {MAX_ITEMS} subprotocols of {MAX_SUBPROTOCOL} bytes")]
    TooManySubprotocols,
    #[error("too many or too long messages; the limit is {MAX_ITEMS} messages of {MAX_MESSAGE} bytes")]
    TooManyMessages,
}

impl Parameters {
    /// Checks what a visitor wishes.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub fn new(url: String, subprotocols: Vec<String>, messages: Vec<String>) -> Result<Self, ParameterError> {
        check_url(&url)?;
        if subprotocols.len() > MAX_ITEMS || subprotocols.iter().any(|name| name.len() > MAX_SUBPROTOCOL) {
            return Err(ParameterError::TooManySubprotocols);
        }
        if let Some(wrong) = subprotocols.iter().find(|name| !is_token(name)) {
            return Err(ParameterError::SubprotocolMalformed(quote::rust(&wrong.chars().take(40).collect::<String>())));
        }
        // Browsers reject duplicates and ignore case when they compare.
        let mut seen: Vec<_> = subprotocols.iter().map(|name| name.to_ascii_lowercase()).collect();
        seen.sort_unstable();
        if seen.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(ParameterError::SubprotocolRepeated);
        }
        if messages.len() > MAX_ITEMS || messages.iter().any(|message| message.len() > MAX_MESSAGE) {
            return Err(ParameterError::TooManyMessages);
        }
        Ok(Self { url, subprotocols, messages, left_out: false })
    }

    /// The same without tokens in the URL and in the subprotocols: `*` replaces each byte of them.
    #[must_use]
    pub fn without_tokens(self) -> Self {
        let url = tokens::conceal_url(&self.url);
        // No subprotocol contains a comma.
        let list = tokens::conceal_subprotocols(&self.subprotocols.join(","));
        let subprotocols: Vec<_> = list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let left_out = url != self.url || subprotocols != self.subprotocols;
        Self { url, subprotocols, left_out, ..self }
    }
}

/// RFC 6455 §3, as far as it can be checked without a URL parser.
fn check_url(url: &str) -> Result<(), ParameterError> {
    if url.is_empty() {
        return Err(ParameterError::UrlMissing);
    }
    if url.len() > MAX_URL {
        return Err(ParameterError::UrlTooLong);
    }
    let rest = ["ws://", "wss://"].iter().find_map(|scheme| {
        let (front, rest) = url.split_at_checked(scheme.len())?;
        front.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let rest = rest.ok_or(ParameterError::UrlScheme)?;
    if rest.contains('#') {
        return Err(ParameterError::UrlFragment);
    }
    // RFC 3986 §2: no spaces, control characters or non-ASCII characters.
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ParameterError::UrlCharacter);
    }
    match rest.split(['/', '?']).next() {
        Some("") | None => Err(ParameterError::UrlScheme),
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
        fn check(url: &str, subprotocols: &[&str], messages: &[&str], expect: Result<(), ParameterError>) {
            let parameters = Parameters::new(url.to_owned(), owned(subprotocols), owned(messages));
            assert_eq!(parameters.map(|_| ()), expect, "{url} {subprotocols:?} {messages:?}");
        }
        let (url, long) = ("ws://lab", "x".repeat(MAX_MESSAGE));
        for url in [url, "WSS://lab:1/a?b=c&d", "ws://[::1]:8080/", "ws://a'b\"c\\`${d}/;|"] {
            check(url, &["chat", "a.b"], &["", "x\ny"], Ok(()));
        }
        check("", &[], &[], Err(ParameterError::UrlMissing));
        for url in ["lab", "http://lab", "ws:/lab", "ws://", "ws:///x", "wss://?x", "wß://x"] {
            check(url, &[], &[], Err(ParameterError::UrlScheme));
        }
        check("ws://lab/#x", &[], &[], Err(ParameterError::UrlFragment));
        for url in ["ws://lab/ x", "ws://lab/\n", "ws://läb"] {
            check(url, &[], &[], Err(ParameterError::UrlCharacter));
        }
        check(&format!("ws://{}", "x".repeat(MAX_URL)), &[], &[], Err(ParameterError::UrlTooLong));
        for name in ["", "a b", "a,b", "ä", "\""] {
            let error = ParameterError::SubprotocolMalformed(format!("{name:?}"));
            check(url, &[name], &[], Err(error));
        }
        check(url, &["chat", "Chat"], &[], Err(ParameterError::SubprotocolRepeated));
        check(url, &[&long], &[], Err(ParameterError::TooManySubprotocols));
        check(url, &[], &[long.as_str(); MAX_ITEMS], Ok(()));
        check(url, &[], &[long.as_str(); MAX_ITEMS + 1], Err(ParameterError::TooManyMessages));
        check(url, &[], &[&format!("{long}x")], Err(ParameterError::TooManyMessages));
    }
}
