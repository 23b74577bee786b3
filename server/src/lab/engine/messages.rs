//! The messages of a behavior, in as many frames as it asks for.

use super::outbox::Action;
use super::reasons;
use super::state::Engine;
use crate::behaviour::opcode;
use observation::Deliberate;
use tokio::time::Instant;
use wire::header::FrameHeader;
use wire::message::MessageKind;
use wire::opcode::Opcode;

impl Engine {
    /// Queues a message in as many frames as the behavior asks for.
    pub(super) fn message(&mut self, kind: MessageKind, content: &[u8], at: Instant, why: Option<Deliberate>) {
        if !self.queue_for_rules(kind, content, at, why.as_ref()) {
            for action in self.frames(kind, content, why) {
                self.outbox.push(at, action);
            }
        }
    }

    /// A message in as many frames as the behavior asks for.
    pub(super) fn frames(&self, kind: MessageKind, content: &[u8], why: Option<Deliberate>) -> Vec<Action> {
        let mut frames = Vec::new();
        let count = self.talk.fragments.unwrap_or(1).max(1) as usize;
        let why = why.or_else(|| match (count, self.talk.drip) {
            (2.., _) => Some(reasons::fragments(count)),
            (_, gap) => gap.map(reasons::drip),
        });
        let mut from = 0;
        for number in 1..=count {
            let mut to = content.len() * number / count;
            // Splitting inside a character is allowed, but has its own fault.
            while kind == MessageKind::Text && to < content.len() && content[to] & 0xC0 == 0x80 {
                to += 1;
            }
            let part = &content[from..to.max(from)];
            from = to.max(from);
            let opcode = if number == 1 { opcode(kind) } else { Opcode::Continuation };
            let header = FrameHeader::unmasked(number == count, opcode, part.len() as u64);
            frames.push(Action::frame(header, part.to_vec(), why.clone()));
            if self.talk.fragment_pings && number < count {
                let payload = format!("between {number} and {}", number + 1);
                let deliberate = reasons::ping_between();
                frames.push(Action::control(Opcode::Ping, payload.into_bytes(), Some(deliberate)));
            }
        }
        frames
    }
}
