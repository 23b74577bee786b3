//! A link from a run to the playground with the same setup.

use crate::address::route::{Listener, Via};
use crate::address::settings::Settings;
use crate::address::setup::{Destination, Setup};
use crate::site;
use curriculum::course::{Run, Send};
use leptos::prelude::*;

#[component]
pub(super) fn PlaygroundLink(run: Run, listener: Listener) -> impl IntoView {
    let texts = run.send.iter().filter_map(|send| match send {
        Send::Text(text) => Some(text.clone()),
        Send::Bytes(_) => None,
    });
    let setup = Setup {
        rules: String::new(),
        destination: Destination::Lab(Settings::of_query(&run.query)),
        listener: Some(listener).filter(|listener| *listener != Listener::here()),
        via: run.via.as_deref().map(Via::of_segment),
        subprotocols: run.subprotocols.join(", "),
        messages: texts.collect(),
    };
    let bytes = run.send.iter().any(|send| matches!(send, Send::Bytes(_)));
    view! {
        <p class="note">
            {match setup.fragment() {
                Ok(fragment) => view! { <a href=site::path(&format!("/{fragment}"))>"Open in the playground"</a> }.into_any(),
                Err(why) => why.into_any(),
            }}
            {bytes.then_some(" (without the binary messages: a link can hold only texts)")}
        </p>
    }
}
