//! The four states of a socket as a strip that moves with it. WebSockets Standard, §3.1.

use crate::store::Lab;
use crate::store::lab::ReadyState;
use leptos::prelude::*;

const STATES: [(ReadyState, &str, &str); 4] = [
    (ReadyState::Connecting, "CONNECTING", "readyState 0: the opening handshake is under way"),
    (ReadyState::Open, "OPEN", "readyState 1: messages can travel"),
    (ReadyState::Closing, "CLOSING", "readyState 2: close() was called, the goodbye is under way"),
    (ReadyState::Closed, "CLOSED", "readyState 3: it is over"),
];

#[component]
pub fn Lifecycle() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let now = Memo::new(move |_| lab.socket.with(|socket| socket.as_ref().map(|socket| socket.ready)));
    // Closed without a close event that was clean: the strip says so by colour, the end's row by words.
    let unclean = Memo::new(move |_| {
        lab.socket.with(|socket| {
            socket.as_ref().is_some_and(|socket| socket.closed.as_ref().is_some_and(|(_, _, clean)| !clean))
        })
    });
    view! {
        <ol class="life" aria-label="State of the socket">
            {STATES
                .into_iter()
                .map(|(state, name, meaning)| {
                    let is_now = move || now.get() == Some(state);
                    view! {
                        <li
                            class:now=is_now
                            class:past=move || now.get().is_some_and(|now| state < now)
                            class:unclean=move || state == ReadyState::Closed && unclean.get()
                            data-state=name
                            aria-current=move || is_now().then_some("step")
                            title=meaning
                        >
                            <span>{name}</span>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
    }
}
