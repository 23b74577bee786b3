//! The connections of an attempt, and the messages on them.

use super::address::Address;
use super::{Golf, ObservationRef};
use crate::challenge::Counts;
use crate::values::{GOT, Values};
use observation::deliberate::Origin;
use observation::{ConnectionNumber, Deliberate, Opening};
use observation::{Event, Frame, Leg, MessageKind, Observation, Party, Seq, Transcript};
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use wire::opcode::Opcode;

pub(super) struct Evidence<'a> {
    /// In the order in which they began.
    pub(super) connections: Vec<Connection<'a>>,
    /// The last request to a different address than the challenge's.
    pub(super) other_address: Option<ObservationRef>,
}

pub(super) struct Connection<'a> {
    pub(super) number: ConnectionNumber,
    pub(super) opening: Option<(ObservationRef, &'a Opening, u64)>,
    /// The refusal, or the end, with its time.
    pub(super) end: Option<(ObservationRef, &'a Event, u64)>,
    /// Whether an observer's command ended it, so neither the client nor the server did.
    pub(super) ended_by_command: bool,
    /// Whether an observer's command changed how the server behaves. What it sends after that counts like frames by command.
    behaves_by_command: bool,
    /// All frames, in the order in which the relay saw them. Frames that an observer's command sent are left out: otherwise
    /// learners could send the server's part themselves.
    pub(super) frames: Vec<SeenFrame<'a>>,
    /// The complete messages, ordered by their last frame.
    pub(super) messages: Vec<Message>,
    /// Indices into `frames`: the fragments of the unfinished message, of the client and of the server.
    open_fragments: [Vec<usize>; 2],
    /// The time of the last observation, in microseconds since the session began.
    pub(super) last_us: u64,
}

pub(super) struct SeenFrame<'a> {
    pub(super) at: ObservationRef,
    pub(super) at_us: u64,
    pub(super) frame: &'a Frame,
}

pub(super) struct Message {
    /// Its last frame.
    pub(super) at: ObservationRef,
    pub(super) at_us: u64,
    pub(super) from: Party,
    pub(super) kind: MessageKind,
    /// The part that the relay kept.
    pub(super) content: Vec<u8>,
    pub(super) fragments: usize,
    /// The length of the whole message.
    pub(super) bytes: u64,
    json: OnceCell<Option<serde_json::Value>>,
}

impl<'a> Evidence<'a> {
    /// Without an `address`, every connection counts.
    pub(super) fn of(counts: Counts, address: Option<&Address>, transcript: &'a Transcript, since: Seq) -> Self {
        let since = if counts == Counts::Session { Seq(0) } else { since };
        let ruled = ruled(transcript);
        let mut connections: Vec<Connection<'a>> = Vec::new();
        let mut other_address = None;
        // The index of each connection in `connections`; `None` if it does not count.
        let mut indices = HashMap::new();
        for observation in transcript.after(since) {
            let number = observation.connection;
            let known = transcript.connection(number);
            // Of the two connections of a hop, only the one that reached the lab counts.
            if known.is_some_and(|known| known.hop.as_ref().is_some_and(|hop| hop.leg == Leg::Near)) {
                continue;
            }
            // It began before the attempt, or so long ago that its beginning is no longer kept.
            let first = known.and_then(|known| known.opening.or(known.refusal));
            if first.is_none_or(|first| first <= since) {
                continue;
            }
            let index = *indices.entry(number).or_insert_with(|| {
                let request = (transcript.opening(number).map(|opening| &opening.request))
                    .or_else(|| transcript.refusal(number).map(|refusal| &refusal.request))?;
                let hop = known.and_then(|known| known.hop.as_ref());
                let near = hop.and_then(|hop| hop.other);
                if ruled.contains(&number) || near.is_some_and(|near| ruled.contains(&near)) {
                    return None;
                }
                if address.is_some_and(|address| !address.fits(request, hop, transcript)) {
                    other_address = Some(ObservationRef { connection: number, seq: first? });
                    return None;
                }
                connections.push(Connection::new(number));
                Some(connections.len() - 1)
            });
            if let Some(index) = index {
                connections[index].observe(observation);
            }
        }
        if counts == Counts::Last {
            let last = connections.pop();
            connections = last.into_iter().collect();
        }
        Self { connections, other_address }
    }

    pub(super) fn golf(&self) -> Golf {
        let from_client = || self.frames().filter(|seen| seen.frame.from == Party::Client);
        Golf {
            connections: u32::try_from(self.connections.len()).unwrap_or(u32::MAX),
            frames: from_client().count() as u64,
            bytes: from_client().map(|seen| seen.frame.wire_bytes()).sum(),
        }
    }

    pub(super) fn opened(&self) -> impl DoubleEndedIterator<Item = &Connection<'a>> {
        self.connections.iter().filter(|connection| connection.opening.is_some())
    }

    pub(super) fn frames(&self) -> impl Iterator<Item = &SeenFrame<'a>> {
        self.connections.iter().flat_map(|connection| &connection.frames)
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.connections.iter().flat_map(|connection| &connection.messages)
    }
}

