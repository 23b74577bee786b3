//! Commands that an observer sends to an open connection.

use super::outbox::Action;
use super::state::{Closing, Engine};
use crate::behaviour::{Behaviour, opcode};
use observation::command::{CloseWith, Composed, DropBy};
use observation::{Act, Command, Deliberate};
use tokio::time::Instant;
use wire::close::{self, CloseCode, MAX_REASON};
use wire::message::MessageKind;
use wire::opcode::Opcode;

/// The largest payload of a control frame. RFC 6455 §5.5.
const MAX_CONTROL: usize = 125;

const FULL: &str = "the send queue is full; try again when the relay has sent some of it";
const CLOSING: &str = "the closing handshake has begun; a behavior can no longer change";
const OVER: &str = "the relay has sent its close frame, and nothing may follow it; to send something anyway, compose a frame or send raw bytes";

impl Engine {
    /// Executes a command as soon as possible.
    ///
    /// # Errors
    /// Why the command is refused, without a capital and a full stop.
    pub(crate) fn execute(&mut self, command: Command, now: Instant) -> Result<(), String> {
        if self.outbox.is_full() && !matches!(command, Command::Drop(_) | Command::Resume) {
            return Err(FULL.to_owned());
        }
        match command {
            Command::Text(text) => self.send(MessageKind::Text, text.as_bytes(), now)?,
            Command::Binary(bytes) => self.send(MessageKind::Binary, &bytes, now)?,
            Command::Ping(payload) => {
                let why = Deliberate::by_console(
                    "ping",
                    "a ping sent by hand: the client answers with a pong automatically",
                    Some("5.5.2"),
                );
                self.control(Opcode::Ping, payload, why, now)?;
            }
            Command::Pong(payload) => {
                let why = Deliberate::by_console("pong", "an unsolicited pong, which is allowed", Some("5.5.3"));
                self.control(Opcode::Pong, payload, why, now)?;
            }
            Command::Close(with) => self.close(with, now)?,
            Command::Frame(composed) => self.composed(composed, now)?,
            Command::Raw(bytes) if bytes.is_empty() => {
                return Err("there are no bytes to send; add at least one".to_owned());
            }
            Command::Raw(bytes) => {
                let why = Deliberate::by_console("raw", "raw bytes, sent as they are", None);
                self.outbox.push(now, Action::Raw(bytes, why));
            }
            Command::Drop(by) => self.urgent = Some(Action::Drop(by, dropped(by))),
            Command::Pause if self.timers.resume.is_some() => return Err("the relay is already paused".to_owned()),
            Command::Pause => {
                self.timers.pause(now);
                let explanation = "the relay stops reading, so data from the client fills the buffers in between; it resumes after a minute";
                self.outbox.push(now, Action::Act(Act::of(Deliberate::by_console("pause", explanation, None))));
            }
            Command::Resume => {
                self.timers.resume.take().ok_or("the relay is not paused")?;
                let why = Deliberate::by_console("resume", "the relay reads again", None);
                self.outbox.push(now, Action::Act(Act::of(why)));
            }
            Command::Behave(_) if self.closing.is_some() => return Err(CLOSING.to_owned()),
            Command::Behave(query) => {
                let talk = Behaviour::parse_open(&query).map_err(|error| error.to_string())?;
                let words = if query.is_empty() { "only echoes".to_owned() } else { format!("behaves as `{query}`") };
                let why = Deliberate::by_console("behave", format!("after this, the relay {words}"), None);
                self.outbox.push(now, Action::Act(Act::of(why)));
                self.switch_to(talk, now);
            }
        }
        Ok(())
    }

    fn send(&mut self, kind: MessageKind, content: &[u8], now: Instant) -> Result<(), String> {
        if self.closing == Some(Closing::Sent) {
            return Err(OVER.to_owned());
        }
        let why = Deliberate::by_console(kind.name(), "a message sent by hand from the relay’s side", None);
        let header = wire::header::FrameHeader::unmasked(true, opcode(kind), content.len() as u64);
        self.outbox.push(now, Action::frame(header, content.to_vec(), Some(why)));
        Ok(())
    }

    fn control(&mut self, opcode: Opcode, payload: Vec<u8>, why: Deliberate, now: Instant) -> Result<(), String> {
        if self.closing == Some(Closing::Sent) {
            return Err(OVER.to_owned());
        }
        let bytes = payload.len();
        if bytes > MAX_CONTROL {
            let name = opcode.name();
            return Err(format!(
                "a {name} carries at most {MAX_CONTROL} bytes, but this payload has {bytes}; to send more, compose a frame"
            ));
        }
        self.outbox.push(now, Action::control(opcode, payload, Some(why)));
        Ok(())
    }

    fn close(&mut self, CloseWith { code, reason }: CloseWith, now: Instant) -> Result<(), String> {
        if self.closing == Some(Closing::Sent) {
            return Err(OVER.to_owned());
        }
        let payload = match code {
            None if !reason.is_empty() => return Err("a close reason requires a close code; add a code".to_owned()),
            None => Vec::new(),
            Some(_) if reason.len() > MAX_REASON => {
                return Err(format!(
                    "a close reason has at most {MAX_REASON} bytes, but this one has {}",
                    reason.len()
                ));
            }
            Some(code) => close::payload(CloseCode(code), &reason),
        };
        let why = Deliberate::by_console("close", "a close frame sent by hand from the relay’s side", Some("5.5.1"));
        self.outbox.push(now, Action::control(Opcode::Close, payload, Some(why)));
        Ok(())
    }

    fn composed(&mut self, composed: Composed, now: Instant) -> Result<(), String> {
        let header = composed.header()?;
        let why = Deliberate::by_console("frame", "a frame composed by hand", Some("5.2"));
        self.outbox.push(now, Action::frame(header, composed.payload, Some(why)));
        Ok(())
    }
}

/// The reason for ending a connection by command.
pub(crate) fn dropped(by: DropBy) -> Deliberate {
    let explanation = match by {
        DropBy::Fin => "the relay ends the TCP connection by hand, without a close frame",
        DropBy::Reset => "the relay resets the TCP connection by hand, without a close frame",
    };
    Deliberate::by_console("drop", explanation, Some("7.1.7"))
}
