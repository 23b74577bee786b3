//! A capture for Wireshark: the recorded bytes in synthesized IP and TCP packets.
//!
//! Each connection is a TCP connection between two ports of 127.0.0.1, without a link layer (`LINKTYPE_RAW`). The relay never
//! sees packets, only their content. These parts are therefore synthesized:
//!
//! - **Packet boundaries.** Each handshake text, frame and deliberate piece of bytes starts a new packet. It takes several packets
//!   only if it is longer than 65,495 bytes.
//! - **Sequence numbers.** They start at 0.
//! - **Acknowledgements.** Each packet acknowledges everything before it in the file.
//!
//! The bytes, their order in each direction, and the times are real. A request has the time when it had arrived. A response or a
//! frame has the time when the relay recorded it. For one that the relay sent, this is when the system had accepted it.
//!
//! - **Handshakes** are complete, byte for byte, except for the session's name, for tokens that are left out, and for credentials, which the log does not
//!   have. A refused one has the body of the response.
//! - **Frames** are complete, byte for byte, masked and compressed as they were. Wireshark unmasks and inflates them.
//! - **Payloads that the relay recorded only in part** are truncated, as in a capture with a small snapshot length: the packet has
//!   its original length, but fewer bytes. The sequence numbers stay correct, and Wireshark can dissect the frame's header and
//!   find the next frame. The checksum is 0, because it cannot be computed. Readers do not check it.
//! - **The end** is two FINs, the first from the side that ended first. It is a RST if the connection broke or was deliberately
//!   reset. The relay does not see a FIN of the client after its own, so that one is synthesized.
//! - **Comments** on packets name the rules that a frame broke, what was deliberate, and how many bytes are missing.
//! - **A connection whose start is no longer in the log** begins in the middle, without a handshake. Wireshark needs to be told the
//!   protocol: *Decode As…* `WebSocket`, or `tshark -d tcp.port==N,websocket`.
//!
//! Packets are in the order of the observations. A request is recorded together with its response. With several connections at
//! once, it can therefore come after a packet of another connection that arrived later.

mod conversation;
mod packet;

use crate::clock::Clock;
use crate::equivalent;
use crate::writer::Writer;
use crate::{Recording, about};
use conversation::Conversation;
use observation::event::Cause;
use observation::{
    Act, Closed, ConnectionNumber, Deliberate, Event, Frame, Http, Intermediary, Leg, Observation, Opening, Party,
    Refusal,
};
use packet::Packet;
use pcap_file::DataLink;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use std::borrow::Cow;
use std::collections::HashMap;

/// The relay's names for refusals that end in a special way. See `refusal`.
const SILENCE: &str = "silence";
const LEFT_EARLY: &str = "left-early";
const RESET: &str = "reset";
/// The longest comment in bytes. It needs a limit because an explanation may quote user input.
const COMMENT: usize = 1000;

pub(crate) struct Pcapng {
    /// A writer to a buffer, which is emptied after each observation.
    file: Option<PcapNgWriter<Vec<u8>>>,
    clock: Clock,
    port: u16,
    /// All connections that have started. Ended ones stay, because a deliberate act may follow the end.
    conversations: HashMap<ConnectionNumber, Conversation>,
}

impl Pcapng {
    pub(crate) fn begin(clock: Clock, recording: &Recording, out: &mut Vec<u8>) -> Self {
        let program = concat!("Framescope ", env!("CARGO_PKG_VERSION"));
        let section = SectionHeaderBlock {
            options: vec![
                SectionHeaderOption::UserApplication(program.into()),
                SectionHeaderOption::Comment(
                    format!(
                        "WebSocket connections as a relay saw them. IP and TCP headers are synthesized; the session's name is \
                         replaced by x. {}",
                        about(recording.secrets)
                    )
                    .into(),
                ),
            ],
            ..Default::default()
        };
        // A vector accepts every write, so this is always `Some`.
        let mut this = Self {
            file: PcapNgWriter::with_section_header(Vec::new(), section).ok(),
            clock,
            port: recording.port,
            conversations: HashMap::new(),
        };
        if let Some(file) = &mut this.file {
            let interface = InterfaceDescriptionBlock {
                linktype: DataLink::RAW,
                snaplen: 0,
                options: vec![
                    InterfaceDescriptionOption::IfName("framescope".into()),
                    // 10^-9: pcap-file writes times in nanoseconds.
                    InterfaceDescriptionOption::IfTsResol(9),
                ],
            };
            let _ = file.write_pcapng_block(interface);
        }
        this.hand_over(out);
        this
    }

