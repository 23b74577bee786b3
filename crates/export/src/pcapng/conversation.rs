//! A TCP connection as a series of segments with correct sequence numbers.

use super::packet::{Flag, MAX_DATA, Packet, Segment};
use observation::Party;

/// The client port of the first connection. Systems choose client ports from here on.
const FIRST_PORT: u16 = 49_152;
/// Lower ports belong to servers.
const LOWEST_PORT: u16 = 1024;

/// One connection. Both sides count from 0, so a sequence number minus one is an offset in the bytes that its side sent.
pub(super) struct Conversation {
    client_port: u16,
    server_port: u16,
    /// The next sequence number of each side.
    client: u32,
    server: u32,
    /// Whether each side has ended its half.
    client_finished: bool,
    server_finished: bool,
    /// A request was not answered, and the connection is still open.
    pub(super) is_silent: bool,
    /// Whether the relay is the client, connected to another server.
    pub(super) is_upstream: bool,
}

impl Conversation {
    /// The connection with this number, before any data. Each of 64,511 successive connections has a different client port.
    pub(super) fn new(number: u32, server_port: u16) -> Self {
        const PORTS: u64 = (u16::MAX - LOWEST_PORT) as u64;
        let index = (u64::from(FIRST_PORT - LOWEST_PORT) + u64::from(number.wrapping_sub(1))) % PORTS;
        // `index` is below 64,511, so the port is valid even after adding one.
        let mut client_port = LOWEST_PORT + index as u16;
        if server_port >= LOWEST_PORT && client_port >= server_port {
            client_port += 1;
        }
        Self {
            client_port,
            server_port,
            client: 0,
            server: 0,
            client_finished: false,
            server_finished: false,
            is_silent: false,
            is_upstream: false,
        }
    }

    /// The three segments that open the connection.
    pub(super) fn begin(&mut self) -> [Packet; 3] {
        let first = self.segment(Party::Client, None, Flag::Synchronise);
        self.client = 1;
        let second = self.segment(Party::Server, Some(1), Flag::Synchronise);
        self.server = 1;
        [first, second, self.segment(Party::Client, Some(1), Flag::None)]
    }

    /// Starts in the middle of a connection whose earlier bytes are unknown.
    pub(super) fn join(&mut self) {
        (self.client, self.server) = (1, 1);
    }

    /// Packets for `length` bytes that `from` sent, of which the relay recorded `kept`. If bytes are missing, the first packet has
    /// as many recorded bytes as fit, and later packets have none. Otherwise a reader would take the rest of a frame in a later
    /// packet for the start of a frame.
    pub(super) fn data(&mut self, from: Party, kept: &[u8], length: u64) -> Vec<Packet> {
        let mut packets = Vec::new();
        let whole = kept.len() as u64 >= length;
        let (mut kept, mut left) = (kept, length.max(kept.len() as u64));
        while left > 0 && !self.has_finished(from) {
            let packet_length = usize::try_from(left).map_or(MAX_DATA, |left| left.min(MAX_DATA));
            let (here, rest) = kept.split_at(kept.len().min(packet_length));
            left -= packet_length as u64;
            let flag = if left == 0 { Flag::Push } else { Flag::None };
            let acknowledged = Some(self.acknowledged_by(from));
            packets.push(self.packet(from, acknowledged, flag, here, packet_length));
            self.advance(from, packet_length as u32);
            kept = if whole { rest } else { &[] };
        }
        packets
    }

    /// Ends both halves, that of `first` before the other.
    pub(super) fn finish(&mut self, first: Party) -> Vec<Packet> {
        let mut packets = Vec::new();
        for from in [first, other(first)] {
            if !self.has_finished(from) {
                packets.push(self.segment(from, Some(self.acknowledged_by(from)), Flag::Finish));
                self.advance(from, 1);
                match from {
                    Party::Client => self.client_finished = true,
                    Party::Server => self.server_finished = true,
                }
            }
        }
        if !packets.is_empty() {
            packets.push(self.segment(first, Some(self.acknowledged_by(first)), Flag::None));
        }
        packets
    }

    /// `from` resets the connection.
    pub(super) fn reset(&mut self, from: Party) -> Vec<Packet> {
        if self.client_finished && self.server_finished {
            return Vec::new();
        }
        (self.client_finished, self.server_finished) = (true, true);
        vec![self.segment(from, Some(self.acknowledged_by(from)), Flag::Reset)]
    }

    fn segment(&self, from: Party, acknowledged: Option<u32>, flag: Flag) -> Packet {
        self.packet(from, acknowledged, flag, &[], 0)
    }

    fn packet(&self, from: Party, acknowledged: Option<u32>, flag: Flag, kept: &[u8], length: usize) -> Packet {
        let &Self { client_port, server_port, client, server, .. } = self;
        let sequence = match from {
            Party::Client => client,
            Party::Server => server,
        };
        Segment { from, client_port, server_port, sequence, acknowledged, flag, kept, length }.packet()
    }

    /// Acknowledges everything that the other side has sent.
    fn acknowledged_by(&self, from: Party) -> u32 {
        match from {
            Party::Client => self.server,
            Party::Server => self.client,
        }
    }

    fn advance(&mut self, from: Party, bytes: u32) {
        let next = match from {
            Party::Client => &mut self.client,
            Party::Server => &mut self.server,
        };
        // RFC 9293 §3.4: sequence numbers wrap around.
        *next = next.wrapping_add(bytes);
    }

    fn has_finished(&self, from: Party) -> bool {
        match from {
            Party::Client => self.client_finished,
            Party::Server => self.server_finished,
        }
    }
}

fn other(party: Party) -> Party {
    match party {
        Party::Client => Party::Server,
        Party::Server => Party::Client,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_connection_has_a_port_of_its_own_that_is_not_the_relays() {
        for server in [80, 1024, 8080, 49_152, 50_000, u16::MAX] {
            let mut ports: Vec<_> = (1..=64_511).map(|number| Conversation::new(number, server).client_port).collect();
            ports.sort_unstable();
            ports.dedup();
            assert_eq!((ports.len(), ports.contains(&server)), (64_511, false), "{server}");
            assert!(ports[0] >= LOWEST_PORT);
        }
        assert_eq!(Conversation::new(1, 8080).client_port, 49_153);
        Conversation::new(0, 8080);
        Conversation::new(u32::MAX, 8080);
    }

    #[test]
    fn missing_bytes_are_counted() {
        let mut conversation = Conversation::new(1, 8080);
        conversation.begin();
        let packets = conversation.data(Party::Client, &[7; 100], 200_000);
        let lengths: Vec<_> = packets.iter().map(|packet| (packet.bytes.len(), packet.length)).collect();
        assert_eq!(lengths, [(140, 65_535), (40, 65_535), (40, 65_535), (40, 3_555)]);
        assert_eq!(conversation.client, 200_001);
        assert!(conversation.data(Party::Server, &[], 0).is_empty());
    }
}
