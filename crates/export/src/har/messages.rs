//! Assembles the frames of a connection into messages.

use crate::assembly::Assembly;
use crate::clock::Clock;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use observation::{Act, Frame, MessageKind, Party};
use serde::Serialize;
use std::borrow::Cow;

/// The messages of one connection so far, as the items of a JSON array.
pub(super) struct Messages {
    clock: Clock,
    items: Vec<u8>,
    client: Option<Assembly>,
    server: Option<Assembly>,
    left_out: LeftOut,
}

/// How many frames and acts are in no message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub(super) control: u64,
    pub(super) broken: u64,
    pub(super) unfinished: u64,
    /// Deliberate acts, which are not frames.
    pub(super) acts: u64,
}

/// As Chrome writes one.
#[derive(Serialize)]
struct Message<'m> {
    #[serde(rename = "type")]
    direction: &'static str,
    /// Seconds since 1970.
    time: f64,
    opcode: u8,
    data: Cow<'m, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

impl Messages {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, items: Vec::new(), client: None, server: None, left_out: LeftOut::default() }
    }

    pub(super) fn items(&self) -> &[u8] {
        &self.items
    }

    pub(super) fn left_out(&self) -> LeftOut {
        let waiting = self.client.iter().chain(&self.server).map(|assembly| assembly.frames).sum::<u64>();
        LeftOut { unfinished: self.left_out.unfinished + waiting, ..self.left_out }
    }

    pub(super) fn act(&mut self, act: &Act) {
        self.left_out.acts += u64::from(act.refused.is_none());
    }

    pub(super) fn frame(&mut self, frame: &Frame, at_us: u64) {
        let Some(position) = frame.position.filter(|_| frame.violations.is_empty()) else {
            let control = frame.violations.is_empty() && frame.opcode().is_control();
            *(if control { &mut self.left_out.control } else { &mut self.left_out.broken }) += 1;
            return;
        };
        if frame.payload_bytes < frame.length {
            self.left_out.unfinished += 1;
            return;
        }
        let under_way = match frame.from {
            Party::Client => &mut self.client,
            Party::Server => &mut self.server,
        };
        if position.fragment == 1 {
            let begun = Assembly::begin(position.message);
            self.left_out.unfinished += under_way.replace(begun).map_or(0, |before| before.frames);
        }
        // The start of the message may be invalid or no longer in the log.
        let Some(assembly) = under_way.as_mut().filter(|assembly| assembly.message == position.message) else {
            self.left_out.unfinished += 1;
            return;
        };
        assembly.add(frame);
        if position.last
            && let Some(whole) = under_way.take()
        {
            self.write(frame.from, position.kind, &whole, at_us);
        }
    }

    fn write(&mut self, from: Party, kind: MessageKind, whole: &Assembly, at_us: u64) {
        let message = Message {
            direction: match from {
                Party::Client => "send",
                Party::Server => "receive",
            },
            time: self.clock.at(at_us).as_secs_f64(),
            opcode: match kind {
                MessageKind::Text => 1,
                MessageKind::Binary => 2,
            },
            data: match kind {
                MessageKind::Text => text(&whole.content),
                MessageKind::Binary => STANDARD.encode(&whole.content).into(),
            },
            comment: whole
                .is_cut()
                .then(|| format!("the relay kept the first {} of {} bytes", whole.content.len(), whole.bytes)),
        };
        if !self.items.is_empty() {
            self.items.push(b',');
        }
        // Plain data becomes JSON, and a vector takes it.
        let _ = serde_json::to_writer(&mut self.items, &message);
    }
}

/// The text without an incomplete character at its end.
fn text(content: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(content) {
        Ok(text) => text.into(),
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(&content[..error.valid_up_to()]),
        Err(_) => String::from_utf8_lossy(content),
    }
}