    fn hand_over(&mut self, out: &mut Vec<u8>) {
        if let Some(file) = &mut self.file {
            out.append(file.get_mut());
        }
    }

    /// Writes packets. The first one gets the comment.
    fn write(&mut self, at_us: u64, packets: impl IntoIterator<Item = Packet>, comment: Option<String>) {
        let Some(file) = &mut self.file else { return };
        let mut comment = comment;
        for Packet { bytes, length } in packets {
            let options = comment.take().map(|text| EnhancedPacketOption::Comment(shortened(text).into()));
            let block = EnhancedPacketBlock {
                interface_id: 0,
                timestamp: self.clock.at(at_us),
                original_len: length,
                data: Cow::Owned(bytes),
                options: options.into_iter().collect(),
            };
            // Cannot fail: the interface exists, and a vector accepts every write.
            let _ = file.write_pcapng_block(block);
        }
    }

    fn data(&mut self, observation: &Observation, from: Party, kept: &[u8], length: u64, mut notes: Vec<String>) {
        let port = self.port;
        let conversation = self.conversations.entry(observation.connection).or_insert_with(|| {
            notes.push(
                "the start of this connection is no longer in the log: use Decode As and select WebSocket".into(),
            );
            let mut conversation = Conversation::new(observation.connection.0, port);
            conversation.join();
            conversation
        });
        let packets = conversation.data(from, kept, length);
        self.write(observation.at_us, packets, comment(notes));
    }

    fn handshake(&mut self, observation: &Observation, requested_us: u64, request: &[u8]) {
        let mut conversation = Conversation::new(observation.connection.0, self.port);
        let begin = conversation.begin();
        let request = conversation.data(Party::Client, request, request.len() as u64);
        self.conversations.insert(observation.connection, conversation);
        self.write(requested_us, begin.into_iter().chain(request), None);
    }

    fn opening(&mut self, observation: &Observation, opening: &Opening) {
        let http = opening.route.http;
        let request = equivalent::over(http, &opening.request, equivalent::request);
        let response = equivalent::over(http, &opening.response, equivalent::response);
        let response = [&opening.interim[..], &response].concat();
        self.handshake(observation, opening.requested_us, &request);
        if let (Some(hop), Some(conversation)) =
            (&opening.route.hop, self.conversations.get_mut(&observation.connection))
        {
            conversation.is_upstream = hop.leg == Leg::Far && hop.middle == Intermediary::Relay;
        }
        let mut notes: Vec<_> = opening.deliberate.iter().map(deliberate).collect();
        notes.extend((http == Http::Two).then(|| equivalent::NOTE.to_owned()));
        self.data(observation, Party::Server, &response, response.len() as u64, notes);
    }

    fn refusal(&mut self, observation: &Observation, refusal: &Refusal) {
        let http = refusal.route.http;
        let request = equivalent::over(http, &refusal.request, equivalent::request);
        let response = equivalent::over(http, &refusal.response, equivalent::response);
        let response = [&refusal.interim[..], &response].concat();
        self.handshake(observation, refusal.requested_us, &request);
        let section = refusal.section.as_ref().map_or(String::new(), |section| format!(" (RFC 6455 §{section})"));
        let mut notes = vec![format!("refused: {}{section}", refusal.explanation)];
        notes.extend(refusal.deliberate.iter().map(deliberate));
        notes.extend((http == Http::Two).then(|| equivalent::NOTE.to_owned()));
        let unanswered = response.is_empty();
        if !unanswered {
            self.data(observation, Party::Server, &response, response.len() as u64, notes.clone());
        }
        let comment = unanswered.then(|| comment(notes)).flatten();
        match &refusal.rule[..] {
            // One side closes the connection later, which is a separate act.
            SILENCE if unanswered => {
                if let Some(conversation) = self.conversations.get_mut(&observation.connection) {
                    conversation.is_silent = true;
                }
            }
            LEFT_EARLY => self.end(observation, Party::Client, false, comment),
            _ => self.end(observation, Party::Server, &*refusal.rule == RESET, comment),
        }
    }

