//! The route from the browser to a server: ws or wss; direct, through a middlebox, or through the relay to another server. A
//! button names it, and a sheet changes it in the URL.

mod choice;
mod elsewhere;
mod in_front;
mod middleboxes;
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

/// Names the route of the URL and opens the sheet that changes it.
#[component]
pub fn RouteButton(
    /// Whether the sheet is open.
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
            .with(|url| if url.trim_start().starts_with("wss:") { "Direct · wss" } else { "Direct · ws" }.into()),
    });
    // Only the relay knows which middlebox listens on another port.
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
        <button type="button" class="route-button" aria-haspopup="dialog" on:click=move |_| open.set(true)>
            <span class="hidden">"Route: "</span>
            <span class="one-line">{summary}</span>
            <Icon path=DOWN/>
        </button>
    }
}

/// The sheet that the button opens. It has its own form, so it is outside the connect bar's.
#[component]
pub fn RouteSheet(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Sheet id="route" title="Route to the server" open>
            {
                let part = Later::now(routes);
                move || part.draw(|part| (part.panel)())
            }
        </Sheet>
    }
}
