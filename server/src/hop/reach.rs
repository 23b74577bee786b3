//! How a middlebox reaches the relay itself.

use crate::client::ClientAddress;
use crate::legs::{ExpectedLeg, LegRegistration, ServerSideLegs};
use crate::listen::tune;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::{TcpSocket, TcpStream};

/// Connects to the relay's own address `to` for `client`. The connection is expected before it is accepted, because a connection of a middlebox
/// counts for no client.
pub(super) async fn connect(
    to: SocketAddr,
    legs: &ServerSideLegs,
    client: ClientAddress,
    expected: ExpectedLeg,
) -> io::Result<(TcpStream, LegRegistration)> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    let mut from = to;
    from.set_port(0);
    // A port can be used again although its last connection ended only now.
    socket.set_reuseaddr(true)?;
    socket.bind(from)?;
    let registration = legs.expect(socket.local_addr()?, client, expected);
    let stream = socket.connect(to).await?;
    tune(&stream)?;
    Ok((stream, registration))
}

/// The address at which this machine can connect to the relay. A wildcard address becomes the loopback address.
pub(super) fn own_address(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
