//! How a client connected: its request, as a scenario describes it.

use observation::encoding::latin1::to_text;
use observation::{Intermediary, Leg, Route};
use scenario::model::{Connect, Header, Located, is_own_header, is_value};
use scenario::template::Template;
use wire::extension;
use wire::handshake::head::RequestHead;
use wire::handshake::{connect, request};

/// What browsers and libraries add to every request. It says nothing about the application, and hides what does.
const USUAL: [&str; 10] = [
    "host",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "pragma",
    "dnt",
    "sec-gpc",
    "priority",
];
/// The most headers of a scenario.
const HEADERS: usize = 64;
/// The longest part of a URL in a name, in characters.
const NAME: usize = 60;

pub(super) struct Asked {
    /// The path and the query.
    pub(super) url: Located<Template>,
    /// The path, for people.
    pub(super) name: String,
    pub(super) connect: Connect,
    pub(super) comments: Vec<String>,
}

impl Asked {
    /// Reads a request. The values of `concealed` headers and parameters were replaced, and the session's name by `session`.
    pub(super) fn read(text: &[u8], concealed: &[String], route: &Route, session: &str) -> Self {
        let is_concealed = |name: &str| concealed.iter().any(|other| other.eq_ignore_ascii_case(name));
        let (server, target) = destination(text, route);
        let mut comments = vec![format!("Recorded at {server}")];
        let mut connect = Connect::default();
        let mut left_out = Vec::new();
        for (name, value) in connect::fields(text) {
            let (name, value) = (to_text(name), to_text(value));
            let lower = name.to_ascii_lowercase();
            let is_usual = USUAL.contains(&&*lower) || lower.starts_with("sec-fetch-");
            if !is_token(&name) || is_usual || is_own_header(&lower) {
                continue;
            }
            if is_concealed(&lower) || !is_value(&value) || connect.headers.len() == HEADERS {
                left_out.push(name);
            } else if lower == "origin" {
                connect.origin = Some(value);
            } else {
                connect.headers.push(Header { name, value: Template::plain(value), line: 0 });
            }
        }
        if !left_out.is_empty() {
            let first = &left_out[0];
            let variable = variable(first);
            comments.push(format!(
                "Left out: {}. To send one, write connect.headers = [\"{first}: ${{{variable}}}\"] and set {variable}",
                left_out.join(", ")
            ));
        }
        let list = |name: &str| {
            let named = connect::fields(text).filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()));
            named.map(|(_, value)| to_text(value)).collect::<Vec<_>>().join(", ")
        };
        let subprotocols = list("Sec-WebSocket-Protocol");
        connect.subprotocols = request::subprotocols(&subprotocols).unwrap_or_default();
        if is_concealed("Sec-WebSocket-Protocol") {
            comments.push("Put your own tokens in the place of the asterisks in the subprotocols".to_owned());
        }
        connect.extensions =
            Some(list("Sec-WebSocket-Extensions")).filter(|list| extension::parse(list).is_some()).unwrap_or_default();
        let url = url(&target, session, is_concealed);
        let variables: Vec<_> = url.variables().collect();
        if !variables.is_empty() {
            comments.push(format!("Set these environment variables: {}", variables.join(", ")));
        }
        let path = url.to_string();
        let name = path.split('?').next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(NAME).collect();
        Self { url: Located { value: url, line: 0 }, name, connect, comments }
    }

    /// About how many bytes it takes in a file.
    pub(super) fn size(&self) -> usize {
        let headers: usize =
            self.connect.headers.iter().map(|header| header.name.len() + header.value.to_string().len()).sum();
        let subprotocols: usize = self.connect.subprotocols.iter().map(String::len).sum();
        let comments: usize = self.comments.iter().map(String::len).sum();
        let url = self.url.value.to_string().len();
        let origin = self.connect.origin.as_ref().map_or(0, String::len);
        // Quotes and escapes can double it.
        500 + 2 * (headers + subprotocols + comments + url + origin + self.connect.extensions.len())
    }
}

/// The server as `ws://host:port`, and the request's target there.
fn destination(text: &[u8], route: &Route) -> (String, String) {
    let field = |name: &str| {
        let named = |(other, _): &(&[u8], &[u8])| other.eq_ignore_ascii_case(name.as_bytes());
        connect::fields(text).find(named).map(|(_, value)| to_text(value)).unwrap_or_default()
    };
    let (host, target) = match RequestHead::parse(text).ok().flatten() {
        Some(head) => (field("Host"), to_text(&text[head.target])),
        None => (field(":authority"), field(":path")),
    };
    let scheme = if route.is_secure() { "wss" } else { "ws" };
    let target = if target.starts_with('/') { target } else { "/".to_owned() };
    let relayed = route.hop.as_ref().is_some_and(|hop| (hop.leg, &hop.middle) == (Leg::Near, &Intermediary::Relay));
    let elsewhere = target.split_once('?').filter(|_| relayed).and_then(|(_, query)| {
        let (_, to) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "to")?;
        let host = to.find("://")? + 3;
        let path = to[host..].find(['/', '?']).map_or(to.len(), |at| host + at);
        let (server, target) = to.split_at(path);
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Some((server.to_owned(), target))
    });
    elsewhere.unwrap_or_else(|| (format!("{scheme}://{host}"), target))
}

