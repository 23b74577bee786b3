//! The server's side of a conversation as a script for the lab. docs/behaviours.md describes scripts.
//!
//! Each message of the client has a state, which waits for that message. Then the server sends what it sent after it, with the same
//! pauses, and waits for the next one.

use crate::conversation::{Conversation, Message};
use observation::{MessageKind, Party};
use serde_json::{Map, Value, json};
use wire::close::CloseCode;

/// The largest script that a session takes, as JSON in bytes, less what its states need besides their contents.
const MAX_BYTES: usize = 200 << 10;
/// The most states of a script, and the most steps in a list.
const MAX_STATES: usize = 1_000;
/// A longer message of the client is recognized by its kind and size, in bytes.
const MAX_EXACT: usize = 4 << 10;
/// The longest message whose kind and size a script sees, in bytes.
const MAX_SEEN: u64 = 64 << 10;
/// The longest pause that a script takes, in milliseconds.
const MAX_PAUSE: u64 = 60_000;

/// A script, and what it lacks.
#[derive(Clone, Debug, PartialEq)]
pub struct Scripted {
    pub script: Value,
    /// Messages that did not fit.
    pub left_out: usize,
    /// Messages of the server of which the recording has only the beginning.
    pub shortened: usize,
}

/// One message of the client, and what the server did after it.
#[derive(Default)]
struct Turn {
    /// `None` for what the server sent first.
    condition: Option<Value>,
    steps: Vec<Value>,
}

/// Makes a script of what the server did.
#[must_use]
pub fn script(conversation: &Conversation) -> Scripted {
    let mut turns = vec![Turn::default()];
    let (mut bytes, mut before_us, mut shortened, mut taken) = (0, 0, 0, 0);
    for message in &conversation.messages {
        let mut add = Vec::new();
        let is_client = message.from == Party::Client;
        match message.from {
            Party::Client => add.push(condition(message, turns.len())),
            Party::Server => {
                add.extend(pause(before_us, message.at_us));
                add.push(said(message));
            }
        }
        bytes += add.iter().map(|value| value.to_string().len()).sum::<usize>();
        let is_full = turns.len() >= MAX_STATES || turns.last().is_some_and(|turn| turn.steps.len() + 2 >= MAX_STATES);
        if bytes > MAX_BYTES || is_full {
            break;
        }
        shortened += usize::from(!is_client && !message.is_whole());
        (before_us, taken) = (message.at_us, taken + 1);
        match turns.last_mut() {
            Some(turn) if !is_client => turn.steps.extend(add),
            _ => turns.push(Turn { condition: add.pop(), steps: Vec::new() }),
        }
    }
    let left_out = conversation.messages.len() - taken + conversation.left_out;
    if left_out == 0
        && let Some(turn) = turns.last_mut()
    {
        turn.steps.extend(close(conversation, before_us).into_iter().flatten());
    }
    Scripted { script: states(turns), left_out, shortened }
}

/// The states: each has the condition of the next turn.
fn states(turns: Vec<Turn>) -> Value {
    let count = turns.len();
    let mut turns = turns.into_iter();
    let first = turns.next().unwrap_or_default();
    let mut states = Map::new();
    let mut state = Map::new();
    if !first.steps.is_empty() {
        state.insert("enter".into(), first.steps.into());
    }
    for (number, turn) in (1..).zip(turns) {
        let mut rule = match turn.condition {
            Some(Value::Object(condition)) => condition,
            _ => Map::new(),
        };
        if !turn.steps.is_empty() {
            rule.insert("do".into(), turn.steps.into());
        }
        rule.insert("to".into(), name(number + 1, count).into());
        state.insert("on".into(), json!([rule]));
        states.insert(name(number, count), std::mem::take(&mut state).into());
    }
    states.insert(name(count, count), state.into());
    states.into()
}

/// The state that waits for this message of the client, counted from 1.
fn name(number: usize, count: usize) -> String {
    match number {
        1 => "start".into(),
        _ if number == count => "end".into(),
        number => format!("message {number}"),
    }
}

/// What recognizes a message of the client, which has this number.
fn condition(message: &Message, number: usize) -> Value {
    let is_exact = message.is_whole() && message.content.len() <= MAX_EXACT;
    match (message.text().filter(|_| is_exact), message.kind) {
        (Some(text), _) => match serde_json::from_str(text) {
            Ok(value @ Value::Object(_)) if !has_names(&value) => json!({ "json": value }),
            _ => json!({ "text": text }),
        },
        (None, MessageKind::Binary) if is_exact => json!({ "binary": hex::encode(&message.content) }),
        (None, kind) if message.bytes <= MAX_SEEN => {
            json!({ "when": { "kind": kind, "min_bytes": message.bytes, "max_bytes": message.bytes } })
        }
        (None, _) => json!({ "nth": number }),
    }
}

/// Whether it has texts such as `$name`, which a script would read as names.
fn has_names(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with('$'),
        Value::Array(items) => items.iter().any(has_names),
        Value::Object(fields) => fields.values().any(has_names),
        _ => false,
    }
}

fn said(message: &Message) -> Value {
    match message.kind {
        MessageKind::Text => json!({ "send": String::from_utf8_lossy(&message.content) }),
        MessageKind::Binary => json!({ "binary": hex::encode(&message.content) }),
    }
}

fn pause(before_us: u64, at_us: u64) -> Option<Value> {
    let ms = (at_us.saturating_sub(before_us) / 1_000).min(MAX_PAUSE);
    (ms > 0).then(|| json!({ "wait-ms": ms }))
}

/// The server's close frame, if it sent the first one.
fn close(conversation: &Conversation, before_us: u64) -> Option<Vec<Value>> {
    let ending = conversation.ending.as_ref().filter(|ending| ending.from == Some(Party::Server))?;
    let code = ending.code.filter(|code| CloseCode(*code).may_be_sent())?;
    let close = json!({ "close": { "code": code, "reason": ending.reason } });
    Some(pause(before_us, ending.at_us).into_iter().chain([close]).collect())
}
