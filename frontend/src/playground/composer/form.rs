//! The form around the fields of one kind: it sends, and says what will be sent or why it cannot be.

use super::close::CloseFields;
use super::drafts::{Drafts, Kind, Outgoing};
use super::file::FileField;
use super::hex::HexField;
use super::preview::Preview;
use super::text::TextField;
use crate::lab::Lab;
use crate::lab::store::ReadyState;
use crate::playground::connect_form::ConnectForm;
use crate::playground::next_messages::{NextMessages, Planned};
use leptos::prelude::*;

#[component]
pub(super) fn DraftForm(kind: Memo<Kind>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let planned = expect_context::<Planned>();
    let drafts = Drafts::new(planned.text);
    // The browser's error for the last attempt.
    let refused = RwSignal::new(None::<String>);
    let form = expect_context::<ConnectForm>();
    let socket = Memo::new(move |_| {
        lab.socket.with(|socket| Some(socket.as_ref().filter(|socket| socket.ready == ReadyState::Open)?.compresses))
    });
    let open = move || socket.get().is_some();
    let compresses = move || socket.get().unwrap_or_else(|| form.compresses(lab));
    let send = move || {
        let Ok(outgoing) = untrack(|| drafts.outgoing(kind.get())) else { return };
        let outcome = match outgoing {
            Outgoing::Message(payload, name) => lab.send(payload, name.as_deref()),
            Outgoing::Close(code, reason) => lab.close(code, &reason),
        };
        if outcome.is_ok() && kind.get_untracked() == Kind::Text {
            planned.advance();
        }
        refused.set(outcome.err());
    };
    let can_send = move || open() && drafts.outgoing(kind.get()).is_ok();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if can_send() {
            send();
        }
    };
    view! {
        <form class="drafting" on:submit=submit novalidate hidden=move || kind.get() == Kind::Relay>
            <div class="draft">
                {move || match kind.get() {
                    Kind::Text => view! { <TextField text=drafts.text/> }.into_any(),
                    Kind::Bytes => view! { <HexField hex=drafts.hex/> }.into_any(),
                    Kind::File => view! { <FileField file=drafts.file/> }.into_any(),
                    Kind::Close => view! { <CloseFields code=drafts.code reason=drafts.reason/> }.into_any(),
                    Kind::Relay => ().into_any(),
                }}
            </div>
            <button type="submit" class="primary" aria-disabled=move || (!can_send()).to_string()>
                {move || if kind.get() == Kind::Close { "Close" } else { "Send" }}
            </button>
            <NextMessages/>
            <p id="draft-note" class="preview" aria-live="polite">
                {move || match (refused.get(), drafts.outgoing(kind.get())) {
                    (Some(said), _) => view! { <span class="error">{said}</span> }.into_any(),
                    (None, Err(said)) => {
                        let waits = kind.get() == Kind::File;
                        view! { <span class:error=!waits>{said}</span> }.into_any()
                    }
                    (None, Ok(outgoing)) => {
                        let limit = lab.hello.get().map(|hello| hello.max_frame.min(hello.max_message));
                        view! { <Preview outgoing open=open() compresses=compresses() limit/> }.into_any()
                    }
                }}
            </p>
        </form>
    }
}
