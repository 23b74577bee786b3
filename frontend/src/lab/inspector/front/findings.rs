//! What in a request shows that a proxy forwarded it.
//!
//! If this page opened the connection, the page knows what the browser sent, and a difference is certain. Another program can send
//! anything, so the same sign is only likely to be from a proxy.

use observation::encoding::latin1::to_text;
use observation::{ForwardingFields, Http, Route, Scheme};
use wire::handshake::connect;
use wire::handshake::head::RequestHead;

/// A sign of a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Whether only a proxy can be the reason.
    pub(super) certain: bool,
    pub(super) title: String,
    pub(super) words: String,
}

/// Headers that no browser sends and that proxies add, with what they say.
const ADDED: [(&str, &str); 9] = [
    ("forwarded", "The client’s address, and the host and scheme that it asked for (RFC 7239)."),
    (
        "x-forwarded-for",
        "The client’s address. Each further proxy appends the address that it received the request from.",
    ),
    ("x-forwarded-proto", "Whether the client used http or https."),
    ("x-forwarded-host", "The host that the client asked for."),
    ("x-forwarded-port", "The port that the client connected to."),
    ("x-forwarded-server", "The name of the proxy."),
    ("x-real-ip", "The client’s address, as nginx often calls it. The relay does not use this header."),
    ("x-request-id", "A name for this request, so that the logs of all servers can be compared."),
    ("via", "Each proxy on the path adds its name and its version of HTTP (RFC 9110 §7.6.3)."),
];

/// What browsers write in `Connection`: Chromium and Safari, and Firefox.
const CONNECTION: [&str; 2] = ["Upgrade", "keep-alive, Upgrade"];

/// The signs in `request`. `own` is the URL that this page connected to, if the connection is its own.
pub(super) fn findings(request: &[u8], route: &Route, own: Option<&str>) -> Vec<Finding> {
    let head = RequestHead::parse(request).ok().flatten();
    let fields = Fields(connect::fields(request).map(|(name, value)| (to_text(name), to_text(value))).collect());
    let certain = own.is_some();
    let mut found = Vec::new();
    let mut find = |certain: bool, title: String, words: &str| {
        found.push(Finding { certain, title, words: words.to_owned() });
    };
    if route.tls.is_none() && (route.ended_tls() || own.is_some_and(|url| url.starts_with("wss:"))) {
        find(
            true,
            "TLS ended before the relay".to_owned(),
            "The client used TLS up to the proxy. The proxy forwards the request without TLS.",
        );
    }
    let asked = own.and_then(authority);
    let host = fields.value("host").or_else(|| fields.value(":authority"));
    if let (Some(asked), Some(host)) = (asked, host)
        && !same_host(asked, host, own.unwrap_or_default())
    {
        find(
            true,
            format!("`Host` was changed from {asked} to {host}"),
            "A proxy often sends the name of the server behind it.",
        );
    }
    for (name, words) in ADDED {
        if let Some((written, _)) = fields.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            find(certain, format!("`{written}` was added"), words);
        }
    }
    if route.http == Http::One
        && let Some(head) = head
    {
        if request[head.target.end..].starts_with(b" HTTP/1.0") {
            find(
                certain,
                "The request is HTTP/1.0".to_owned(),
                "That version has no upgrades, so it cannot open a WebSocket. nginx sends it without `proxy_http_version 1.1;`.",
            );
        }
        of_upgrade(&fields, certain, &mut find);
    }
    found
}

/// The signs in the headers of an upgrade.
fn of_upgrade(fields: &Fields, certain: bool, find: &mut impl FnMut(bool, String, &str)) {
    // Without a key, the request may not have been meant for a WebSocket.
    if fields.value("sec-websocket-key").is_none() {
        return;
    }
    let connection = fields.value("connection").unwrap_or_default();
    let upgrades = connection.split(',').any(|option| option.trim().eq_ignore_ascii_case("upgrade"));
    if fields.value("upgrade").is_none() || !upgrades {
        find(
            certain,
            "`Upgrade` and `Connection: Upgrade` were not both forwarded".to_owned(),
            "They apply to one connection only, so a proxy must send its own for a WebSocket. nginx does so only with `proxy_set_header Upgrade $http_upgrade;` and `proxy_set_header Connection`.",
        );
    } else if certain && !CONNECTION.contains(&connection) {
        find(
            false,
            format!("`Connection: {connection}` was written by the proxy"),
            "The header applies to one connection only, so the proxy writes its own. Browsers spell it differently.",
        );
    }
    if certain && fields.value("sec-websocket-extensions").is_none() {
        find(
            false,
            "`Sec-WebSocket-Extensions` was removed".to_owned(),
            "Browsers always offer compression in this header. Without it, messages are not compressed.",
        );
    }
    if certain && fields.0.iter().any(|(name, _)| name == "host") {
        find(
            false,
            "The names of headers are in lower case".to_owned(),
            "Browsers write `Host` in HTTP/1.1. HTTP/2 has only lower-case names, and some proxies keep them.",
        );
    }
}

