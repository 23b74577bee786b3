//! Writes captures: TCP segments between two ends, in any order.

use etherparse::{PacketBuilder, TcpHeader};

pub(crate) const REQUEST: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
pub(crate) const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
pub(crate) const DEFLATE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// Link types. <https://www.tcpdump.org/linktypes.html>
pub(crate) const NULL: u32 = 0;
pub(crate) const ETHERNET: u32 = 1;
pub(crate) const RAW: u32 = 101;
pub(crate) const LOOP: u32 = 108;
pub(crate) const COOKED: u32 = 113;
pub(crate) const COOKED_2: u32 = 276;

/// One TCP connection, whose segments are made one by one.
#[derive(Clone)]
pub(crate) struct Tcp {
    pub(crate) client: u16,
    pub(crate) server: u16,
    /// The next sequence number of the client and of the server.
    pub(crate) next: [u32; 2],
    pub(crate) is_ipv6: bool,
}

impl Tcp {
    pub(crate) fn new(client: u16) -> Self {
        // Sequence numbers that wrap around soon.
        Self { client, server: 8080, next: [u32::MAX - 100, 7000], is_ipv6: false }
    }

    /// The three segments that open the connection.
    pub(crate) fn open(&mut self) -> Vec<Vec<u8>> {
        let first = self.segment(0, &[], |tcp| (tcp.syn, tcp.ack) = (true, false));
        self.next[0] = self.next[0].wrapping_add(1);
        let second = self.segment(1, &[], |tcp| tcp.syn = true);
        self.next[1] = self.next[1].wrapping_add(1);
        vec![first, second, self.segment(0, &[], |_| {})]
    }

    /// A segment with data, and nothing else.
    pub(crate) fn data(&mut self, from: usize, data: &[u8]) -> Vec<u8> {
        let packet = self.segment(from, data, |tcp| tcp.psh = true);
        self.next[from] = self.next[from].wrapping_add(data.len() as u32);
        packet
    }

    pub(crate) fn fin(&mut self, from: usize) -> Vec<u8> {
        let packet = self.segment(from, &[], |tcp| tcp.fin = true);
        self.next[from] = self.next[from].wrapping_add(1);
        packet
    }

    pub(crate) fn segment(&self, from: usize, data: &[u8], change: impl FnOnce(&mut TcpHeader)) -> Vec<u8> {
        let ports = if from == 0 { (self.client, self.server) } else { (self.server, self.client) };
        let mut tcp = TcpHeader::new(ports.0, ports.1, self.next[from], 0xFFFF);
        (tcp.ack, tcp.acknowledgment_number) = (true, self.next[1 - from]);
        change(&mut tcp);
        let ends = [1, 2].map(|last| [10, 0, 0, last]);
        let ends6 = [1, 2].map(|last| [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
        let builder = match self.is_ipv6 {
            false => PacketBuilder::ipv4(ends[from], ends[1 - from], 64),
            true => PacketBuilder::ipv6(ends6[from], ends6[1 - from], 64),
        };
        let builder = builder.tcp_header(tcp);
        let mut packet = Vec::new();
        builder.write(&mut packet, data).expect("a vector accepts every write");
        packet
    }
}

/// Both ends of a connection up to the first frame.
pub(crate) fn opened(tcp: &mut Tcp, response: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = tcp.open();
    packets.push(tcp.data(0, REQUEST));
    packets.push(tcp.data(1, response));
    packets
}

/// A capture in the older format, of packets without a link layer. They are a millisecond apart.
pub(crate) fn pcap(packets: &[Vec<u8>]) -> Vec<u8> {
    pcap_of(RAW, packets)
}

/// The same on a link layer.
pub(crate) fn pcap_of(link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xA1B2_C3D4_u32.to_le_bytes());
    file.extend([2, 0, 4, 0].into_iter().chain([0; 8]));
    file.extend(65_535_u32.to_le_bytes());
    file.extend(link.to_le_bytes());
    for (packet, at) in packets.iter().zip(0_u32..) {
        let packet = [&link_header(link, packet)[..], packet].concat();
        let length = (packet.len() as u32).to_le_bytes();
        file.extend(1_795_608_000_u32.to_le_bytes().into_iter().chain((1000 * at).to_le_bytes()));
        file.extend(length.into_iter().chain(length).chain(packet));
    }
    file
}

fn link_header(link: u32, packet: &[u8]) -> Vec<u8> {
    let is_ipv6 = packet[0] >> 4 == 6;
    let protocol: [u8; 2] = if is_ipv6 { [0x86, 0xDD] } else { [0x08, 0x00] };
    match link {
        ETHERNET => [&[2; 12][..], &protocol].concat(),
        NULL => vec![if is_ipv6 { 30 } else { 2 }, 0, 0, 0],
        LOOP => vec![0, 0, 0, if is_ipv6 { 30 } else { 2 }],
        COOKED => [&[0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0][..], &protocol].concat(),
        COOKED_2 => [&protocol[..], &[0; 18]].concat(),
        _ => Vec::new(),
    }
}

/// A frame of the client, masked, and the same of the server.
pub(crate) fn frame(from: usize, first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u8;
    assert!(length < 126, "a short frame");
    let key = [0x37, 0xFA, 0x21, 0x3D];
    match from {
        0 => {
            let masked = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
            [first, 0x80 | length].into_iter().chain(key).chain(masked).collect()
        }
        _ => [first, length].into_iter().chain(payload.iter().copied()).collect(),
    }
}
