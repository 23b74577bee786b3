//! What exports leave out by default: credentials that a session's log has, because only a name or a shape marks them. `*` replaces
//! each byte. Payloads of messages do not change.
//!
//! - **Parameters of URLs** whose names mark a token: `token`, `access_token`, `apiKey`, `X-Amz-Signature`, `sid` and others. They are
//!   found in the request's target, in every header that contains a URL, and in URLs inside of parameters.
//! - **User information of URLs**: `user:password@`.
//! - **Headers** whose names mark a token, and those that a relay never records.
//! - **Subprotocols** that are tokens.
//! - **The same values elsewhere** in the handshake, if they have 8 bytes or more: in a response, in an explanation.

use crate::PLACEHOLDER;
use crate::head::{conceal_added_headers, conceal_added_in, conceal_head, heads_of_response};
use crate::token_name::marks_token;
use crate::{parameters, pattern, subprotocols};
use observation::rule::HandshakePart;
use observation::{Act, Deferred, Event};
use std::collections::BTreeSet;

/// Shorter values are in too many other places.
const SHORTEST: usize = 8;
/// The most values of a handshake that are looked for elsewhere in it.
const MOST: usize = 64;
const SUBPROTOCOLS: &str = "sec-websocket-protocol";

/// Conceals the tokens of a handshake, also of one that a rule has intercepted. Other events have none.
pub fn conceal(event: &mut Event) {
    if let Event::Act(act) = event {
        return conceal_intercepted(act);
    }
    if let Some(handshake) = Handshake::of(event) {
        conceal_handshake(handshake);
    }
}

/// Conceals the tokens of a handshake that a rule has intercepted. One that cannot be read is left out.
fn conceal_intercepted(act: &mut Act) {
    let Some(mut intercepted) = act.handshake.take().and_then(|handshake| handshake.read().ok()) else { return };
    let texts = vec![&mut intercepted.before, &mut intercepted.after];
    let is_request = intercepted.part == HandshakePart::Request;
    let (requests, responses) = if is_request { (texts, Vec::new()) } else { (Vec::new(), texts) };
    conceal_handshake(Handshake {
        requests,
        responses,
        concealed: &mut intercepted.concealed,
        subprotocol: None,
        texts: act.refused.iter_mut().chain([act.deliberate.explanation.to_mut()]).collect(),
    });
    act.handshake = Some(Deferred::new(&intercepted));
}

fn conceal_handshake(mut handshake: Handshake<'_>) {
    let mut names: BTreeSet<_> = handshake.concealed.iter().cloned().collect();
    let mut values = Values::default();

    for request in &mut handshake.requests {
        values.of(request, |text| {
            conceal_added_headers(text, &mut names, is_secret);
            conceal_lines(text, &mut names);
        });
    }
    for response in &mut handshake.responses {
        values.of(response, |text| heads_of_response(text, |head| conceal_lines(head, &mut names)));
    }

    handshake.requests.iter_mut().chain(&mut handshake.responses).for_each(|text| values.conceal(text));
    handshake.texts.into_iter().for_each(|text| values.conceal_text(text));
    if let Some(subprotocol) = handshake.subprotocol {
        conceal_ranges(subprotocol, &subprotocols::secrets(subprotocol));
        values.conceal_text(subprotocol);
    }
    *handshake.concealed = names.into_iter().collect();
}

/// The URL without tokens.
#[must_use]
pub fn conceal_url(url: &str) -> String {
    let mut bytes = url.as_bytes().to_vec();
    let mut names = BTreeSet::new();
    if let Some(query) = url.find('?') {
        conceal_added_in(&mut bytes[query + 1..], &mut names, is_secret);
    }
    parameters::conceal(&mut bytes, &mut names);
    into_text(bytes)
}

/// A list of subprotocols, separated by commas, without tokens.
#[must_use]
pub fn conceal_subprotocols(list: &str) -> String {
    let mut concealed = list.to_owned();
    conceal_ranges(&mut concealed, &subprotocols::secrets(list));
    concealed
}

/// The parts of a handshake that can have tokens.
struct Handshake<'e> {
    requests: Vec<&'e mut Vec<u8>>,
    responses: Vec<&'e mut Vec<u8>>,
    concealed: &'e mut Vec<String>,
    subprotocol: Option<&'e mut String>,
    /// What the relay says about it.
    texts: Vec<&'e mut String>,
}

