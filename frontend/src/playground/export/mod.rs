//! Export: the session as a file, this setup as a link, the connection as code.

mod as_code;
mod as_file;
mod as_link;
mod connection;
mod secret_rules;

use self::connection::ConnectionRecipe;
use crate::address::setup::Setup;
use crate::lab::Lab;
use crate::playground::connect_form::ConnectForm;
use crate::playground::next_messages::Planned;
use crate::ui::icon::{EXPORT, Icon};
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
                <Icon path=EXPORT/>
                <span class="word">"Export"</span>
            </button>
        </Show>
        <Sheet id="export" title="Export" open>
            {
                let content = Later::now(content);
                move || content.draw(|draw| draw())
            }
        </Sheet>
    }
}

fn content_view() -> AnyView {
    let lab = expect_context::<Lab>();
    // ConnectionRecipe when the sheet opens, so that later frames do not change what the visitor reads.
    let connection = inspected(lab);
    let (recipe, source) = untrack(|| recipe(lab, connection));
    let keep_tokens = RwSignal::new(false);
    let as_link_and_code = move || {
        let without = recipe.without_tokens().filter(|_| !keep_tokens.get());
        let left_out = without.is_some();
        let linked = without.unwrap_or_else(|| recipe.clone());
        let rules = untrack(|| rules(lab));
        let secret_rules = if keep_tokens.get() { Vec::new() } else { secret_rules::of(&rules) };
        let setup = Setup {
            subprotocols: linked.subprotocols,
            rules: if secret_rules.is_empty() { rules } else { String::new() },
            messages: linked.messages,
            ..Setup::of_url(&linked.url, lab.session_id().as_ref())
        };
        view! {
            <as_link::AsLink setup source=source.clone() left_out secret_rules/>
            <as_code::AsCode recipe=recipe.clone() source=source.clone() keep_tokens=keep_tokens.get()/>
        }
    };
    let as_link_and_code = StoredValue::new_local(as_link_and_code);
    view! {
        <div class="sheet-body">
            <as_file::AsFile connection keep_tokens/>
            // A watch-only link opens no connections.
            <Show when=move || !lab.session_id().is_some_and(|id| id.is_watch_only())>
                {move || as_link_and_code.with_value(|draw| draw())}
            </Show>
        </div>
    }
    .into_any()
}

/// The rules of the session, as JSON; empty for none.
fn rules(lab: Lab) -> String {
    lab.rules
        .with(|rules| rules.as_ref().map(|rules| rules.json().to_owned()))
        .filter(|json| json != "[]")
        .unwrap_or_default()
}

/// The connection of the selected row.
fn inspected(lab: Lab) -> Option<ConnectionNumber> {
    let selected = lab.selected.get_untracked()?;
    lab.record.with_untracked(|record| record.observation(selected).map(|seen| seen.connection))
}

/// What to export, and where it comes from: the inspected connection, or the fields of the page.
fn recipe(lab: Lab, connection: Option<ConnectionNumber>) -> (ConnectionRecipe, String) {
    let form = expect_context::<ConnectForm>();
    let planned = expect_context::<Planned>();
    let of = |number: ConnectionNumber| {
        let here = window().location().hostname().unwrap_or_default();
        let recipe = lab.record.with(|record| ConnectionRecipe::of(&record.transcript, number, &here))?;
        Some((recipe, format!("connection {}, which you are inspecting", number.0)))
    };
    connection.and_then(of).unwrap_or_else(|| {
        let fields =
            ConnectionRecipe { url: form.url.get(), subprotocols: form.protocols.get(), messages: planned.messages() };
        (fields, "the fields of this page".into())
    })
}
