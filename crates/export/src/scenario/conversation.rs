//! What client and server sent, as steps of a scenario. Pings of the server and what answers them are left out, because the check
//! answers them itself.

use crate::assembly::Assembly;
use observation::event::Cause;
use observation::{Act, Closed, Frame, MessageKind, Party};
use scenario::model::{
    Action, Bytes, ComposedFrame, Content, Expect, ExpectedClose, ExpectedFrame, MAX_STEPS, MAX_TIME, Mask, Send, Step,
    TIME, Unexpected, WITHIN, What,
};
use scenario::template::Template;
use scenario::write;
use std::time::Duration;
use wire::close::ClosePayload;
use wire::header::FrameHeader;
use wire::opcode::Opcode;

/// The longest length of a frame that a scenario can have. RFC 6455 §5.2 has more.
const LONGEST: u64 = u32::MAX as u64;

pub(super) struct Conversation {
    /// Microseconds since the session began.
    began_us: u64,
    /// The time of the last step.
    last_us: u64,
    steps: Vec<Step>,
    /// Why the rest is missing.
    cut: Option<String>,
    /// The messages that are not complete.
    client: Option<Assembly>,
    server: Option<Assembly>,
    client_closed: bool,
    server_closed: bool,
    /// The client's pings without a pong.
    pings: u64,
    /// How many frames and acts no step does.
    left_out: u64,
}

impl Conversation {
    pub(super) fn begin(at_us: u64) -> Self {
        Self {
            began_us: at_us,
            last_us: at_us,
            steps: Vec::new(),
            cut: None,
            client: None,
            server: None,
            client_closed: false,
            server_closed: false,
            pings: 0,
            left_out: 0,
        }
    }

    /// Adds what a frame means. `left` is how many bytes the file still has for steps.
    pub(super) fn frame(&mut self, frame: &Frame, at_us: u64, left: &mut usize) {
        if self.cut.is_some() {
            return;
        }
        let action = match (frame.from, frame.opcode()) {
            (Party::Client, _) if !frame.violations.is_empty() => self.sent_broken(frame, at_us, left),
            (Party::Server, _) if !frame.violations.is_empty() => Some(expect(broken(frame))),
            (Party::Client, Opcode::Close) => self.client_close(frame),
            (Party::Server, Opcode::Close) => Some(self.server_close(frame)),
            (Party::Client, Opcode::Ping) => {
                self.pings += 1;
                Some(Action::Send(control_sent(frame)))
            }
            (Party::Server, Opcode::Pong) if self.pings > 0 => {
                self.pings -= 1;
                let payload = Some(frame.unmasked_payload()).filter(|payload| std::str::from_utf8(payload).is_ok());
                Some(expect(What::Pong(payload)))
            }
            (Party::Client | Party::Server, Opcode::Ping | Opcode::Pong) => None,
            _ => self.data(frame),
        };
        if let Some(action) = action {
            self.push(action, at_us, left);
        }
        if frame.from == Party::Server && !frame.violations.is_empty() {
            let why = "The check fails the connection after an invalid frame, as a client must";
            self.cut.get_or_insert_with(|| format!("{why}. The rest is left out"));
        }
    }

    pub(super) fn act(&mut self, act: &Act) {
        self.left_out += u64::from(act.sent > 0);
    }

    /// The end of the connection. `is_relayed` says that another server was at its other end, and not the relay.
    pub(super) fn closed(&mut self, closed: &Closed, is_relayed: bool, at_us: u64, left: &mut usize) {
        let by_server = match closed.cause {
            Cause::ConnectionEnded | Cause::ConnectionLost => is_relayed,
            Cause::Dropped | Cause::Reset | Cause::Idle | Cause::NoPong => !is_relayed,
            _ => false,
        };
        if by_server && !self.server_closed && self.cut.is_none() {
            self.push(expect(What::End), at_us, left);
        }
    }

    /// The steps, and how long they may take. Adds comments about what they do not do.
    pub(super) fn finish(self, comments: &mut Vec<String>) -> (Vec<Step>, Duration) {
        comments.extend(self.cut);
        if self.left_out > 0 {
            comments.push(format!("Left out because no step can do it: {}", self.left_out));
        }
        let taken = Duration::from_micros(self.last_us.saturating_sub(self.began_us));
        (self.steps, generous(taken, TIME))
    }

    fn data(&mut self, frame: &Frame) -> Option<Action> {
        let Some(position) = frame.position.filter(|_| frame.payload_bytes == frame.length) else {
            self.left_out += 1;
            return None;
        };
        let under_way = match frame.from {
            Party::Client => &mut self.client,
            Party::Server => &mut self.server,
        };
        if position.fragment == 1 {
            *under_way = Some(Assembly::begin(position.message));
        }
        let Some(assembly) = under_way.as_mut().filter(|assembly| assembly.message == position.message) else {
            self.left_out += 1;
            return None;
        };
        assembly.add(frame);
        let whole = under_way.take_if(|_| position.last)?;
        match frame.from {
            Party::Client => self.message_sent(position.kind, whole),
            Party::Server => Some(expect(message_expected(position.kind, whole))),
        }
    }

