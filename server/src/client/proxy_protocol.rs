//! The PROXY protocol: a header in front of everything else, with which a proxy that forwards bytes says whose they are. Version 2 is
//! binary, and version 1 is a line of text, which nginx sends.
//! <https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>, sections 2.1 and 2.2.

use super::trusted::is_trusted;
use super::{ClientAddress, KnownBy};
use crate::args::Config;
use ppp::{v1, v2};
use std::io;
use std::net::{IpAddr, SocketAddr};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

/// How version 2 begins. Version 1 begins with `PROXY `, and no header of it is shorter than this.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
const VERSION_1: &[u8] = b"PROXY ";

/// The longest line of version 1, with its end.
const LINE: usize = 107;

/// In version 2: the signature, the version and command, the family, and the length of the rest.
const FIXED: usize = 16;
/// The longest rest that is read: addresses and additional information, which the relay skips. A certificate in it would be longer.
const LONGEST: usize = 2048;

/// Why a connection from a trusted proxy is closed.
#[derive(Debug, Error)]
pub(crate) enum ProxyHeaderError {
    #[error(
        "it does not begin with a header of the PROXY protocol; let the proxy send one, or start the relay without --proxy-protocol"
    )]
    Missing,
    #[error(
        "its PROXY protocol header has {0} bytes after the fixed part, and the limit is {LONGEST}; let the proxy send less additional information"
    )]
    TooLong(usize),
    #[error("its PROXY protocol header is malformed: {0}")]
    Malformed(#[from] v2::ParseError),
    #[error("its PROXY protocol header is malformed: {0}")]
    MalformedLine(#[from] v1::BinaryParseError),
    #[error("its PROXY protocol header did not arrive in time")]
    Late,
    #[error("it ended before its PROXY protocol header was complete")]
    Ended(#[from] io::Error),
}

/// The client of a new connection. With `--proxy-protocol`, a trusted proxy must say whose connection it is, and nothing of a header
/// is left in `stream`. From any other address, no header is read.
pub(crate) async fn client_of(
    stream: &mut (impl AsyncRead + Unpin),
    peer: SocketAddr,
    config: &Config,
) -> Result<ClientAddress, ProxyHeaderError> {
    let socket = ClientAddress::of_socket(peer);
    if !config.proxy_protocol || !is_trusted(&config.trusted_proxy, socket.ip) {
        return Ok(socket);
    }
    let named = timeout(config.head_timeout, read(stream)).await.map_err(|_| ProxyHeaderError::Late)??;
    Ok(named.map_or(socket, |ip| ClientAddress { ip, known_by: KnownBy::ProxyProtocol }))
}

/// Reads a header and nothing after it. `None` if the proxy itself is the client, as in a health check, or the client has no address.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<IpAddr>, ProxyHeaderError> {
    let mut begin = [0; SIGNATURE.len()];
    let mut filled = 0;
    while filled < begin.len() {
        match stream.read(&mut begin[filled..]).await? {
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            count => filled += count,
        }
        // Anything else fails at once, without waiting for more.
        let starts = |expected: &[u8]| begin[..filled].starts_with(&expected[..filled.min(expected.len())]);
        if !starts(&SIGNATURE) && !starts(VERSION_1) {
            return Err(ProxyHeaderError::Missing);
        }
    }
    let ip = if begin == SIGNATURE { read_v2(stream).await? } else { read_v1(stream, &begin).await? };
    Ok(ip.map(|ip| ip.to_canonical()))
}

async fn read_v2(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<IpAddr>, ProxyHeaderError> {
    let mut header = [0; FIXED];
    header[..SIGNATURE.len()].copy_from_slice(&SIGNATURE);
    stream.read_exact(&mut header[SIGNATURE.len()..]).await?;
    let length = usize::from(u16::from_be_bytes([header[FIXED - 2], header[FIXED - 1]]));
    if length > LONGEST {
        return Err(ProxyHeaderError::TooLong(length));
    }
    let mut header = header.to_vec();
    header.resize(FIXED + length, 0);
    stream.read_exact(&mut header[FIXED..]).await?;
    let header = v2::Header::try_from(&header[..])?;
    Ok(match (header.command, header.addresses) {
        (v2::Command::Proxy, v2::Addresses::IPv4(addresses)) => Some(addresses.source_address.into()),
        (v2::Command::Proxy, v2::Addresses::IPv6(addresses)) => Some(addresses.source_address.into()),
        (v2::Command::Local, _) | (_, v2::Addresses::Unspecified | v2::Addresses::Unix(_)) => None,
    })
}

async fn read_v1(stream: &mut (impl AsyncRead + Unpin), begin: &[u8]) -> Result<Option<IpAddr>, ProxyHeaderError> {
    let mut line = begin.to_vec();
    // The length is not known before, so a longer read could take bytes of the client.
    while !line.ends_with(b"\r\n") && line.len() < LINE {
        line.push(stream.read_u8().await?);
    }
    Ok(match v1::Header::try_from(&line[..])?.addresses {
        v1::Addresses::Tcp4(addresses) => Some(addresses.source_address.into()),
        v1::Addresses::Tcp6(addresses) => Some(addresses.source_address.into()),
        v1::Addresses::Unknown => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with that byte for version and command, that byte for the family, and `rest`.
    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, rest].concat()
    }

    /// What `read` makes of it, and how much it left.
    async fn take(bytes: &[u8]) -> (Result<Option<IpAddr>, ProxyHeaderError>, usize) {
        let mut stream = bytes;
        let read = read(&mut stream).await;
        (read, stream.len())
    }

    #[tokio::test]
    async fn a_header_names_the_client_and_leaves_the_rest() {
        let v4 = [192, 0, 2, 1, 10, 0, 0, 1, 0x12, 0x34, 0x01, 0xbb];
        // A TLV of type NOOP with three bytes.
        let tlv = [0x04, 0, 3, 1, 2, 3];
        let mut v6 = [0; 36];
        v6[..16].copy_from_slice(&"2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
        let mut mapped = v6;
        mapped[..16].copy_from_slice(&"::ffff:192.0.2.1".parse::<std::net::Ipv6Addr>().unwrap().octets());
        for (header, ip) in [
            (header(0x21, 0x11, &v4), Some("192.0.2.1")),
            (header(0x21, 0x11, &[&v4[..], &tlv].concat()), Some("192.0.2.1")),
            (header(0x21, 0x21, &[&v6[..], &tlv].concat()), Some("2001:db8::1")),
            (header(0x21, 0x21, &mapped), Some("192.0.2.1")),
            (header(0x21, 0x31, &[b'/'; 216]), None),
            (header(0x21, 0x00, &[]), None),
            (header(0x20, 0x00, &[]), None),
            (header(0x20, 0x11, &v4), None),
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 4660 443\r\n".to_vec(), Some("192.0.2.1")),
            (b"PROXY TCP6 2001:db8::1 fd00::1 4660 443\r\n".to_vec(), Some("2001:db8::1")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN some more\r\n".to_vec(), None),
        ] {
            let (read, left) = take(&[&header[..], b"GET"].concat()).await;
            assert_eq!(read.unwrap(), ip.map(|ip| ip.parse().unwrap()), "{header:x?}");
            assert_eq!(left, 3, "{header:x?}");
        }
    }

    #[tokio::test]
    async fn anything_else_is_an_error() {
        use ProxyHeaderError as E;
        let v4 = [192, 0, 2, 1, 10, 0, 0, 1, 0x12, 0x34, 0x01, 0xbb];
        assert!(matches!(take(b"GET / HTTP/1.1\r\n").await.0, Err(E::Missing)));
        assert!(matches!(take(&[22, 3, 1]).await.0, Err(E::Missing)));
        assert!(matches!(take(b"PROXIED").await.0, Err(E::Missing)));
        assert!(matches!(take(b"PROXY TCP4").await.0, Err(E::Ended(_))));
        assert!(matches!(take(b"PROXY TCP4 192.0.2.1 10.0.0.1 4660\r\n").await.0, Err(E::MalformedLine(_))));
        assert!(matches!(take(b"PROXY TCP4 192.0.2.256 10.0.0.1 1 2\r\n").await.0, Err(E::MalformedLine(_))));
        assert!(matches!(take(&[b"PROXY UNKNOWN ", &[b'x'; 200][..]].concat()).await.0, Err(E::MalformedLine(_))));
        assert!(matches!(take(b"").await.0, Err(E::Ended(_))));
        assert!(matches!(take(&header(0x21, 0x11, &v4)[..20]).await.0, Err(E::Ended(_))));
        assert!(matches!(take(&header(0x21, 0x11, &v4[..8])).await.0, Err(E::Malformed(_))));
        assert!(matches!(take(&header(0x11, 0x11, &v4)).await.0, Err(E::Malformed(_))));
        assert!(matches!(take(&header(0x2f, 0x11, &v4)).await.0, Err(E::Malformed(_))));
        assert!(matches!(take(&header(0x21, 0x11, &[0; LONGEST + 1])).await.0, Err(E::TooLong(_))));
    }
}
