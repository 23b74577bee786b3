//! The opening handshake step by step, with the key of a real connection. RFC 6455 §4.

use crate::address::route::{Listener, Route, Through};
use crate::address::settings::Settings;
use crate::course::live::{FeedProblem, RunSession};
use crate::course::reading::Reading;
use crate::lab::Lab;
use crate::lab::inspector::accept::{Accept, NoKey};
use crate::lab::store::connect;
use curriculum::course::Scheme;
use leptos::prelude::*;
use observation::encoding::latin1::to_text;
use observation::page::SocketNumber;
use observation::{Opening, SessionId};
use wire::handshake::accept::Derivation;

/// One step: the lines that it marks, and their explanation.
struct Step {
    title: &'static str,
    /// Whether the lines are in the response instead of the request.
    response: bool,
    /// The start of each line in lower case. The empty string means the first line.
    lines: &'static [&'static str],
    words: &'static str,
}

const STEPS: [Step; 7] = [
    Step {
        title: "The request line",
        response: false,
        lines: &[""],
        words: "An ordinary GET, which every web server understands. A WebSocket connection starts as HTTP.",
    },
    Step {
        title: "The upgrade request",
        response: false,
        lines: &["upgrade:", "connection:"],
        words: "Upgrade names the protocol to switch to. Connection says that Upgrade is only for the next hop, so proxies must not forward it.",
    },
    Step {
        title: "Your key",
        response: false,
        lines: &["sec-websocket-key:"],
        words: "16 random bytes in base64. Your browser generates them for this connection only. The key is not secret: it only has to be new.",
    },
    Step {
        title: "The version",
        response: false,
        lines: &["sec-websocket-version:"],
        words: "13 is the version of RFC 6455, the only one in use. A server answers any other version with 426 and names the versions it supports.",
    },
    Step {
        title: "The answer",
        response: true,
        lines: &["", "upgrade:", "connection:"],
        words: "101 Switching Protocols: the server agrees. HTTP ends at the empty line. The TCP connection stays open and now carries only frames.",
    },
    Step {
        title: "The accept value",
        response: true,
        lines: &["sec-websocket-accept:"],
        words: "The server computes it from your key and a fixed GUID. A server that did not read the request cannot produce it, nor can a cache that repeats an old answer.",
    },
    Step {
        title: "How it is computed",
        response: true,
        lines: &["sec-websocket-accept:"],
        words: "Your browser computes the same value, and closes the connection if the two differ.",
    },
];

#[component]
pub(super) fn HandshakeSteps(piece: StoredValue<String>) -> impl IntoView {
    // How often the handshake was started.
    let time = RwSignal::new(0_u32);
    view! {
        <div class="buttons">
            <button type="button" class="primary" on:click=move |_| time.update(|time| *time += 1)>
                {move || if time.get() == 0 { "Run the handshake" } else { "Run again with a new key" }}
            </button>
            <span class="note" hidden=move || { time.get() > 0 }>"Your browser opens a connection, and the relay shows what it received and answered."</span>
        </div>
        {move || (time.get() > 0).then(|| {
            let session = RunSession::request(Scheme::Page);
            move || session.get().draw(|id, listener| view! { <Connection id listener piece/> }.into_any())
        })}
    }
}

#[component]
fn Connection(id: SessionId, listener: Listener, piece: StoredValue<String>) -> impl IntoView {
    let lab = Lab::new(Some(id.clone()));
    let url = Route { listener, through: Through::Direct }.url(&id, &Settings::of_query("deflate=off"));
    let refused = connect(lab, &url, "").is_err();
    let opening = Memo::new(move |_| {
        lab.record.with(|record| {
            let connection = record.sequence.connection(SocketNumber(1))?;
            record.transcript.opening(connection).cloned()
        })
    });
    let view = move || match opening.get() {
        Some(opening) if opening.request.starts_with(b":") => view! { <NoKey/> }.into_any(),
        Some(opening) => view! { <Steps opening piece/> }.into_any(),
        None if refused => {
            view! { <p class="card bad" role="alert">"The browser refused to open the connection."</p> }.into_any()
        }
        None if lab.socket.with(|socket| socket.as_ref().is_some_and(|socket| socket.closed.is_some())) => {
            view! { <p class="card bad" role="alert">"The connection failed. Run it again."</p> }.into_any()
        }
        None => view! { <p class="note" role="status">"Opening handshake in progress…"</p> }.into_any(),
    };
    view! {
        <FeedProblem lab/>
        {view}
    }
}

#[component]
fn Steps(opening: Opening, piece: StoredValue<String>) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let at = RwSignal::new(0_usize);
    let last = STEPS.len() - 1;
    let go = move |next: usize| {
        at.set(next);
        if next == last {
            reading.done(&piece.get_value());
        }
    };
    let Opening { request, response, .. } = opening;
    let (asked, answered) = (to_text(&request), to_text(&response));
    let key = value(&asked, "sec-websocket-key:");
    let accept = key.as_deref().map(|key| Derivation::from_key(key).accept);
    let bytes = StoredValue::new((request, response));
    view! {
        <div class="step-words" aria-live="polite">
            <p class="sub">{move || format!("{} of {}: {}", at.get() + 1, STEPS.len(), STEPS[at.get()].title)}</p>
            <p>{move || STEPS[at.get()].words}</p>
            {move || (at.get() == 2).then(|| view! { <p>"Your key is " <code class="f-key own-key">{key.clone()}</code> "."</p> })}
            {move || (at.get() == 5).then(|| view! { <p>"For your key, the value is " <code class="f-fin">{accept.clone()}</code> "."</p> })}
        </div>
        <div class="buttons">
            <button type="button" class="primary quiet" aria-disabled=move || (at.get() == 0).then_some("true")
                on:click=move |_| go(at.get_untracked().saturating_sub(1))>"Back"</button>
            <button type="button" class="primary" aria-disabled=move || (at.get() == last).then_some("true")
                on:click=move |_| go((at.get_untracked() + 1).min(last))>"Next"</button>
        </div>
        <Text name="Request from your browser" text=asked of_response=false at/>
        <Show when=move || { at.get() >= 4 }>
            <Text name="Response from the server" text=answered.clone() of_response=true at/>
        </Show>
        <Show when=move || at.get() == last>
            {bytes.with_value(|(request, response)| view! { <Accept request=request.clone() response=response.clone()/> })}
        </Show>
    }
}

/// A request or response. Marks the lines of the current step.
#[component]
fn Text(name: &'static str, text: String, of_response: bool, at: RwSignal<usize>) -> impl IntoView {
    let line = move |(index, line): (usize, &str)| {
        let lower = line.to_ascii_lowercase();
        let marked = move || {
            let step = &STEPS[at.get()];
            let begins = |begin: &&str| if begin.is_empty() { index == 0 } else { lower.starts_with(*begin) };
            step.response == of_response && step.lines.iter().any(begins)
        };
        view! { <span class="line" class:marked=marked>{line.to_owned()}</span> }
    };
    view! {
        <figure class="head-text">
            <figcaption>{name}</figcaption>
            <pre tabindex="0">{text.trim_end().lines().enumerate().map(line).collect_view()}</pre>
        </figure>
    }
}

fn value(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
    Some(line[name.len()..].trim().to_owned())
}
