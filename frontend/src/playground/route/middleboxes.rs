//! The middleboxes, and the settings of the chosen one.

use super::choice::Choice;
use super::setting::Setting;
use crate::address::route::Through;
use crate::ui::offer::Offer;
use crate::ui::prose::Prose;
use leptos::prelude::*;
use observation::route::{MiddleboxOffer, MiddleboxSetting};

#[component]
pub(super) fn Middleboxes(choice: Choice) -> impl IntoView {
    let boxes = choice.routes.with_value(|routes| routes.boxes.clone());
    let over = Memo::new(move |_| choice.middlebox());
    let direct = Memo::new(move |_| over.get().is_none() && choice.route.get().is_some() && !choice.is_relayed());
    let settings = {
        let boxes = boxes.clone();
        move || {
            let name = over.get()?;
            let offer = boxes.iter().find(|offer| offer.name == name)?.clone();
            Some(view! { <Settings choice offer/> })
        }
    };
    view! {
        <ul class="presets" aria-labelledby="route-middlebox">
            <Offer chosen=direct choose=move || choice.go_through(None, choice.secure())>
                <b>"Nothing"</b>
                <span class="prose">"Directly to the relay’s lab."</span>
            </Offer>
            {boxes.into_iter().map(|offer| view! { <MiddleboxButton choice offer over/> }).collect_view()}
        </ul>
        {settings}
    }
}

#[component]
fn MiddleboxButton(choice: Choice, offer: MiddleboxOffer, over: Memo<Option<String>>) -> impl IntoView {
    let MiddleboxOffer { name, title, explanation, .. } = offer;
    let (known, code) = (name.clone(), name.clone());
    let chosen = Signal::derive(move || over.with(|over| over.as_ref() == Some(&known)));
    view! {
        <Offer chosen choose=move || choice.go_through(Some(&name), choice.secure())>
            <b>{title}</b>
            <Prose text=explanation/>
            <code>{code}</code>
        </Offer>
    }
}

/// Where the chosen middlebox is, and its settings.
#[component]
fn Settings(choice: Choice, offer: MiddleboxOffer) -> impl IntoView {
    let MiddleboxOffer { title, settings, .. } = offer;
    let blind = Memo::new(move |_| choice.in_front_of_tls());
    let words = move || {
        if blind.get() {
            "This middlebox is in front of TLS, on its own port. It forwards bytes that it cannot read, and uses its default settings. The page’s socket is the connection behind it."
        } else if choice.route.get().is_some_and(|route| route.listener.secure) {
            "TLS ends at this middlebox. It reads everything and continues without encryption, as a load balancer does. To put it in front of TLS instead, start the relay with --box-listen 127.0.0.1:8500."
        } else {
            "This middlebox reads everything that passes, as any middlebox on a ws route can."
        }
    };
    let some = !settings.is_empty();
    let settings = StoredValue::new(settings);
    view! {
        <p class="note" role="status">{words}</p>
        <Show when=move || some && !blind.get()>
            <fieldset class="middlebox-settings">
                <legend>{format!("Settings of “{title}”")}</legend>
                {settings.get_value().into_iter().map(|setting| view! { <Field choice setting/> }).collect_view()}
            </fieldset>
        </Show>
    }
}

#[component]
fn Field(choice: Choice, setting: MiddleboxSetting) -> impl IntoView {
    let MiddleboxSetting { name, explanation, default } = setting;
    let known = name.clone();
    let value = Memo::new(move |_| match choice.route.get().map(|route| route.through) {
        Some(Through::Middlebox(via)) => via.settings.value(&known).unwrap_or_default(),
        _ => String::new(),
    });
    let set = move |name: &str, value: &str| choice.set_middlebox(name, value);
    view! { <Setting of="middlebox" name example=default value what=explanation set/> }
}