    fn message_sent(&mut self, kind: MessageKind, whole: Assembly) -> Option<Action> {
        if whole.is_cut() {
            let (kept, all) = (whole.content.len(), whole.bytes);
            let why = "cannot be sent again: the relay kept its first";
            self.cut =
                Some(format!("The next message of the client {why} {kept} of {all} bytes. The rest is left out"));
            return None;
        }
        Some(Action::Send(match kind {
            MessageKind::Binary => Send::Binary(whole.content),
            MessageKind::Text => match String::from_utf8(whole.content) {
                Ok(text) => Send::Text(Template::plain(text)),
                Err(invalid) => composed(true, Opcode::Text, invalid.into_bytes()),
            },
        }))
    }

    /// A frame that breaks a rule, bit by bit, after the fragments before it.
    fn sent_broken(&mut self, frame: &Frame, at_us: u64, left: &mut usize) -> Option<Action> {
        let Some(header) = frame.parsed_header().filter(|header| !frame.truncated() && header.length.bytes <= LONGEST)
        else {
            self.cut = Some("The next frame of the client is not recorded completely. The rest is left out".to_owned());
            return None;
        };
        if let Some(begun) = self.client.take() {
            let opcode = match frame.position.map(|position| position.kind) {
                Some(MessageKind::Binary) => Opcode::Binary,
                _ => Opcode::Text,
            };
            self.push(Action::Send(composed(false, opcode, begun.content)), at_us, left);
        }
        let mask = if header.masking_key.is_some() { Mask::Random } else { Mask::Off };
        let header = FrameHeader { masking_key: None, ..header };
        Some(Action::Send(Send::Frame(ComposedFrame { header, mask, payload: frame.unmasked_payload() })))
    }

    fn client_close(&mut self, frame: &Frame) -> Option<Action> {
        let is_answer = self.server_closed;
        if std::mem::replace(&mut self.client_closed, true) || is_answer {
            return None;
        }
        let (close, _) = ClosePayload::parse(&frame.unmasked_payload());
        Some(Action::Send(Send::Close(close.code.map(|code| code.0), close.reason)))
    }

    fn server_close(&mut self, frame: &Frame) -> Action {
        self.server_closed = true;
        let (close, _) = ClosePayload::parse(&frame.unmasked_payload());
        // As a browser reports it. RFC 6455 §7.1.5.
        let code = Some(close.code.map_or(1005, |code| code.0));
        expect(What::Close(ExpectedClose { code, reason: Some(close.reason).filter(|reason| !reason.is_empty()) }))
    }

    fn push(&mut self, mut action: Action, at_us: u64, left: &mut usize) {
        if let Action::Expect(expect) = &mut action {
            let waited = Duration::from_micros(at_us.saturating_sub(self.last_us));
            expect.within = generous(waited, WITHIN);
        }
        let step = Step { line: 0, action };
        let size = write::step(&step).len();
        if self.steps.len() == MAX_STEPS || size > *left {
            self.cut =
                Some(format!("The rest is left out: a scenario has at most {MAX_STEPS} steps, and a file 1 MiB"));
            return;
        }
        *left -= size;
        self.last_us = at_us;
        self.steps.push(step);
    }
}

/// Twice the time that something took, in whole seconds, and at least the default.
fn generous(taken: Duration, default: Duration) -> Duration {
    Duration::from_secs((2 * taken).as_secs() + 1).clamp(default, MAX_TIME)
}

fn expect(what: What) -> Action {
    Action::Expect(Expect { what, within: WITHIN, unexpected: Unexpected::default() })
}

fn message_expected(kind: MessageKind, whole: Assembly) -> What {
    let is_cut = whole.is_cut();
    let known = match kind {
        MessageKind::Text => wire::message::MessageKind::Text,
        MessageKind::Binary => wire::message::MessageKind::Binary,
    };
    let content = match (kind, is_cut) {
        (MessageKind::Binary, false) => Content { equals: Some(Bytes::Binary(whole.content)), ..Content::default() },
        // TOML has no way to say how bytes begin.
        (MessageKind::Binary, true) => Content::default(),
        (MessageKind::Text, false) => {
            let text = String::from_utf8_lossy(&whole.content).into_owned();
            Content { equals: Some(Bytes::Text(text)), ..Content::default() }
        }
        (MessageKind::Text, true) => {
            // The end may be in the middle of a character.
            let valid = whole.content.utf8_chunks().next().map_or("", |chunk| chunk.valid());
            Content { contains: Some(valid.to_owned()), ..Content::default() }
        }
    };
    What::Message(Some(known), content)
}

fn control_sent(frame: &Frame) -> Send {
    let payload = frame.unmasked_payload();
    match std::str::from_utf8(&payload) {
        Ok(_) => Send::Ping(payload),
        Err(_) => composed(true, Opcode::Ping, payload),
    }
}

fn composed(fin: bool, opcode: Opcode, payload: Vec<u8>) -> Send {
    let header = FrameHeader::unmasked(fin, opcode, payload.len() as u64);
    Send::Frame(ComposedFrame { header, mask: Mask::Random, payload })
}

fn broken(frame: &Frame) -> What {
    What::Frame(ExpectedFrame {
        opcode: Some(frame.opcode),
        fin: Some(frame.fin),
        rsv1: Some(frame.rsv1),
        rsv2: Some(frame.rsv2),
        rsv3: Some(frame.rsv3),
        masked: Some(frame.masked),
        length_bits: Some(frame.length_bits),
        length: Some(frame.length).filter(|length| *length <= LONGEST),
        content: Content::default(),
    })
}
