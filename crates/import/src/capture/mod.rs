//! Captures: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng).
//!
//! | module | content |
//! |---|---|
//! | this one | the blocks of a file, and the time of each packet |
//! | `packet` | the TCP segment in a packet |
//! | `reassembly` | one direction of a TCP connection, in order |
//! | `connections` | all TCP connections of a capture |
//! | `conversation` | what a TCP connection carries: HTTP/1.1, then WebSocket |
//! | `http` | finds the opening handshake in a TCP connection |
//! | `websocket` | both directions after the handshake, and the end |
//! | `frames` | the frames of one direction |
//! | `guess` | whether bytes look like frames, for a connection whose start is missing |

mod connections;
mod conversation;
mod ending;
mod frames;
mod guess;
mod http;
mod packet;
mod reassembly;
mod websocket;

use crate::ImportError;
use crate::limits::Limits;
use crate::recorder::{Moment, Recorder};
use connections::Connections;
use observation::Document;
use observation::document::{Place, Source};
use pcap_parser::pcapng::{
    Block, InterfaceDescriptionBlock, SecretsType, parse_block_be, parse_block_le, parse_sectionheaderblock,
};
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Linktype, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header};
use std::time::Duration;

const SECOND_US: u128 = 1_000_000;

/// A packet as it is in a file.
struct Packet<'f> {
    link: Linktype,
    bytes: &'f [u8],
    /// The length on the wire.
    original: u32,
    at_us: u64,
}

/// What all formats of captures share.
struct Capture {
    recorder: Recorder,
    connections: Connections,
    /// The number of packets so far.
    packets: u64,
    /// When the first packet was captured.
    began_us: Option<u64>,
}

pub(crate) fn read_pcap(bytes: &[u8], limits: &Limits, now: Duration) -> Result<Document, ImportError> {
    let (mut rest, header) =
        parse_pcap_header(bytes).map_err(|_| ImportError::Damaged("its header of 24 bytes is incomplete"))?;
    let parse = match (header.is_bigendian(), header.is_modified_format()) {
        (true, _) => parse_pcap_frame_be,
        (false, true) => parse_pcap_frame_modified,
        (false, false) => parse_pcap_frame,
    };
    let fractions_of_us = if header.is_nanosecond_precision() { 1000 } else { 1 };
    // The upper bits say how many bytes of a checksum follow each packet.
    let link = Linktype(header.network.0 & 0xFFFF);
    let mut capture = Capture::new(limits);
    while !rest.is_empty() && capture.may_go_on() {
        let Ok((after, frame)) = parse(rest) else {
            capture.cut();
            break;
        };
        rest = after;
        let at_us = u64::from(frame.ts_sec) * 1_000_000 + u64::from(frame.ts_usec / fractions_of_us);
        capture.packet(&Packet { link, bytes: frame.data, original: frame.origlen, at_us });
    }
    capture.finish(Source::Pcap, None, now)
}

/// An interface of a section.
struct Interface {
    link: Linktype,
    /// Bytes of a packet that are captured; 0 for no limit.
    snapshot: u32,
    /// How many ticks a second has; `None` if the file says something impossible.
    resolution: Option<u64>,
    /// Seconds.
    offset: i64,
}

impl Interface {
    fn new(described: &InterfaceDescriptionBlock<'_>, big_endian: bool) -> Self {
        // if_tsresol: a negative power of 10, or of 2 if the upper bit is set. pcap-parser knows only the former, and reads
        // if_tsoffset in one order of bytes.
        let exponent = u32::from(described.if_tsresol & 0x7F);
        let resolution = match described.if_tsresol & 0x80 {
            0 => 10_u64.checked_pow(exponent),
            _ => 1_u64.checked_shl(exponent),
        };
        let offset = if big_endian { described.if_tsoffset.swap_bytes() } else { described.if_tsoffset };
        Self { link: described.linktype, snapshot: described.snaplen, resolution, offset }
    }

    /// Converts the time of a packet to microseconds since 1970.
    fn time(&self, ticks: u64) -> Option<u64> {
        let resolution = u128::from(self.resolution?);
        let us = u64::try_from(u128::from(ticks) * SECOND_US / resolution).ok()?;
        us.checked_add_signed(self.offset.checked_mul(1_000_000)?)
    }
}

