//! How a middlebox reaches the relay itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address at which this machine can connect to the relay. A wildcard address becomes the loopback address.
pub(super) fn own_address(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
