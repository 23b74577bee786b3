//! The way from the browser to a server: ws or wss, straight, over a middlebox, or by way of the relay to another server; in
//! words, and a panel to choose it in. The URL is what counts.

mod boxes;
mod elsewhere;
mod mixed;
mod panel;
mod setting;

use super::connect_bar::{Choosing, ConnectForm};
use crate::store::Lab;
use crate::store::way::{Entrance, Over};
use crate::ui::icon::{DOWN, Icon};
use crate::ui::later::{Later, later};
use crate::ui::sheet::Sheet;
use leptos::prelude::*;
use leptos::task::spawn_local;

later!(ways: Choosing = Choosing { learn: panel::learn, panel: panel::panel });

/// The way that the URL takes, and how to take another.
#[component]
pub fn WayButton(
    /// Whether the sheet is there.
    open: RwSignal<bool>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let form = expect_context::<ConnectForm>();
    let summary = Memo::new(move |_| match form.way(lab) {
        Some(way) => {
            let to = (way.over == Over::Relay).then(|| form.settings().value("to").unwrap_or_default());
            form.tunnels.with(|tunnels| way.summary(tunnels, to))
        }
        None => form
            .url
            .with(|url| if url.trim_start().starts_with("wss:") { "Straight · wss" } else { "Straight · ws" }.into()),
    });
    // What stands at another port, only the relay can tell.
    let at_another_port = Memo::new(move |_| form.way(lab).is_some_and(|way| way.entrance != Entrance::here()));
    Effect::new(move || {
        if at_another_port.get() {
            spawn_local(async move {
                if let Ok(part) = ways().await {
                    (part.learn)(form);
                }
            });
        }
    });
    view! {
        <button type="button" class="way-button" aria-haspopup="dialog" on:click=move |_| open.set(true)>
            <span class="hidden">"The way: "</span>
            <span class="one-line">{summary}</span>
            <Icon path=DOWN/>
        </button>
    }
}

/// The sheet that it opens; outside of its form, which has fields of its own.
#[component]
pub fn WaySheet(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Sheet id="way" title="The way to the server" open>
            {
                let part = Later::now(ways);
                move || part.draw(|part| (part.panel)())
            }
        </Sheet>
    }
}
