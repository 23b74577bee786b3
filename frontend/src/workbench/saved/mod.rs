//! What a visitor has saved in this browser: messages to send again, connections, replays, and the variables of messages.

mod browser_store;
mod collection;
mod connection;
mod connections;
mod editor;
mod figure;
mod file;
mod item;
mod items;
mod messages;
mod name_fields;
mod random;
mod replays;
mod save_connection;
mod save_replay;
mod send_form;
mod sending;
mod state;
mod target;
mod variable;
mod variables;

pub(super) use self::save_replay::save_replay;

use self::connections::Connections;
use self::file::CollectionFile;
use self::messages::Messages;
use self::replays::Replays;
use self::state::Saved;
use self::variables::Variables;
use crate::ui::tabs::Tabs;
use leptos::prelude::*;
use observation::sequence::RowKey;

#[component]
pub(super) fn SavedPanel(
    /// The row with the recorded frame to save.
    row: Option<RowKey>,
) -> impl IntoView {
    let saved = Saved::load();
    provide_context(saved);
    let chosen = RwSignal::new(0);
    view! {
        <div class="sheet-body saved">
            <Tabs
                label="What is saved"
                id="saved"
                tabs=&["Messages", "Connections", "Replays", "Variables", "File"]
                chosen
            />
            <p class="error" role="alert">
                {move || saved.error.get()}
            </p>
            <div id="saved-panel" role="tabpanel" aria-label="What is saved">
                {move || match chosen.get() {
                    0 => view! { <Messages row/> }.into_any(),
                    1 => view! { <Connections/> }.into_any(),
                    2 => view! { <Replays/> }.into_any(),
                    3 => view! { <Variables/> }.into_any(),
                    _ => view! { <CollectionFile/> }.into_any(),
                }}
            </div>
        </div>
    }
}
