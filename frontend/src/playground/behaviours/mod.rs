//! The server behavior: a button names what the URL sets, and a sheet changes it in the URL.

mod faults;
mod field;
mod panel;
mod presets;
mod use_now;

pub use panel::learn;

use crate::address::target::Target;
use crate::lab::Lab;
use crate::playground::connect_form::{Choosing, ConnectForm};
use crate::ui::icon::{DOWN, Icon};
use crate::ui::later::{Later, later};
use crate::ui::sheet::Sheet;
use leptos::prelude::*;
use leptos::task::spawn_local;

later!(part: Choosing = Choosing { learn: panel::learn, panel: panel::panel });

/// Names the behavior that the URL sets, and opens the sheet that changes it.
#[component]
pub fn ServerBehaves(
    /// Whether the sheet is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let form = expect_context::<ConnectForm>();
    let of_lab = Memo::new(move |_| matches!(form.target(lab), Ok(Target::Lab(_))));
    let summary = Memo::new(move |_| {
        if of_lab.get() {
            form.catalogue.with(|catalogue| catalogue.summary(&form.settings()))
        } else {
            "set by the server".into()
        }
    });
    if untrack(move || !form.settings().is_plain_echo()) {
        // A visitor who comes by a link sees the name of the preset.
        spawn_local(async move {
            // If it fails, the button still shows the settings.
            if let Ok(part) = part().await {
                (part.learn)(form);
            }
        });
    }
    view! {
        <div class="field behaves">
            <p class="label-line" id="behaves">
                "Server behavior"
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
                        "You can set this only for the relay’s lab. Other servers choose this themselves.".into()
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

/// The sheet that the button opens. It has its own form, so it is outside the connect bar's.
#[component]
pub fn BehavioursSheet(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Sheet id="behaviours" title="Server behavior" open>
            {
                let part = Later::now(part);
                move || part.draw(|part| (part.panel)())
            }
        </Sheet>
    }
}
