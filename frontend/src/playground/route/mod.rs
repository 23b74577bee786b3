//! The way from the browser to a server: ws or wss, straight, over a middlebox, or by way of the relay to another server; in
//! words, and a panel to choose it in. The URL is what counts.

mod boxes;
mod choice;
mod elsewhere;
mod mixed;
mod panel;
mod setting;

use crate::address::route::{Listener, Through};
use crate::lab::Lab;
use crate::playground::connect_form::{Choosing, ConnectForm};
use crate::ui::icon::{DOWN, Icon};
use crate::ui::later::{Later, later};
use crate::ui::sheet::Sheet;
use leptos::prelude::*;
use leptos::task::spawn_local;

later!(routes: Choosing = Choosing { learn: panel::learn, panel: panel::panel });

/// The way that the URL takes, and how to take another.
#[component]
pub fn RouteButton(
    /// Whether the sheet is there.
    open: RwSignal<bool>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let form = expect_context::<ConnectForm>();
    let summary = Memo::new(move |_| match form.route(lab) {
        Some(route) => {
            let to = (route.through == Through::Relay).then(|| form.settings().value("to").unwrap_or_default());
            form.tunnels.with(|tunnels| route.summary(tunnels, to))
        }
        None => form
            .url
            .with(|url| if url.trim_start().starts_with("wss:") { "Straight · wss" } else { "Straight · ws" }.into()),
    });
    // What stands at another port, only the relay can tell.
    let at_another_port = Memo::new(move |_| form.route(lab).is_some_and(|route| route.listener != Listener::here()));
    Effect::new(move || {
        if at_another_port.get() {
            spawn_local(async move {
                if let Ok(part) = routes().await {
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
pub fn RouteSheet(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Sheet id="way" title="The way to the server" open>
            {
                let part = Later::now(routes);
                move || part.draw(|part| (part.panel)())
            }
        </Sheet>
    }
}