impl<'e> Handshake<'e> {
    fn of(event: &'e mut Event) -> Option<Self> {
        match event {
            Event::Asked(asked) => Some(Self {
                requests: vec![&mut asked.request],
                responses: Vec::new(),
                concealed: &mut asked.concealed,
                subprotocol: None,
                texts: asked.deliberate.iter_mut().map(|deliberate| deliberate.explanation.to_mut()).collect(),
            }),
            Event::Opening(opening) => Some(Self {
                requests: vec![&mut opening.request],
                responses: vec![&mut opening.interim, &mut opening.response],
                concealed: &mut opening.concealed,
                subprotocol: opening.subprotocol.as_mut(),
                texts: opening.deliberate.iter_mut().map(|deliberate| deliberate.explanation.to_mut()).collect(),
            }),
            Event::Refusal(refusal) => {
                let broken = refusal.violations.iter_mut().map(|violation| &mut violation.explanation);
                let deliberate = refusal.deliberate.iter_mut().map(|deliberate| deliberate.explanation.to_mut());
                Some(Self {
                    requests: vec![&mut refusal.request],
                    responses: vec![&mut refusal.interim, &mut refusal.response],
                    concealed: &mut refusal.concealed,
                    subprotocol: None,
                    texts: broken.chain(deliberate).chain([&mut refusal.explanation]).collect(),
                })
            }
            Event::Tunnel(_)
            | Event::Records(_)
            | Event::Frame(_)
            | Event::Act(_)
            | Event::Closed(_)
            | Event::Note(_) => None,
        }
    }
}

/// `name` is in lower case.
fn is_secret(name: &str) -> bool {
    // A request line may have a colon too.
    let is_name = !name.contains([' ', '/', '?']);
    is_name && (pattern::is_built_in(name) || marks_token(name))
}

fn conceal_lines(text: &mut [u8], names: &mut BTreeSet<String>) {
    conceal_head(text, names, is_secret, |name, line, names| {
        if name == Some(SUBPROTOCOLS) {
            // A list that is no text has no token that anybody could use.
            let Ok(list) = std::str::from_utf8(line) else { return };
            let value = list.find(':').map_or(0, |colon| colon + 1);
            let secrets = subprotocols::secrets(&list[value..]);
            names.extend((!secrets.is_empty()).then(|| SUBPROTOCOLS.to_owned()));
            secrets.into_iter().for_each(|secret| line[value..][secret].fill(PLACEHOLDER));
        } else {
            parameters::conceal(line, names);
        }
    });
}

/// Values that were concealed, to find them elsewhere.
#[derive(Default)]
struct Values(Vec<Vec<u8>>);

impl Values {
    /// Adds what `conceal` replaces in `text`.
    fn of(&mut self, text: &mut [u8], conceal: impl FnOnce(&mut [u8])) {
        let before = text.to_vec();
        conceal(text);
        let mut value = Vec::new();
        for (&old, &new) in before.iter().zip(text.iter()).chain([(&0, &0)]) {
            if old != new {
                value.push(old);
            } else if !value.is_empty() {
                self.add(std::mem::take(&mut value));
            }
        }
    }

    fn add(&mut self, value: Vec<u8>) {
        let decoded = form_urlencoded::parse(&[b"=", &value[..]].concat()).map(|(_, value)| value.into_owned()).next();
        let decoded = decoded.map(String::into_bytes).filter(|decoded| *decoded != value);
        for value in decoded.into_iter().chain([value]) {
            if value.len() >= SHORTEST && self.0.len() < MOST && !self.0.contains(&value) {
                self.0.push(value);
            }
        }
    }

    fn conceal(&self, text: &mut [u8]) {
        for value in &self.0 {
            let mut at = 0;
            while let Some(next) = text[at..].windows(value.len()).position(|window| window == value) {
                text[at + next..at + next + value.len()].fill(PLACEHOLDER);
                at += next + value.len();
            }
        }
    }

    fn conceal_text(&self, text: &mut String) {
        let mut bytes = std::mem::take(text).into_bytes();
        self.conceal(&mut bytes);
        *text = into_text(bytes);
    }
}

fn conceal_ranges(text: &mut String, ranges: &[std::ops::Range<usize>]) {
    let mut bytes = std::mem::take(text).into_bytes();
    ranges.iter().for_each(|range| bytes[range.clone()].fill(PLACEHOLDER));
    *text = into_text(bytes);
}

