//! The four states of a socket as a strip that moves with it, and a word on where it stands. WebSockets Standard, §3.1.

use crate::lab::store::{ReadyState, SocketState};
use crate::lab::{Lab, Record};
use leptos::prelude::*;
use observation::Party;
use observation::event::Cause;
use wire::close::CloseCode;

const STATES: [(ReadyState, &str, &str); 4] = [
    (ReadyState::Connecting, "CONNECTING", "readyState 0: the opening handshake is under way"),
    (ReadyState::Open, "OPEN", "readyState 1: messages can travel"),
    (ReadyState::Closing, "CLOSING", "readyState 2: close() was called, or the other side’s close frame came"),
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
    let caption = Memo::new(move |_| {
        lab.socket.with(|socket| {
            let socket = socket.as_ref()?;
            Some(lab.record.with(|record| caption(record, socket)))
        })
    });
    view! {
        <div class="lifecycle">
        <p class="label-line muted" aria-live="polite">
            {move || caption.get().unwrap_or_else(|| "State of the socket".into())}
        </p>
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
        </div>
    }
}

/// Where the socket stands; once closed, what really happened, as far as the relay saw it.
fn caption(record: &Record, socket: &SocketState) -> String {
    let Some((code, _, was_clean)) = &socket.closed else {
        return match socket.ready {
            ReadyState::Connecting => "The handshake is under way".into(),
            ReadyState::Open if socket.protocol.is_empty() => "Messages can travel both ways".into(),
            ReadyState::Open => format!("Messages can travel, as {}", socket.protocol),
            ReadyState::Closing | ReadyState::Closed => "The goodbye is under way".into(),
        };
    };
    let connection = record.sequence.connection(socket.number);
    let closed = connection.and_then(|number| record.transcript.closed(number));
    let refused = connection.and_then(|number| record.transcript.refusal(number));
    let odd =
        connection.and_then(|number| record.transcript.opening(number)).is_some_and(|it| !it.deliberate.is_empty());
    match (closed.map(|closed| closed.first), refused) {
        (Some(Some(party)), _) => {
            let who = if party == Party::Client { "browser" } else { "relay" };
            // Without a code on the wire, JavaScript is told 1005.
            let sent = closed.and_then(|closed| closed.code).unwrap_or(CloseCode::NO_STATUS.0);
            let told = if sent == *code { String::new() } else { format!("; JavaScript is told {code}") };
            format!("The {who} closed first, {sent}{told}")
        }
        // What is odd about the answer made the browser go before it said a word.
        (Some(None), _)
            if odd
                && closed.is_some_and(|closed| closed.client.frames == 0 && closed.cause == Cause::ConnectionEnded) =>
        {
            format!("The browser turned the handshake down; JavaScript is told {code}")
        }
        (Some(None), _) => format!("The line was cut: {code} says no close frame came"),
        (None, Some(refusal)) => match refusal.status {
            Some(status) => format!("Refused with {status}; JavaScript is told {code}"),
            None => format!("No answer in HTTP; JavaScript is told {code}"),
        },
        (None, None) if *was_clean => format!("Closed, {code}"),
        (None, None) => format!("Closed, {code}: JavaScript is not told why"),
    }
}
