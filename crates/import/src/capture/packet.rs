//! The TCP segment in a packet, for the link types of captures of WebSockets: Ethernet, loopback, cooked, and IP alone.

use super::Packet;
use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::Linktype;
use std::net::{IpAddr, SocketAddr};

/// A TCP segment. RFC 9293 §3.1.
pub(super) struct Segment<'p> {
    pub(super) source: SocketAddr,
    pub(super) target: SocketAddr,
    pub(super) sequence: u32,
    pub(super) acknowledged: Option<u32>,
    pub(super) synchronises: bool,
    pub(super) finishes: bool,
    pub(super) resets: bool,
    /// The data as far as it was captured.
    pub(super) data: &'p [u8],
    /// How many bytes of data follow that were not captured.
    pub(super) missing: u32,
}

/// What a packet is.
pub(super) enum Content<'p> {
    Segment(Segment<'p>),
    /// A part of an IP packet. It is not assembled.
    Fragment,
    /// A link type that is not supported.
    OtherLink(i32),
    /// Something else than TCP, or damaged.
    Other,
}

/// The length of the header of a cooked capture, and of its second version. LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2.
const COOKED: usize = 16;
const COOKED_2: usize = 20;
/// The length of the address family before a packet of a loopback capture. LINKTYPE_NULL, LINKTYPE_LOOP.
const FAMILY: usize = 4;

/// Finds the segment in a packet.
pub(super) fn content<'p>(packet: &Packet<'p>) -> Content<'p> {
    let bytes = packet.bytes;
    let sliced = match packet.link {
        Linktype::ETHERNET => LaxSlicedPacket::from_ethernet(bytes).ok(),
        Linktype::NULL | Linktype::LOOP => bytes.get(FAMILY..).and_then(ip),
        // 12 and 14 are what some systems write for RAW.
        Linktype::RAW | Linktype(12 | 14) | Linktype::IPV4 | Linktype::IPV6 => ip(bytes),
        Linktype::LINUX_SLL => protocol(bytes, COOKED - 2).zip(bytes.get(COOKED..)).map(by_protocol),
        Linktype::LINUX_SLL2 => protocol(bytes, 0).zip(bytes.get(COOKED_2..)).map(by_protocol),
        Linktype(other) => return Content::OtherLink(other),
    };
    sliced.map_or(Content::Other, |sliced| segment(packet, &sliced))
}

fn ip(bytes: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    LaxSlicedPacket::from_ip(bytes).ok()
}

fn protocol(bytes: &[u8], at: usize) -> Option<EtherType> {
    let bytes = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(EtherType(u16::from_be_bytes(bytes)))
}

fn by_protocol((protocol, bytes): (EtherType, &[u8])) -> LaxSlicedPacket<'_> {
    LaxSlicedPacket::from_ether_type(protocol, bytes)
}

fn segment<'p>(packet: &Packet<'p>, sliced: &LaxSlicedPacket<'p>) -> Content<'p> {
    // `header` is the IP header, and `declared` the length of the IP packet in it.
    let (source, target, header, declared) = match &sliced.net {
        Some(LaxNetSlice::Ipv4(slice)) => {
            let header = slice.header();
            let ends = (IpAddr::from(header.source_addr()), IpAddr::from(header.destination_addr()));
            (ends.0, ends.1, header.slice(), usize::from(header.total_len()))
        }
        Some(LaxNetSlice::Ipv6(slice)) => {
            let header = slice.header();
            let ends = (IpAddr::from(header.source_addr()), IpAddr::from(header.destination_addr()));
            let payload = usize::from(header.payload_length());
            // 0 also stands for a length that does not fit.
            (ends.0, ends.1, header.slice(), if payload == 0 { 0 } else { header.slice().len() + payload })
        }
        _ => return Content::Other,
    };
    let Some(payload) = sliced.net.as_ref().and_then(LaxNetSlice::ip_payload_ref) else { return Content::Other };
    if payload.fragmented {
        return Content::Fragment;
    }
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { return Content::Other };
    let offset = header.as_ptr().addr() - packet.bytes.as_ptr().addr();
    let captured = packet.bytes.len() - offset;
    // A card that splits packets itself leaves the length in the IP header at 0.
    let original = match declared {
        0 => (packet.original as usize).saturating_sub(offset),
        declared => declared,
    };
    let missing = u32::try_from(original.saturating_sub(captured)).unwrap_or(u32::MAX);
    Content::Segment(Segment {
        source: SocketAddr::new(source, tcp.source_port()),
        target: SocketAddr::new(target, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        synchronises: tcp.syn(),
        finishes: tcp.fin(),
        resets: tcp.rst(),
        data: tcp.payload(),
        missing,
    })
}