/// The target with variables in the place of the session's name and of tokens.
fn url(target: &str, session: &str, is_concealed: impl Fn(&str) -> bool) -> Template {
    let plain = |text: &str| text.replace("${", "$${");
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let path = plain(path).replace(&format!("/{session}"), "/${SESSION}");
    let query = query.map(|query| {
        let part = |part: &str| match part.split_once('=') {
            Some((name, value))
                if is_concealed(name) && !value.is_empty() && value.bytes().all(|byte| byte == b'*') =>
            {
                format!("{}=${{{}}}", plain(name), variable(name))
            }
            _ => plain(part),
        };
        format!("?{}", query.split('&').map(part).collect::<Vec<_>>().join("&"))
    });
    let text = path + &query.unwrap_or_default();
    Template::parse(&text).unwrap_or_else(|_| Template::plain(target))
}

/// The name of an environment variable for a header or a parameter.
fn variable(name: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().take(NAME).map(upper).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) || name.is_empty() { format!("_{name}") } else { name }
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::Hop;

    fn read(text: &str, concealed: &[&str], route: &Route) -> Asked {
        let concealed: Vec<_> = concealed.iter().map(|name| (*name).to_owned()).collect();
        Asked::read(text.as_bytes(), &concealed, route, "xxxx")
    }

    #[test]
    fn a_request_without_secrets() {
        let text = "GET /chat?room=7&token=***&x=${Y} HTTP/1.1\r\nHost: h:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\nUser-Agent: u\r\nOrigin: https://app\r\nX-Tenant: acme ${A}\r\n\
            Cookie: a=**\r\nSec-WebSocket-Protocol: v2\r\nSec-WebSocket-Protocol: v1\r\n\
            Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
        let asked = read(text, &["cookie", "token"], &Route::default());
        assert_eq!(asked.url.value.to_string(), "/chat?room=7&token=${TOKEN}&x=$${Y}");
        assert_eq!(asked.name, "/chat");
        assert_eq!(asked.connect.origin.as_deref(), Some("https://app"));
        assert_eq!(asked.connect.subprotocols, ["v2", "v1"]);
        assert_eq!(asked.connect.extensions, scenario::model::DEFLATE);
        let headers: Vec<_> =
            asked.connect.headers.iter().map(|header| (&*header.name, header.value.to_string())).collect();
        assert_eq!(headers, [("X-Tenant", "acme $${A}".to_owned())]);
        let comments = asked.comments.join("\n");
        assert!(comments.contains("Recorded at ws://h:1") && comments.contains("${COOKIE}"), "{comments}");
        assert!(comments.contains("variables: TOKEN"), "{comments}");
    }

    #[test]
    fn a_lab_is_that_of_another_session() {
        let asked = read("GET /base/lab/xxxx?reply=none HTTP/1.1\r\nHost: h\r\n\r\n", &[], &Route::default());
        assert_eq!(asked.url.value.to_string(), "/base/lab/${SESSION}?reply=none");
        let asked = read(":method: CONNECT\r\n:path: /lab/xxxx\r\n:authority: h:2\r\n\r\n", &[], &Route::default());
        assert_eq!(asked.url.value.to_string(), "/lab/${SESSION}");
    }

    #[test]
    fn the_client_side_of_a_relay_leads_to_the_server() {
        let hop = Hop { leg: Leg::Near, middle: Intermediary::Relay, other: None, server: None, address: None };
        let route = Route { hop: Some(hop), ..Route::default() };
        for (to, server, target) in [
            ("wss%3A%2F%2Fother%3A2%2Fchat%3Fa%3Db", "wss://other:2", "/chat?a=b"),
            ("ws://other", "ws://other", "/"),
            ("ws://other%3Fa", "ws://other", "/?a"),
        ] {
            let asked = read(&format!("GET /relay/xxxx?pass=&to={to} HTTP/1.1\r\nHost: h\r\n\r\n"), &[], &route);
            assert_eq!(
                (asked.url.value.to_string(), &*asked.comments[0]),
                (target.to_owned(), &*format!("Recorded at {server}"))
            );
        }
    }
}
