//! Follows a script: what the server does in each state, and what a message of the client means. No waiting, no I/O.

use crate::behaviour::script::{
    Amount, InnerFrame, InnerOpcode, Part, Payload, START, Script, State, Step, Stream, lasting,
};
use crate::conditions::Unit;
use fastrand::Rng;
use observation::command::DropBy;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wire::close::CloseCode;
use wire::encoder;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

/// A longer message fits no rule, in bytes.
pub(super) const MAX_HEARD: usize = 64 << 10;
/// A stream has at most this many messages. The last one has the rest of the bytes.
const MAX_CHUNKS: usize = 500;
/// The longest text that a rule copies from a message, in bytes.
const MAX_COPIED: usize = 64;

/// What the server does, and how long after now.
pub(super) type Lines = Vec<(Duration, Line)>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Text(String),
    Binary(Vec<u8>),
    Close(CloseCode, String),
    Drop(DropBy),
}

/// What a rule copied from the client's message, by name.
type Copied = BTreeMap<String, Value>;

/// What steps can say again.
#[derive(Default)]
struct Heard<'u> {
    copied: Copied,
    /// The message that they answer.
    unit: Option<&'u Unit>,
}

pub(super) struct Dialogue {
    script: Arc<Script>,
    state: String,
    /// The questions of this state that were not answered yet. The last one was asked.
    unanswered: Vec<usize>,
    /// When the time in this state is over.
    late: Option<Instant>,
    /// When the next state follows on its own.
    then: Option<Instant>,
    /// How many messages the client has sent.
    messages: u64,
    random: Rng,
}

impl Dialogue {
    /// Begins a dialogue. `random` decides what the script leaves open.
    pub(super) fn begin(script: Arc<Script>, random: Rng, now: Instant) -> (Self, Lines) {
        let state = String::new();
        let mut dialogue = Self { script, state, unanswered: Vec::new(), late: None, then: None, messages: 0, random };
        let lines = dialogue.enter(START, now, Duration::ZERO);
        (dialogue, lines)
    }

    /// When something happens on its own.
    pub(super) fn next(&self) -> Option<Instant> {
        [self.late, self.then].into_iter().flatten().min()
    }

    /// Waits with what is due, because the client does not read what was sent.
    pub(super) fn postpone(&mut self, until: Instant) {
        for due in [&mut self.late, &mut self.then].into_iter().flatten() {
            *due = (*due).max(until);
        }
    }

    /// What happens because time has passed.
    pub(super) fn tick(&mut self, now: Instant) -> Lines {
        let (script, name) = (Arc::clone(&self.script), self.state.clone());
        let Some(state) = script.state(&name) else { return Lines::new() };
        if self.late.take_if(|at| *at <= now).is_some() {
            return self.steps(&state.late, &Heard::default(), Duration::ZERO);
        }
        match (self.then.take_if(|at| *at <= now), &state.then) {
            (Some(_), Some(then)) => self.enter(then, now, Duration::ZERO),
            _ => Lines::new(),
        }
    }

    /// What the server does about a message.
    pub(super) fn heard(&mut self, unit: &Unit, now: Instant) -> Lines {
        self.messages = self.messages.saturating_add(1);
        let (script, name) = (Arc::clone(&self.script), self.state.clone());
        let Some(state) = script.state(&name) else { return Lines::new() };
        let is_short = unit.content.len() <= MAX_HEARD;
        let is_text = is_short && !unit.is_binary();
        let text = std::str::from_utf8(&unit.content).ok().filter(|_| is_text);
        let json = unit.json().filter(|_| is_text);
        let asked = self.unanswered.last().and_then(|&index| state.ask.get(index));
        if let Some(question) = asked
            && json.is_some_and(|json| fits(json, &question.answer, &mut Copied::new()))
        {
            self.unanswered.pop();
            return match (self.unanswered.is_empty(), &state.then) {
                (true, Some(then)) => self.enter(then, now, Duration::ZERO),
                _ => self.question(state, Duration::ZERO).into_iter().collect(),
            };
        }
        for rule in &state.on {
            let mut copied = Copied::new();
            let is_text = rule.text.as_deref().is_none_or(|wanted| text == Some(wanted));
            let mut is_json =
                || rule.json.as_ref().is_none_or(|wanted| json.is_some_and(|json| fits(json, wanted, &mut copied)));
            let may_apply = is_short || rule.ignores_content();
            if !(may_apply && rule.applies(unit, self.messages) && is_text && is_json()) {
                continue;
            }
            let heard = Heard { copied, unit: Some(unit) };
            let mut lines = self.steps(&rule.steps, &heard, Duration::ZERO);
            if let Some(to) = &rule.to {
                lines.extend(self.enter(to, now, lasting(&rule.steps)));
            }
            return lines;
        }
        let hint = asked.map_or(String::new(), |question| question.hint.clone());
        let copied = Copied::from([("hint".to_owned(), hint.into())]);
        self.steps(&state.otherwise, &Heard { copied, unit: Some(unit) }, Duration::ZERO)
    }

    /// Goes to the state `name`. `after` is when its steps begin.
    fn enter(&mut self, name: &str, now: Instant, after: Duration) -> Lines {
        let script = Arc::clone(&self.script);
        let Some(state) = script.state(name) else { return Lines::new() };
        name.clone_into(&mut self.state);
        let entered = after + lasting(&state.enter);
        let mut lines = self.steps(&state.enter, &Heard::default(), after);
        self.unanswered = (0..state.ask.len()).collect();
        self.random.shuffle(&mut self.unanswered);
        lines.extend(self.question(state, entered));
        self.late = state.within().map(|within| now + entered + within);
        self.then = state.then.as_ref().filter(|_| state.ask.is_empty()).map(|_| now + entered);
        lines
    }

