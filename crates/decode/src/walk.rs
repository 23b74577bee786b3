//! A place in a payload while it is decoded, with the limits that every decoder keeps.

use crate::Limits;
use crate::tree::{Node, Stopped, Value};
use std::ops::Range;

/// Reads a payload from front to back. The first trouble stops it, and everything read before is kept.
///
/// `start <= at <= end <= bytes.len()` always holds.
pub(crate) struct Walk<'a> {
    pub(crate) bytes: &'a [u8],
    at: usize,
    end: usize,
    depth: usize,
    nodes: usize,
    pub(crate) limits: Limits,
    pub(crate) stopped: Option<Stopped>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(bytes: &'a [u8], limits: Limits) -> Self {
        Self { bytes, at: 0, end: bytes.len(), depth: limits.depth, nodes: limits.nodes, limits, stopped: None }
    }

    /// For bytes inside a node of this payload: with what is left of its limits.
    pub(crate) fn inside<'b>(&self, bytes: &'b [u8]) -> Walk<'b> {
        let limits = Limits { depth: self.depth, nodes: self.nodes, ..self.limits };
        Walk::new(bytes, limits)
    }

    /// Counts the nodes that were decoded from bytes inside.
    pub(crate) fn join(&mut self, inside: &Walk<'_>) {
        self.nodes = self.nodes.min(inside.nodes);
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Whether everything was decoded, or decoding stopped.
    pub(crate) fn is_over(&self) -> bool {
        self.is_stopped() || self.at == self.end
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..self.end]
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    pub(crate) fn since(&self, start: usize) -> Option<Range<usize>> {
        Some(start..self.at)
    }

    pub(crate) fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.end);
    }

    /// Decodes only the next `count` bytes with `decode`. If there are fewer, the rest.
    pub(crate) fn within<T>(&mut self, count: usize, decode: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.end;
        self.end = self.at.saturating_add(count).min(outer);
        let value = decode(self);
        if !self.is_stopped() {
            self.at = self.end;
        }
        self.end = outer;
        value
    }

    /// Stops here.
    pub(crate) fn stop(&mut self, reason: impl Into<String>) {
        self.stop_at(self.at, reason);
    }

    pub(crate) fn stop_at(&mut self, offset: usize, reason: impl Into<String>) {
        let reason = reason.into();
        self.stopped.get_or_insert(Stopped { offset, reason, short: false });
    }

    /// Stops because the payload ended inside `what`.
    pub(crate) fn short(&mut self, what: &str) {
        let reason = format!("{} inside {what}.", self.ending());
        self.stopped.get_or_insert(Stopped { offset: self.end, reason, short: self.end == self.bytes.len() });
    }

    fn ending(&self) -> &'static str {
        if self.end == self.bytes.len() { "The message ends" } else { "The announced length ends" }
    }

    /// The next `count` bytes. If there are fewer, stops and gives what is there.
    pub(crate) fn take(&mut self, count: usize, what: &str) -> &'a [u8] {
        let rest = self.rest();
        if self.is_stopped() {
            return &[];
        }
        if let Some(missing) = count.checked_sub(rest.len()).filter(|&missing| missing > 0) {
            let bytes = if count == 1 { "byte" } else { "bytes" };
            let reason = format!("{} inside {what}: {count} {bytes} announced, {missing} missing.", self.ending());
            self.stopped = Some(Stopped { offset: self.end, reason, short: self.end == self.bytes.len() });
        }
        self.skip(count);
        &rest[..count.min(rest.len())]
    }

    /// An unsigned integer of `count` bytes (at most 8), most significant first.
    pub(crate) fn uint(&mut self, count: usize, what: &str) -> Option<u64> {
        let bytes = self.take(count, what);
        (!self.is_stopped()).then(|| bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    /// An integer of `count` bytes as a node.
    pub(crate) fn number(&mut self, name: &str, count: usize) -> Option<Node> {
        let start = self.at;
        let value = self.uint(count, name)?;
        Some(Node::new(name, Value::Number(value.to_string()), self.since(start)))
    }

    /// Text of `count` bytes as a node.
    pub(crate) fn text(&mut self, name: &str, count: usize) -> Node {
        let start = self.at;
        let bytes = self.take(count, name);
        match std::str::from_utf8(bytes) {
            Ok(text) => Node::new(name, Value::Text(text.to_owned()), self.since(start)),
            Err(error) => {
                self.stop_at(start + error.valid_up_to(), format!("{name} is not valid UTF-8."));
                Node::new(name, Value::Bytes(bytes.to_vec()), self.since(start))
            }
        }
    }

    /// Bytes as a node.
    pub(crate) fn raw(&mut self, name: &str, count: usize) -> Node {
        let start = self.at;
        let bytes = self.take(count, name);
        Node::new(name, Value::Bytes(bytes.to_vec()), self.since(start))
    }

    /// Counts a node. `false` if there are too many, which stops decoding.
    pub(crate) fn count(&mut self) -> bool {
        if self.nodes == 0 {
            self.stop(format!("The message has more than {} fields. The others are not shown.", self.limits.nodes));
        }
        self.nodes = self.nodes.saturating_sub(1);
        !self.is_stopped()
    }

    /// Runs `decode` one level deeper, unless that is too deep.
    pub(crate) fn deeper<T>(&mut self, decode: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let Some(depth) = self.depth.checked_sub(1) else {
            self.stop(format!(
                "The message is nested more than {} levels deep. What is further inside is not shown.",
                self.limits.depth
            ));
            return None;
        };
        self.depth = depth;
        let value = decode(self);
        self.depth += 1;
        Some(value)
    }
}
