//! Which other servers the relay may connect to: only those on the command line, whatever a name resolves to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use thiserror::Error;
use url::{Host, Url};

/// `ws://` or `wss://`, a host, a port, and a path prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedServer {
    /// The original text.
    text: String,
    secure: bool,
    host: Host,
    port: u16,
    /// Without a trailing slash. Empty for every path.
    path: String,
}

/// Why a URL is refused. The message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum TargetError {
    #[error("`to` is missing; add the server’s URL, as in `?to=wss%3A%2F%2Fhost%2Fpath`")]
    Missing,
    #[error("`to` is not a WebSocket URL; write `ws://host/path` or `wss://host/path`, without a fragment (`#`)")]
    Malformed,
    #[error("`to` contains a user name or password; remove it, and use `header=Authorization: …`")]
    User,
    #[error("this relay does not connect to other servers; its operator can allow them with --relay-to")]
    Nowhere,
    #[error("this relay may not connect to that server; it may connect to {names}", names = .0.join(", "))]
    NotAllowed(Vec<String>),
}

impl FromStr for AllowedServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "expected ws:// or wss:// and a host, with an optional port and path, such as wss://echo.example/ws"
                .to_owned()
        };
        let url = parse(text).map_err(|_| wrong())?;
        if url.query().is_some() {
            return Err("remove the query (`?…`): every query is allowed".to_owned());
        }
        let (Some(host), Some(port)) = (host(&url), url.port_or_known_default()) else { return Err(wrong()) };
        let path = url.path().trim_end_matches('/').to_owned();
        Ok(Self { text: text.to_owned(), secure: url.scheme() == "wss", host, port, path })
    }
}

impl AllowedServer {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    fn permits(&self, url: &Url) -> bool {
        let path = url.path();
        let below =
            |rest: &str| (rest.is_empty() || rest.starts_with('/')) && (self.path.is_empty() || stays_below(rest));
        let below = path.strip_prefix(&*self.path).is_some_and(below);
        self.secure == (url.scheme() == "wss")
            && host(url).as_ref() == Some(&self.host)
            && url.port_or_known_default() == Some(self.port)
            && below
    }

    /// Whether the relay may connect to that address. A non-public address must be on the list itself, or be this machine under
    /// the name `localhost`.
    pub(crate) fn permits_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match &self.host {
            Host::Ipv4(ip) => address == IpAddr::V4(*ip),
            Host::Ipv6(ip) => address == IpAddr::V6(*ip).to_canonical(),
            Host::Domain(name) if name == "localhost" => address.is_loopback(),
            Host::Domain(_) => is_public(address),
        }
    }
}

/// Whether no server could read this part of a path as leading up. `Url` has resolved plain `..`, but some servers decode
/// escaped slashes and dots first, and some cut off what follows a `;`.
fn stays_below(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    !["..", "%2e", "%2f", "%5c", "%25"].iter().any(|part| path.contains(part))
}

/// Parses the target URL and finds the entry that allows it.
pub(crate) fn judge<'a>(
    to: Option<&str>,
    allowed: &'a [AllowedServer],
) -> Result<(Url, &'a AllowedServer), TargetError> {
    let to = to.filter(|to| !to.is_empty()).ok_or(TargetError::Missing)?;
    let url = parse(to)?;
    if allowed.is_empty() {
        return Err(TargetError::Nowhere);
    }
    let permitting = allowed.iter().find(|allowed| allowed.permits(&url));
    let names = || allowed.iter().map(|allowed| allowed.text.clone()).collect();
    Ok((url, permitting.ok_or_else(|| TargetError::NotAllowed(names()))?))
}

fn parse(text: &str) -> Result<Url, TargetError> {
    let url = Url::parse(text).map_err(|_| TargetError::Malformed)?;
    if !matches!(url.scheme(), "ws" | "wss") || url.host().is_none() || url.fragment().is_some() {
        return Err(TargetError::Malformed);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(TargetError::User);
    }
    Ok(url)
}

/// Without the trailing dot of a fully qualified name.
fn host(url: &Url) -> Option<Host> {
    match url.host()?.to_owned() {
        Host::Domain(name) => Some(Host::Domain(name.trim_end_matches('.').to_owned())),
        ip => Some(ip),
    }
}

