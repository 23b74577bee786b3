//! Where to connect to, and the button that does it.

use super::behaviours::{BehavioursSheet, ServerBehaves};
use super::compression::CompressionSwitch;
use super::lifecycle::Lifecycle;
use super::way::{WayButton, WaySheet};
use crate::store::catalogue::Learnt;
use crate::store::lab::{ConnectError, ReadyState, connect};
use crate::store::settings::Settings;
use crate::store::setup::{Place, Setup};
use crate::store::target::{self, Target};
use crate::store::way::Way;
use crate::store::{Lab, Session};
use leptos::prelude::*;

/// Of a choice that is made in a sheet, what is no part of the page's first view.
#[derive(Clone, Copy)]
pub struct Choosing {
    /// Has the relay say what there is to choose.
    pub learn: fn(ConnectForm),
    pub panel: fn() -> AnyView,
}

/// What stands in the fields, for whoever has a button that connects.
#[derive(Clone, Copy)]
pub struct ConnectForm {
    pub url: RwSignal<String>,
    pub protocols: RwSignal<String>,
    pub error: RwSignal<Option<ConnectError>>,
    /// What the relay can be asked for, as far as it is known.
    pub learnt: RwSignal<Learnt>,
    /// The boxes in front of TLS, as far as they are known; each by its port and name, such as `8444 idle-cut`.
    pub tunnels: RwSignal<Vec<String>>,
}

impl ConnectForm {
    pub fn new(lab: Lab, setup: &Setup) -> Self {
        let url = match (lab.session.get_untracked(), &setup.place) {
            (Session::Ready(id), _) => setup.url(&id),
            (_, Place::Elsewhere(url)) => url.clone(),
            _ => String::new(),
        };
        Self {
            url: RwSignal::new(url),
            protocols: RwSignal::new(setup.subprotocols.clone()),
            error: RwSignal::new(None),
            learnt: RwSignal::new(Learnt::Nothing),
            tunnels: RwSignal::new(Vec::new()),
        }
    }

    /// What the URL asks of the relay.
    pub fn settings(self) -> Settings {
        self.url.with(|url| Settings::of_url(url))
    }

    /// Asks the relay for something else, in the URL.
    pub fn ask(self, change: impl FnOnce(Settings) -> Settings) {
        self.url.update(|url| *url = change(Settings::of_url(url)).in_url(url));
        self.error.set(None);
    }

    /// What the URL leads to.
    pub fn target(self, lab: Lab) -> Result<Target, String> {
        self.url.with(|url| target::judge(url, lab.session_id().as_ref()))
    }

    /// The way that the URL takes, if it leads to this relay.
    pub fn way(self, lab: Lab) -> Option<Way> {
        self.url.with(|url| target::way(url, lab.session_id().as_ref()))
    }

    /// Whether messages will be compressed, as far as the URL tells.
    pub fn compresses(self, lab: Lab) -> bool {
        matches!(self.target(lab), Ok(Target::Lab(_))) && self.settings().compress()
    }

    pub fn connect(self, lab: Lab) {
        let outcome = connect(lab, &self.url.get_untracked(), &self.protocols.get_untracked());
        self.error.set(outcome.err());
    }
}

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
    let choosing_way = RwSignal::new(false);
    let elsewhere = move || matches!(form.target(lab), Ok(Target::Elsewhere));
    // The relay will say so too, once it is asked.
    let unknown = move || {
        let settings = form.settings();
        let unknown = form.learnt.with(|learnt| learnt.all()?.unknown(&settings).map(str::to_owned));
        unknown.filter(|_| matches!(form.target(lab), Ok(Target::Lab(_))))
    };
    let changed =
        move || live() && lab.socket.with(|socket| socket.as_ref().is_some_and(|it| it.url != form.url.get().trim()));
    view! {
        <form class="connect" aria-label="Connection" on:submit=submit novalidate>
            <Entry id="url" label="WebSocket URL" value=form.url live=Signal::derive(live) error=Signal::derive(url_error)>
                <WayButton open=choosing_way/>
                <p id="url-note" class="field-note" aria-live="polite">
                    {move || match url_error().or_else(protocols_error) {
                        Some(said) => view! { <span class="error">{said}</span> }.into_any(),
                        None if elsewhere() => "Another server: you see what JavaScript sees. The wire view needs the relay.".into_any(),
                        None if changed() => "Changed since this connection was opened: the next one uses all of it.".into_any(),
                        None => {
                            let words = |name| format!("The relay has no setting “{name}”, and will refuse the request.");
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
        <WaySheet open=choosing_way/>
    }
}

/// A field whose text cannot be changed while there is a connection; what is wrong with it stands in the note of the URL.
#[component]
fn Entry(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    live: Signal<bool>,
    error: Signal<Option<String>>,
    /// What stands beside the label.
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
            <input
                id=id
                type="text"
                inputmode=(id == "url").then_some("url")
                placeholder=(id == "protocols").then_some("none")
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                readonly=live
                prop:value=value
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    form.error.set(None);
                }
                aria-invalid=move || error.get().map(|_| "true")
                aria-describedby="url-note"
            />
        </div>
    }
}
