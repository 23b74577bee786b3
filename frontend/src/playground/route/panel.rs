//! All routes that the relay offers, and the URL of the chosen one.

use super::choice::Choice;
use super::elsewhere::Elsewhere;
use super::in_front;
use super::middleboxes::Middleboxes;
use super::mixed::Mixed;
use crate::address::route::{Listener, came_through_tls_proxy, page_is_secure};
use crate::lab::Lab;
use crate::net::loaded::{Loaded, load_json};
use crate::playground::connect_form::ConnectForm;
use crate::site;
use crate::ui::fetched::part;
use crate::ui::offer::Offer;
use crate::ui::sheet::OpenSheet;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::Routes;
use std::sync::Arc;

/// Loads the routes that the relay offers, unless they are here or on their way.
pub(super) fn learn(form: ConnectForm) {
    if form.routes.with_untracked(Loaded::is_missing) {
        load_json(form.routes, "/api/routes");
    }
}

pub(super) fn panel() -> AnyView {
    let form = expect_context::<ConnectForm>();
    // Not during drawing, which depends on the same signal.
    spawn_local(async move { learn(form) });
    let draw = |routes| view! { <Choices routes/> }.into_any();
    view! {
        {move || part(form.routes.get(), "The list of routes", "sheet-body", move || learn(form), draw)}
        <Outcome/>
    }
    .into_any()
}

#[component]
fn Choices(routes: Arc<Routes>) -> impl IntoView {
    let (lab, form) = (expect_context::<Lab>(), expect_context::<ConnectForm>());
    let choice = Choice { lab, form, routes: StoredValue::new(routes), route: Memo::new(move |_| form.route(lab)) };
    view! {
        <div class="sheet-body">
            <p class="lead">
                "A connection can be encrypted, and it can pass through middleboxes. Choose the route here or edit the URL: both do the same."
            </p>
            <h3 id="route-scheme">"Encryption"</h3>
            <Schemes choice/>
            <h3 id="route-middlebox">"Middlebox"</h3>
            <Middleboxes choice/>
            <h3 id="route-elsewhere">"Another server"</h3>
            <Elsewhere choice/>
            <h3 id="route-mixed">"What this page may open"</h3>
            <Mixed choice/>
        </div>
    }
}

#[component]
fn Schemes(choice: Choice) -> impl IntoView {
    let [plain, tls] =
        [false, true].map(|secure| choice.routes.with_value(|routes| Listener::of_scheme(secure, routes)));
    let proxied = choice.routes.with_value(|routes| routes.arrived.front.is_some() || came_through_tls_proxy(routes));
    let secure = Memo::new(move |_| choice.form.url.with(|url| url.trim_start().starts_with("wss:")));
    // A proxy has its own certificate.
    let trust = tls.clone().filter(|_| !page_is_secure() && !proxied).map(|listener| {
        let address = format!("{listener}{}", site::path("/")).replacen("wss", "https", 1);
        let text = address.clone();
        view! {
            <p class="note">
                "Your browser does not trust the relay’s self-signed certificate. It ends the connection and gives JavaScript no reason. Open "
                <a href=address target="_blank" rel="noopener">{text}</a>
                " once and accept the certificate there."
            </p>
        }
    });
    let offer = move |wanted: bool, title: &'static str, words: &'static str, listener: Option<Listener>| {
        let chosen = Signal::derive(move || secure.get() == wanted);
        view! {
            <Offer chosen choose=move || choice.enter(wanted) disabled=listener.is_none()>
                <b>{title}</b>
                <span class="prose">{words}</span>
                <code>{listener.map(|listener| format!("port {}", listener.port_number()))}</code>
            </Offer>
        }
    };
    view! {
        <ul class="presets" aria-labelledby="route-scheme">
            {offer(false, "ws", "Not encrypted: anyone on the path can read and change everything.", plain)}
            {offer(true, "wss", "Encrypted with TLS: anyone on the path sees only who connects to whom, when, and how much they send.", tls.clone())}
        </ul>
        {tls.is_none().then(|| view! {
            <p class="note">
                "This relay does not offer TLS. Start it with " <code>"--tls-listen 127.0.0.1:8443 --tls-self-signed"</code> " to compare both."
            </p>
        })}
        {trust}
        <InFront choice/>
    }
}

/// What this page knows of a proxy in front of the relay.
#[component]
fn InFront(choice: Choice) -> impl IntoView {
    let known = choice
        .routes
        .with_value(|routes| in_front::words(routes, page_is_secure(), in_front::page_protocol().as_deref()));
    (!known.is_empty()).then(|| {
        view! {
            <h3 id="route-front">"Proxy in front of this relay"</h3>
            <ul aria-labelledby="route-front" class="known">
                {known.into_iter().map(|words| view! { <li>{words}</li> }).collect_view()}
            </ul>
        }
    })
}

/// The current URL.
#[component]
fn Outcome() -> impl IntoView {
    let sheet = expect_context::<OpenSheet>();
    let form = expect_context::<ConnectForm>();
    view! {
        <div class="sheet-foot">
            <p class="asked">
                <span class="hidden">"URL: "</span>
                <code>{form.url}</code>
            </p>
            <button type="button" class="primary" on:click=move |_| sheet.close()>
                "Done"
            </button>
        </div>
    }
}
