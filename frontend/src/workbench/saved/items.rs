//! The saved items of one kind, with what can be done with each.

use super::browser_store::Key;
use super::connection::Connection;
use super::item::{Body, Item, What};
use super::state::Saved;
use crate::address::setup::{Destination, Setup};
use crate::ui::format;
use leptos::prelude::*;
use wire::opcode::Opcode;

/// How much of an item is shown, in characters and in bytes.
const SHOWN: usize = 60;
const SHOWN_BYTES: usize = 20;

#[component]
pub(super) fn Items(
    label: &'static str,
    /// What is said if there are none.
    none: &'static str,
    kind: fn(&What) -> bool,
    /// The button of each item, and what it does.
    verb: &'static str,
    act: Callback<Item>,
    /// What a click on an item does besides.
    #[prop(optional)]
    choose: Option<Callback<Item>>,
) -> impl IntoView {
    let saved = expect_context::<Saved>();
    let all = move || {
        saved.items.with(|items| items.iter().filter(|(_, item)| kind(&item.what)).cloned().collect::<Vec<_>>())
    };
    let line = move |(key, item): (Key, Item)| {
        let folder = (!item.folder.is_empty()).then(|| format!("{} / ", item.folder));
        let (words, delete) = (format!("{verb} {}", item.name), format!("Delete {}", item.name));
        let about = view! {
            <b>
                <span class="muted">{folder}</span>
                {item.name.clone()}
            </b>
            <code>{summary(&item.what)}</code>
        };
        let chosen = item.clone();
        let about = match choose {
            Some(choose) => view! {
                <button type="button" class="choose" on:click=move |_| choose.run(chosen.clone())>
                    {about}
                </button>
            }
            .into_any(),
            None => view! { <p>{about}</p> }.into_any(),
        };
        view! {
            <li>
                {about}
                <button type="button" class="small" aria-label=words on:click=move |_| act.run(item.clone())>
                    {verb}
                </button>
                <button type="button" class="small" aria-label=delete on:click=move |_| saved.remove(key.clone())>
                    "Delete"
                </button>
            </li>
        }
    };
    move || match all() {
        all if all.is_empty() => view! { <p class="note none">{none}</p> }.into_any(),
        all => view! { <ul class="saved-items" aria-label=label>{all.into_iter().map(line).collect_view()}</ul> }
            .into_any(),
    }
}

/// What an item is, on one line.
fn summary(what: &What) -> String {
    match what {
        What::Message(Body::Text(text)) => format::one_line(text, SHOWN),
        What::Message(Body::Binary(bytes)) => first_bytes(bytes),
        What::Frame(frame) => {
            let fin = if frame.fin { "" } else { " without FIN" };
            let name = Opcode::from_nibble(frame.opcode).name();
            format!("{name} frame{fin}: {}", first_bytes(&frame.payload))
        }
        What::Connection(connection) => leads_to(connection),
        What::Setup(setup) => {
            let rules = setup.rules.as_ref().and_then(|rules| rules.as_array()).map_or(0, Vec::len) as u64;
            let rules = (rules > 0).then(|| format!(", {}", format::plural(rules, "rule")));
            let script = if setup.script.is_some() { ", a script" } else { "" };
            let messages = setup.messages.len() as u64;
            let messages = (messages > 0).then(|| format!(", {}", format::plural(messages, "message")));
            let (rules, messages) = (rules.unwrap_or_default(), messages.unwrap_or_default());
            format!("{}{rules}{script}{messages}", leads_to(&setup.connection))
        }
        What::Replay(said) => format::plural(said.len() as u64, "message"),
    }
}

fn first_bytes(bytes: &[u8]) -> String {
    let more = if bytes.len() > SHOWN_BYTES { " …" } else { "" };
    format!("{}{more}", format::hex(&bytes[..bytes.len().min(SHOWN_BYTES)]))
}

/// Where a connection leads.
fn leads_to(connection: &Connection) -> String {
    let (setup, _) = Setup::of_fragment(&connection.setup);
    let words = match &setup.destination {
        Destination::Default => "lab".to_owned(),
        Destination::Lab(settings) => format!("lab, {}", settings.summary()),
        Destination::Relayed(settings) => settings.value("to").unwrap_or_default(),
        Destination::Elsewhere(url) => url.clone(),
    };
    let via = setup.via.map(|via| format!(", through {via}")).unwrap_or_default();
    format::one_line(&format!("{words}{via}"), SHOWN)
}
