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
    /// The relay sends.
    Relay,
}

/// In the order of the tabs.
pub(super) const KINDS: [Kind; 5] = [Kind::Text, Kind::Bytes, Kind::File, Kind::Close, Kind::Relay];

/// What was typed for each kind. It stays when the visitor switches between kinds.
#[derive(Clone, Copy)]
pub(super) struct Drafts {
    pub(super) text: RwSignal<String>,
    pub(super) hex: RwSignal<String>,
    pub(super) file: RwSignal<FileDraft, LocalStorage>,
    pub(super) code: RwSignal<String>,
    pub(super) reason: RwSignal<String>,
}

/// What will be sent.
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

    /// What would be sent now, or why nothing can be sent.
    pub(super) fn outgoing(self, kind: Kind) -> Result<Outgoing, String> {
        match kind {
            Kind::Text => Ok(Outgoing::Message(Payload::Text(self.text.get().into()), None)),
            Kind::Bytes => Ok(Outgoing::Message(Payload::Binary(draft::hex(&self.hex.get())?.into()), None)),
            Kind::File => match self.file.get() {
                FileDraft::Ready { name, bytes } => Ok(Outgoing::Message(Payload::Binary(bytes), Some(name))),
                FileDraft::None => {
                    Err("Choose a file. If it is an image, the page displays it again when it comes back.".into())
                }
                FileDraft::Reading(name) => Err(format!("Reading {name}…")),
                FileDraft::Unreadable(why) => Err(why),
            },
            Kind::Close => {
                let code = draft::close_code(&self.code.get())?;
                let reason = self.reason.get();
                draft::close_reason(&reason, code)?;
                Ok(Outgoing::Close(code, reason))
            }
            // The console has its own draft.
            Kind::Relay => Err(String::new()),
        }
    }
}
