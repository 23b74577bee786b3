//! Credentials that a relay never records. A browser sends its cookies with every handshake, also those of other applications on
//! the same host, and a login proxy in front of the relay adds tokens. Anyone who has a session's link can read its log, so the
//! values of such headers are replaced before a handshake enters the log.

use crate::head::{conceal_added_headers, conceal_head, heads_of_response};
use crate::pattern::{self, HeaderPattern};
use observation::rule::HandshakePart;
use observation::{Act, Deferred, Event};
use std::collections::BTreeSet;

/// Conceals the values of credentials.
#[derive(Clone, Debug, Default)]
pub struct Concealer {
    /// What the operator added to the built-in names.
    added: Vec<HeaderPattern>,
}

impl Concealer {
    /// `added` are headers beside the built-in ones.
    #[must_use]
    pub fn new(added: &[HeaderPattern]) -> Self {
        Self { added: added.to_vec() }
    }

    /// The event without credentials; `None` if it has none.
    #[must_use]
    pub fn conceal(&self, event: &Event) -> Option<Event> {
        match event {
            Event::Asked(asked) => {
                let (request, names) = self.request(&asked.request)?;
                let mut asked = asked.clone();
                (asked.request, asked.concealed) = (request, names.into_iter().collect());
                Some(Event::Asked(asked))
            }
            Event::Opening(opening) => {
                let ([request, interim, response], concealed) =
                    self.all([&opening.request, &opening.interim, &opening.response])?;
                let mut opening = opening.clone();
                (opening.request, opening.interim, opening.response) = (request, interim, response);
                opening.concealed = concealed;
                Some(Event::Opening(opening))
            }
            Event::Refusal(refusal) => {
                let ([request, interim, response], concealed) =
                    self.all([&refusal.request, &refusal.interim, &refusal.response])?;
                let mut refusal = refusal.clone();
                (refusal.request, refusal.interim, refusal.response) = (request, interim, response);
                refusal.concealed = concealed;
                Some(Event::Refusal(refusal))
            }
            Event::Act(act) => {
                let mut handshake = act.handshake.as_ref()?.read().ok()?;
                let is_request = handshake.part == HandshakePart::Request;
                let texts = [&handshake.before, &handshake.after];
                let found = texts.map(|text| if is_request { self.request(text) } else { self.response(text) });
                if found.iter().all(Option::is_none) {
                    return None;
                }
                let mut names = BTreeSet::new();
                for (text, found) in [&mut handshake.before, &mut handshake.after].into_iter().zip(found) {
                    if let Some((concealed, more)) = found {
                        *text = concealed;
                        names.extend(more);
                    }
                }
                handshake.concealed = names.into_iter().collect();
                Some(Event::Act(Act { handshake: Some(Deferred::new(&handshake)), ..act.clone() }))
            }
            Event::Tunnel(_) | Event::Records(_) | Event::Frame(_) | Event::Closed(_) | Event::Note(_) => None,
        }
    }

    /// The head of a request or of a response as it is recorded.
    #[must_use]
    pub fn head(&self, part: HandshakePart, head: &[u8]) -> Vec<u8> {
        let concealed = match part {
            HandshakePart::Request => self.request(head),
            HandshakePart::Response => self.response(head),
        };
        concealed.map_or_else(|| head.to_vec(), |(head, _)| head)
    }

    /// The texts of a request, of the interim responses and of the response, and the names of the concealed headers.
    fn all(&self, [request, interim, response]: [&[u8]; 3]) -> Option<([Vec<u8>; 3], Vec<String>)> {
        let found = [self.request(request), self.response(interim), self.response(response)];
        if found.iter().all(Option::is_none) {
            return None;
        }
        let mut names = BTreeSet::new();
        let mut text = |found: Option<(Vec<u8>, BTreeSet<String>)>, original: &[u8]| {
            let (text, more) = found.unwrap_or_else(|| (original.to_vec(), BTreeSet::new()));
            names.extend(more);
            text
        };
        let [asked, before, answered] = found;
        let texts = [text(asked, request), text(before, interim), text(answered, response)];
        Some((texts, names.into_iter().collect()))
    }

    /// A request has no body, so everything that arrived is a head, even if it is malformed.
    fn request(&self, text: &[u8]) -> Option<(Vec<u8>, BTreeSet<String>)> {
        let (mut text, mut names) = (text.to_vec(), BTreeSet::new());
        conceal_added_headers(&mut text, &mut names, |name| self.is_secret(name));
        self.conceal_head(&mut text, &mut names);
        (!names.is_empty()).then_some((text, names))
    }

    fn response(&self, text: &[u8]) -> Option<(Vec<u8>, BTreeSet<String>)> {
        let (mut text, mut names) = (text.to_vec(), BTreeSet::new());
        heads_of_response(&mut text, |head| self.conceal_head(head, &mut names));
        (!names.is_empty()).then_some((text, names))
    }

    fn conceal_head(&self, text: &mut [u8], names: &mut BTreeSet<String>) {
        conceal_head(text, names, |name| self.is_secret(name), |_, _, _| {});
    }

