//! What a page may open, by how it came itself, tried in this very browser. W3C Mixed Content, §5.

use super::choice::Choice;
use crate::address::route::page_is_secure;
use crate::net::lab_socket::{LabSocket, Thrown};
use leptos::prelude::*;
use observation::page::PageAct;

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Waiting,
    Threw(Thrown),
    Opened,
    Failed,
}

#[component]
pub(super) fn Mixed(choice: Choice) -> impl IntoView {
    let host = window().location().hostname().unwrap_or_default();
    let (port, tls) = choice.routes.with_value(|routes| (routes.port, routes.tls_port));
    let words = if page_is_secure() {
        "This page came over https. Chromium lets such a page open wss:// and forbids ws://, which would be mixed content: a page that promises to be safe, and a line that is not. The one exception is a host that is this machine itself, such as 127.0.0.1."
    } else {
        "This page came over http, which promises nothing. So it may open both ws:// and wss://. One that came over https may not open ws://, but to this machine itself."
    };
    let mut tries = vec![
        (format!("ws://{host}:{port}/echo"), "this relay, in the clear"),
        // RFC 6761 §6.4: a name that will never exist.
        ("ws://framescope.invalid/".to_owned(), "another host, in the clear; this one exists nowhere"),
    ];
    tries.extend(tls.map(|port| (format!("wss://{host}:{port}/echo"), "this relay, encrypted")));
    view! {
        <p class="what">{words}</p>
        <ul class="tries" aria-labelledby="way-mixed">
            {tries.into_iter().map(|(url, what)| view! { <Try url what/> }).collect_view()}
        </ul>
    }
}

#[component]
fn Try(url: String, what: &'static str) -> impl IntoView {
    let outcome = RwSignal::new(None::<Outcome>);
    // Dropped, it is closed, and tells no one.
    let socket = StoredValue::new_local(None::<LabSocket>);
    let code = format!("new WebSocket(\"{url}\")");
    let local = is_local(&url) && url.starts_with("ws:");
    let press = move |_| {
        outcome.set(Some(Outcome::Waiting));
        let told = move |act, _| {
            let came = match act {
                PageAct::Open { .. } => Outcome::Opened,
                PageAct::Error => Outcome::Failed,
                _ => return,
            };
            let _ = outcome.try_set(Some(came));
            // Not while this handler, which is the socket's, is running.
            set_timeout(move || drop(socket.try_set_value(None)), std::time::Duration::ZERO);
        };
        match LabSocket::open(&url, &[], told) {
            Ok(open) => socket.set_value(Some(open)),
            Err(thrown) => outcome.set(Some(Outcome::Threw(thrown))),
        }
    };
    view! {
        <li>
            <code>{code}</code>
            <span class="muted">{what}</span>
            <button type="button" class="small" on:click=press>
                "Try it"
            </button>
            <p role="status" class="tried">
                {move || {
                    outcome
                        .get()
                        .map(|outcome| {
                            let (title, words) = said(&outcome, page_is_secure(), local);
                            view! { <b>{title}</b> " " {words} }
                        })
                }}
            </p>
        </li>
    }
}

/// Whether a URL is of a host that is this machine by its name alone.
fn is_local(url: &str) -> bool {
    let host = url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
    host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || url.contains("://[::1]")
}

/// What happened, and why.
fn said(outcome: &Outcome, secure_page: bool, local: bool) -> (String, String) {
    match outcome {
        Outcome::Waiting => ("Trying…".into(), String::new()),
        Outcome::Threw(Thrown { name, message }) => {
            let why = if name == "SecurityError" && secure_page {
                " The browser did not even look for the server: nothing of this crossed any wire."
            } else {
                ""
            };
            (format!("It threw {name}."), format!("“{message}”{why}"))
        }
        Outcome::Opened if secure_page && local => (
            "It opened.".into(),
            "What goes to this machine itself crosses no network, so nobody can be on the path: that is why the browser makes an exception.".into(),
        ),
        Outcome::Opened => ("It opened.".into(), "Nothing forbids it here. It is closed again.".into()),
        Outcome::Failed => (
            "An error event came.".into(),
            "The browser was willing, and then the line failed: no such host, nobody there, or a certificate that it does not know. JavaScript is not told which.".into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_names() {
        for local in ["ws://localhost:1/", "ws://127.0.0.1/echo", "ws://a.localhost/", "wss://[::1]:8/"] {
            assert!(is_local(local), "{local}");
        }
        for other in ["ws://framescope.invalid/", "ws://192.0.2.1:80/", "ws://localhost.example/", "ws:"] {
            assert!(!is_local(other), "{other}");
        }
    }

    #[test]
    fn what_was_forbidden_says_by_whom() {
        let thrown = Thrown { name: "SecurityError".into(), message: "no".into() };
        assert!(said(&Outcome::Threw(thrown.clone()), true, false).1.contains("crossed any wire"));
        assert!(!said(&Outcome::Threw(thrown), false, false).1.contains("wire"));
        assert!(said(&Outcome::Opened, true, true).1.contains("exception"));
    }
}
