//! The note that is pinned to what is inspected: shown, written, changed and removed.

use crate::lab::Lab;
use crate::lab::store::record::Incoming;
use crate::net::api;
use crate::ui::scope::Scope;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::note::{MAX_NOTE, Note};
use observation::{Event, FeedMessage, Observation, Seq, SessionId};

/// The button that opens the editor, and the editor.
const BUTTON: &str = "note-button";
const EDITOR: &str = "note-text";

/// The note of one observation.
#[derive(Clone, Copy)]
pub(super) struct PinnedNote {
    lab: Lab,
    place: Scope,
    about: Seq,
    text: Memo<Option<String>>,
    editing: RwSignal<bool>,
    draft: RwSignal<String>,
    /// Why the note was not saved.
    error: RwSignal<Option<String>>,
    /// The text that is being saved, until the record has it.
    saving: RwSignal<Option<String>>,
}

/// The note, or its editor. Nothing if there is no note.
#[component]
pub(super) fn NoteView(note: PinnedNote) -> impl IntoView {
    move || match (note.editing.get(), note.text.get()) {
        (true, _) => view! { <Editor note/> }.into_any(),
        (false, Some(text)) => view! { <Pinned note text/> }.into_any(),
        (false, None) => ().into_any(),
    }
}

/// The button that begins a note, where there is none.
#[component]
pub(super) fn AddNote(note: PinnedNote) -> impl IntoView {
    let is_offered = move || note.may_change() && !note.editing.get() && note.text.with(Option::is_none);
    view! {
        <Show when=is_offered>
            <button type="button" id=note.place.id(BUTTON) class="small add-note" on:click=move |_| note.edit(String::new())>
                "Add a note"
            </button>
        </Show>
    }
}

#[component]
fn Pinned(note: PinnedNote, text: String) -> impl IntoView {
    let draft = text.clone();
    let change = note.may_change().then(|| {
        view! {
            <span class="note-buttons">
                <button type="button" id=note.place.id(BUTTON) class="small" on:click=move |_| note.edit(draft.clone())>
                    "Edit"
                    <span class="hidden">" the note"</span>
                </button>
                <button
                    type="button"
                    class="small"
                    disabled=move || note.is_saving()
                    on:click=move |_| note.save(String::new())
                >
                    "Remove"
                    <span class="hidden">" the note"</span>
                </button>
            </span>
        }
    });
    view! {
        <section class="pinned-note" aria-label="Note">
            <p>{text}</p>
            {change}
            <p class="error" role="alert">
                {move || note.error.get()}
            </p>
        </section>
    }
}

#[component]
fn Editor(note: PinnedNote) -> impl IntoView {
    let too_long = move || note.draft.with(|draft| draft.trim().len()).saturating_sub(MAX_NOTE);
    let can_save = move || !note.is_saving() && too_long() == 0 && note.draft.with(|draft| !draft.trim().is_empty());
    let save = move || {
        if can_save() {
            note.save(note.draft.with_untracked(|draft| draft.trim().to_owned()));
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| match &*event.key() {
        "Enter" if event.ctrl_key() || event.meta_key() => save(),
        "Escape" => {
            // It closes the editor, not the inspector.
            event.stop_propagation();
            note.leave();
        }
        _ => {}
    };
    let error = move || match too_long() {
        0 => note.error.get(),
        bytes => Some(format!("A note has at most {MAX_NOTE} bytes. Remove {bytes} of them.")),
    };
    let (id, error_id) = (note.place.id(EDITOR), note.place.id("note-error"));
    view! {
        <section class="pinned-note" aria-label="Note">
            <label for=id.clone() class="hidden">
                "Note"
            </label>
            <textarea
                id=id
                rows="3"
                placeholder="What should a reader know about this?"
                aria-describedby=error_id.clone()
                prop:value=move || note.draft.get()
                on:input=move |event| note.draft.set(event_target_value(&event))
                on:keydown=on_key
            ></textarea>
            <p id=error_id class="error" role="alert">
                {error}
            </p>
            <span class="note-buttons">
                <button type="button" class="small primary" disabled=move || !can_save() on:click=move |_| save()>
                    "Save"
                    <span class="hidden">" the note"</span>
                </button>
                <button type="button" class="small" on:click=move |_| note.leave()>
                    "Cancel"
                </button>
            </span>
        </section>
    }
}

impl PinnedNote {
    pub(super) fn of(about: Seq) -> Self {
        let lab = expect_context::<Lab>();
        let note = Self {
            lab,
            place: Scope::here(),
            about,
            text: Memo::new(move |_| lab.record.with(|record| record.transcript.note(about).map(str::to_owned))),
            editing: RwSignal::new(false),
            draft: RwSignal::new(String::new()),
            error: RwSignal::new(None),
            saving: RwSignal::new(None),
        };
        Effect::new(move || {
            let saving = note.saving.get();
            if saving.is_some_and(|saving| note.text.with(|text| text.as_deref().unwrap_or_default() == saving)) {
                note.saving.set(None);
                note.leave();
            }
        });
        note
    }

    /// Whoever may only watch cannot.
    fn may_change(self) -> bool {
        !self.lab.session_id().is_some_and(|id| id.is_watch_only())
    }

    fn edit(self, draft: String) {
        self.draft.set(draft);
        self.error.set(None);
        self.editing.set(true);
        self.focus(EDITOR);
    }

    fn leave(self) {
        self.error.set(None);
        self.editing.set(false);
        self.focus(BUTTON);
    }

    /// Focuses an element that appears in the next frame.
    fn focus(self, name: &'static str) {
        request_animation_frame(move || {
            self.place.focus(name);
        });
    }

    fn is_saving(self) -> bool {
        self.saving.with(Option::is_some)
    }

    /// Pins a text, or removes the note if it is empty. A recording keeps it on this page. A session has it at the relay, and it comes
    /// back with the feed.
    fn save(self, text: String) {
        self.error.set(None);
        self.saving.set(Some(text.clone()));
        match self.lab.session_id() {
            None => self.pin(text),
            Some(session) => spawn_local(async move {
                let refused = self.send(&session, &text).await.err();
                // Another row may have been chosen meanwhile.
                if let Some(why) = refused
                    && self.saving.try_set(None).is_none()
                {
                    self.error.set(Some(why));
                }
            }),
        }
    }

    async fn send(self, session: &SessionId, text: &str) -> Result<(), String> {
        let path = format!("/api/sessions/{session}/notes/{}", self.about);
        let answer = if text.is_empty() { api::delete(&path).await } else { api::put(&path, text).await };
        match answer {
            Ok((204, _)) => Ok(()),
            Ok((status, body)) => Err(format!("The note was not saved: {}", api::words_of(status, &body))),
            Err(_) => Err("The note was not saved: the relay does not answer. Try again.".to_owned()),
        }
    }

    fn pin(self, text: String) {
        self.lab.record.update(|record| {
            let Some(about) = record.transcript.get(self.about) else { return };
            let (connection, at_us) = (about.connection, about.at_us);
            let last = record.transcript.iter().next_back().map_or(at_us, |last| last.at_us);
            let note = Observation {
                seq: Seq(record.transcript.last().0 + 1),
                at_us: last,
                connection,
                event: Event::Note(Note { about: self.about, text }),
            };
            record.take_in(Incoming::Feed(FeedMessage::Observations(vec![note])));
        });
    }
}
