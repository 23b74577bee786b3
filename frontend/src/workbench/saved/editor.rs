//! The message in the editor of the tab Messages.

use super::item::{Body, Item, Sendable, What};
use super::name_fields::NameFields;
use super::state::Saved;
use crate::lab::draft;
use crate::lab::frame_composer::{FrameDraft, FrameFields};
use crate::ui::format;
use leptos::prelude::*;
use observation::{Frame, MessageKind};
use wire::Sender;
use wire::opcode::Opcode;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
    Frame,
}

/// In the order of the select, with their names.
const KINDS: [(Kind, &str); 3] =
    [(Kind::Text, "Text"), (Kind::Binary, "Bytes in hex"), (Kind::Frame, "Frame, bit by bit")];

#[derive(Clone, Copy)]
pub(super) struct Editor {
    name: RwSignal<String>,
    folder: RwSignal<String>,
    kind: RwSignal<Kind>,
    /// Of a text or of bytes.
    content: RwSignal<String>,
    frame: RwSignal<FrameDraft>,
    error: RwSignal<Option<String>>,
}

impl Editor {
    pub(super) fn new(text: String) -> Self {
        Self {
            name: RwSignal::new(String::new()),
            folder: RwSignal::new(String::new()),
            kind: RwSignal::new(Kind::Text),
            content: RwSignal::new(text),
            frame: RwSignal::new(FrameDraft::default()),
            error: RwSignal::new(None),
        }
    }

    /// What would be sent now.
    ///
    /// # Errors
    /// Why nothing can be, as a sentence.
    pub(super) fn sendable(self) -> Result<Sendable, String> {
        match self.kind.get() {
            Kind::Text => Ok(Sendable::Message(Body::Text(self.content.get()))),
            Kind::Binary => draft::hex(&self.content.get()).map(|bytes| Sendable::Message(Body::Binary(bytes))),
            Kind::Frame => self.frame.with(FrameDraft::composed).map(Sendable::Frame),
        }
    }

    pub(super) fn show(self, item: &Item) {
        if let Some(what) = item.what.sendable() {
            self.name.set(item.name.clone());
            self.folder.set(item.folder.clone());
            self.error.set(None);
            self.fill(what);
        }
    }

    /// A recorded frame: its message, if it is one alone, or else the frame.
    pub(super) fn show_recorded(self, frame: &Frame) {
        if frame.truncated() || frame.content_truncated() {
            self.error
                .set(Some("The recording has only the beginning of this frame, so it cannot be saved.".to_owned()));
            return;
        }
        let alone = frame.position.filter(|position| position.fragment == 1 && position.last);
        self.fill(match alone.map(|position| position.kind) {
            Some(MessageKind::Binary) => Sendable::Message(Body::Binary(frame.content())),
            Some(MessageKind::Text) if std::str::from_utf8(&frame.content()).is_ok() => {
                Sendable::Message(Body::Text(String::from_utf8_lossy(&frame.content()).into_owned()))
            }
            _ => return self.fill_frame(frame),
        });
    }

    fn fill(self, what: Sendable) {
        match what {
            Sendable::Message(Body::Text(text)) => {
                self.kind.set(Kind::Text);
                self.content.set(text);
            }
            Sendable::Message(Body::Binary(bytes)) => {
                self.kind.set(Kind::Binary);
                self.content.set(format::hex(&bytes));
            }
            Sendable::Frame(frame) => {
                self.kind.set(Kind::Frame);
                self.frame.set(FrameDraft::of(&frame));
            }
        }
    }

    /// Without its masking key: the direction decides about that.
    fn fill_frame(self, frame: &Frame) {
        let carrying = FrameDraft::carrying(frame.opcode().nibble(), &frame.unmasked_payload());
        let header = frame.parsed_header();
        let (fin, rsv) = header
            .map_or((true, [false; 3]), |header| (header.fin, [header.rsv.rsv1, header.rsv.rsv2, header.rsv.rsv3]));
        self.kind.set(Kind::Frame);
        self.frame.set(FrameDraft { fin, rsv, ..carrying });
    }