/// Whether the relay believes the proxy. `None` if there is nothing to believe.
pub(super) fn trust(route: &Route, found: bool) -> Option<String> {
    const NAMED: &str = "because its operator named this proxy with `--trusted-proxy`";
    let Some(front) = &route.front else {
        let words = "The relay does not believe these headers: every client can send them. An operator can name a proxy with `--trusted-proxy`.";
        return found.then(|| words.to_owned());
    };
    let protocol = front.proxy_protocol.then_some(
        "The connection began with a header of the PROXY protocol, which names the client. It comes before TLS and HTTP, so it is not part of the request.",
    );
    let scheme = match front.scheme {
        Some(Scheme::Https) => "https",
        Some(Scheme::Http) => "http",
        None => "an unknown scheme",
    };
    let asked = front.host.as_ref().map_or(String::new(), |host| format!(" and the host {host}"));
    let fields = front.fields.map(|fields| match fields {
        ForwardingFields::Contradictory => {
            "`Forwarded` and `X-Forwarded-…` contradict each other. The relay cannot know which of them the proxy wrote, so it believes none.".to_owned()
        }
        ForwardingFields::Malformed => "The forwarding headers are malformed or too long, so the relay believes none.".to_owned(),
        ForwardingFields::Forwarded => format!("The relay believes `Forwarded`, {NAMED}: the client used {scheme}{asked}."),
        ForwardingFields::XForwarded => format!("The relay believes `X-Forwarded-…`, {NAMED}: the client used {scheme}{asked}."),
        ForwardingFields::Both => {
            format!("The relay believes what both `Forwarded` and `X-Forwarded-…` say, {NAMED}: the client used {scheme}{asked}.")
        }
    });
    let words: Vec<_> = protocol.map(str::to_owned).into_iter().chain(fields).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Names and values, as written.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }
}

/// The host of a URL, with its port if it has one.
fn authority(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split(['/', '?']).next().filter(|host| !host.is_empty())
}

/// Whether both name one host and port. A browser leaves the scheme's default port out.
fn same_host(asked: &str, host: &str, url: &str) -> bool {
    let usual = if url.starts_with("wss:") { ":443" } else { ":80" };
    let plain = |host: &str| host.strip_suffix(usual).unwrap_or(host).to_ascii_lowercase();
    plain(asked) == plain(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::Front;

    const BROWSER: &str = "GET /lab/s HTTP/1.1\r\nHost: lab.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                           Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const URL: &str = "wss://lab.example/lab/s";

    /// The titles; `?` marks what is only likely.
    fn told(request: &str, route: &Route, own: Option<&str>) -> Vec<String> {
        let mark = |found: Finding| if found.certain { found.title } else { found.title + "?" };
        findings(request.as_bytes(), route, own).into_iter().map(mark).collect()
    }

    #[test]
    fn a_browsers_own_request_shows_no_proxy() {
        for (own, port) in
            [("ws://lab.example/lab/s", ""), ("ws://LAB.example:80/lab/s", ""), ("ws://lab.example:8080/", ":8080")]
        {
            let request = BROWSER.replace("lab.example", &format!("lab.example{port}"));
            assert_eq!(told(&request, &Route::default(), Some(own)), [""; 0], "{own}");
            let firefox = request.replace("Connection: Upgrade", "Connection: keep-alive, Upgrade");
            assert_eq!(told(&firefox, &Route::default(), Some(own)), [""; 0], "{own}");
        }
        assert_eq!(told(BROWSER, &Route::default(), None), [""; 0]);
        assert_eq!(trust(&Route::default(), false), None);
    }

    #[test]
    fn what_a_proxy_changes_is_certain_for_the_page_and_likely_for_others() {
        let changed = BROWSER
            .replace("Host: lab.example", "Host: 127.0.0.1:8080\r\nX-Real-IP: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.1")
            .replace("Connection: Upgrade", "Connection: upgrade")
            .replace("Sec-WebSocket-Extensions: permessage-deflate\r\n", "");
        let expect = [
            "TLS ended before the relay",
            "`Host` was changed from lab.example to 127.0.0.1:8080",
            "`X-Forwarded-For` was added",
            "`X-Real-IP` was added",
            "`Connection: upgrade` was written by the proxy?",
            "`Sec-WebSocket-Extensions` was removed?",
        ];
        assert_eq!(told(&changed, &Route::default(), Some(URL)), expect);
        let other = ["`X-Forwarded-For` was added?", "`X-Real-IP` was added?"];
        assert_eq!(told(&changed, &Route::default(), None), other);
        let words = trust(&Route::default(), true).unwrap_or_default();
        assert!(words.contains("--trusted-proxy"), "{words}");
    }

    /// nginx without its lines for WebSockets.
    #[test]
    fn an_upgrade_that_was_not_forwarded_is_explained() {
        let plain = BROWSER
            .replace("HTTP/1.1", "HTTP/1.0")
            .replace("Connection: Upgrade\r\nUpgrade: websocket\r\n", "Connection: close\r\n");
        let expect = ["The request is HTTP/1.0", "`Upgrade` and `Connection: Upgrade` were not both forwarded"];
        assert_eq!(told(&plain, &Route::default(), Some("ws://lab.example/lab/s")), expect);
        let likely = expect.map(|title| format!("{title}?"));
        assert_eq!(told(&plain, &Route::default(), None), likely);
    }

    #[test]
    fn what_a_trusted_proxy_says_is_told() {
        let fields = Some(ForwardingFields::XForwarded);
        let front =
            Front { fields, scheme: Some(Scheme::Https), host: Some("lab.example".into()), proxy_protocol: false };
        let route = Route { front: Some(front), ..Route::default() };
        assert_eq!(told(BROWSER, &route, None), ["TLS ended before the relay"]);
        let words = trust(&route, true).unwrap_or_default();
        assert!(words.contains("the client used https and the host lab.example"), "{words}");
        let tcp = Route { front: Some(Front::of_proxy_protocol()), ..Route::default() };
        assert!(trust(&tcp, false).is_some_and(|words| words.contains("PROXY protocol")));
    }
}
