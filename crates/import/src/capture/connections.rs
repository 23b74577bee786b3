//! All TCP connections of a capture. Packets go to their connection, and its data to what it carries.

use super::Packet;
use super::conversation::Conversation;
use super::ending::Ending;
use super::packet::{Content, Segment, content};
use super::reassembly::{Direction, Part};
use crate::recorder::{Moment, Recorder};
use observation::document::Place;
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;

#[derive(Default)]
pub(super) struct Connections {
    /// In the order of their first packets.
    all: Vec<Connection>,
    /// The latest connection between two ends, the smaller address first.
    latest: HashMap<(SocketAddr, SocketAddr), usize>,
    has_key_log: bool,
    has_too_many: bool,
    fragments: bool,
    other_links: BTreeSet<i32>,
    segments: u64,
    encrypted: u64,
}

struct Connection {
    /// What each end sends, that with the smaller address first.
    directions: [Direction; 2],
    /// The sequence numbers of the SYNs.
    initial: [Option<u32>; 2],
    conversation: Conversation,
    is_reset: bool,
    last: Moment,
}

impl Connections {
    /// The file has secrets with which TLS could be decrypted.
    pub(super) fn has_key_log(&mut self) {
        self.has_key_log = true;
    }

    pub(super) fn packet(&mut self, packet: &Packet<'_>, moment: Moment, recorder: &mut Recorder) {
        let segment = match content(packet) {
            Content::Segment(segment) => segment,
            Content::Fragment => {
                if !std::mem::replace(&mut self.fragments, true) {
                    recorder.problem(moment.place, "fragments of IP packets are left out, this one and all others");
                }
                return;
            }
            Content::OtherLink(link) => {
                if self.other_links.len() < 16 && self.other_links.insert(link) {
                    let text = format!(
                        "packets of link type {link} are left out: capture on an Ethernet, loopback or `any` interface"
                    );
                    recorder.problem(moment.place, text);
                }
                return;
            }
            Content::Other => return,
        };
        self.segments += 1;
        let Some((index, from)) = self.find(&segment, moment, recorder) else { return };
        let connection = &mut self.all[index];
        connection.segment(&segment, from, moment);
        connection.deliver(false, recorder);
    }

    /// The connection of a segment, and which end sent it.
    fn find(&mut self, segment: &Segment<'_>, moment: Moment, recorder: &mut Recorder) -> Option<(usize, usize)> {
        let (ends, from) = match segment.source <= segment.target {
            true => ((segment.source, segment.target), 0),
            false => ((segment.target, segment.source), 1),
        };
        if let Some(&index) = self.latest.get(&ends) {
            if !self.all[index].is_followed_by(segment, from) {
                return Some((index, from));
            }
            // The two ends have opened another connection with the same ports.
            self.all[index].finish(recorder);
        }
        let most = recorder.limits().connections;
        if self.all.len() >= most {
            if !std::mem::replace(&mut self.has_too_many, true) {
                let text = format!("only the first {most} TCP connections are read; others are left out");
                recorder.problem(moment.place, text);
            }
            return None;
        }
        self.latest.insert(ends, self.all.len());
        self.all.push(Connection {
            directions: Default::default(),
            initial: [None; 2],
            conversation: Conversation::new([ends.0, ends.1], moment),
            is_reset: false,
            last: moment,
        });
        Some((self.all.len() - 1, from))
    }

    /// The capture is over.
    pub(super) fn finish(&mut self, recorder: &mut Recorder) {
        for connection in &mut self.all {
            connection.finish(recorder);
        }
        let encrypted = self.all.iter().filter(|connection| connection.conversation.is_encrypted()).count();
        self.encrypted = encrypted as u64;
        if encrypted > 0 {
            recorder.problem(Place::File, encrypted_connections(encrypted as u64, self.has_key_log));
        }
    }

    /// What there was if there was no WebSocket. Continues a sentence.
    pub(super) fn summary(&self, packets: u64) -> String {
        let mut parts = Vec::new();
        if self.segments == 0 {
            let links: Vec<_> = self.other_links.iter().map(ToString::to_string).collect();
            parts.push(match links.is_empty() {
                true => format!("none of its {packets} packets is a TCP segment that can be read"),
                false => format!("its packets have the link type {}, which cannot be read", links.join(", ")),
            });
            parts.push("capture on the interface that the connection uses".to_owned());
        } else {
            let count = self.all.len();
            parts.push(format!(
                "its {} {}",
                count,
                if count == 1 { "TCP connection has none" } else { "TCP connections have none" }
            ));
            if self.encrypted > 0 {
                parts.push(encrypted_connections(self.encrypted, self.has_key_log));
            } else {
                parts.push("start the capture before the WebSocket is opened".to_owned());
            }
        }
        parts.join("; ")
    }
}

fn encrypted_connections(count: u64, has_key_log: bool) -> String {
    let (subject, them) = if count == 1 {
        ("1 TCP connection is".to_owned(), "it")
    } else {
        (format!("{count} TCP connections are"), "them")
    };
    let key_log = if has_key_log { " The file has a key log, but Framescope does not decrypt TLS." } else { "" };
    format!(
        "{subject} encrypted with TLS, so a WebSocket in {them} cannot be read.{key_log} Export a HAR file in the browser, or \
         connect through the relay"
    )
}

impl Connection {
    /// Whether a segment opens another connection between the same ends.
    fn is_followed_by(&self, segment: &Segment<'_>, from: usize) -> bool {
        // A SYN that is sent again has the same number.
        segment.synchronises
            && segment.acknowledged.is_none()
            && self.has_data(from)
            && self.initial[from] != Some(segment.sequence)
    }

    fn has_data(&self, from: usize) -> bool {
        self.directions[from].has_begun() || self.directions[1 - from].has_begun()
    }

    fn segment(&mut self, segment: &Segment<'_>, from: usize, moment: Moment) {
        self.last = moment;
        if segment.synchronises {
            self.initial[from].get_or_insert(segment.sequence);
            if segment.acknowledged.is_none() {
                self.conversation.opened_by(from);
            }
        }
        if let Some(acknowledged) = segment.acknowledged {
            self.directions[1 - from].acknowledged(acknowledged);
        }
        let brings_something =
            segment.synchronises || segment.finishes || !segment.data.is_empty() || segment.missing > 0;
        if brings_something && !self.is_reset {
            self.directions[from].sent(segment, moment);
        }
        self.directions.iter_mut().for_each(Direction::packet);
        self.is_reset |= segment.resets;
    }

    /// Hands on what has become complete. With `is_over`, nothing more comes.
    fn deliver(&mut self, is_over: bool, recorder: &mut Recorder) {
        let is_over = is_over || self.is_reset;
        let most = recorder.limits().waiting;
        for from in [0, 1] {
            debug_assert!(self.directions[from].waiting_bytes() <= most + (1 << 20), "what waits has a limit");
            while let Some((part, moment)) = self.directions[from].next(most, is_over) {
                let moment = moment.unwrap_or(self.last);
                match part {
                    Part::Bytes(bytes) => self.conversation.bytes(from, &bytes, moment, recorder),
                    Part::Missing(bytes) => self.conversation.missing(from, bytes, moment, recorder),
                    Part::End => self.conversation.ended(from, Ending::Finished, self.last, recorder),
                }
            }
        }
        if self.is_reset {
            self.conversation.ended(0, Ending::Reset, self.last, recorder);
        }
    }

    fn finish(&mut self, recorder: &mut Recorder) {
        self.deliver(true, recorder);
        self.conversation.ended(0, Ending::Capture, self.last, recorder);
    }
}
