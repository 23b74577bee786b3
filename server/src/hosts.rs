//! Which host names the relay answers to. A page can make a name of its own resolve to this machine (DNS rebinding), and the browser
//! then treats the relay as part of that page's site. The `Host` header still has the page's name, so such requests are refused.

use crate::host_name::HostName;
use crate::public_url::PublicUrl;
use axum::http::uri::Authority;
use std::net::{IpAddr, SocketAddr};
use url::Host;

/// The names that one relay answers to, besides `localhost`.
#[derive(Clone, Debug)]
pub(crate) struct KnownHosts {
    /// Those of `--host` and `--public-url`.
    named: Vec<HostName>,
    /// Those of the self-signed certificate.
    certified: Vec<HostName>,
}

impl KnownHosts {
    pub(crate) fn new(named: &[HostName], public_urls: &[PublicUrl], tls_names: &[String]) -> Self {
        let certified = tls_names.iter().filter_map(|name| name.parse().ok()).collect();
        let public = public_urls.iter().map(PublicUrl::host);
        Self { named: named.iter().chain(public).cloned().collect(), certified }
    }

    /// Whether `authority`, a host with or without a port, is known at a listener.
    ///
    /// At a loopback address, only this machine's own names are known. At any other address, the operator has opened the relay to a
    /// network where it has names that it cannot guess, so all are known unless `--host` lists some.
    pub(crate) fn knows(&self, authority: &str, is_loopback: bool) -> bool {
        let Some(host) = authority.parse::<Authority>().ok().and_then(|authority| authority.host().parse().ok()) else {
            return false;
        };
        let is_own = match HostName::host(&host) {
            Host::Domain(domain) => domain == "localhost" || domain.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback() || !is_loopback,
            Host::Ipv6(address) => IpAddr::from(*address).to_canonical().is_loopback() || !is_loopback,
        };
        is_own
            || self.named.contains(&host)
            || self.certified.contains(&host)
            || (!is_loopback && self.named.is_empty())
    }
}

/// The host of `authority`.
pub(crate) fn without_port(authority: &str) -> &str {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    authority.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(authority, |(host, _)| host)
}

/// Whether only this machine can connect to `address`.
pub(crate) fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(named: &[&str], authority: &str, at_loopback: bool, elsewhere: bool) {
        let named: Vec<_> = named.iter().map(|name| name.parse().unwrap()).collect();
        let hosts = KnownHosts::new(&named, &[], &["localhost".to_owned(), "tls.test".to_owned()]);
        assert_eq!(
            (hosts.knows(authority, true), hosts.knows(authority, false)),
            (at_loopback, elsewhere),
            "{authority}"
        );
    }

    #[test]
    fn a_loopback_listener_knows_only_this_machine() {
        for own in [
            "localhost",
            "LocalHost:8080",
            "localhost.",
            "a.b.localhost:1",
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:80",
            "[::ffff:127.0.0.1]",
            "tls.test:8443",
        ] {
            check(&[], own, true, true);
            check(&["lab.example"], own, true, true);
        }
        for other in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:8080",
            "notlocalhost",
            "user@evil.example",
        ] {
            check(&[], other, false, true);
            check(&["lab.example"], other, false, false);
        }
        for address in ["192.168.1.5:8080", "[2001:db8::1]"] {
            check(&[], address, false, true);
            check(&["lab.example"], address, false, true);
        }
        for malformed in ["", "a b", "[", "a:b:c", "lab..example", "%"] {
            check(&["lab.example"], malformed, false, false);
        }
    }

    #[test]
    fn named_hosts_are_known() {
        let named = ["Lab.Example", "b\u{fc}cher.example", "10.0.0.1", "2001:db8::1"];
        for known in ["lab.example:80", "LAB.EXAMPLE.", "xn--bcher-kva.example", "10.0.0.1", "[2001:db8::1]:1"] {
            check(&named, known, true, true);
        }
    }
}