/// The bytes are those of a text, with ASCII in the place of some of them.
fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::{Opening, Refusal};

    const SECRET: &str = "s3cr3t-of-mine";

    #[test]
    fn a_handshake_has_no_token_left() {
        let stars = "*".repeat(SECRET.len());
        let request = format!(
            "GET /relay/x?to=ws://h/%3Ftoken={SECRET}&header=X-My-Token%3A{SECRET} HTTP/1.1\r\nHost: h\r\nX-Secret: {SECRET}\r\n\
             Referer: https://h/?sid={SECRET}\r\nSec-WebSocket-Protocol: chat, bearer.{SECRET}\r\nX-Other: {SECRET}\r\n\r\n"
        );
        let response = format!("HTTP/1.1 101 OK\r\nSec-WebSocket-Protocol: bearer.{SECRET}\r\nX-Room: lobby\r\n\r\n");
        let mut event = Event::Opening(Opening {
            request: request.clone().into_bytes(),
            response: response.clone().into_bytes(),
            subprotocol: Some(format!("bearer.{SECRET}")),
            concealed: vec!["cookie".to_owned()],
            ..Opening::default()
        });
        conceal(&mut event);
        let Event::Opening(opening) = event else { panic!() };
        assert_eq!(String::from_utf8(opening.request).unwrap(), request.replace(SECRET, &stars));
        assert_eq!(String::from_utf8(opening.response).unwrap(), response.replace(SECRET, &stars));
        assert_eq!(opening.subprotocol, Some(format!("bearer.{stars}")));
        assert_eq!(opening.concealed, ["cookie", "sec-websocket-protocol", "sid", "token", "x-my-token", "x-secret"]);
    }

    #[test]
    fn a_refusal_does_not_quote_a_token() {
        let mut event = Event::Refusal(Refusal {
            request: b"GET /lab/x?api_key=a%20long%20key HTTP/1.1\r\n\r\n".to_vec(),
            response: b"HTTP/1.1 400 No\r\n\r\nwhat is `a long key`?".to_vec(),
            explanation: "what is `a long key` or a%20long%20key?".to_owned(),
            ..Refusal::default()
        });
        conceal(&mut event);
        let Event::Refusal(refusal) = event else { panic!() };
        assert_eq!(refusal.request, b"GET /lab/x?api_key=************** HTTP/1.1\r\n\r\n");
        assert_eq!(String::from_utf8(refusal.response).unwrap(), "HTTP/1.1 400 No\r\n\r\nwhat is `**********`?");
        assert_eq!(refusal.explanation, "what is `**********` or **************?");
    }

    #[test]
    fn a_handshake_without_tokens_stays() {
        let request = b"GET /lab/x?close-code=4000&greet=a%3Fb HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
        let event = Event::Opening(Opening { request: request.to_vec(), ..Opening::default() });
        let mut concealed = event.clone();
        conceal(&mut concealed);
        assert_eq!(concealed, event);
    }

    #[test]
    fn a_url_and_a_list_without_tokens() {
        assert_eq!(conceal_url("ws://u:p@h/?a=b&token=é&header=cookie:x"), "ws://***@h/?a=b&token=**&header=cookie:*");
        assert_eq!(conceal_subprotocols("chat, bearer, é"), "chat, bearer, **");
    }

    /// Whatever the bytes are, the length stays and nothing panics.
    #[test]
    fn any_bytes_keep_their_length() {
        let parts = [
            "Sec-WebSocket-Protocol",
            ":",
            "=",
            "\r",
            "\n",
            " ",
            ";",
            "token",
            "?",
            "&",
            "%3D",
            "%25",
            "\u{e9}",
            ",",
            "//",
            "@",
            "bearer.",
        ];
        let mut seed = 7_u32;
        for _ in 0..20_000 {
            let mut text = Vec::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.extend_from_slice(parts[(seed >> 16) as usize % parts.len()].as_bytes());
            }
            let mut event =
                Event::Opening(Opening { request: text.clone(), response: text.clone(), ..Opening::default() });
            conceal(&mut event);
            let Event::Opening(opening) = event else { panic!() };
            assert_eq!((opening.request.len(), opening.response.len()), (text.len(), text.len()));
        }
    }
}
