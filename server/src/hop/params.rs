//! The request parameters of `/relay/{session}`: the target URL, and which headers to forward or add.

use super::request_builder::RequestBuilder;
use crate::allowlist::AllowedServer;
use thiserror::Error;

/// The client's headers that can be forwarded, and those that are forwarded by default.
const PASSABLE: [&str; 5] = ["origin", "user-agent", "accept-language", "authorization", "cookie"];
const PASSED: [&str; 2] = ["origin", "user-agent"];
/// The most headers that can be added, and the longest one, in bytes.
const MAX_HEADERS: usize = 16;
const MAX_VALUE: usize = 2048;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RelayParams {
    pub(super) to: Option<String>,
    pass: Vec<&'static str>,
    headers: Vec<(String, String)>,
}

/// Why the parameters are invalid. The message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum RelayParamsError {
    #[error(
        "`/relay` has no parameter `{0}`; the parameters are `to`, `pass` and `header`. Put the other server’s own query into the URL in `to`"
    )]
    Unknown(String),
    #[error("`{0}` appears twice; write it once")]
    Repeated(&'static str),
    #[error("`pass` cannot forward the header `{0}`; it can forward {known}", known = PASSABLE.join(", "))]
    NotPassable(String),
    #[error("a `header` is written `Name: value`, in printable ASCII and at most {MAX_VALUE} bytes")]
    Malformed,
    #[error("you cannot set the header `{0}`: the relay sets it for its own connection")]
    Own(String),
    #[error(
        "you cannot set the header `{0}`: other servers trust it to say who a client is or where it comes from; the operator of this \
         relay can allow it for one server with `--relay-header {0}=URL`"
    )]
    Protected(String),
    #[error("you can add at most {MAX_HEADERS} headers")]
    TooMany,
}

impl RelayParams {
    pub(super) fn parse(query: &str) -> Result<Self, RelayParamsError> {
        let (mut to, mut pass, mut headers) = (None, None, Vec::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "to" if to.is_some() => return Err(RelayParamsError::Repeated("to")),
                "pass" if pass.is_some() => return Err(RelayParamsError::Repeated("pass")),
                "to" => to = Some(value.into_owned()),
                "pass" => pass = Some(passed(&value)?),
                "header" if headers.len() == MAX_HEADERS => return Err(RelayParamsError::TooMany),
                "header" => headers.push(header(&value)?),
                other => return Err(RelayParamsError::Unknown(other.chars().take(40).collect())),
            }
        }
        Ok(Self { to, pass: pass.unwrap_or_else(|| PASSED.to_vec()), headers })
    }

    /// Checks that the server takes the headers that a visitor adds.
    pub(super) fn check_headers(&self, server: &AllowedServer) -> Result<(), RelayParamsError> {
        self.headers.iter().try_for_each(|(name, _)| check_header(name, server))
    }

    /// Whether headers are forwarded that a browser adds by itself to log its user in.
    pub(super) fn passes_credentials(&self) -> bool {
        self.pass.iter().any(|name| ["cookie", "authorization"].contains(name))
    }

    /// Copies the forwarded headers from `came` and adds the others.
    pub(super) fn put(&self, came: &RequestBuilder, head: &mut RequestBuilder) {
        for name in &self.pass {
            for value in came.values(name) {
                head.add(&capitals(name), &String::from_utf8_lossy(value));
            }
        }
        // An added header replaces forwarded ones of its name, but not another added one. RFC 9110 §5.3.
        for (name, _) in &self.headers {
            head.drop(name);
        }
        for (name, value) in &self.headers {
            head.add(name, value);
        }
    }
}

/// Checks that a visitor may set the header `name` for a server.
pub(super) fn check_header(name: &str, server: &AllowedServer) -> Result<(), RelayParamsError> {
    if is_of_relay(name) {
        return Err(RelayParamsError::Own(name.to_owned()));
    }
    if is_protected(name) && !server.permits_header(name) {
        return Err(RelayParamsError::Protected(name.to_owned()));
    }
    Ok(())
}

/// Whether the relay sets a header for its own connection.
fn is_of_relay(name: &str) -> bool {
    const OWN: [&str; 9] = [
        "host",
        "connection",
        "upgrade",
        "content-length",
        "transfer-encoding",
        "te",
        "trailer",
        "keep-alive",
        "expect",
    ];
    // Some servers read an underscore as a hyphen.
    let name = name.to_ascii_lowercase().replace('_', "-");
    OWN.contains(&&*name) || name.starts_with("sec-websocket-") || name.starts_with("proxy-")
}

/// Whether servers trust a header to name a client, its address or its page: a visitor could speak for somebody else.
fn is_protected(name: &str) -> bool {
    const PROTECTED: [&str; 12] = [
        "authorization",
        "cookie",
        "origin",
        "referer",
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "client-ip",
    ];
    // Some servers read an underscore as a hyphen.
    let name = name.to_ascii_lowercase().replace('_', "-");
    PROTECTED.contains(&&*name) || name.starts_with("x-forwarded-") || name.starts_with("sec-fetch-")
}

