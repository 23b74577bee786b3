//! How the server behaves: what the URL asks of it, in words, and a panel to choose it in. The URL is what counts.

mod faults;
mod field;
mod panel;
mod presets;
mod use_now;

use crate::address::target::Target;
use crate::lab::Lab;
use crate::playground::connect_form::{Choosing, ConnectForm};
use crate::ui::icon::{DOWN, Icon};
use crate::ui::later::{Later, later};
use crate::ui::sheet::Sheet;
use leptos::prelude::*;
use leptos::task::spawn_local;

later!(part: Choosing = Choosing { learn: panel::learn, panel: panel::panel });

/// What the URL asks for, and the way to ask for something else.
#[component]
pub fn ServerBehaves(
    /// Whether the sheet is there.
    open: RwSignal<bool>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let form = expect_context::<ConnectForm>();
    let of_lab = Memo::new(move |_| matches!(form.target(lab), Ok(Target::Lab(_))));
    let summary = Memo::new(move |_| {
        if of_lab.get() {
            form.catalogue.with(|catalogue| catalogue.summary(&form.settings()))
        } else {
            "its own way".into()
        }
    });
    if untrack(move || !form.settings().is_plain_echo()) {
        // Whoever comes by a link reads the name of what it asks for.
        spawn_local(async move {
            // Without the part there are still the settings to read.
            if let Ok(part) = part().await {
                (part.learn)(form);
            }
        });
    }
    view! {
        <div class="field behaves">
            <p class="label-line" id="behaves">
                "Server behaves"
            </p>
            <button
                type="button"
                id="behaves-button"
                class="choice"
                aria-labelledby="behaves behaves-button"
                aria-haspopup="dialog"
                aria-disabled=move || (!of_lab.get()).to_string()
                title=move || {
                    if of_lab.get() {
                        summary.get()
                    } else {
                        "Only the relay’s own lab can be told from here; any other server behaves as it likes.".into()
                    }
                }
                on:click=move |_| open.set(of_lab.get_untracked())
            >
                <span class="one-line">{summary}</span>
                <Icon path=DOWN/>
            </button>
        </div>
    }
}

/// The sheet that it opens; outside of its form, which has fields of its own.
#[component]
pub fn BehavioursSheet(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Sheet id="behaviours" title="How the server behaves" open>
            {
                let part = Later::now(part);
                move || part.draw(|part| (part.panel)())
            }
        </Sheet>
    }
}
