//! The kinds of what can be sent, the draft of each, and what a draft becomes.

use super::file::FileDraft;
use crate::lab::draft;
use crate::net::lab_socket::Payload;
use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Bytes,
    File,
    Close,
    /// The other side speaks.
    Relay,
}

/// In the order of the tabs.
pub(super) const KINDS: [Kind; 5] = [Kind::Text, Kind::Bytes, Kind::File, Kind::Close, Kind::Relay];

/// What stands in the composer; it stays while the kinds are switched.
#[derive(Clone, Copy)]
pub(super) struct Drafts {
    pub(super) text: RwSignal<String>,
    pub(super) hex: RwSignal<String>,
    pub(super) file: RwSignal<FileDraft, LocalStorage>,
    pub(super) code: RwSignal<String>,
    pub(super) reason: RwSignal<String>,
}

/// What is about to be sent.
pub(super) enum Outgoing {
    Message(Payload, Option<String>),
    Close(Option<u16>, String),
}

impl Drafts {
    pub(super) fn new(text: RwSignal<String>) -> Self {
        Self {
            text,
            hex: RwSignal::new("48 65 6c 6c 6f".into()),
            file: RwSignal::new_local(FileDraft::None),
            code: RwSignal::new("1000".into()),
            reason: RwSignal::new(String::new()),
        }
    }

    /// What would go out now, or why it cannot.
    pub(super) fn outgoing(self, kind: Kind) -> Result<Outgoing, String> {
        match kind {
            Kind::Text => Ok(Outgoing::Message(Payload::Text(self.text.get().into()), None)),
            Kind::Bytes => Ok(Outgoing::Message(Payload::Binary(draft::hex(&self.hex.get())?.into()), None)),
            Kind::File => match self.file.get() {
                FileDraft::Ready { name, bytes } => Ok(Outgoing::Message(Payload::Binary(bytes), Some(name))),
                FileDraft::None => Err("Choose a file first: an image will be shown again when it comes back.".into()),
                FileDraft::Reading(name) => Err(format!("Reading {name}…")),
                FileDraft::Unreadable(why) => Err(why),
            },
            Kind::Close => {
                let code = draft::close_code(&self.code.get())?;
                let reason = self.reason.get();
                draft::close_reason(&reason, code)?;
                Ok(Outgoing::Close(code, reason))
            }
            // The console has a draft of its own.
            Kind::Relay => Err(String::new()),
        }
    }
}
