//! Compares a connection with another one, of this session or of a file.

use super::side_by_side::SideBySide;
use crate::lab::{Ends, Lab, recorded_file};
use crate::ui::chosen_file::chosen_file;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::{ConnectionNumber, Document, Transcript};
use replay::Conversation;
use replay::differences::MAX_MESSAGES;
use std::rc::Rc;
use std::sync::Arc;

/// Where the other connection comes from.
#[derive(Clone, Copy)]
struct Other {
    lab: Lab,
    /// The file, if one was opened, and its name.
    file: RwSignal<Option<(String, Transcript)>, LocalStorage>,
    chosen: RwSignal<Option<ConnectionNumber>>,
}

impl Other {
    /// The connections that have messages, without the one on the left.
    fn offered(self, left: ConnectionNumber) -> Vec<ConnectionNumber> {
        let in_file = self.file.with(Option::is_some);
        self.with(|transcript| {
            let mut all: Vec<_> = transcript.iter().map(|seen| seen.connection).collect();
            all.sort_unstable();
            all.dedup();
            all.retain(|number| {
                let has_messages =
                    |it: &observation::transcript::Connection| it.client.messages + it.server.messages > 0;
                (in_file || *number != left) && transcript.connection(*number).is_some_and(has_messages)
            });
            all
        })
    }

    /// The one that is shown first: another one than the other side of the hop on the left.
    fn first(self, left: ConnectionNumber) -> Option<ConnectionNumber> {
        let offered = self.offered(left);
        let in_file = self.file.with(Option::is_some);
        let is_apart = |number: &&ConnectionNumber| {
            let other =
                |of: ConnectionNumber| self.with(|transcript| transcript.connection(of).and_then(|it| it.other));
            in_file || (other(**number) != Some(left) && other(left) != Some(**number))
        };
        offered.iter().find(is_apart).or(offered.first()).copied()
    }

    /// A connection with its ends.
    fn name(self, number: ConnectionNumber) -> String {
        let ends = self.with(|transcript| {
            let hop = transcript.connection(number).and_then(|it| it.hop.as_ref());
            hop.map(|hop| Ends::of(Some(hop), "client"))
        });
        let ends = ends.map(|ends| format!(", {} – {}", ends.client, ends.server));
        format!("Connection {}{}", number.0, ends.unwrap_or_default())
    }

    fn conversation(self) -> Option<Conversation> {
        let number = self.chosen.get()?;
        self.with(|transcript| Conversation::of(transcript, number, MAX_MESSAGES))
    }

    fn with<T>(self, look: impl FnOnce(&Transcript) -> T) -> T {
        self.file.with(|file| match file {
            Some((_, transcript)) => look(transcript),
            // As it is now. What comes later does not change what the visitor reads.
            None => self.lab.record.with_untracked(|record| look(&record.transcript)),
        })
    }
}

#[component]
pub(super) fn Compare(conversation: Conversation, connection: ConnectionNumber) -> impl IntoView {
    let other = Other { lab: expect_context(), file: RwSignal::new_local(None), chosen: RwSignal::new(None) };
    let error = RwSignal::new(None::<String>);
    let left = Arc::new(conversation);
    other.chosen.set(untrack(|| other.first(connection)));
    let choose = move |event: web_sys::Event| {
        other.chosen.set(event_target_value(&event).parse().ok().map(ConnectionNumber));
    };
    let open = move |event: web_sys::Event| {
        let Some(file) = chosen_file(&event) else { return };
        let name = file.name();
        spawn_local(async move {
            let opened = recorded_file::read(file).await.map(transcript);
            // The sheet may be closed.
            let _ = error.try_set(opened.as_ref().err().cloned());
            if let Ok(transcript) = opened {
                let _ = other.file.try_set(Some((name, transcript)));
                let _ = other.chosen.try_set(untrack(|| other.first(connection)));
            }
        });
    };
    let options = move || {
        let option = |number: ConnectionNumber| {
            let is_chosen = move || other.chosen.get() == Some(number);
            view! { <option value=number.0.to_string() prop:selected=is_chosen>{other.name(number)}</option> }
        };
        other.offered(connection).into_iter().map(option).collect_view()
    };
    let source =
        move || other.file.with(|file| file.as_ref().map_or("this session".to_owned(), |(name, _)| name.clone()));
    let right = Memo::new(move |_| other.conversation().map(Arc::new));
    let rows = move || match right.get() {
        None => {
            view! { <p class="note">"There is no other connection with messages here. Open a file that has one."</p> }
                .into_any()
        }
        Some(_) => {
            let now = Signal::derive(move || right.get().unwrap_or_default());
            view! { <SideBySide then=Arc::clone(&left) now columns=("Left", "Right")/> }.into_any()
        }
    };
    view! {
        <div class="sheet-body">
            <div class="comparing">
                <p>
                    <span class="muted">"Left"</span>
                    <b>{untrack(|| other.name(connection))}</b>
                </p>
                <p>
                    <label for="compare-with" class="muted">
                        {move || format!("Right, from {}", source())}
                    </label>
                    <select id="compare-with" class="pick" on:change=choose>
                        {options}
                    </select>
                </p>
                <label class="button small file">
                    <input type="file" class="hidden" accept=recorded_file::ACCEPT on:change=open aria-describedby="compare-error"/>
                    "Open a recording…"
                </label>
            </div>
            <p id="compare-error" class="error" role="alert">
                {move || error.get()}
            </p>
            {rows}
        </div>
    }
}

fn transcript(document: Document) -> Transcript {
    let mut transcript = Transcript::new(document.observations.len());
    for observation in document.observations {
        transcript.observe(Rc::new(observation));
    }
    transcript
}
