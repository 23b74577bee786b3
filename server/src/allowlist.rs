//! Which other servers the relay may connect to: only those on the command line, and at a private address only if it says so.

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
    /// Whether the name may resolve to an address of a private network or of this machine.
    private: bool,
    /// The protected headers that visitors may set nevertheless, in lower case.
    headers: Vec<String>,
}

/// A header that visitors may set for one server: `Name=URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHeader {
    name: String,
    server: AllowedServer,
}

/// Why a URL is refused. The message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum TargetError {
    #[error("`to` is missing; add the server’s URL, as in `?to=wss%3A%2F%2Fhost%2Fpath`")]
    Missing,
    #[error("`to` is not a WebSocket URL; write `ws://host/path` or `wss://host/path`, without a fragment (`#`)")]
    Malformed,
    #[error("`to` contains a user name or password; remove it: the relay sends no credentials in a URL")]
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
        Ok(Self {
            text: text.to_owned(),
            secure: url.scheme() == "wss",
            host,
            port,
            path,
            private: false,
            headers: Vec::new(),
        })
    }
}

impl FromStr for AllowedHeader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || "expected a header and a server of --relay-to, such as Authorization=wss://echo.example/ws".to_owned();
        let (name, server) = text.split_once('=').ok_or_else(wrong)?;
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(wrong());
        }
        Ok(Self { name: name.to_ascii_lowercase(), server: server.parse()? })
    }
}

impl AllowedHeader {
    /// Whether it is for this server.
    pub(crate) fn is_for(&self, server: &AllowedServer) -> bool {
        let same = |a: &AllowedServer, b: &AllowedServer| (a.secure, a.port, &a.path) == (b.secure, b.port, &b.path);
        self.server.host == server.host && same(&self.server, server)
    }

    /// The header, in lower case.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The server, as the operator wrote it.
    pub(crate) fn server(&self) -> &str {
        self.server.text()
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

    /// The same server, also at an address of a private network or of this machine.
    pub(crate) fn also_private(self) -> Self {
        Self { private: true, ..self }
    }

    /// The same server, for which visitors may set these headers too.
    pub(crate) fn with_headers(self, allowed: &[AllowedHeader]) -> Self {
        let names = allowed.iter().filter(|header| header.is_for(&self)).map(|header| header.name.clone());
        Self { headers: names.collect(), ..self }
    }

    /// Whether visitors may set the header `name`, in any case, although it is protected.
    pub(crate) fn permits_header(&self, name: &str) -> bool {
        self.headers.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
    }

    /// Whether the operator has opened an address of a private network or of this machine.
    pub(crate) fn is_inside(&self) -> bool {
        self.private
            || match &self.host {
                Host::Ipv4(ip) => !is_public_v4(*ip),
                Host::Ipv6(ip) => ip.to_ipv4_mapped().map_or(!is_public_v6(*ip), |ip| !is_public_v4(ip)),
                Host::Domain(name) => name == "localhost",
            }
    }

    /// Whether the relay may connect to that address. A non-public address must be on the list itself, be this machine under the
    /// name `localhost`, or belong to a name that may be private.
    pub(crate) fn permits_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match &self.host {
            Host::Ipv4(ip) => address == IpAddr::V4(*ip),
            Host::Ipv6(ip) => address == IpAddr::V6(*ip).to_canonical(),
            Host::Domain(name) if name == "localhost" => address.is_loopback(),
            Host::Domain(_) => is_public(address) || self.private && is_private(address),
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

/// Whether an address belongs to a private network (RFC 1918, RFC 4193, RFC 6598) or to this machine. Link-local addresses do not:
/// clouds serve credentials there.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || is_shared(ip),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    }
}

fn is_shared(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    a == 100 && (64..128).contains(&b)
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
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
        || is_shared(ip)
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
mod tests;
