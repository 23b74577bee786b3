//! What a visitor can save. Limits protect the browser's storage and whoever opens a file.

use super::connection::{Connection, SavedSetup};
use observation::command::Composed;
use observation::{MessageKind, Party};
use replay::{Conversation, Message};
use serde::{Deserialize, Serialize};

/// The longest name of an item, a folder or a variable, in characters.
pub(super) const MAX_NAME: usize = 80;
/// The largest message, in bytes as it is saved, and the largest connection or setup.
pub(super) const MAX_CONTENT: usize = 256 << 10;
/// The largest replay, in bytes of content, and the most messages in it.
const MAX_REPLAY: usize = 1 << 20;
const MAX_MESSAGES: usize = 2_000;

/// Something with a name, in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) name: String,
    /// Empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) folder: String,
    #[serde(flatten)]
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum What {
    Message(Body),
    /// A frame in which every bit can be set. Without a masking key, it is masked if the direction requires that.
    Frame(Composed),
    Connection(Connection),
    Setup(SavedSetup),
    Replay(Vec<Said>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Body {
    /// Can have variables.
    Text(String),
    /// In hex.
    Binary(#[serde(with = "hex::serde")] Vec<u8>),
}

/// What can be sent on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sendable {
    Message(Body),
    Frame(Composed),
}

/// A message of a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    from: Party,
    /// In microseconds since the connection was open.
    at_us: u64,
    body: Body,
}

impl Item {
    /// # Errors
    /// Why it cannot be saved, as a sentence.
    pub(super) fn check(&self) -> Result<(), String> {
        checked_name("name", &self.name)?;
        if !self.folder.is_empty() {
            checked_name("folder", &self.folder)?;
        }
        let small = |what: &str, bytes: usize| match bytes {
            0..=MAX_CONTENT => Ok(()),
            _ => Err(format!("A saved {what} has at most {MAX_CONTENT} bytes, and this one has {bytes}.")),
        };
        match &self.what {
            What::Message(body) => small("message", body.bytes()),
            What::Frame(frame) => {
                frame.header().map_err(|why| format!("The frame cannot be sent: {why}."))?;
                small("frame", frame.payload.len())
            }
            What::Connection(connection) => small("connection", connection.bytes()),
            What::Setup(setup) => small("setup", setup.bytes()),
            What::Replay(said) => {
                let bytes: usize = said.iter().map(|said| said.body.bytes()).sum();
                if bytes > MAX_REPLAY || said.len() > MAX_MESSAGES {
                    let count = said.len();
                    return Err(format!(
                        "A saved replay has at most {MAX_MESSAGES} messages and {MAX_REPLAY} bytes, and this one has {count} and {bytes}."
                    ));
                }
                Ok(())
            }
        }
    }

    /// The same without tokens in URLs and subprotocols. What is in messages stays.
    pub(super) fn without_tokens(&self) -> Self {
        let what = match &self.what {
            What::Connection(connection) => What::Connection(connection.without_tokens()),
            What::Setup(setup) => What::Setup(setup.without_tokens()),
            other => other.clone(),
        };
        Self { what, ..self.clone() }
    }
}

impl What {
    /// `None` for what is not sent, but opened.
    pub(super) fn sendable(&self) -> Option<Sendable> {
        match self {
            Self::Message(body) => Some(Sendable::Message(body.clone())),
            Self::Frame(frame) => Some(Sendable::Frame(frame.clone())),
            Self::Connection(_) | Self::Setup(_) | Self::Replay(_) => None,
        }
    }
}

impl Body {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// The messages of a conversation that were kept whole, as a replay to save.
pub(super) fn said(conversation: &Conversation) -> Vec<Said> {
    let opened_us = conversation.opened_us;
    let whole = conversation.messages.iter().filter(|message| message.is_whole());
    let said = whole.map(|message| {
        let body =
            message.text().map_or_else(|| Body::Binary(message.content.clone()), |text| Body::Text(text.to_owned()));
        Said { from: message.from, at_us: message.at_us.saturating_sub(opened_us), body }
    });
    said.collect()
}

/// The conversation of a saved replay.
pub(super) fn conversation(said: &[Said]) -> Conversation {
    let messages = said.iter().map(|Said { from, at_us, body }| {
        let (kind, content) = match body {
            Body::Text(text) => (MessageKind::Text, text.as_bytes().to_vec()),
            Body::Binary(bytes) => (MessageKind::Binary, bytes.clone()),
        };
        Message { from: *from, kind, at_us: *at_us, bytes: content.len() as u64, content }
    });
    Conversation { messages: messages.collect(), ..Conversation::default() }
}

fn checked_name(what: &str, name: &str) -> Result<(), String> {
    match name.trim().is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        true => Err(format!("The {what} needs from 1 to {MAX_NAME} characters, on one line.")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_comes_back_as_it_was() {
        let whole =
            Message { from: Party::Client, kind: MessageKind::Text, at_us: 30, content: b"a".to_vec(), bytes: 1 };
        let cut = Message { bytes: 9, ..whole.clone() };
        let recorded = Conversation { opened_us: 10, messages: vec![cut, whole.clone()], ..Conversation::default() };
        let back = conversation(&said(&recorded));
        assert_eq!(back.messages, [Message { at_us: 20, ..whole }]);
    }
}
