//! The life of a connection: the four states of a real connection, compared with a meeting of two people.

use crate::address::route::{Listener, Route, Through};
use crate::address::settings::Settings;
use crate::course::live::{LabView, RunSession};
use crate::course::reading::Reading;
use crate::lab::Lab;
use crate::lab::store::{ReadyState, connect};
use crate::net::lab_socket::Payload;
use curriculum::course::{Scheme, Show};
use leptos::prelude::*;
use observation::SessionId;

/// The server delays its answer so that the reader can see the states in between.
const QUERY: &str = "open-delay=1200ms&deflate=off";

const STATES: [(ReadyState, &str, &str, &str); 4] = [
    (
        ReadyState::Connecting,
        "CONNECTING",
        "“Good morning. Do you speak WebSocket?”",
        "The greeting: one side asks and waits for the answer.",
    ),
    (
        ReadyState::Open,
        "OPEN",
        "Both speak, in sentences, whenever they like.",
        "The talk: each message is one or more frames.",
    ),
    (
        ReadyState::Closing,
        "CLOSING",
        "“Goodbye.” One has said it and waits for the other.",
        "The goodbye: a close frame is on its way.",
    ),
    (
        ReadyState::Closed,
        "CLOSED",
        "Both have said goodbye and left.",
        "No more data is sent. A closed connection cannot reopen.",
    ),
];

#[component]
pub(super) fn LifeOfConnection(piece: StoredValue<String>) -> impl IntoView {
    let begun = RwSignal::new(false);
    view! {
        <div class="buttons">
            <button type="button" class:primary=move || !begun.get() class:small=move || begun.get() on:click=move |_| begun.update(|begun| *begun = !*begun)>
                {move || if begun.get() { "Start over" } else { "Greet" }}
            </button>
            <span class="note" hidden=move || begun.get()>"Your browser opens a connection. The server waits a moment before it answers, so that you can see each state."</span>
        </div>
        {move || {
            let session = begun.get().then(|| RunSession::request(Scheme::Page));
            move || {
                let session = session.map(|session| session.get());
                let idle = !matches!(session, Some(RunSession::Ready(..)));
                let living = |id, listener| view! { <Living id listener piece/> }.into_any();
                view! {
                    {idle.then(|| view! { <Diagram now=Signal::stored(None)/> })}
                    {session.map(|session| session.draw(living))}
                }
            }
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
    // An unavailable button keeps the focus, so it is not disabled.
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

/// The four states. The current one is highlighted.
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
        <ol class="states" aria-label="The life of a connection, compared with a meeting">{STATES.map(state).collect_view()}</ol>
    }
}