pub(crate) fn read_pcapng(bytes: &[u8], limits: &Limits, now: Duration) -> Result<Document, ImportError> {
    let (_, section) =
        parse_sectionheaderblock(bytes).map_err(|_| ImportError::Damaged("its first block is incomplete"))?;
    let program = section.shb_userappl().and_then(Result::ok).map(str::to_owned);
    let (mut big_endian, mut interfaces) = (section.big_endian(), Vec::<Interface>::new());
    let (mut rest, mut last_us) = (bytes, 0);
    let mut capture = Capture::new(limits);
    while !rest.is_empty() && capture.may_go_on() {
        let parsed = if big_endian { parse_block_be(rest) } else { parse_block_le(rest) };
        let Ok((after, block)) = parsed else {
            // A damaged block has a length, so the blocks after it can be read.
            match rest.get(length(rest, big_endian)..).filter(|after| after.len() < rest.len()) {
                Some(after) => {
                    capture.recorder.problem(Place::Packet(capture.packets + 1), "a block is damaged and is left out");
                    rest = after;
                    capture.packets += 1;
                    continue;
                }
                None => {
                    capture.cut();
                    break;
                }
            }
        };
        rest = after;
        match block {
            Block::SectionHeader(section) => {
                big_endian = section.big_endian();
                interfaces.clear();
            }
            Block::InterfaceDescription(described) => interfaces.push(Interface::new(&described, big_endian)),
            Block::EnhancedPacket(packet) => {
                let interface = usize::try_from(packet.if_id).ok().and_then(|index| interfaces.get(index));
                let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                match interface.and_then(|interface| Some((interface.link, interface.time(ticks)?))) {
                    Some((link, at_us)) => {
                        last_us = at_us;
                        let (bytes, original) = (packet.packet_data(), packet.origlen);
                        capture.packet(&Packet { link, bytes, original, at_us });
                    }
                    None => capture.left_out("its interface is not described in the file, or its time is impossible"),
                }
            }
            Block::SimplePacket(packet) => match interfaces.first() {
                Some(interface) => {
                    let snapshot = if interface.snapshot == 0 { usize::MAX } else { interface.snapshot as usize };
                    let bytes = packet.packet_data();
                    let bytes = &bytes[..bytes.len().min(snapshot)];
                    // This kind of block has no time.
                    let at_us = last_us;
                    capture.packet(&Packet { link: interface.link, bytes, original: packet.origlen, at_us });
                }
                None => capture.left_out("its interface is not described in the file"),
            },
            Block::DecryptionSecrets(secrets) if secrets.secrets_type == SecretsType::TlsKeyLog => {
                capture.connections.has_key_log();
            }
            _ => {}
        }
    }
    capture.finish(Source::Pcapng, program, now)
}

/// The length that a block says it has, in bytes.
fn length(block: &[u8], big_endian: bool) -> usize {
    let length = block
        .get(4..8)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, |bytes| if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) });
    usize::try_from(length).unwrap_or(usize::MAX)
}

impl Capture {
    fn new(limits: &Limits) -> Self {
        Self { recorder: Recorder::new(limits), connections: Connections::default(), packets: 0, began_us: None }
    }

    /// Whether the limits allow another packet. Reports the first that does not.
    fn may_go_on(&mut self) -> bool {
        let most = self.recorder.limits().items;
        if self.packets >= most && !self.recorder.is_full() {
            let text = format!("only the first {most} packets are read; the rest is left out");
            self.recorder.problem(Place::Packet(self.packets + 1), text);
            return false;
        }
        !self.recorder.is_full()
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        self.packets += 1;
        self.began_us.get_or_insert(packet.at_us);
        let moment = Moment { at_us: packet.at_us, place: Place::Packet(self.packets) };
        self.connections.packet(packet, moment, &mut self.recorder);
    }

    /// There is a packet that cannot be read.
    fn left_out(&mut self, why: &str) {
        self.packets += 1;
        self.recorder.problem(Place::Packet(self.packets), format!("the packet is left out, because {why}"));
    }

    /// The file ends inside a packet or cannot be read from here.
    fn cut(&mut self) {
        let place = Place::Packet(self.packets + 1);
        self.recorder.problem(place, "the file ends here, inside a packet, or is damaged: what follows is left out");
    }

    fn finish(mut self, source: Source, program: Option<String>, now: Duration) -> Result<Document, ImportError> {
        self.connections.finish(&mut self.recorder);
        if self.recorder.connections() == 0 {
            return Err(ImportError::NoWebSocketInCapture(self.connections.summary(self.packets)));
        }
        Ok(self.recorder.finish(source, program, self.began_us, now))
    }
}
