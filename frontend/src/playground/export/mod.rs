//! What can be taken along: the session as a file, this setup as a link, the connection as code.

mod as_code;
mod as_file;
mod as_link;
mod connection;

use self::connection::Taken;
use crate::address::setup::Setup;
use crate::lab::Lab;
use crate::playground::connect_form::ConnectForm;
use crate::playground::next_messages::Planned;
use crate::ui::icon::{Icon, TAKE};
use crate::ui::later::{Later, later};
use crate::ui::sheet::Sheet;
use leptos::prelude::*;
use observation::ConnectionNumber;

later!(content: fn() -> AnyView = content_view);

#[component]
pub fn Export() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let open = RwSignal::new(false);
    view! {
        <Show when=move || lab.session_id().is_some()>
            <button type="button" class="chip" aria-haspopup="dialog" on:click=move |_| open.set(true)>
                <Icon path=TAKE/>
                <span class="word">"Take away"</span>
            </button>
        </Show>
        <Sheet id="take-away" title="Take away" open>
            {
                let content = Later::now(content);
                move || content.draw(|draw| draw())
            }
        </Sheet>
    }
}

fn content_view() -> AnyView {
    let lab = expect_context::<Lab>();
    // As they are when the sheet is opened: what comes meanwhile does not move what is being read.
    let connection = inspected(lab);
    let (taken, source) = untrack(|| taken(lab, connection));
    let setup = Setup {
        subprotocols: taken.subprotocols.clone(),
        messages: taken.messages.clone(),
        ..Setup::of_url(&taken.url, lab.session_id().as_ref())
    };
    view! {
        <div class="sheet-body">
            <as_file::AsFile connection/>
            <as_link::AsLink setup source=source.clone()/>
            <as_code::AsCode taken source/>
        </div>
    }
    .into_any()
}

/// The connection that is being inspected.
fn inspected(lab: Lab) -> Option<ConnectionNumber> {
    let selected = lab.selected.get_untracked()?;
    lab.record.with_untracked(|record| record.observation(selected).map(|seen| seen.connection))
}

/// What there is to take along, and where it comes from: the inspected connection, or what stands in the fields.
fn taken(lab: Lab, connection: Option<ConnectionNumber>) -> (Taken, String) {
    let form = expect_context::<ConnectForm>();
    let planned = expect_context::<Planned>();
    let of = |number: ConnectionNumber| {
        let here = window().location().hostname().unwrap_or_default();
        let taken = lab.record.with(|record| Taken::of(&record.transcript, number, &here))?;
        Some((taken, format!("connection {}, which you are inspecting", number.0)))
    };
    connection.and_then(of).unwrap_or_else(|| {
        let fields = Taken { url: form.url.get(), subprotocols: form.protocols.get(), messages: planned.messages() };
        (fields, "what stands in the fields of this page".into())
    })
}
