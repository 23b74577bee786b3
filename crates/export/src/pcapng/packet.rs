//! One packet: an IPv4 and a TCP header with true checksums, and what the relay kept of the data behind them.

use etherparse::{IpNumber, Ipv4Header, TcpHeader, TcpOptionElement};
use observation::Party;
use std::net::Ipv4Addr;

/// The most data that one packet takes: IPv4 counts its bytes in 16 bits, and both headers take 20 of them. It is also what
/// Linux uses on the loopback interface.
pub(super) const MOST: usize = 65_495;
/// The window that each end says it has, 2^14 times this: so large that nothing ever fills it.
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
    /// What there is of the data.
    pub(super) kept: &'d [u8],
    /// How many bytes it had on the line: [`MOST`] at the most.
    pub(super) length: usize,
}

/// What a segment is besides an acknowledgement.
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
    /// What there is of it.
    pub(super) bytes: Vec<u8>,
    /// How long it was on the line.
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
                    TcpOptionElement::MaximumSegmentSize(MOST as u16),
                    TcpOptionElement::Noop,
                    TcpOptionElement::WindowScale(WINDOW_SCALE),
                ];
                // Eight bytes of the forty that there may be.
                let _ = tcp.set_options(&options);
            }
            Flag::Finish => tcp.fin = true,
            Flag::Reset => tcp.rst = true,
        }
        let (kept, whole) = (&self.kept[..self.kept.len().min(MOST)], self.kept.len() >= self.length);
        let behind_ip = tcp.header_len() + if whole { kept.len() } else { self.length.min(MOST) };
        let here = Ipv4Addr::LOCALHOST.octets();
        // At most 65,515 bytes, so it is never over what IPv4 can say.
        let mut ip =
            Ipv4Header::new(behind_ip.min(0xFFFF) as u16, TIME_TO_LIVE, IpNumber::TCP, here, here).unwrap_or_default();
        ip.dont_fragment = true;
        ip.header_checksum = ip.calc_header_checksum();
        // What is not there cannot be summed up; no reader checks the sum of a packet that is not whole.
        tcp.checksum = if whole { tcp.calc_checksum_ipv4(&ip, kept).unwrap_or_default() } else { 0 };

        let length = (ip.header_len() + behind_ip) as u32;
        let mut bytes = Vec::with_capacity(ip.header_len() + tcp.header_len() + kept.len());
        bytes.extend_from_slice(&ip.to_bytes());
        bytes.extend_from_slice(&tcp.to_bytes());
        bytes.extend_from_slice(kept);
        Packet { bytes, length }
    }
}
