//! Commands that an observer sends to an open connection.

use super::outbox::Action;
use super::state::{Closing, Engine};
use crate::behaviour::Behaviour;
use crate::command_frames::{self as frames, CommandFrame, Content};
use observation::{Act, Command, Deliberate};
use tokio::time::Instant;
use wire::Sender;

const FULL: &str = "the send queue is full; try again when the relay has sent some of it";
const CLOSING: &str = "the closing handshake has begun; a behavior can no longer change";

impl Engine {
    /// Executes a command as soon as possible.
    ///
    /// # Errors
    /// Why the command is refused, without a capital and a full stop.
    pub(crate) fn execute(&mut self, command: Command, now: Instant) -> Result<(), String> {
        if let Some(decided) = self.decide(&command, now) {
            return decided;
        }
        if self.outbox.is_full() && !matches!(command, Command::Drop(_) | Command::Resume) {
            return Err(FULL.to_owned());
        }
        if let Some(sent) = CommandFrame::of(&command, Sender::Server, self.closing == Some(Closing::Sent))? {
            let CommandFrame { content, why } = sent;
            let action = match content {
                Content::Frame(header, payload) => Action::frame(header, payload, Some(why)),
                Content::Raw(bytes) => Action::Raw(bytes, why),
            };
            self.outbox.push(now, action);
            return Ok(());
        }
        match command {
            Command::Drop(by) => self.urgent = Some(Action::Drop(by, frames::dropped(by))),
            Command::Pause if self.timers.resume.is_some() => return Err(frames::PAUSED.to_owned()),
            Command::Pause => {
                self.timers.pause(now);
                self.outbox.push(now, Action::Act(frames::paused(Sender::Client)));
            }
            Command::Resume => {
                self.timers.resume.take().ok_or(frames::NOT_PAUSED)?;
                self.outbox.push(now, Action::Act(frames::resumed()));
            }
            Command::Behave(_) if self.closing.is_some() => return Err(CLOSING.to_owned()),
            Command::Behave(query) => {
                let talk = Behaviour::parse_open(&query).map_err(|error| error.to_string())?;
                let words = if query.is_empty() { "only echoes".to_owned() } else { format!("behaves as `{query}`") };
                let why = Deliberate::by_console("behave", format!("after this, the relay {words}"), None);
                self.outbox.push(now, Action::Act(Act::of(why)));
                self.switch_to(talk, now);
            }
            // The others send something, see above.
            _ => {}
        }
        Ok(())
    }
}
