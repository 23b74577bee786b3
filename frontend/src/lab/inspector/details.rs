//! The content of the inspector for the selected row. It is loaded after the page's first view.

use super::note::{AddNote, NoteView, PinnedNote};
use super::subject::{Subject, client_of, ends_of, selected};
use super::{act, ending, frame, handshake, tools, tunnel, unseen};
use crate::lab::Lab;
use leptos::prelude::*;
use observation::sequence::RowKey;

pub fn details() -> AnyView {
    let subject = selected(expect_context::<Lab>());
    let view = move || match subject.get() {
        (Some(key), subject) => {
            // Events that only the page has seen have no observation to pin a note to.
            let note = key.seq().map(PinnedNote::of);
            view! {
                {note.map(|note| view! { <NoteView note/> })}
                {content(key, subject)}
                {note.map(|note| view! { <AddNote note/> })}
                {tools::buttons(key)}
            }
            .into_any()
        }
        (None, _) => ().into_any(),
    };
    view.into_any()
}

fn content(key: RowKey, subject: Subject) -> AnyView {
    let client = client_of(expect_context::<Lab>(), key);
    // Only rows of the page's own events have none, and the relay does not see those.
    let seq = key.seq().unwrap_or_default();
    match subject {
        Subject::Asked(asked) => view! { <handshake::AskedView asked seq/> }.into_any(),
        Subject::Tunnel(line) => view! { <tunnel::TunnelView line seq/> }.into_any(),
        Subject::Records(records) => view! { <tunnel::RecordsView records seq/> }.into_any(),
        Subject::Opening { opening, response } => {
            view! { <handshake::OpeningView opening response seq client/> }.into_any()
        }
        Subject::Refusal { refusal, response } => {
            view! { <handshake::RefusalView refusal response seq client/> }.into_any()
        }
        Subject::Frame { frame, connection } => {
            view! { <frame::FrameView frame=*frame connection key client/> }.into_any()
        }
        Subject::Ending(closed) => {
            let ends = ends_of(expect_context::<Lab>(), key);
            view! { <ending::EndingView closed seq client ends/> }.into_any()
        }
        Subject::Act(act) => view! { <act::ActView act seq client/> }.into_any(),
        Subject::Unseen => view! { <unseen::UnseenView key/> }.into_any(),
        Subject::Gone => view! { <p class="note">"The relay has dropped this from its log."</p> }.into_any(),
        Subject::Nothing => ().into_any(),
    }
}
