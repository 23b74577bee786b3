//! Rules on a hop: decides about what arrives, and sends what goes on.

use super::crossing::{Item, Original, Place, Unseen};
use super::direction::Direction;
use super::exit::Exit;
use super::frame_inspector::{FrameInspector, OwnFrame};
use super::sides::{Sides, random_key};
use crate::behaviour::{Fault, Made};
use crate::conditions::Unit;
use crate::intercept::{Interceptor, Outcome, Scope};
use crate::memory::MemoryBudget;
use crate::session::Session;
use observation::command::Edited;
use observation::rule::CloseCode;
use observation::{Act, Command, Deliberate};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use wire::Sender;
use wire::close;
use wire::deflate::Agreed;
use wire::header::{FrameHeader, PayloadLength};
use wire::mask::MaskingKey;
use wire::message::MessageKind;
use wire::opcode::Opcode;

const AGAIN: &str = "an earlier message was changed or is late, so the relay compresses this one again: as it came, it refers to messages that the receiver does not have";
const NO_CONTEXT: &str = "an earlier message was changed, and this one is too large to be compressed again, so the relay closes the connection";
const COMPRESSED: &str =
    "there was no memory to decompress messages when this connection began, so no rule looks at this one";
const CLOSED: &str = "this was not sent, because a close frame was, and nothing may follow it";
/// RFC 6455 §7.4.1: a message is too big to process.
const TOO_BIG: u16 = 1009;

pub(super) struct HopInterceptor {
    interceptor: Interceptor<Original>,
    up: Exit,
    down: Exit,
    memory: MemoryBudget,
}

/// What an interceptor needs to know of its connection and of the relay.
pub(super) struct Needs {
    pub(super) subprotocol: Option<String>,
    /// Path and query of the request to the other server.
    pub(super) path: String,
    pub(super) idle: Duration,
    /// The negotiated compression, if the relay reads it.
    pub(super) agreed: Option<Agreed>,
    pub(super) slots: Arc<Semaphore>,
    pub(super) memory: MemoryBudget,
    pub(super) payload_cap: usize,
    /// How many handshakes were held on the connection.
    pub(super) held: u64,
}

impl HopInterceptor {
    pub(super) fn new(session: &Session, sides: &Sides, needs: Needs) -> Self {
        let Needs { subprotocol, path, idle, agreed, slots, memory, payload_cap, held } = needs;
        let scope = Scope {
            numbers: sides.numbers().into_iter().filter_map(|(_, number)| number).collect(),
            subprotocol,
            path,
            only_named: false,
            is_lab: false,
            idle,
            deflate: agreed.is_some(),
        };
        let rules = Arc::clone(session.rules());
        let mut interceptor = Interceptor::new(rules, session.now_us(), scope, &memory, payload_cap);
        interceptor.count_from(held);
        let exit = |direction| Exit::new(direction, agreed, Arc::clone(&slots), memory.share());
        Self { interceptor, up: exit(Direction::ToServer), down: exit(Direction::ToClient), memory }
    }

    /// Whether what arrives in this direction is kept back until rules have decided about it. Called before it is forwarded.
    pub(super) fn keeps_back(&mut self, direction: Direction, inspector: &mut FrameInspector) -> bool {
        self.interceptor.refresh();
        let needed = self.interceptor.is_active(direction.sender()) || !self.exit(direction).is_plain();
        match (inspector.is_keeping_back(), needed) {
            (true, false) => !inspector.let_go(),
            (false, true) if !inspector.is_lost() => {
                let place = inspector.keep_back(self.memory.share());
                if let Some(place) = place {
                    self.exit(direction).place = place;
                }
                place.is_some()
            }
            (is, _) => is,
        }
    }

    /// Decides about what has arrived in this direction.
    pub(super) fn arrived(&mut self, direction: Direction, sides: &mut Sides) {
        if !sides.inspector(direction).is_keeping_back() {
            return;
        }
        let items = sides.inspector(direction).arrivals();
        self.take(direction, items, sides);
    }

    /// Nothing more arrives in this direction.
    pub(super) fn ended(&mut self, direction: Direction, sides: &mut Sides) {
        let items = sides.inspector(direction).leftovers();
        self.take(direction, items, sides);
    }

    fn take(&mut self, direction: Direction, items: Vec<Item>, sides: &mut Sides) {
        let now = Instant::now();
        for item in items {
            match item {
                Item::Unit(unit, original) => {
                    let outcomes = match self.exit(direction).has_room() {
                        true => self.interceptor.judge(unit, original, now),
                        false => self.interceptor.pass_unjudged(unit.from, original, now),
                    };
                    self.distribute(outcomes, sides);
                }
                Item::Unseen(original, why) => self.let_pass(direction, original, why, now, sides),
                Item::Bytes { bytes, place, frame } => {
                    let exit = self.exit(direction);
                    exit.put(bytes);
                    exit.place = place;
                    if let Some(frame) = frame {
                        sides.record_exit(direction, |inspector, records| {
                            inspector.leaves(&frame, None, false, records);
                        });
                    }
                }
            }
            self.due(now, sides);
        }
        if sides.inspector(direction).is_lost() {
            let outcomes = self.interceptor.closed(Some(direction.sender()));
            self.distribute(outcomes, sides);
        }
    }