/// The usual capitalization: `User-Agent`.
fn capitals(name: &str) -> String {
    let part = |part: &str| part[..1].to_ascii_uppercase() + &part[1..];
    name.split('-').map(part).collect::<Vec<_>>().join("-")
}

fn passed(list: &str) -> Result<Vec<&'static str>, RelayParamsError> {
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    let known = |name: &str| {
        let known = PASSABLE.into_iter().find(|known| known.eq_ignore_ascii_case(name));
        known.ok_or_else(|| RelayParamsError::NotPassable(name.chars().take(40).collect()))
    };
    let mut all = Vec::new();
    for name in names {
        let name = known(name)?;
        if !all.contains(&name) {
            all.push(name);
        }
    }
    Ok(all)
}

fn header(line: &str) -> Result<(String, String), RelayParamsError> {
    let (name, value) = line.split_once(':').ok_or(RelayParamsError::Malformed)?;
    let value = value.trim_matches(' ');
    let is_token =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    if !is_token || !value.bytes().all(|b| (b' '..=b'~').contains(&b)) || line.len() > MAX_VALUE {
        return Err(RelayParamsError::Malformed);
    }
    if is_of_relay(name) {
        return Err(RelayParamsError::Own(name.to_owned()));
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_go_along_as_was_said() {
        #[track_caller]
        fn check(query: &str, expect: &str) {
            let mut came = RequestBuilder::empty();
            for (name, value) in
                [("Origin", "http://a"), ("USER-AGENT", "B/1"), ("Cookie", "c=d"), ("Accept-Language", "en")]
            {
                came.add(name, value);
            }
            let mut head = RequestBuilder::empty();
            RelayParams::parse(query).unwrap().put(&came, &mut head);
            let text = String::from_utf8(head.get("/")).unwrap();
            let lines: Vec<_> = text.lines().skip(1).filter(|line| !line.is_empty()).collect();
            assert_eq!(lines.join(" | "), expect, "{query}");
        }
        check("to=ws://a", "Origin: http://a | User-Agent: B/1");
        check("pass=", "");
        check("pass=cookie,Accept-Language", "Cookie: c=d | Accept-Language: en");
        check("header=Origin:%20https://b&header=X-Key:k", "User-Agent: B/1 | Origin: https://b | X-Key: k");
        check("pass=&header=X-A:1&header=X-B:2&header=x-a:3", "X-A: 1 | X-B: 2 | x-a: 3");
        check("pass=Cookie,cookie,COOKIE", "Cookie: c=d");
        check("pass=cookie,origin,cookie", "Cookie: c=d | Origin: http://a");
    }

    #[test]
    fn headers_that_servers_trust_need_the_permission_of_the_operator() {
        let server = "ws://a".parse::<AllowedServer>().unwrap();
        let trusting = server.clone().with_headers(&["Cookie=ws://a".parse().unwrap()]);
        let check = |query: &str, server| RelayParams::parse(query).unwrap().check_headers(server).is_ok();
        for protected in [
            "Origin:a",
            "COOKIE:a",
            "authorization:a",
            "Forwarded:a",
            "X-Forwarded-For:a",
            "x_forwarded_for:a",
            "x-forwarded-user:a",
            "X-Real-IP:a",
            "Via:a",
            "Referer:a",
        ] {
            assert!(!check(&format!("header=X-A:b&header={protected}"), &server), "{protected}");
        }
        for open in ["X-Token:a", "User-Agent:a", "Accept-Language:a", "X-Forwarded:a"] {
            assert!(check(&format!("header={open}"), &server), "{open}");
        }
        assert!(check("header=cookie:a", &trusting) && !check("header=Origin:a", &trusting));
        let refused = RelayParams::parse("header=Via:a").unwrap().check_headers(&server).unwrap_err().to_string();
        assert!(refused.ends_with("for one server with `--relay-header Via=URL`"), "{refused}");
    }

    #[test]
    fn what_cannot_be_said_says_why() {
        #[track_caller]
        fn check(query: &str, says: &str) {
            let error = RelayParams::parse(query).unwrap_err().to_string();
            assert!(error.contains(says), "{query}: {error}");
        }
        check("fragments=3", "no parameter `fragments`");
        check("to=a&to=b", "`to` appears twice");
        check("pass=host", "`host`");
        for wrong in [
            "header=",
            "header=a",
            "header=:b",
            "header=a b:c",
            "header=a:b%0D%0AHost:c",
            "header=a:%0D%0Ab:c",
            "header=a:%00",
            "header=ä:b",
        ] {
            check(wrong, "is written `Name: value`");
        }
        check(&format!("header=a:{}", "b".repeat(3000)), "at most 2048 bytes");
        for own in
            ["Host:a", "connection:b", "Sec-WebSocket-Key:c", "Proxy-Authorization:d", "Transfer-Encoding:chunked"]
        {
            check(&format!("header={own}"), "the relay sets it");
        }
        check(&"header=a:b&".repeat(17), "16 headers");
    }
}
