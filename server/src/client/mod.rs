//! Who the client of a connection and of a request is.
//!
//! | module | what it does |
//! |---|---|
//! | `trusted` | the proxies that the relay believes |
//! | `proxy_protocol` | the header with which a proxy names the client of a connection |
//! | `request` | the client of a request, from the header fields of trusted proxies |
//! | `hops`, `forwarded` | what these fields say: `X-Forwarded-For` and its like, and RFC 7239 |

mod forwarded;
mod hops;
mod proxy_protocol;
mod request;
mod trusted;

pub(crate) use proxy_protocol::client_of;
pub(crate) use request::identify;
pub(crate) use trusted::is_trusted;
pub use trusted::{TrustedProxy, TrustedProxyError};

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The address of a client, and what makes the relay believe it. It is in the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    /// An IPv4 address is never written as an IPv6 one.
    pub(crate) ip: IpAddr,
    pub(crate) known_by: KnownBy,
}

/// Where a client's address comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KnownBy {
    /// The other end of the TCP connection.
    Socket,
    /// A header of the PROXY protocol from a trusted proxy.
    ProxyProtocol,
    /// A header field from a trusted proxy.
    Field,
    /// One of the relay's own middleboxes, which forwards the connection of this client.
    Middlebox,
}

impl ClientAddress {
    /// The other end of a TCP connection.
    pub(crate) fn of_socket(peer: SocketAddr) -> Self {
        Self { ip: peer.ip().to_canonical(), known_by: KnownBy::Socket }
    }

    /// What a limit per client counts by.
    pub(crate) fn limit_key(self) -> LimitKey {
        LimitKey::of(self.ip)
    }
}

/// An IPv4 address, or the first 64 bits of an IPv6 address: a provider assigns a network of this size to one customer, who can then
/// use any address of it. RFC 6177 §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LimitKey(IpAddr);

impl LimitKey {
    fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & !u128::from(u64::MAX);
                Self(Ipv6Addr::from_bits(network).into())
            }
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}

impl fmt::Display for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_count_by_address_or_by_network() {
        for (ip, key) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::", "2001:db8:1:3::/64"),
            ("::1", "::/64"),
        ] {
            let client = ClientAddress::of_socket(SocketAddr::new(ip.parse().unwrap(), 9));
            assert_eq!(client.limit_key().to_string(), key);
        }
    }
}