    /// A message begins to go on that no rule looks at.
    fn let_pass(&mut self, direction: Direction, original: Original, why: Unseen, now: Instant, sides: &mut Sides) {
        let from = direction.sender();
        match why {
            Unseen::TooLarge => {
                let outcome = self.interceptor.too_large(from, now);
                self.distribute(vec![outcome], sides);
            }
            Unseen::Compressed => {
                let act = Act::of(Deliberate::by_limit("rules-deflate", COMPRESSED));
                self.distribute(vec![Outcome::Record { from, act }], sides);
            }
            Unseen::Broken => {}
        }
        let may = match original.compressed {
            Some((number, _)) => self.exit(direction).may_leave(number),
            None => true,
        };
        if !may {
            let why = Deliberate::by_limit("rules-size", NO_CONTEXT);
            let close = CloseCode { code: TOO_BIG, reason: "too large to be compressed again".to_owned() };
            self.distribute(
                vec![Outcome::Record { from, act: Act::of(why.clone()) }, Outcome::Close { close, why }],
                sides,
            );
            self.exit(direction).cut = true;
            return;
        }
        self.exit(direction).place = Place::Control;
        self.leave(direction, original, None, false, sides);
    }

    /// Decides about messages whose wait is over.
    pub(super) fn due(&mut self, now: Instant, sides: &mut Sides) {
        let outcomes = self.interceptor.due(now);
        self.distribute(outcomes, sides);
    }

    /// When a middlebox ends the connection if nothing more crosses it.
    pub(super) fn expects_end(&mut self, at: Option<Instant>) {
        self.interceptor.expects_end(at);
    }

    /// When the next wait is over.
    pub(super) fn next(&self) -> Option<Instant> {
        self.interceptor.next()
    }

    /// Does what a command decides about a held message. `None` if the command is about something else.
    pub(super) fn decide(&mut self, command: &Command, sides: &mut Sides) -> Option<Result<(), String>> {
        let decided = self.interceptor.decide(command, Instant::now())?;
        Some(decided.map(|outcomes| self.distribute(outcomes, sides)))
    }

    /// The connection has ended.
    pub(super) fn over(&mut self, sides: &mut Sides) {
        let outcomes = self.interceptor.closed(None);
        self.distribute(outcomes, sides);
    }

    /// What has left in this direction since the last call, which was sent.
    pub(super) fn output(&mut self, direction: Direction) -> Option<Vec<u8>> {
        self.exit(direction).take_output()
    }

    /// Whether the connection ends now, because everything before was sent.
    pub(super) fn cuts(&mut self) -> bool {
        self.up.cuts_now() || self.down.cuts_now()
    }

    /// What may be sent in this direction, if arrivals are kept back.
    pub(super) fn place(&self, direction: Direction) -> Place {
        match direction {
            Direction::ToServer => self.up.place,
            Direction::ToClient => self.down.place,
        }
    }

    fn exit(&mut self, direction: Direction) -> &mut Exit {
        match direction {
            Direction::ToServer => &mut self.up,
            Direction::ToClient => &mut self.down,
        }
    }

    fn distribute(&mut self, outcomes: Vec<Outcome<Original>>, sides: &mut Sides) {
        for outcome in outcomes {
            match outcome {
                Outcome::Record { from, act } => sides.record(sides.number(Direction::of(from).source()), act),
                Outcome::Close { close, why } => {
                    for direction in Direction::BOTH {
                        self.exit(direction).push(Outcome::Close { close: close.clone(), why: why.clone() });
                    }
                }
                Outcome::Original { from, .. }
                | Outcome::Content { from, .. }
                | Outcome::Frame { from, .. }
                | Outcome::Fault { from, .. } => self.exit(Direction::of(from)).push(outcome),
            }
        }
        for direction in Direction::BOTH {
            while let Some(outcome) = self.exit(direction).next() {
                self.send(direction, outcome, sides);
            }
        }
    }