    fn frame(&mut self, observation: &Observation, frame: &Frame) {
        let mut notes: Vec<_> = frame.deliberate.iter().map(deliberate).collect();
        notes.extend(
            frame
                .violations
                .iter()
                .map(|broken| format!("breaks RFC {} §{}: {}", broken.rfc, broken.section, broken.explanation)),
        );
        if frame.truncated() {
            let (kept, all) = (frame.payload.len(), frame.payload_bytes);
            notes.push(format!("the relay kept the first {kept} of the payload's {all} bytes"));
        }
        let bytes = [&frame.header[..], &frame.payload[..]].concat();
        self.data(observation, frame.from, &bytes, frame.wire_bytes(), notes);
    }

    fn act(&mut self, observation: &Observation, act: &Act) {
        if act.sent > 0 {
            let mut notes = vec![deliberate(&act.deliberate)];
            if (act.bytes.len() as u64) < act.sent {
                notes.push(format!("the relay kept the first {} of {} bytes", act.bytes.len(), act.sent));
            }
            self.data(observation, Party::Server, &act.bytes, act.sent, notes);
        }
        let Some(conversation) = self.conversations.get_mut(&observation.connection) else { return };
        if conversation.is_silent {
            let first =
                if act.deliberate.explanation.starts_with("the client") { Party::Client } else { Party::Server };
            self.end(observation, first, false, Some(deliberate(&act.deliberate)));
        }
    }

    fn closed(&mut self, observation: &Observation, closed: &Closed) {
        let is_upstream =
            self.conversations.get(&observation.connection).is_some_and(|conversation| conversation.is_upstream);
        // The relay's peer, and the relay itself.
        let (other, own) = if is_upstream { (Party::Server, Party::Client) } else { (Party::Client, Party::Server) };
        let (first, resets) = match closed.cause {
            Cause::ConnectionEnded => (other, false),
            Cause::ConnectionLost => (other, true),
            Cause::Reset => (own, true),
            _ => (own, false),
        };
        self.end(observation, first, resets, None);
    }

    fn end(&mut self, observation: &Observation, first: Party, resets: bool, comment: Option<String>) {
        let Some(conversation) = self.conversations.get_mut(&observation.connection) else { return };
        let packets = if resets { conversation.reset(first) } else { conversation.finish(first) };
        self.write(observation.at_us, packets, comment);
    }
}

impl Writer for Pcapng {
    fn observe(&mut self, observation: &Observation, out: &mut Vec<u8>) {
        match &observation.event {
            Event::Opening(opening) => self.opening(observation, opening),
            Event::Refusal(refusal) => self.refusal(observation, refusal),
            // TLS connections are shown decrypted, so records and tunnels are left out.
            Event::Asked(_) | Event::Tunnel(_) | Event::Records(_) | Event::Note(_) => {}
            Event::Frame(frame) => self.frame(observation, frame),
            Event::Act(act) => self.act(observation, act),
            Event::Closed(closed) => self.closed(observation, closed),
        }
        self.hand_over(out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.hand_over(out);
    }
}

fn deliberate(deliberate: &Deliberate) -> String {
    let rule = deliberate.rule.as_ref().map_or(String::new(), |rule| format!(" (RFC {} §{})", rule.rfc, rule.section));
    format!("deliberate: {}{rule}", deliberate.explanation)
}

fn comment(notes: Vec<String>) -> Option<String> {
    (!notes.is_empty()).then(|| notes.join("\n"))
}

/// Cuts a comment that is too long.
fn shortened(mut text: String) -> String {
    if text.len() > COMMENT {
        let ends = text.char_indices().map(|(end, _)| end);
        let end = ends.take_while(|&end| end <= COMMENT - '…'.len_utf8()).last().unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}
