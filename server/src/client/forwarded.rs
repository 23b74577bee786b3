//! The header `Forwarded`. RFC 7239.

use super::hops::{Hop, address, authority, scheme};

/// The hops in a `Forwarded` value, first the one closest to the client. `None` if the value breaks RFC 7239 §4.
pub(super) fn parse(text: &str) -> Option<Vec<Hop>> {
    let mut rest = Rest(text);
    let mut hops = Vec::new();
    loop {
        hops.extend(element(&mut rest)?);
        if !rest.takes(b',') {
            return rest.0.is_empty().then_some(hops);
        }
    }
}

/// A `forwarded-element`; the outer `None` if it is malformed, the inner one if it is empty.
fn element(rest: &mut Rest) -> Option<Option<Hop>> {
    let (mut hop, mut seen) = (Hop::default(), Vec::new());
    loop {
        rest.skip_space();
        if !rest.0.is_empty() && !rest.0.starts_with([',', ';']) {
            let name = rest.token()?.to_ascii_lowercase();
            let value = rest.takes(b'=').then(|| rest.value())??;
            match &*name {
                "for" => hop.client = node(&value)?,
                "by" => _ = node(&value)?,
                "host" => hop.host = Some(authority(&value)?),
                "proto" => hop.scheme = scheme(&value),
                _ => {}
            }
            // Each parameter appears once per element.
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
        }
        rest.skip_space();
        if !rest.takes(b';') {
            return Some((!seen.is_empty()).then_some(hop));
        }
    }
}

/// The address in a `node`; the inner `None` if the node is `unknown` or obfuscated, the outer one if it is malformed. RFC 7239 §6.
fn node(text: &str) -> Option<Option<std::net::IpAddr>> {
    if let Some(address) = address(text) {
        // RFC 7239 §6: an IPv6 address is always in brackets.
        return (address.is_ipv4() || text.starts_with('[')).then_some(Some(address));
    }
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let is_number = |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let valid = (name.eq_ignore_ascii_case("unknown") || is_obfuscated(name))
        && port.is_none_or(|port| is_number(port) || is_obfuscated(port));
    valid.then_some(None)
}

fn is_obfuscated(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.strip_prefix('_').is_some_and(|name| !name.is_empty() && name.bytes().all(is_allowed))
}

/// What is left to parse.
struct Rest<'t>(&'t str);

impl Rest<'_> {
    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// Takes that byte if it is next.
    fn takes(&mut self, byte: u8) -> bool {
        let rest = self.0.strip_prefix(char::from(byte));
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// RFC 9110 §5.6.2.
    fn token(&mut self) -> Option<String> {
        let is_tchar = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char);
        let end = self.0.find(|char| !is_tchar(char)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        (!token.is_empty()).then(|| token.to_owned())
    }

    fn value(&mut self) -> Option<String> {
        if self.takes(b'"') { self.quoted() } else { self.token() }
    }

    /// A `quoted-string` after its first quotation mark. RFC 9110 §5.6.4.
    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut chars = self.0.char_indices();
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    self.0 = &self.0[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(chars.next()?.1),
                char => value.push(char),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::Scheme;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, Option<Scheme>, &str)]) {
        let hops = parse(text).unwrap_or_else(|| panic!("{text} is valid"));
        let seen: Vec<_> = hops
            .iter()
            .map(|hop| {
                let client = hop.client.map_or(String::new(), |client| client.to_string());
                (client, hop.scheme, hop.host.clone().unwrap_or_default())
            })
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(client, scheme, host)| ((*client).to_owned(), *scheme, (*host).to_owned())).collect();
        assert_eq!(seen, expected, "{text}");
    }

    /// The examples of RFC 7239 §4 and §7.1, and more.
    #[test]
    fn all_of_the_grammar_is_read() {
        check(r#"for="_gazonk""#, &[("", None, "")]);
        check(r#"For="[2001:db8:cafe::17]:4711""#, &[("2001:db8:cafe::17", None, "")]);
        check("for=192.0.2.60;proto=http;by=203.0.113.43", &[("192.0.2.60", Some(Scheme::Http), "")]);
        check("for=192.0.2.43, for=198.51.100.17", &[("192.0.2.43", None, ""), ("198.51.100.17", None, "")]);
        check(
            r#"for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown"#,
            &[("192.0.2.43", None, ""), ("2001:db8:cafe::17", None, ""), ("", None, "")],
        );
        check(r#"for="192.0.2.43:47011""#, &[("192.0.2.43", None, "")]);
        check(r#"for="_SEVKISEK:_a.b-c""#, &[("", None, "")]);
        check(r#"for="unknown:80""#, &[("", None, "")]);
        check(
            r#"host="lab.example:8443";PROTO=HTTPS;for=192.0.2.1"#,
            &[("192.0.2.1", Some(Scheme::Https), "lab.example:8443")],
        );
        check(r#"for="192.0.2\.1";ext="a,b;c=\"d\"""#, &[("192.0.2.1", None, "")]);
        check("proto=wss", &[("", Some(Scheme::Https), "")]);
        check("proto=gopher", &[("", None, "")]);
        // Empty parts of a list mean nothing. RFC 9110 §5.6.1.
        check(", for=192.0.2.1 ,;, for=192.0.2.2; ", &[("192.0.2.1", None, ""), ("192.0.2.2", None, "")]);
        check("", &[]);
    }

    #[test]
    fn what_breaks_the_grammar_is_not_read() {
        for wrong in [
            "for",
            "for=",
            "=1",
            "for =192.0.2.1",
            "for= 192.0.2.1",
            "for=192.0.2.1 proto=http",
            r#"for="192.0.2.1"#,
            r#"for="192.0.2.1\"#,
            "for=192.0.2.1;for=192.0.2.2",
            "for=[2001:db8::1]",
            r#"for="2001:db8::1""#,
            r#"for="[2001:db8::1""#,
            "for=192.0.2.256",
            "for=192.0.2.1:80",
            r#"for="192.0.2.1:a""#,
            r#"for="_a:123456""#,
            "for=_",
            "for=host.example",
            r#"for="_a b""#,
            r#"host="a b""#,
            r#"host="a/b""#,
            "by=nobody",
            "for=192.0.2.1\u{e9}",
        ] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }
}