    fn question(&self, state: &State, after: Duration) -> Option<(Duration, Line)> {
        let question = state.ask.get(*self.unanswered.last()?)?;
        Some((after, Line::Text(said(&question.send, &Copied::new()))))
    }

    fn steps(&mut self, steps: &[Step], heard: &Heard<'_>, mut after: Duration) -> Lines {
        let copied = &heard.copied;
        let mut lines = Lines::new();
        for step in steps {
            match step {
                Step::Send(value) => lines.push((after, Line::Text(said(value, copied)))),
                Step::Each(each) => {
                    lines.extend(each.items().iter().map(|item| (after, Line::Text(said(item, copied)))));
                }
                Step::Binary(bytes) => lines.push((after, Line::Binary(bytes.0.clone()))),
                Step::Template(template) => {
                    let filled = heard.unit.and_then(|unit| template.fill(unit));
                    lines.extend(filled.filter(|new| new.len() <= MAX_HEARD).map(|new| (after, text_or_binary(new))));
                }
                Step::Stream(stream) => {
                    lines.extend(self.stream(stream).into_iter().map(|chunk| (after, Line::Binary(chunk))));
                }
                Step::WaitMs(_) => after += lasting(std::slice::from_ref(step)),
                Step::Close(close) => lines.push((after, Line::Close(close.code(), close.reason.clone()))),
                Step::Drop(by) => lines.push((after, Line::Drop(*by))),
            }
        }
        lines
    }

    /// The messages of an inner stream.
    fn stream(&mut self, stream: &Stream) -> Vec<Vec<u8>> {
        let mut bytes = Vec::new();
        for frame in &stream.frames {
            self.frame(frame, &mut bytes);
        }
        let mut chunks = Vec::new();
        let mut sizes = stream.cut.iter().cycle();
        while let Some(size) = sizes.next().filter(|_| chunks.len() + 1 < MAX_CHUNKS) {
            let size = self.amount(*size);
            if size >= bytes.len() {
                break;
            }
            let rest = bytes.split_off(size);
            chunks.push(std::mem::replace(&mut bytes, rest));
        }
        chunks.push(bytes);
        chunks
    }

    fn frame(&mut self, frame: &InnerFrame, out: &mut Vec<u8>) {
        let mut payload = Vec::new();
        match &frame.payload {
            Payload::Text(text) => payload.extend(text.bytes()),
            Payload::Parts(parts) => {
                for part in parts {
                    match part {
                        Part::Text(text) => payload.extend(text.bytes()),
                        Part::Hex { hex } => payload.extend(hex),
                        Part::Random { random } => {
                            let count = self.amount(*random);
                            payload.extend((0..count).map(|_| self.random.u8(b'a'..=b'z')));
                        }
                    }
                }
            }
        }
        let opcode = match frame.opcode {
            InnerOpcode::Continuation => Opcode::Continuation,
            InnerOpcode::Text => Opcode::Text,
            InnerOpcode::Binary => Opcode::Binary,
            InnerOpcode::Close => Opcode::Close,
            InnerOpcode::Ping => Opcode::Ping,
            InnerOpcode::Pong => Opcode::Pong,
        };
        let key = frame.masked.then(|| MaskingKey(std::array::from_fn(|_| self.random.u8(..))));
        let header = FrameHeader { masking_key: key, ..FrameHeader::unmasked(frame.fin, opcode, payload.len() as u64) };
        encoder::encode(&header, &payload, out);
    }

    fn amount(&mut self, amount: Amount) -> usize {
        let [least, most] = amount.bounds();
        (least + self.random.u64(..=most - least)) as usize
    }
}

fn text_or_binary(content: Vec<u8>) -> Line {
    String::from_utf8(content).map_or_else(|error| Line::Binary(error.into_bytes()), Line::Text)
}

/// What `value` is as a message: a string as it is, anything else as JSON. A string `$NAME` is what the rule copied.
fn said(value: &Value, copied: &Copied) -> String {
    match filled(value, copied) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn filled(value: &Value, copied: &Copied) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('$').and_then(|name| copied.get(name)) {
            Some(copy) => copy.clone(),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, copied)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), filled(value, copied)));
            fields.collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// Whether `json` is `wanted`. An object may have more fields. A wanted string `$NAME` fits any short text, number, boolean or null and copies it.
fn fits(json: &Value, wanted: &Value, copied: &mut Copied) -> bool {
    match (json, wanted) {
        (_, Value::String(text)) if text.starts_with('$') => {
            let is_short = match json {
                Value::String(text) => text.len() <= MAX_COPIED,
                Value::Array(_) | Value::Object(_) => false,
                Value::Null | Value::Bool(_) | Value::Number(_) => true,
            };
            if is_short {
                copied.insert(text[1..].to_owned(), json.clone());
            }
            is_short
        }
        (Value::Object(fields), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| fields.get(name).is_some_and(|field| fits(field, wanted, copied)))
        }
        (Value::Array(items), Value::Array(wanted)) => {
            items.len() == wanted.len() && items.iter().zip(wanted).all(|(item, wanted)| fits(item, wanted, copied))
        }
        (Value::Number(number), Value::Number(wanted)) => number.as_f64() == wanted.as_f64(),
        _ => json == wanted,
    }
}
