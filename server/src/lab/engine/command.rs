//! What an observer asks of an open connection.

use super::outbox::Action;
use super::state::{Closing, Engine};
use crate::behaviour::{Behaviour, opcode};
use observation::command::{CloseWith, Composed, DropBy};
use observation::{Act, Command, Deliberate};
use tokio::time::Instant;
use wire::close::{self, CloseCode, MAX_REASON};
use wire::message::MessageKind;
use wire::opcode::Opcode;

/// The most that the payload of a control frame may have. RFC 6455 §5.5.
const MAX_CONTROL: usize = 125;

const FULL: &str = "as much waits to go out as may wait; try again when some of it has gone";
const CLOSING: &str = "the closing handshake has begun, and no behaviour can change it";
const OVER: &str =
    "the relay has sent its close frame, and nothing may follow it; a frame composed by hand or raw bytes still can";

impl Engine {
    /// Does what a command says, as soon as it can.
    ///
    /// # Errors
    /// Why it is not done, in a sentence without capital and full stop.
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
                    "a ping by hand: the client answers with a pong by itself",
                    Some("5.5.2"),
                );
                self.control(Opcode::Ping, payload, why, now)?;
            }
            Command::Pong(payload) => {
                let why =
                    Deliberate::by_console("pong", "a pong that nobody asked for, which is allowed", Some("5.5.3"));
                self.control(Opcode::Pong, payload, why, now)?;
            }
            Command::Close(with) => self.close(with, now)?,
            Command::Frame(composed) => self.composed(composed, now)?,
            Command::Raw(bytes) if bytes.is_empty() => return Err("there are no bytes to send".to_owned()),
            Command::Raw(bytes) => {
                let why = Deliberate::by_console("raw", "bytes as they are, whatever they mean to the client", None);
                self.outbox.push(now, Action::Raw(bytes, why));
            }
            Command::Drop(by) => self.urgent = Some(Action::Drop(by, dropped(by))),
            Command::Pause if self.timers.resume.is_some() => return Err("it is paused already".to_owned()),
            Command::Pause => {
                self.timers.pause(now);
                let explanation =
                    "the relay stops reading: what the client sends piles up on the way; after a minute it goes on";
                self.outbox.push(now, Action::Act(Act::of(Deliberate::by_console("pause", explanation, None))));
            }
            Command::Resume => {
                self.timers.resume.take().ok_or("it is not paused")?;
                let why = Deliberate::by_console("resume", "the relay reads on", None);
                self.outbox.push(now, Action::Act(Act::of(why)));
            }
            Command::Behave(_) if self.closing.is_some() => return Err(CLOSING.to_owned()),
            Command::Behave(query) => {
                let talk = Behaviour::parse_open(&query).map_err(|error| error.to_string())?;
                let words =
                    if query.is_empty() { "echoes and no more".to_owned() } else { format!("behaves as `{query}`") };
                let why = Deliberate::by_console("behave", format!("from now on the relay {words}"), None);
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
        let why = Deliberate::by_console(kind.name(), "a message by hand, from the relay’s side", None);
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
                "a {name} carries {MAX_CONTROL} bytes at the most, and this has {bytes}; compose a frame to send more"
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
            None if !reason.is_empty() => return Err("a reason travels behind a code: give a code too".to_owned()),
            None => Vec::new(),
            Some(_) if reason.len() > MAX_REASON => {
                return Err(format!("a reason has {MAX_REASON} bytes at the most, and this has {}", reason.len()));
            }
            Some(code) => close::payload(CloseCode(code), &reason),
        };
        let why = Deliberate::by_console("close", "a goodbye by hand, from the relay’s side", Some("5.5.1"));
        self.outbox.push(now, Action::control(Opcode::Close, payload, Some(why)));
        Ok(())
    }

    fn composed(&mut self, composed: Composed, now: Instant) -> Result<(), String> {
        let header = composed.header()?;
        let why = Deliberate::by_console("frame", "a frame composed by hand, bit by bit", Some("5.2"));
        self.outbox.push(now, Action::frame(header, composed.payload, Some(why)));
        Ok(())
    }
}

/// The end of a line by hand.
pub(crate) fn dropped(by: DropBy) -> Deliberate {
    let explanation = match by {
        DropBy::Fin => "the line is dropped by hand, without a goodbye",
        DropBy::Reset => "the line is reset by hand, without a goodbye",
    };
    Deliberate::by_console("drop", explanation, Some("7.1.7"))
}
