//! Tokens that are sent as subprotocols: browsers let scripts set no other header of a handshake, so some applications put them there.
//!
//! | subprotocols | who does that |
//! |---|---|
//! | `base64url.bearer.authorization.k8s.io.TOKEN` | Kubernetes |
//! | `v1.token.websocket.jupyter.org.TOKEN` | Jupyter |
//! | `base64url.bearer.phx.TOKEN` | Phoenix |
//! | `openai-insecure-api-key.TOKEN` | OpenAI |
//! | `header-TOKEN` | AWS AppSync |
//! | `bearer, TOKEN` or `access_token, TOKEN` | many |

use crate::token_name::precedes_token;
use std::ops::Range;

/// What is before a token and does not say so by its last word, and what is kept of it.
const FRONTS: [&str; 4] =
    ["base64url.bearer.authorization.k8s.io.", "base64url.bearer.phx.", "v1.token.websocket.jupyter.org.", "header-"];
/// Between the words of a name. RFC 9110 §5.6.2.
const BETWEEN: &[u8] = b"!#$%&'*+-.^_`|~";
/// A shorter text is too short to be a random token.
const RANDOM: usize = 20;

/// Where in a list of subprotocols, separated by commas, the tokens are.
pub(crate) fn secrets(list: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut announced = false;
    for item in items(list) {
        let name = &list[item.clone()];
        let from = if announced { Some(0) } else { secret_from(name) };
        announced = !announced && from.is_none() && precedes_token(name);
        found.extend(from.map(|from| item.start + from..item.end).filter(|secret| !secret.is_empty()));
    }
    found
}

/// Where the items of a list are, without the spaces around them.
pub(crate) fn items(list: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    list.split(',').map(move |part| {
        let name = part.trim();
        let start = at + (part.len() - part.trim_start().len());
        at += part.len() + 1;
        start..start + name.len()
    })
}

/// Where in a subprotocol a token begins, if it has one.
fn secret_from(name: &str) -> Option<usize> {
    if FRONTS.iter().any(|front| front.strip_suffix('.') == Some(name)) {
        return None;
    }
    if let Some(front) = FRONTS.iter().find(|front| name.starts_with(**front)) {
        let long = front.ends_with('.') || name.len() >= front.len() + RANDOM;
        return long.then_some(front.len());
    }
    let between = name.bytes().enumerate().filter(|(_, byte)| BETWEEN.contains(byte)).map(|(at, _)| at);
    let after_word = between.take(RANDOM).find(|&at| precedes_token(&name[..at]) && !is_version(&name[at + 1..]));
    after_word.map(|at| at + 1).or_else(|| is_random(name).then_some(0))
}

/// Such as `v1` or `2.0`.
fn is_version(text: &str) -> bool {
    let digits = text.strip_prefix('v').unwrap_or(text);
    digits.len() < 8 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Whether a text is no name that somebody has chosen: a JWT, a UUID, or a run of letters and digits without a word.
fn is_random(text: &str) -> bool {
    let count = |is: fn(&u8) -> bool| text.as_bytes().iter().filter(|byte| is(byte)).count();
    if text.len() < RANDOM {
        return false;
    }
    let is_jwt = text.starts_with("eyJ") && count(|&byte| byte == b'.') >= 2;
    let digits = count(u8::is_ascii_digit);
    let is_hex = digits > 0 && count(|byte| byte.is_ascii_hexdigit() || *byte == b'-') == text.len();
    let is_mixed = digits > 0 && count(u8::is_ascii_uppercase) > 0 && count(u8::is_ascii_lowercase) > 0;
    let is_run = digits >= 4 && count(u8::is_ascii_alphanumeric) == text.len();
    is_jwt || is_hex || is_mixed || is_run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(list: &str, expect: &str) {
        let mut bytes = list.as_bytes().to_vec();
        secrets(list).into_iter().for_each(|secret| bytes[secret].fill(b'*'));
        assert_eq!(String::from_utf8(bytes).unwrap(), expect);
    }

    #[test]
    fn tokens_are_found() {
        check(
            "base64url.bearer.authorization.k8s.io.abc, v4.channel.k8s.io",
            "base64url.bearer.authorization.k8s.io.***, v4.channel.k8s.io",
        );
        check(
            "v1.token.websocket.jupyter.org, v1.token.websocket.jupyter.org.abc",
            "v1.token.websocket.jupyter.org, v1.token.websocket.jupyter.org.***",
        );
        check(
            "realtime, openai-insecure-api-key.sk-1, openai-beta.realtime-v1",
            "realtime, openai-insecure-api-key.****, openai-beta.realtime-v1",
        );
        check(
            "aws-appsync-event-ws,header-eyJob3N0IjoiYS5iLmMifQ",
            "aws-appsync-event-ws,header-**********************",
        );
        check("bearer, abc , chat", "bearer, *** , chat");
        check("access_token,abc", "access_token,***");
        check("chat, Bearer.eyJh.eyJi.c", "chat, Bearer.***********");
        check("chat,eyJhbGciOi.eyJzdWIi.c2ln", "chat,************************");
        check("9f86d081884c7d659a2feaa0c55ad015", &"*".repeat(32));
        check("8c5e1f0e-8a9b-4e0e-9f52-2f2a3c4d5e6f", &"*".repeat(36));
    }

    #[test]
    fn names_stay() {
        for names in [
            "chat, superchat",
            "graphql-transport-ws",
            "actioncable-v1-json, actioncable-unsupported",
            "v12.stomp, v11.stomp, v10.stomp",
            "wamp.2.msgpack.batched",
            "framescope.observe.v1",
            "token.v1, header-v1",
            "xxxxxxxxxxxxxxxxxxxxxxxxxx",
            "mqtt,,",
            "",
            "bearer",
            "sip, session.v2, auth-v1, soap",
        ] {
            check(names, names);
        }
    }
}
