//! What rules look at: a complete message, or a control frame.

use super::conversation::Conversation;
use decode::Decoded;
use serde_json::Value;
use std::cell::OnceCell;
use wire::Sender;
use wire::opcode::Opcode;

/// The largest message that rules look at, in bytes, decompressed. A larger one goes on as it is.
pub(crate) const MAX_CONTENT: usize = 1 << 20;
/// The largest content that is read as JSON, in bytes.
const MAX_JSON: usize = 256 << 10;

#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) from: Sender,
    /// That of the first frame.
    pub(crate) opcode: Opcode,
    /// Unmasked and decompressed.
    pub(crate) content: Vec<u8>,
    /// Whether it was compressed on the wire.
    pub(crate) compressed: bool,
    json: OnceCell<Option<Value>>,
    decoded: OnceCell<Box<Decoded>>,
}

impl Unit {
    pub(crate) fn new(from: Sender, opcode: Opcode, content: Vec<u8>, compressed: bool) -> Self {
        Self { from, opcode, content, compressed, json: OnceCell::new(), decoded: OnceCell::new() }
    }

    pub(crate) fn is_binary(&self) -> bool {
        self.opcode == Opcode::Binary
    }

    /// As values, the content takes many times the memory of its bytes.
    pub(crate) fn forget_values(&mut self) {
        (self.json, self.decoded) = Default::default();
    }

    /// The content as JSON, if it is JSON.
    pub(crate) fn json(&self) -> Option<&Value> {
        let parse = || (self.content.len() <= MAX_JSON).then(|| serde_json::from_slice(&self.content).ok()).flatten();
        self.json.get_or_init(parse).as_ref()
    }

    /// The content, decoded as far as the limits allow. `about` is its connection.
    pub(crate) fn decoded(&self, about: &Conversation) -> &Decoded {
        self.decoded.get_or_init(|| Box::new(about.decode(self)))
    }
}