impl<'a> Connection<'a> {
    fn new(number: ConnectionNumber) -> Self {
        Self {
            number,
            opening: None,
            end: None,
            ended_by_command: false,
            behaves_by_command: false,
            frames: Vec::new(),
            messages: Vec::new(),
            open_fragments: Default::default(),
            last_us: 0,
        }
    }

    fn observe(&mut self, observation: &'a Rc<Observation>) {
        let (at_us, at) = (observation.at_us, ObservationRef { connection: self.number, seq: observation.seq });
        if matches!(observation.event, Event::Note(_)) {
            return;
        }
        self.last_us = at_us;
        match &observation.event {
            Event::Opening(opening) => self.opening = Some((at, opening, at_us)),
            event @ (Event::Refusal(_) | Event::Closed(_)) => self.end = Some((at, event, at_us)),
            Event::Frame(frame) if frame.deliberate.as_ref().is_some_and(is_by_command) => {
                self.ended_by_command |= frame.opcode() == Opcode::Close;
            }
            Event::Frame(frame) if frame.from == Party::Server && self.behaves_by_command => {}
            Event::Frame(frame) => self.frame(SeenFrame { at, at_us, frame }),
            Event::Act(act) if act.refused.is_none() && is_by_command(&act.deliberate) => {
                self.ended_by_command |= act.deliberate.what == "drop";
                self.behaves_by_command |= act.deliberate.what == "behave";
            }
            Event::Act(_) => {}
            Event::Asked(_) | Event::Tunnel(_) | Event::Records(_) | Event::Note(_) => {}
        }
    }

    fn frame(&mut self, seen: SeenFrame<'a>) {
        let Some(position) = seen.frame.position else {
            self.frames.push(seen);
            return;
        };
        let (at, at_us, from) = (seen.at, seen.at_us, seen.frame.from);
        let open_fragments = &mut self.open_fragments[usize::from(from == Party::Server)];
        open_fragments.push(self.frames.len());
        self.frames.push(seen);
        if !position.last {
            return;
        }
        let fragments = std::mem::take(open_fragments);
        let fragments = || fragments.iter().map(|&index| self.frames[index].frame);
        // Stop at the first fragment whose content was cut off: what follows would not be adjacent.
        let whole = fragments().position(Frame::content_truncated).map_or(usize::MAX, |cut| cut + 1);
        let message = Message {
            at,
            at_us,
            from,
            kind: position.kind,
            content: fragments().take(whole).flat_map(Frame::content).collect(),
            fragments: fragments().count(),
            bytes: fragments().map(Frame::content_bytes).sum(),
            json: OnceCell::new(),
        };
        self.messages.push(message);
    }

    /// `values`, and what the server sent first.
    pub(super) fn with_received(&self, values: &Values) -> Values {
        let mut values = values.clone();
        let mut add = |name: &str, value: String| values.insert(format!("{GOT}:{name}"), value);
        if let Some(message) = self.messages.iter().find(|message| message.from == Party::Server) {
            add("bytes", hex::encode(&message.content));
            add("sum", message.content.iter().map(|&byte| u32::from(byte)).sum::<u32>().to_string());
            add("fragments", message.fragments.to_string());
            if let Some(text) = message.text() {
                add("text", text.to_owned());
            }
        }
        if let Some(subprotocol) = self.opening.and_then(|(_, opening, _)| opening.subprotocol.clone()) {
            add("subprotocol", subprotocol);
        }
        values
    }

    /// How long it is known to have been open, in microseconds.
    pub(super) fn open_us(&self) -> u64 {
        self.opening.map_or(0, |(_, _, opened)| self.last_us.saturating_sub(opened))
    }
}

/// The connections on which a rule has acted: what crossed them is not what their ends have sent.
fn ruled(transcript: &Transcript) -> HashSet<ConnectionNumber> {
    let acts = transcript.after(Seq(0)).filter(|observation| match &observation.event {
        Event::Act(act) => act.deliberate.by == Origin::Rule,
        _ => false,
    });
    acts.map(|observation| observation.connection).collect()
}

fn is_by_command(deliberate: &Deliberate) -> bool {
    deliberate.by == Origin::Console
}

impl Message {
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.content).ok().filter(|_| self.kind == MessageKind::Text)
    }

    pub(super) fn json(&self) -> Option<&serde_json::Value> {
        self.json.get_or_init(|| serde_json::from_str(self.text()?).ok()).as_ref()
    }

    /// A field of its JSON.
    pub(super) fn field(&self, name: &str) -> Option<&serde_json::Value> {
        self.json()?.get(name)
    }

    /// A short description for a sentence.
    pub(super) fn words(&self) -> String {
        const SHOWN: usize = 60;
        match self.text() {
            Some(text) if text.chars().count() > SHOWN => {
                format!("the text “{}…”", text.chars().take(SHOWN).collect::<String>())
            }
            Some(text) => format!("the text “{text}”"),
            None if self.kind == MessageKind::Text => format!("a text message of {} bytes", self.bytes),
            None if self.content.len() > 8 => {
                format!("{} bytes of binary data, {}…", self.bytes, hex::encode(&self.content[..8]))
            }
            None => format!("the binary data {}", hex::encode(&self.content)),
        }
    }
}
