//! Decoded fields: what decoding needs to know of a connection besides a message, because many protocols name their format only once.

use super::unit::Unit;
use decode::{Context, Decoded, Limits};
use wire::Sender;
use wire::opcode::Opcode;

/// How much of an earlier message is kept, in bytes.
const EARLIER: usize = 4 << 10;

/// What is known of a connection.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// Empty if there is none.
    subprotocol: String,
    /// Path and query of the request to the server.
    path: String,
    /// The beginning of the client's first message.
    opening: Option<Vec<u8>>,
    /// Of the client and of the server: the beginning of the last text message, and how many binary messages followed.
    texts: [Option<(Vec<u8>, usize)>; 2],
}

impl Conversation {
    pub(crate) fn new(subprotocol: Option<String>, path: String) -> Self {
        Self { subprotocol: subprotocol.unwrap_or_default(), path, ..Self::default() }
    }

    /// Notices a message, before anything asks for its fields.
    pub(crate) fn hears(&mut self, unit: &Unit) {
        let beginning = || unit.content[..unit.content.len().min(EARLIER)].to_vec();
        let is_text = match unit.opcode {
            Opcode::Text => true,
            Opcode::Binary => false,
            _ => return,
        };
        if unit.from == Sender::Client {
            self.opening.get_or_insert_with(beginning);
        }
        match &mut self.texts[index(unit.from)] {
            text if is_text => *text = Some((beginning(), 0)),
            Some((_, binaries)) => *binaries += 1,
            None => {}
        }
    }

    /// Whether the client's first message is known.
    pub(crate) fn has_opening(&self) -> bool {
        self.opening.is_some()
    }

    /// What is kept of messages, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let texts = self.texts.iter().flatten().map(|(text, _)| text);
        texts.chain(&self.opening).map(Vec::capacity).sum()
    }

    /// Forgets the messages.
    pub(crate) fn forget(&mut self) {
        self.opening = None;
        self.forget_texts();
    }

    /// Forgets the text messages, because not all of those that follow will be noticed.
    pub(crate) fn forget_texts(&mut self) {
        self.texts = Default::default();
    }

    /// Decodes a message that was noticed. The limits are those of a row of the page, so that a rule and a filter find the same.
    pub(super) fn decode(&self, unit: &Unit) -> Decoded {
        let announced = self.texts[index(unit.from)].as_ref().filter(|_| unit.is_binary());
        let context = Context {
            binary: unit.is_binary(),
            from_client: unit.from == Sender::Client,
            subprotocol: &self.subprotocol,
            path: &self.path,
            opening: self.opening.as_deref(),
            announced: announced.map(|(text, binaries)| (text.as_slice(), binaries.saturating_sub(1))),
            limits: Limits::ROW,
            ..Context::default()
        };
        decode::decode(&unit.content, &context)
    }
}

fn index(sender: Sender) -> usize {
    match sender {
        Sender::Client => 0,
        Sender::Server => 1,
    }
}
