//! One packet: an IPv4 and a TCP header with correct checksums, followed by the recorded data.

use etherparse::{IpNumber, Ipv4Header, TcpHeader, TcpOptionElement};
use observation::Party;
use std::net::Ipv4Addr;

/// The most data in one packet. IPv4 has a length of 16 bits, and each of the two headers takes 20 bytes. Linux uses the same
/// maximum on the loopback interface.
pub(super) const MAX_DATA: usize = 65_495;
/// The window that each side announces. It is scaled by 2^14, so large that data never fills it.
const WINDOW: u16 = 0xFFFF;
const WINDOW_SCALE: u8 = 14;
const TIME_TO_LIVE: u8 = 64;

/// A TCP segment of a connection between two ports of 127.0.0.1.
pub(super) struct Segment<'d> {
    pub(super) from: Party,
    pub(super) client_port: u16,
    pub(super) server_port: u16,
    pub(super) sequence: u32,
    /// `None` only in the first segment of a connection.
    pub(super) acknowledged: Option<u32>,
    pub(super) flag: Flag,
    /// The recorded part of the data.
    pub(super) kept: &'d [u8],
    /// The original length of the data: at most [`MAX_DATA`].
    pub(super) length: usize,
}

/// The flag of a segment, besides ACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    None,
    Push,
    Synchronise,
    Finish,
    Reset,
}

/// A packet as it goes into a file.
pub(super) struct Packet {
    /// The recorded part of the packet.
    pub(super) bytes: Vec<u8>,
    /// The original length of the packet.
    pub(super) length: u32,
}

impl Segment<'_> {
    pub(super) fn packet(&self) -> Packet {
        let (source, destination) = match self.from {
            Party::Client => (self.client_port, self.server_port),
            Party::Server => (self.server_port, self.client_port),
        };
        let mut tcp = TcpHeader::new(source, destination, self.sequence, WINDOW);
        tcp.ack = self.acknowledged.is_some();
        tcp.acknowledgment_number = self.acknowledged.unwrap_or_default();
        match self.flag {
            Flag::None => {}
            Flag::Push => tcp.psh = true,
            Flag::Synchronise => {
                tcp.syn = true;
                let options = [
                    TcpOptionElement::MaximumSegmentSize(MAX_DATA as u16),
                    TcpOptionElement::Noop,
                    TcpOptionElement::WindowScale(WINDOW_SCALE),
                ];
                // Cannot fail: they take 8 bytes, and 40 are allowed.
                let _ = tcp.set_options(&options);
            }
            Flag::Finish => tcp.fin = true,
            Flag::Reset => tcp.rst = true,
        }
        let (kept, whole) = (&self.kept[..self.kept.len().min(MAX_DATA)], self.kept.len() >= self.length);
        let behind_ip = tcp.header_len() + if whole { kept.len() } else { self.length.min(MAX_DATA) };
        let here = Ipv4Addr::LOCALHOST.octets();
        // At most 65,515 bytes, which IPv4 can express.
        let mut ip =
            Ipv4Header::new(behind_ip.min(0xFFFF) as u16, TIME_TO_LIVE, IpNumber::TCP, here, here).unwrap_or_default();
        ip.dont_fragment = true;
        ip.header_checksum = ip.calc_header_checksum();
        // The checksum of missing bytes cannot be computed. Readers do not check truncated packets.
        tcp.checksum = if whole { tcp.calc_checksum_ipv4(&ip, kept).unwrap_or_default() } else { 0 };

        let length = (ip.header_len() + behind_ip) as u32;
        let mut bytes = Vec::with_capacity(ip.header_len() + tcp.header_len() + kept.len());
        bytes.extend_from_slice(&ip.to_bytes());
        bytes.extend_from_slice(&tcp.to_bytes());
        bytes.extend_from_slice(kept);
        Packet { bytes, length }
    }
}