/// Whether an address is public, not of a private network or of this machine. RFC 6890 lists most of the others.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocols = (a, b, c) == (192, 0, 0);
    let relays = (a, b, c) == (192, 88, 99);
    let benchmarks = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || ip.is_broadcast()
        || a >= 240
        || shared
        || protocols
        || relays
        || benchmarks)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    // Only 2000::/3 is allocated. It contains documentation addresses, and Teredo and 6to4, which embed other addresses.
    let given_out = segments[0] & 0xe000 == 0x2000;
    let documentation = (segments[0], segments[1]) == (0x2001, 0x0db8) || segments[0] & 0xfff0 == 0x3ff0;
    let special = segments[0] == 0x2001 && segments[1] < 0x0200;
    let six_to_four = segments[0] == 0x2002;
    given_out && !documentation && !special && !six_to_four
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(texts: &[&str]) -> Vec<AllowedServer> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn only_what_is_listed_is_reached() {
        let list = allowed(&["wss://Echo.example/ws", "ws://other.example:9000", "ws://[2001:4860::8]/a/"]);
        #[track_caller]
        fn check(list: &[AllowedServer], to: &str, reached: bool) {
            assert_eq!(judge(Some(to), list).is_ok(), reached, "{to}");
        }
        for to in [
            "wss://echo.example/ws",
            "wss://ECHO.example:443/ws/",
            "wss://echo.example./ws/deeper?query=1",
            "wss://echo.example/x/../ws",
            "WSS://echo.example/ws",
            "ws://other.example:9000",
            "ws://other.example:9000/any/path?q",
            "ws://[2001:4860:0::8]/a",
        ] {
            check(&list, to, true);
        }
        for to in [
            "ws://echo.example/ws",
            "wss://echo.example:444/ws",
            "wss://echo.example/wsx",
            "wss://echo.example/",
            "wss://echo.example/ws/../other",
            "wss://echo.example/ws/%2e%2e/other",
            "wss://echo.example/WS",
            "wss://echo.example.evil.example/ws",
            "wss://evil.example/ws",
            "wss://evil.example\\@echo.example/ws",
            "wss://user@echo.example/ws",
            "wss://:password@echo.example/ws",
            "wss://echo.example/ws#fragment",
            "wss://echo.example%2fws",
            "wss://echo.example/ws/..%2fother",
            "wss://echo.example/ws/..%5Cother",
            "wss://echo.example/ws/..;/other",
            "wss://echo.example/ws/%252e%252e/other",
            "wss://echo.example/ws%2f../other",
            "https://echo.example/ws",
            "ws://other.example/",
            "ws://other.example:9000@evil.example/",
            "wss:echo",
            "",
            " ",
            "wss://",
        ] {
            check(&list, to, false);
        }
        assert_eq!(judge(Some("ws://a.example"), &[]), Err(TargetError::Nowhere));
        let error = judge(Some("ws://a.example"), &list).unwrap_err().to_string();
        assert!(
            error.ends_with("it may connect to wss://Echo.example/ws, ws://other.example:9000, ws://[2001:4860::8]/a/")
        );
        assert_eq!(judge(None, &list), Err(TargetError::Missing));
    }

    #[test]
    fn a_number_is_the_address_that_it_means() {
        let list = allowed(&["ws://127.0.0.1:9"]);
        for to in ["ws://127.1:9/", "ws://0x7f.0.0.1:9/", "ws://2130706433:9/", "ws://0177.0.0.1:9/"] {
            assert!(judge(Some(to), &list).is_ok(), "{to}");
        }
        for to in ["ws://127.0.0.2:9/", "ws://[::1]:9/", "ws://[::ffff:127.0.0.1]:9/", "ws://localhost:9/"] {
            assert!(judge(Some(to), &list).is_err(), "{to}");
        }
    }

    #[test]
    fn a_name_leads_to_no_address_inside() {
        let [name, local, inside] =
            ["ws://a.example", "ws://localhost:1", "ws://10.0.0.7"].map(|text| AllowedServer::from_str(text).unwrap());
        let permits = |allowed: &AllowedServer, ip: &str| allowed.permits_address(ip.parse().unwrap());
        for ip in ["93.184.216.34", "8.8.8.8", "192.0.1.1", "100.128.0.1", "2606:2800:220:1::1", "::ffff:8.8.8.8"] {
            assert!(permits(&name, ip), "{ip}");
        }
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "192.88.99.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "3fff::1",
            "100::1",
        ] {
            assert!(!permits(&name, ip), "{ip}");
        }
        assert!(
            permits(&local, "127.0.0.1")
                && permits(&local, "::1")
                && !permits(&local, "10.0.0.7")
                && !permits(&local, "8.8.8.8")
        );
        assert!(permits(&inside, "10.0.0.7") && !permits(&inside, "10.0.0.8") && permits(&inside, "::ffff:10.0.0.7"));
    }

    #[test]
    fn what_is_no_server_cannot_be_listed() {
        for text in ["", "echo.example", "http://echo.example", "ws://", "ws://a/?b", "ws://u@a/", "ws://a/#b"] {
            assert!(AllowedServer::from_str(text).is_err(), "{text}");
        }
    }
}
