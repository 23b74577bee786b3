//! The life of a connection: four states that a real one goes through as the reader steps on, beside a meeting of two people.

use crate::address::route::{Listener, Route, Through};
use crate::address::settings::Settings;
use crate::course::live::{LabView, Started};
use crate::course::reading::Reading;
use crate::lab::Lab;
use crate::lab::store::{ReadyState, connect};
use crate::net::lab_socket::Payload;
use curriculum::course::{Scheme, Show};
use leptos::prelude::*;
use observation::SessionId;

/// The server takes its time, so that the states between can be seen.
const QUERY: &str = "open-delay=1200ms&deflate=off";

const STATES: [(ReadyState, &str, &str, &str); 4] = [
    (
        ReadyState::Connecting,
        "CONNECTING",
        "“Good morning. Do you speak WebSocket?”",
        "The greeting: one asks, and waits for the answer.",
    ),
    (
        ReadyState::Open,
        "OPEN",
        "Both talk, in sentences, whenever they like.",
        "The talk: each message is a frame or several.",
    ),
    (
        ReadyState::Closing,
        "CLOSING",
        "“Goodbye.” One has said it, and waits for the other’s.",
        "The goodbye: a close frame is on its way.",
    ),
    (
        ReadyState::Closed,
        "CLOSED",
        "Both have said goodbye, and have gone.",
        "Nothing travels any more; it does not open again.",
    ),
];

#[component]
pub(super) fn LifeOf(piece: StoredValue<String>) -> impl IntoView {
    let begun = RwSignal::new(false);
    view! {
        <div class="buttons">
            <button type="button" class:primary=move || !begun.get() class:small=move || begun.get() on:click=move |_| begun.update(|begun| *begun = !*begun)>
                {move || if begun.get() { "Start over" } else { "Greet" }}
            </button>
            <span class="note" hidden=move || begun.get()>"Your browser opens a connection. This server answers after a moment, so that you can watch."</span>
        </div>
        {move || if begun.get() {
            let started = Started::ask(Scheme::Page);
            (move || match started.get() {
                Started::Coming => view! { <Diagram now=Signal::stored(None)/> <p class="note" role="status">"Getting a session…"</p> }.into_any(),
                Started::Failed(why) => view! { <Diagram now=Signal::stored(None)/> <p class="card bad" role="alert">{why}</p> }.into_any(),
                Started::Ready(id, listener) => view! { <Living id listener piece/> }.into_any(),
            })
            .into_any()
        } else {
            view! { <Diagram now=Signal::stored(None)/> }.into_any()
        }}
    }
}

#[component]
fn Living(id: SessionId, listener: Listener, piece: StoredValue<String>) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let lab = Lab::new(Some(id.clone()));
    let error = RwSignal::new(None::<String>);
    let url = Route { listener, through: Through::Direct }.url(&id, &Settings::of_query(QUERY));
    if connect(lab, &url, "").is_err() {
        error.set(Some("The browser refused to open the connection.".into()));
    }
    let now = Signal::derive(move || lab.socket.with(|socket| socket.as_ref().map(|socket| socket.ready)));
    let said = RwSignal::new(0_u32);
    let talk = move |_| {
        said.update(|said| *said += 1);
        let words = if said.get_untracked() == 1 { "How are you?" } else { "And what else?" };
        error.set(lab.send(Payload::Text(words.into()), None).err());
    };
    let goodbye = move |_| {
        error.set(lab.close(Some(1000), "goodbye").err());
        reading.done(&piece.get_value());
    };
    let open = move || now.get() == Some(ReadyState::Open);
    // A button that has nothing to do keeps the focus.
    let idle = move || (!open()).then_some("true");
    view! {
        <Diagram now/>
        <div class="buttons">
            <button type="button" class="primary quiet" aria-disabled=idle on:click=move |event| if untrack(open) { talk(event) }>"Talk"</button>
            <button type="button" class="primary quiet" aria-disabled=idle on:click=move |event| if untrack(open) { goodbye(event) }>"Say goodbye"</button>
        </div>
        <p class="error" role="alert">{move || error.get()}</p>
        <LabView lab name="The life of a connection".to_owned() show=Show::Lifecycle/>
    }
}

/// The four states and the ways between them; the one that is now stands out.
#[component]
fn Diagram(now: Signal<Option<ReadyState>>) -> impl IntoView {
    let state = move |(state, name, meeting, meaning): (ReadyState, &'static str, &'static str, &'static str)| {
        let is_now = move || now.get() == Some(state);
        view! {
            <li
                class:now=is_now
                class:past=move || now.get().is_some_and(|now| state < now)
                data-state=name
                aria-current=move || is_now().then_some("step")
            >
                <b>{name}</b>
                <span class="meaning">{meaning}</span>
                <span class="meeting">{meeting}</span>
            </li>
        }
    };
    view! {
        <ol class="states" aria-label="The life of a connection, beside a meeting">{STATES.map(state).collect_view()}</ol>
    }
}