    /// Sends what may leave now.
    fn send(&mut self, direction: Direction, outcome: Outcome<Original>, sides: &mut Sides) {
        if sides.inspector(direction).close_at_exit().is_some() && !matches!(outcome, Outcome::Fault { .. }) {
            if !matches!(outcome, Outcome::Close { .. }) {
                let act =
                    Act { refused: Some(CLOSED.to_owned()), ..Act::of(Deliberate::by_rule("close", CLOSED, None)) };
                sides.record(sides.number(direction.target()), act);
            }
            return;
        }
        match outcome {
            Outcome::Original { original, why, is_copy, .. } => {
                let number = original.compressed.as_ref().map(|(number, _)| *number);
                match &original.compressed {
                    Some((_, content)) if number.is_some_and(|number| !self.exit(direction).may_leave(number)) => {
                        self.exit(direction).has_own_context();
                        let why = why.unwrap_or_else(|| Deliberate::by_rule("compress", AGAIN, None));
                        self.message(direction, original.opcode, content, true, &why, sides);
                    }
                    _ => {
                        self.leave(direction, original, why.as_ref(), is_copy, sides);
                    }
                }
            }
            Outcome::Content { opcode, content, compress, why, .. } => {
                self.message(direction, opcode, &content, compress, &why, sides);
            }
            Outcome::Frame { edited, why, .. } => self.edited(direction, &edited, &why, sides),
            Outcome::Fault { fault, unit, why, .. } => self.fault(direction, fault, &unit, &why, sides),
            Outcome::Close { close, why } => {
                let payload = close::payload(wire::close::CloseCode(close.code), &close.reason);
                self.message(direction, Opcode::Close, &payload, false, &why, sides);
                self.exit(direction).closed = true;
            }
            Outcome::Record { .. } => {}
        }
        if sides.inspector(direction).close_at_exit().is_some() {
            // Nothing from there may go on any more.
            let outcomes = self.interceptor.closed(Some(direction.sender()));
            for outcome in outcomes {
                if let Outcome::Record { act, .. } = outcome {
                    sides.record(sides.number(direction.source()), act);
                }
            }
        }
    }

    /// A message goes on as it came.
    fn leave(
        &mut self,
        direction: Direction,
        original: Original,
        why: Option<&Deliberate>,
        again: bool,
        sides: &mut Sides,
    ) {
        sides.record_exit(direction, |inspector, records| {
            if !original.opcode.is_control() {
                inspector.message_leaves();
            }
            original.frames.iter().for_each(|frame| inspector.leaves(frame, why, again, records));
        });
        self.exit(direction).put(original.bytes);
    }

    /// A message or control frame of the relay's own.
    fn message(
        &mut self,
        direction: Direction,
        opcode: Opcode,
        content: &[u8],
        compress: bool,
        why: &Deliberate,
        sides: &mut Sides,
    ) {
        // A message that is not compressed is valid too, if there is no memory to compress it.
        let compressed = compress.then(|| self.exit(direction).compress(direction, content)).flatten();
        let payload = compressed.as_deref().unwrap_or(content);
        let mut header = FrameHeader::unmasked(true, opcode, payload.len() as u64);
        header.rsv.rsv1 = compressed.is_some();
        header.masking_key = key(direction);
        let content = compressed.is_some().then_some(content);
        let frame = OwnFrame { header: &header, payload, why: Some(why), content, is_broken: false };
        let bytes = sides.insert(direction, frame);
        self.exit(direction).put(bytes);
    }

    /// A frame that an observer has edited.
    fn edited(
        &mut self,
        direction: Direction,
        Edited { frame, compress }: &Edited,
        why: &Deliberate,
        sides: &mut Sides,
    ) {
        // It was checked before it was accepted.
        let Ok(mut header) = frame.header() else { return };
        let compressed = compress.then(|| self.exit(direction).compress(direction, &frame.payload)).flatten();
        if let Some(compressed) = &compressed {
            header.rsv.rsv1 = true;
            header.length = PayloadLength::minimal(compressed.len() as u64);
        } else if header.rsv.rsv1 {
            self.exit(direction).has_own_context();
        }
        header.masking_key = header.masking_key.or_else(|| key(direction));
        let payload = compressed.as_deref().unwrap_or(&frame.payload);
        let content = compressed.is_some().then_some(&*frame.payload);
        let own = OwnFrame { header: &header, payload, why: Some(why), content, is_broken: false };
        let bytes = sides.insert(direction, own);
        self.exit(direction).put(bytes);
    }

    fn fault(&mut self, direction: Direction, fault: Fault, unit: &Unit, why: &Deliberate, sides: &mut Sides) {
        let kind = if unit.opcode == Opcode::Text { MessageKind::Text } else { MessageKind::Binary };
        // What goes on is not what the sender has compressed.
        self.exit(direction).has_own_context();
        for Made { mut header, payload, deliberate } in fault.make(kind, &unit.content) {
            // A client masks every frame. Its fault is not to.
            header.masking_key = match direction {
                Direction::ToServer if fault == Fault::Masked => None,
                Direction::ToServer => key(direction),
                Direction::ToClient => header.masking_key,
            };
            let is_broken = fault == Fault::BrokenDeflate && deliberate && self.exit(direction).has_deflate();
            let why = deliberate.then_some(why);
            let frame = OwnFrame { header: &header, payload: &payload, why, content: None, is_broken };
            let bytes = sides.insert(direction, frame);
            self.exit(direction).put(bytes);
        }
        self.exit(direction).cut |= fault.cuts();
    }
}

/// What a client masks with. If the system has no randomness, a predictable key is still a valid one.
fn key(direction: Direction) -> Option<MaskingKey> {
    (direction.sender() == Sender::Client).then(|| random_key().unwrap_or(MaskingKey([0; 4])))
}
