//! Which proxies the relay believes.

use ipnet::IpNet;
use std::net::IpAddr;
use std::str::FromStr;
use thiserror::Error;

/// The addresses of proxies that the relay believes, as one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedProxy(IpNet);

/// Why a value is no `--trusted-proxy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TrustedProxyError {
    #[error("expected the address of a proxy or a network, such as 127.0.0.1 or 10.0.0.0/8")]
    NoNetwork,
    #[error(
        "a network of length 0 contains every client, so each could claim any address; list only the addresses of your proxies, such as 10.0.0.0/8"
    )]
    Everybody,
}

impl FromStr for TrustedProxy {
    type Err = TrustedProxyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        let network = address.or_else(|_| text.parse::<IpNet>()).map_err(|_| TrustedProxyError::NoNetwork)?;
        if network.prefix_len() == 0 { Err(TrustedProxyError::Everybody) } else { Ok(Self(network)) }
    }
}

/// Whether one of the proxies has that address.
pub(crate) fn is_trusted(proxies: &[TrustedProxy], ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    proxies.iter().any(|TrustedProxy(network)| network.contains(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, inside: &[&str], outside: &[&str]) {
        let proxies = [network.parse().unwrap()];
        for (addresses, expected) in [(inside, true), (outside, false)] {
            for address in addresses {
                assert_eq!(is_trusted(&proxies, address.parse().unwrap()), expected, "{address} in {network}");
            }
        }
    }

    #[test]
    fn a_network_contains_its_addresses_only() {
        check("10.0.0.0/8", &["10.1.2.3", "::ffff:10.1.2.3"], &["11.0.0.0", "::10.1.2.3"]);
        check("10.1.2.3/8", &["10.200.0.1"], &["11.0.0.0"]);
        check("127.0.0.1", &["127.0.0.1"], &["127.0.0.2"]);
        check("::ffff:127.0.0.1", &["127.0.0.1"], &["127.0.0.2"]);
        check("2001:db8::/32", &["2001:db8:ffff::1"], &["2001:db9::", "10.0.0.1"]);
        assert!(!is_trusted(&[], IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn other_values_are_refused() {
        for wrong in ["", "10.0.0.0/33", "10.0.0", "proxy.example", "10.0.0.0/8, 11.0.0.0/8", "[::1]"] {
            assert_eq!(wrong.parse::<TrustedProxy>(), Err(TrustedProxyError::NoNetwork), "{wrong}");
        }
        for everybody in ["0.0.0.0/0", "::/0"] {
            assert_eq!(everybody.parse::<TrustedProxy>(), Err(TrustedProxyError::Everybody));
        }
    }
}
