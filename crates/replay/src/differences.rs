//! Two conversations side by side. Equal messages are paired first, and what is between them in order.

use crate::conversation::{Conversation, Message};
use observation::{MessageKind, Party};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::HashMap;
use std::ops::Range;

/// The most messages of each conversation that are compared. More would take a browser too long.
pub const MAX_MESSAGES: usize = 2_000;

/// A row: a message in one conversation or in both, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    Same(usize, usize),
    /// The first byte that differs.
    Different(usize, usize, usize),
    OnlyThen(usize),
    OnlyNow(usize),
}

/// The rows, and how many of them differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    pub rows: Vec<Row>,
    pub different: usize,
}

/// Compares the first [`MAX_MESSAGES`] messages. Of a message of which only the beginning was kept, the beginning and the size are
/// compared.
#[must_use]
pub fn compare(then: &Conversation, now: &Conversation) -> Compared {
    let (then, now) = (shown(then), shown(now));
    let mut numbers = Numbers::new(then, now);
    let (left, right): (Vec<_>, Vec<_>) = (numbers.all(then), numbers.all(now));
    let mut rows = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, &left, &right) {
        match operation {
            DiffOp::Equal { old_index, new_index, len } => {
                rows.extend((0..len).map(|at| Row::Same(old_index + at, new_index + at)));
            }
            DiffOp::Delete { old_index, old_len, .. } => {
                rows.extend((old_index..old_index + old_len).map(Row::OnlyThen));
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                rows.extend((new_index..new_index + new_len).map(Row::OnlyNow));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                let (old, new) = (old_index..old_index + old_len, new_index..new_index + new_len);
                pair((old, then), (new, now), &mut rows);
            }
        }
    }
    let different = rows.iter().filter(|row| !matches!(row, Row::Same(..))).count();
    Compared { rows, different }
}

fn shown(conversation: &Conversation) -> &[Message] {
    conversation.messages.get(..MAX_MESSAGES).unwrap_or(&conversation.messages)
}

/// A number for each message: the same one for equal messages.
struct Numbers<'m> {
    known: HashMap<(Party, MessageKind, &'m [u8], u64), usize>,
    /// How much of a content was kept in both conversations, by the size of the message.
    kept: HashMap<u64, usize>,
}

impl<'m> Numbers<'m> {
    fn new(then: &'m [Message], now: &'m [Message]) -> Self {
        let mut kept = HashMap::new();
        for message in then.iter().chain(now).filter(|message| !message.is_whole()) {
            let least = kept.entry(message.bytes).or_insert(usize::MAX);
            *least = message.content.len().min(*least);
        }
        Self { known: HashMap::new(), kept }
    }

    fn all(&mut self, messages: &'m [Message]) -> Vec<usize> {
        messages.iter().map(|message| self.of(message)).collect()
    }

    fn of(&mut self, message: &'m Message) -> usize {
        let kept = self.kept.get(&message.bytes).copied().unwrap_or(usize::MAX);
        let content = message.content.get(..kept).unwrap_or(&message.content);
        let next = self.known.len();
        *self.known.entry((message.from, message.kind, content, message.bytes)).or_insert(next)
    }
}

type Part<'m> = (Range<usize>, &'m [Message]);

/// Pairs messages of the same end in order.
fn pair((then, old): Part<'_>, (now, new): Part<'_>, rows: &mut Vec<Row>) {
    let mut left: Vec<_> = now.collect();
    for at in then {
        match left.iter().position(|&other| new[other].from == old[at].from) {
            Some(found) => {
                // The ones before it have no partner: theirs would have come earlier.
                rows.extend(left.drain(..found).map(Row::OnlyNow));
                let other = left.remove(0);
                rows.push(Row::Different(at, other, first_difference(&old[at].content, &new[other].content)));
            }
            None => rows.push(Row::OnlyThen(at)),
        }
    }
    rows.extend(left.into_iter().map(Row::OnlyNow));
}

/// The index of the first byte that differs. If one content begins with the other, that is its length.
fn first_difference(then: &[u8], now: &[u8]) -> usize {
    then.iter().zip(now).position(|(old, new)| old != new).unwrap_or_else(|| then.len().min(now.len()))
}