    /// Switches to another kind with the same content, if it can be converted.
    fn turn_to(self, kind: Kind) {
        let payload = match (self.kind.get_untracked(), kind) {
            (Kind::Frame, _) => self.frame.with_untracked(FrameDraft::composed).ok().map(|frame| frame.payload),
            (Kind::Binary, _) => draft::hex(&self.content.get_untracked()).ok(),
            (Kind::Text, _) => Some(self.content.get_untracked().into_bytes()),
        };
        let Some(payload) = payload else { return self.kind.set(kind) };
        match kind {
            Kind::Text => self.content.set(String::from_utf8_lossy(&payload).into_owned()),
            Kind::Binary => self.content.set(format::hex(&payload)),
            Kind::Frame => {
                let opcode = if self.kind.get_untracked() == Kind::Binary { Opcode::Binary } else { Opcode::Text };
                self.frame.set(FrameDraft::carrying(opcode.nibble(), &payload));
            }
        }
        self.kind.set(kind);
    }

    fn item(self) -> Result<Item, String> {
        let what = match self.sendable()? {
            Sendable::Message(body) => What::Message(body),
            Sendable::Frame(frame) => What::Frame(frame),
        };
        Ok(Item { name: self.name.get().trim().to_owned(), folder: self.folder.get().trim().to_owned(), what })
    }
}

#[component]
pub(super) fn EditorForm(
    editor: Editor,
    /// The role in which a frame would be sent, and whether its connection has permessage-deflate.
    role: Memo<Sender>,
    deflate: Memo<bool>,
) -> impl IntoView {
    let saved = expect_context::<Saved>();
    let Editor { name, folder, kind, content, frame, error } = editor;
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        error.set(untrack(|| editor.item()).and_then(|item| saved.put(item)).err());
    };
    let choose = move |event: web_sys::Event| {
        let at: Option<usize> = event_target_value(&event).parse().ok();
        if let Some((kind, _)) = at.and_then(|at| KINDS.get(at)) {
            editor.turn_to(*kind);
        }
    };
    let option = |(at, (of, words)): (usize, &(Kind, &'static str))| {
        let of = *of;
        view! { <option value=at.to_string() prop:selected=move || kind.get() == of>{*words}</option> }
    };
    let is_frame = Memo::new(move |_| kind.get() == Kind::Frame);
    let fields = move || match is_frame.get() {
        true => view! {
            <div class="wide">
                <FrameFields id="saved" draft=frame role deflate relay_masks=true/>
            </div>
        }
        .into_any(),
        false => view! {
            <div class="field wide">
                <label for="saved-content">"Message"</label>
                <textarea
                    id="saved-content"
                    class="mono"
                    rows="3"
                    spellcheck="false"
                    autocomplete="off"
                    prop:value=content
                    on:input=move |event| content.set(event_target_value(&event))
                    aria-describedby="saved-note"
                ></textarea>
            </div>
        }
        .into_any(),
    };
    let note = move || match (error.get().or_else(|| editor.sendable().err()), kind.get()) {
        (Some(why), _) => view! { <span class="error">{why}</span> }.into_any(),
        (None, Kind::Text) => view! {
            <code>"{{now}}"</code>
            ", "
            <code>"{{uuid}}"</code>
            " and your own variables get their values when the message is sent."
        }
        .into_any(),
        (None, Kind::Binary) => ().into_any(),
        (None, Kind::Frame) => {
            "Without a masking key, the frame is masked if it goes to a server, and only then.".into_any()
        }
    };
    view! {
        <form class="editing" on:submit=save novalidate>
            <NameFields id="saved" name folder/>
            <div class="field">
                <label for="saved-kind">"Kind"</label>
                <select id="saved-kind" class="pick" on:change=choose>
                    {KINDS.iter().enumerate().map(option).collect_view()}
                </select>
            </div>
            {fields}
            <p id="saved-note" class="note" aria-live="polite">
                {note}
            </p>
            <button type="submit" class="small">"Save"</button>
        </form>
    }
}
