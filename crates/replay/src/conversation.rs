//! The messages of one connection, as both ends sent them.

use observation::{ConnectionNumber, Event, Frame, MessageKind, Party, Transcript};
use std::collections::HashMap;

/// What both ends of a connection said, in the order in which the messages were complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// The negotiated subprotocol.
    pub subprotocol: Option<String>,
    /// When it was open, in microseconds since it began with the request.
    pub opened_us: u64,
    pub messages: Vec<Message>,
    /// How it ended, if that was seen.
    pub ending: Option<Ending>,
    /// How many messages were left out, because there were too many.
    pub left_out: usize,
}

/// A complete message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub from: Party,
    pub kind: MessageKind,
    /// When its last frame was seen, in microseconds since the request.
    pub at_us: u64,
    /// Unmasked and decompressed, as far as it was kept.
    pub content: Vec<u8>,
    /// How many bytes of content there were.
    pub bytes: u64,
}

/// The first close frame, or that there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Who sent it.
    pub from: Option<Party>,
    pub code: Option<u16>,
    pub reason: String,
    pub at_us: u64,
}

impl Message {
    /// Whether all of its content was kept.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.content.len() as u64 == self.bytes
    }

    /// The content as text, if it is a text message with all of its content.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.content).ok().filter(|_| self.kind == MessageKind::Text && self.is_whole())
    }
}

impl Conversation {
    /// The first `most` messages of a connection. `None` if nothing is known about it.
    #[must_use]
    pub fn of(transcript: &Transcript, number: ConnectionNumber, most: usize) -> Option<Self> {
        let began_us = transcript.connection(number)?.began_us;
        let subprotocol = transcript.opening(number).and_then(|opening| opening.subprotocol.clone());
        let opened = transcript.connection(number)?.opening.and_then(|seq| transcript.get(seq));
        let opened_us = opened.map_or(0, |seen| seen.at_us.saturating_sub(began_us));
        let mut conversation = Self { subprotocol, opened_us, ..Self::default() };
        let mut begun: HashMap<(Party, u64), Message> = HashMap::new();
        for seen in transcript.iter().filter(|seen| seen.connection == number) {
            let at_us = seen.at_us.saturating_sub(began_us);
            match &seen.event {
                Event::Frame(frame) => conversation.frame(frame, at_us, &mut begun, most),
                Event::Closed(closed) => {
                    let (code, reason) = (closed.code, closed.reason.clone());
                    conversation.ending = Some(Ending { from: closed.first, code, reason, at_us });
                }
                _ => {}
            }
        }
        Some(conversation)
    }

    fn frame(&mut self, frame: &Frame, at_us: u64, begun: &mut HashMap<(Party, u64), Message>, most: usize) {
        let Some(position) = frame.position else { return };
        let key = (frame.from, position.message);
        let message = begun.entry(key).or_insert_with(|| Message {
            from: frame.from,
            kind: position.kind,
            at_us,
            content: Vec::new(),
            bytes: 0,
        });
        // Only the beginning of a content is kept, so nothing follows a gap in it.
        if message.is_whole() {
            message.content.extend(frame.content());
        }
        message.bytes += frame.content_bytes();
        if !position.last {
            return;
        }
        let Some(mut message) = begun.remove(&key) else { return };
        message.at_us = at_us;
        if self.messages.len() < most { self.messages.push(message) } else { self.left_out += 1 }
    }

    /// The messages of one end.
    pub fn from(&self, from: Party) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |message| message.from == from)
    }
}
