//! A response to the client that an observer has edited: what the relay sends, if it may send it.

use super::client_side::agreed;
use super::edited_head::{EditedHead, OriginalHead};
use super::edited_request::offers_deflate;
use std::borrow::Cow;
use wire::deflate::Agreed;
use wire::handshake::head::ResponseHead;

/// Headers that are about this response only.
const OWN: [&str; 10] = [
    "upgrade",
    "connection",
    "date",
    "server",
    "content-type",
    "location",
    "retry-after",
    "www-authenticate",
    "cache-control",
    "allow",
];
/// Headers that proxies in front of a server obey.
const FOR_PROXIES: [&str; 5] = ["x-accel-", "x-sendfile", "x-lighttpd-", "x-litespeed-", "x-reproxy-"];

/// The response that the relay is about to send to the client.
#[derive(Debug)]
pub(super) struct RelayResponse {
    /// Anything but 101 refuses the handshake.
    pub(super) status: u16,
    /// The head, with its empty line.
    pub(super) text: Vec<u8>,
    pub(super) subprotocol: Option<String>,
    /// The value of `Sec-WebSocket-Extensions`.
    pub(super) extensions: String,
}

impl RelayResponse {
    /// The response as an observer has edited it. `deflate` is what the server has agreed to, and `most` the size of the largest head.
    ///
    /// # Errors
    /// Why the relay does not send it, and what to write instead.
    pub(super) fn edited(
        &self,
        typed: &str,
        recorded: &[u8],
        deflate: Option<&Agreed>,
        most: usize,
    ) -> Result<Self, String> {
        let edited = EditedHead::parse(typed, &OriginalHead { head: &self.text, recorded }, most)?;
        let first = String::from_utf8_lossy(&edited.first);
        let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.filter(|status| *status == 101 || (200..=599).contains(status)).ok_or(
            "the first line is `HTTP/1.1 101 Switching Protocols`, or another status from 200 to 599 that refuses the handshake",
        )?;
        if let Some(header) = edited.headers.iter().find(|header| !is_own(&header.name)) {
            return Err(format!(
                "the relay does not send `{}`, because clients and proxies could apply it to more than this connection; besides \
                 `Sec-WebSocket-…` and `X-…`, a response can have {}",
                header.name,
                OWN.join(", ")
            ));
        }
        let extensions = edited.list("Sec-WebSocket-Extensions");
        if status == 101 {
            check_compression(&extensions, deflate)?;
        }
        let subprotocol = Some(edited.list("Sec-WebSocket-Protocol")).filter(|list| !list.is_empty());
        let text = edited.bytes();
        match ResponseHead::parse(&text) {
            Ok(Some(_)) => Ok(Self { status, text, subprotocol, extensions }),
            Ok(None) => Err("this is not a complete response head".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn is_own(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_private = name.starts_with("x-") && !FOR_PROXIES.iter().any(|prefix| name.starts_with(prefix));
    name.starts_with("sec-websocket-") || is_private || OWN.contains(&&*name)
}

/// The relay forwards compressed messages as they are. So both ends must still be able to read what the other one sends, unless the
/// response is so invalid that a client fails the connection.
fn check_compression(told: &str, real: Option<&Agreed>) -> Result<(), String> {
    let real = match (real, offers_deflate(told)) {
        (None, false) => return Ok(()),
        (None, true) => {
            return Err("the server has not agreed to permessage-deflate, so it could not read compressed messages; leave it out".to_owned());
        }
        (Some(real), false) => {
            return Err(format!(
                "the server has agreed to compress, so the client could not read its messages; keep `{real}`, or remove the offer from the \
                 request while that is held"
            ));
        }
        (Some(real), true) => real,
    };
    let Some(told) = agreed(told) else { return Ok(()) };
    let wrong = |parameter: &str, why: Cow<'_, str>| {
        Err(format!("with this `{parameter}`, {why}; the server has agreed to `{real}`"))
    };
    if told.server_no_context_takeover && !real.server_no_context_takeover {
        return wrong(
            "server_no_context_takeover",
            "the client would forget what the server’s next message refers to".into(),
        );
    }
    if told.server_max_window_bits < real.server_max_window_bits {
        let why = format!(
            "the client’s window would be smaller than the server’s, which has {} bits",
            real.server_max_window_bits
        );
        return wrong("server_max_window_bits", why.into());
    }
    if real.client_no_context_takeover && !told.client_no_context_takeover {
        return wrong(
            "client_no_context_takeover",
            "the client’s messages would refer to others, which the server forgets".into(),
        );
    }
    if told.client_max_window_bits > real.client_max_window_bits {
        let why = format!(
            "the client’s window would be larger than the server’s, which has {} bits",
            real.client_max_window_bits
        );
        return wrong("client_max_window_bits", why.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_may_change_only_if_both_ends_can_still_read() {
        #[track_caller]
        fn check(told: &str, real: Option<&str>, refused: Option<&str>) {
            let result = check_compression(told, real.and_then(agreed).as_ref());
            match refused {
                None => assert_eq!(result, Ok(()), "{told}"),
                Some(says) => assert!(result.as_ref().is_err_and(|why| why.contains(says)), "{told}: {result:?}"),
            }
        }
        let plain = Some("permessage-deflate");
        check("", None, None);
        check("x-never-offered; a=b", None, None);
        check("permessage-deflate", None, Some("leave it out"));
        check("x-a, PERMESSAGE-deflate; =", None, Some("leave it out"));
        check("", plain, Some("keep `permessage-deflate`"));
        check("permessage-deflate, x-a", plain, None);
        // What a client must fail anyway.
        check("permessage-deflate; no-such-parameter", plain, None);
        check("permessage-deflate; client_max_window_bits=10; client_no_context_takeover", plain, None);
        check("permessage-deflate; server_max_window_bits=10", plain, Some("has 15 bits"));
        check("permessage-deflate; server_no_context_takeover", plain, Some("forget"));
        let tight = Some(
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=10",
        );
        check("permessage-deflate; client_no_context_takeover; client_max_window_bits=9", tight, None);
        check("permessage-deflate; client_max_window_bits=9", tight, Some("client_no_context_takeover"));
        check("permessage-deflate; client_no_context_takeover", tight, Some("has 10 bits"));
    }
}
