//! The connect bar: where to connect, how, and the button that does it.

use super::behaviours::{BehavioursSheet, ServerBehaves};
use super::compression::CompressionSwitch;
use super::connect_form::ConnectForm;
use super::route::{RouteButton, RouteSheet};
use crate::address::target::Target;
use crate::lab::Lab;
use crate::lab::lifecycle::Lifecycle;
use crate::lab::store::{ConnectError, ReadyState};
use crate::ui::text_input::TextInput;
use leptos::prelude::*;

#[component]
pub fn ConnectBar() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let form = expect_context::<ConnectForm>();
    let ready = Memo::new(move |_| lab.socket.with(|socket| socket.as_ref().map(|socket| socket.ready)));
    let live = move || matches!(ready.get(), Some(ReadyState::Connecting | ReadyState::Open | ReadyState::Closing));
    let closing = move || ready.get() == Some(ReadyState::Closing);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if closing() {
            return;
        }
        if live() {
            if let Err(error) = lab.close(Some(1000), "") {
                form.error.set(Some(ConnectError::Url(error)));
            }
        } else {
            form.connect(lab);
        }
    };
    let url_error = move || match form.error.get() {
        Some(ConnectError::Url(said)) => Some(said),
        _ => None,
    };
    let protocols_error = move || match form.error.get() {
        Some(ConnectError::Subprotocols(said)) => Some(said),
        _ => None,
    };
    let choosing = RwSignal::new(false);
    let choosing_route = RwSignal::new(false);
    let elsewhere = move || matches!(form.target(lab), Ok(Target::Elsewhere));
    // The relay would refuse it too, but only once the page connects.
    let unknown = move || {
        let settings = form.settings();
        let unknown = form.catalogue.with(|catalogue| catalogue.ready()?.unknown(&settings).map(str::to_owned));
        unknown.filter(|_| matches!(form.target(lab), Ok(Target::Lab(_))))
    };
    let changed =
        move || live() && lab.socket.with(|socket| socket.as_ref().is_some_and(|it| it.url != form.url.get().trim()));
    view! {
        <form class="connect" aria-label="Connection" on:submit=submit novalidate>
            <Entry id="url" label="WebSocket URL" value=form.url live=Signal::derive(live) error=Signal::derive(url_error)>
                <RouteButton open=choosing_route/>
                <p id="url-note" class="field-note" aria-live="polite">
                    {move || match url_error().or_else(protocols_error) {
                        Some(said) => view! { <span class="error">{said}</span> }.into_any(),
                        None if form.resolved().is_some() => {
                            form.resolved().map(|url| view! { "The browser connects to " <code>{url}</code> "." }).into_any()
                        }
                        None if elsewhere() => "This is another server, so the page shows only what JavaScript sees. To see the wire, connect through the relay.".into_any(),
                        None if changed() => "You changed this. The change applies to your next connection.".into_any(),
                        None => {
                            let words = |name| format!("The relay has no setting “{name}” and will refuse the request.");
                            unknown().map(|name| view! { <span class="error">{words(name)}</span> }).into_any()
                        }
                    }}
                </p>
            </Entry>
            <ServerBehaves open=choosing/>
            <Entry
                id="protocols"
                label="Subprotocols"
                value=form.protocols
                live=Signal::derive(live)
                error=Signal::derive(protocols_error)
            />
            <CompressionSwitch live=Signal::derive(live)/>
            <Lifecycle/>
            <button type="submit" class="primary" class:stop=live class:quiet=move || ready.get().is_none() aria-disabled=move || closing().to_string()>
                {move || if live() { "Close" } else if ready.get().is_some() { "Connect again" } else { "Connect" }}
            </button>
        </form>
        <BehavioursSheet open=choosing/>
        <RouteSheet open=choosing_route/>
    }
}

/// A field that is read-only while there is a connection. The note below the URL shows its error.
#[component]
fn Entry(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    live: Signal<bool>,
    error: Signal<Option<String>>,
    /// Shown beside the label.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let form = expect_context::<ConnectForm>();
    view! {
        <div class=format!("field {id}")>
            <div class="label-line">
                <label for=id>{label}</label>
                {children.map(|children| children())}
            </div>
            <TextInput
                id=id
                inputmode=if id == "url" { "url" } else { "text" }
                placeholder=if id == "protocols" { "none" } else { "" }
                value
                on_input=move |text| {
                    value.set(text);
                    form.error.set(None);
                }
                readonly=live
                invalid=Signal::derive(move || error.get().is_some())
                described_by="url-note"
            />
        </div>
    }
}
