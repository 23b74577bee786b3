//! The four states of a socket as a strip, with the current state in words. WebSockets Standard, §3.1.

use crate::lab::store::{ReadyState, SocketState};
use crate::lab::{Lab, Record};
use leptos::prelude::*;
use observation::Party;
use observation::event::Cause;
use wire::close::CloseCode;

const STATES: [(ReadyState, &str, &str); 4] = [
    (ReadyState::Connecting, "CONNECTING", "readyState 0: the opening handshake is in progress"),
    (ReadyState::Open, "OPEN", "readyState 1: both sides can send messages"),
    (ReadyState::Closing, "CLOSING", "readyState 2: close() was called, or a close frame arrived"),
    (ReadyState::Closed, "CLOSED", "readyState 3: the connection is closed"),
];

#[component]
pub fn Lifecycle() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let now = Memo::new(move |_| lab.socket.with(|socket| socket.as_ref().map(|socket| socket.ready)));
    // An unclean close has its own color in the strip; the last row describes it in words.
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

/// The state of the socket in words; once closed, what really happened, as far as the relay saw it.
fn caption(record: &Record, socket: &SocketState) -> String {
    let Some((code, _, was_clean)) = &socket.closed else {
        return match socket.ready {
            ReadyState::Connecting => "Opening handshake in progress".into(),
            ReadyState::Open if socket.protocol.is_empty() => "Both sides can send messages".into(),
            ReadyState::Open => format!("Both sides can send messages ({})", socket.protocol),
            ReadyState::Closing | ReadyState::Closed => "Closing handshake in progress".into(),
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
        // The browser rejected the response and left without sending anything.
        (Some(None), _)
            if odd
                && closed.is_some_and(|closed| closed.client.frames == 0 && closed.cause == Cause::ConnectionEnded) =>
        {
            format!("The browser rejected the handshake; JavaScript is told {code}")
        }
        (Some(None), _) if closed.is_some_and(|closed| closed.cause == Cause::RelayLost) => {
            format!("The relay that had this connection is gone; JavaScript is told {code}")
        }
        (Some(None), _) => format!("Connection cut: {code} means no close frame came"),
        (None, Some(refusal)) => match refusal.status {
            Some(status) => format!("Refused with {status}; JavaScript is told {code}"),
            None => format!("The answer was not HTTP; JavaScript is told {code}"),
        },
        (None, None) if *was_clean => format!("Closed, {code}"),
        (None, None) => format!("Closed, {code}: JavaScript is not told why"),
    }
}