    /// `name` is in lower case.
    fn is_secret(&self, name: &str) -> bool {
        pattern::is_built_in(name) || self.added.iter().any(|pattern| pattern.matches(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(added: &[&str], text: &str, expect: &str, names: &[&str]) {
        let added: Vec<_> = added.iter().map(|name| name.parse().unwrap()).collect();
        let concealer = Concealer::new(&added);
        let (concealed, found) =
            concealer.request(text.as_bytes()).unwrap_or_else(|| (text.as_bytes().to_vec(), BTreeSet::new()));
        assert_eq!(String::from_utf8(concealed).unwrap(), expect);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), names);
        assert_eq!(text.len(), expect.len());
    }

    #[test]
    fn values_go_and_everything_keeps_its_place() {
        check(
            &[],
            "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=bcd; e=\"f\";g=\r\nAuthorization: Basic dXNlcjpwdw==\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=***; e=***;g=\r\nAuthorization: Basic ************\r\n\r\n",
            &["authorization", "cookie"],
        );
        check(
            &[],
            "cookie:secret\r\nCOOKIE : a=b\r\nX: y\r\n Proxy-Authorization:  Digest u=\"b\", r=\"c\" \t\r\nX-A: b\r\n",
            "cookie:******\r\nCOOKIE : a=*\r\nX: y\r\n Proxy-Authorization:  Digest ************ \t\r\nX-A: b\r\n",
            &["cookie", "proxy-authorization"],
        );
        check(
            &[],
            "Authorization: a-key-of-my-own and more",
            "Authorization: ************************",
            &["authorization"],
        );
        check(&[], "Cookie: dG9rZW4==; a; =b", "Cookie: *********; *; =*", &["cookie"]);
        check(&[], "Cookie:\r\nAuthorization: Bearer\r\n", "Cookie:\r\nAuthorization: ******\r\n", &["authorization"]);
        check(
            &[],
            ":path: /\r\ncookie: a=b\r\ncookie: c=d\r\n\r\n",
            ":path: /\r\ncookie: a=*\r\ncookie: c=*\r\n\r\n",
            &["cookie"],
        );
    }

    #[test]
    fn a_value_goes_however_its_lines_end() {
        check(&[], "Cookie: a=b\r\n c=d\r\n\te\r\nHost: f", "Cookie: a=*\r\n ***\r\n\t*\r\nHost: f", &["cookie"]);
        check(&[], "Cookie: a=b\nHost: c\n", "Cookie: a=*\nHost: c\n", &["cookie"]);
        check(&[], "X: a\rCookie: b=c\rd\r\nY: e", "X: a\rCookie: b=*\r*\r\nY: e", &["cookie"]);
        check(&[], "GET / HTTP/1.1\r\nCookie: sess=secr", "GET / HTTP/1.1\r\nCookie: sess=****", &["cookie"]);
        check(&[], "Cookie:\r\n a=b\r\n\r\n", "Cookie:\r\n ***\r\n\r\n", &["cookie"]);
    }

    #[test]
    fn names_of_login_proxies_and_of_the_operator_count() {
        check(
            &["x-mine", "X-Our-*"],
            "X-Forwarded-Access-Token: a\r\nX-Auth-Request-Email: b\r\nX-Mine: c d\r\nx-our-thing: e\r\nX-Token: f\r\nX-Ours: g",
            "X-Forwarded-Access-Token: *\r\nX-Auth-Request-Email: *\r\nX-Mine: ***\r\nx-our-thing: *\r\nX-Token: f\r\nX-Ours: g",
            &["x-auth-request-email", "x-forwarded-access-token", "x-mine", "x-our-thing"],
        );
    }

    #[test]
    fn headers_in_a_url_count_too() {
        check(
            &[],
            "GET /relay/s?to=ws://a&header=Authorization%3A+Bearer+x&header=X-A:b HTTP/1.1\r\n",
            "GET /relay/s?to=ws://a&header=Authorization%3A********* HTTP/1.1\r\n"
                .replace("*********", "*********&header=X-A:b")
                .as_str(),
            &["authorization"],
        );
        check(&[], ":path: /relay/s?header=cookie:a=b\r\n", ":path: /relay/s?header=cookie:***\r\n", &["cookie"]);
        check(&[], "GET /lab/s?header=cookie:a HTTP/1.1\r\n", "GET /lab/s?header=cookie:a HTTP/1.1\r\n", &[]);
    }

    #[test]
    fn a_response_keeps_its_body() {
        #[track_caller]
        fn check(text: &str, expect: &str) {
            let (concealed, _) = Concealer::default().response(text.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(concealed).unwrap(), expect);
        }
        check(
            "HTTP/1.1 103 Early Hints\r\nSet-Cookie: a=b\r\n\r\nHTTP/1.1 403 No\r\nset-cookie: c=d; Path=/; HttpOnly\r\n\r\nCookie: e\r\n",
            "HTTP/1.1 103 Early Hints\r\nSet-Cookie: a=*\r\n\r\nHTTP/1.1 403 No\r\nset-cookie: c=*; Path=/; HttpOnly\r\n\r\nCookie: e\r\n",
        );
        check("Set-Cookie: a=b", "Set-Cookie: a=*");
    }

    /// Whatever the bytes are, the length stays and nothing panics.
    #[test]
    fn any_bytes_keep_their_length() {
        let parts = [
            "Cookie",
            ":",
            "=",
            "\r",
            "\n",
            " ",
            ";",
            "Authorization",
            "Basic ",
            "\t",
            "\u{e9}",
            "HTTP/",
            "?header=",
            " /relay/",
        ];
        let mut seed = 7_u32;
        for _ in 0..20_000 {
            let mut text = Vec::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.extend_from_slice(parts[(seed >> 16) as usize % parts.len()].as_bytes());
            }
            for made in [Concealer::default().request(&text), Concealer::default().response(&text)] {
                assert!(made.is_none_or(|(concealed, names)| concealed.len() == text.len() && !names.is_empty()));
            }
        }
    }
}
