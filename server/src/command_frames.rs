//! The frames and bytes that commands ask for, on connections of the lab and on both sides of a hop.

use crate::behaviour::opcode;
use observation::command::{CloseWith, DropBy};
use observation::{Act, Command, Deliberate};
use std::time::Duration;
use wire::Sender;
use wire::close::{self, CloseCode, MAX_REASON};
use wire::header::FrameHeader;
use wire::message::MessageKind;
use wire::opcode::Opcode;

/// The largest payload of a control frame. RFC 6455 §5.5.
const MAX_CONTROL: usize = 125;
/// The longest pause that a command can set.
pub(crate) const MAX_PAUSE: Duration = Duration::from_secs(60);

const OVER: &str = "the relay has sent its close frame, and nothing may follow it; to send something anyway, compose a frame or send raw bytes";
pub(crate) const PAUSED: &str = "the relay is already paused";
pub(crate) const NOT_PAUSED: &str = "the relay is not paused";

/// What a command sends.
pub(crate) struct CommandFrame {
    pub(crate) content: Content,
    pub(crate) why: Deliberate,
}

pub(crate) enum Content {
    /// A frame with its unmasked payload.
    Frame(FrameHeader, Vec<u8>),
    /// Bytes outside any frame.
    Raw(Vec<u8>),
}

impl CommandFrame {
    /// What `command` sends from an end with that role. `None` if it sends nothing. `closed` is whether that end has sent a close
    /// frame.
    ///
    /// # Errors
    /// Why the command is refused, without a capital letter at the start and without a full stop.
    pub(crate) fn of(command: &Command, role: Sender, closed: bool) -> Result<Option<Self>, String> {
        let is_exempt = matches!(command, Command::Frame(_) | Command::Raw(_));
        if closed && sends(command) && !is_exempt {
            return Err(OVER.to_owned());
        }
        let peer = if role == Sender::Server { "client" } else { "server" };
        let sent = match command {
            Command::Text(text) => message(MessageKind::Text, text.as_bytes()),
            Command::Binary(bytes) => message(MessageKind::Binary, bytes),
            Command::Ping(payload) => {
                let words = format!("a ping sent by hand: the {peer} answers with a pong automatically");
                control(Opcode::Ping, payload, Deliberate::by_console("ping", words, Some("5.5.2")))?
            }
            Command::Pong(payload) => {
                let words = "an unsolicited pong, which is allowed";
                control(Opcode::Pong, payload, Deliberate::by_console("pong", words, Some("5.5.3")))?
            }
            Command::Close(with) => {
                let words = "a close frame sent by hand from the relay’s side";
                control(Opcode::Close, &close_payload(with)?, Deliberate::by_console("close", words, Some("5.5.1")))?
            }
            Command::Frame(composed) => Self {
                content: Content::Frame(composed.header()?, composed.payload.clone()),
                why: Deliberate::by_console("frame", "a frame composed by hand", Some("5.2")),
            },
            Command::Raw(bytes) if bytes.is_empty() => {
                return Err("there are no bytes to send; add at least one".to_owned());
            }
            Command::Raw(bytes) => Self {
                content: Content::Raw(bytes.clone()),
                why: Deliberate::by_console("raw", "raw bytes, sent as they are", None),
            },
            _ => return Ok(None),
        };
        Ok(Some(sent))
    }
}

/// Whether a command sends a frame or bytes.
pub(crate) fn sends(command: &Command) -> bool {
    use Command as C;
    let sends_nothing = matches!(command, C::Drop(_) | C::Pause | C::Resume | C::Behave(_));
    !sends_nothing && !decides(command)
}

/// Whether a command decides about a message or handshake that a rule holds.
pub(crate) fn decides(command: &Command) -> bool {
    use Command as C;
    matches!(command, C::Forward(_) | C::Discard(_) | C::Answer(_) | C::ForwardHead(_) | C::Refuse(_))
}

fn message(kind: MessageKind, content: &[u8]) -> CommandFrame {
    CommandFrame {
        content: Content::Frame(FrameHeader::unmasked(true, opcode(kind), content.len() as u64), content.to_vec()),
        why: Deliberate::by_console(kind.name(), "a message sent by hand from the relay’s side", None),
    }
}

fn control(opcode: Opcode, payload: &[u8], why: Deliberate) -> Result<CommandFrame, String> {
    let bytes = payload.len();
    if bytes > MAX_CONTROL {
        let name = opcode.name();
        return Err(format!(
            "a {name} carries at most {MAX_CONTROL} bytes, but this payload has {bytes}; to send more, compose a frame"
        ));
    }
    let header = FrameHeader::unmasked(true, opcode, bytes as u64);
    Ok(CommandFrame { content: Content::Frame(header, payload.to_vec()), why })
}

fn close_payload(CloseWith { code, reason }: &CloseWith) -> Result<Vec<u8>, String> {
    match code {
        None if !reason.is_empty() => Err("a close reason requires a close code; add a code".to_owned()),
        None => Ok(Vec::new()),
        Some(_) if reason.len() > MAX_REASON => {
            Err(format!("a close reason has at most {MAX_REASON} bytes, but this one has {}", reason.len()))
        }
        Some(code) => Ok(close::payload(CloseCode(*code), reason)),
    }
}

/// The relay ends the TCP connection.
pub(crate) fn dropped(by: DropBy) -> Deliberate {
    let explanation = match by {
        DropBy::Fin => "the relay ends the TCP connection by hand, without a close frame",
        DropBy::Reset => "the relay resets the TCP connection by hand, without a close frame",
    };
    Deliberate::by_console("drop", explanation, Some("7.1.7"))
}

/// The relay stops reading what an end with that role sends.
pub(crate) fn paused(peer: Sender) -> Act {
    let peer = if peer == Sender::Client { "client" } else { "server" };
    let words = format!(
        "the relay stops reading, so data from the {peer} fills the buffers in between; it resumes after a minute"
    );
    Act::of(Deliberate::by_console("pause", words, None))
}

pub(crate) fn resumed() -> Act {
    Act::of(Deliberate::by_console("resume", "the relay reads again", None))
}

pub(crate) fn resumed_by_itself() -> Act {
    Act::of(Deliberate::by_console("resume", "the pause reached its time limit, and the relay reads again", None))
}
