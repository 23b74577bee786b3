//! Which WebSockets a page may open, depending on how the page was loaded; tried in this browser. W3C Mixed Content, §5.

use super::choice::Choice;
use crate::address::route::{Listener, page_is_secure};
use crate::net::lab_socket::{LabSocket, Thrown};
use crate::site;
use leptos::prelude::*;
use observation::page::PageAct;

/// The outcome of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Waiting,
    Threw(Thrown),
    Opened,
    Failed,
}

#[component]
pub(super) fn Mixed(choice: Choice) -> impl IntoView {
    let echo = site::path("/echo");
    let here = |secure| {
        let listener = choice.routes.with_value(|routes| Listener::of_scheme(secure, routes));
        listener.map(|listener| format!("{listener}{echo}"))
    };
    let words = if page_is_secure() {
        "This page was loaded over https. Browsers let such a page open wss:// and block ws://, because an insecure connection on a secure page is mixed content. This machine, such as 127.0.0.1, does not count as insecure, but Chromium asks you first if the page came from another machine."
    } else {
        "This page was loaded over http, so it may open both ws:// and wss://. A page loaded over https may not open ws://, except to this machine itself."
    };
    // RFC 6761 §6.4: a name that will never exist.
    let nowhere = ("ws://framescope.invalid/".to_owned(), "another host, not encrypted; this host does not exist");
    let plain = here(false).map(|url| (url, "this relay, not encrypted"));
    let encrypted = here(true).map(|url| (url, "this relay, encrypted"));
    let tries: Vec<_> = plain.into_iter().chain([nowhere]).chain(encrypted).collect();
    view! {
        <p class="what">{words}</p>
        <ul class="tries" aria-labelledby="route-mixed">
            {tries.into_iter().map(|(url, what)| view! { <Try url what/> }).collect_view()}
        </ul>
    }
}

#[component]
fn Try(url: String, what: &'static str) -> impl IntoView {
    let outcome = RwSignal::new(None::<Outcome>);
    // Dropping the socket closes it.
    let socket = StoredValue::new_local(None::<LabSocket>);
    let code = format!("new WebSocket(\"{url}\")");
    let local = is_local(&url) && url.starts_with("ws:");
    let on_this_machine = is_local(&window().location().href().unwrap_or_default());
    let press = move |_| {
        outcome.set(Some(Outcome::Waiting));
        let told = move |act, _| {
            let came = match act {
                PageAct::Open { .. } => Outcome::Opened,
                PageAct::Error => Outcome::Failed,
                _ => return,
            };
            let _ = outcome.try_set(Some(came));
            // Not inside this handler, which belongs to the socket.
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
                "Try"
            </button>
            <p role="status" class="tried">
                {move || {
                    outcome
                        .get()
                        .map(|outcome| {
                            let (title, words) = said(&outcome, page_is_secure(), local, on_this_machine);
                            view! { <b>{title}</b> " " {words} }
                        })
                }}
            </p>
        </li>
    }
}

/// Whether the host of a URL means this machine.
fn is_local(url: &str) -> bool {
    let host = url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
    host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || url.contains("://[::1]")
}

/// What happened and why.
fn said(outcome: &Outcome, secure_page: bool, local: bool, on_this_machine: bool) -> (String, String) {
    match outcome {
        Outcome::Waiting => ("Trying…".into(), String::new()),
        Outcome::Threw(Thrown { name, message }) => {
            let why = if name == "SecurityError" && secure_page {
                " The browser did not look for the server: nothing crossed the wire."
            } else {
                ""
            };
            (format!("It threw {name}."), format!("“{message}”{why}"))
        }
        Outcome::Opened if secure_page && local => (
            "The connection opened.".into(),
            "Traffic to this machine crosses no network, so nobody can read it on the way. So it is not mixed content.".into(),
        ),
        Outcome::Opened => ("The connection opened.".into(), "Nothing forbids it here. The page has closed it again.".into()),
        Outcome::Failed if local && !on_this_machine => (
            "The socket got an error event.".into(),
            "This page came from another machine. Chromium lets it connect to this machine only with the permission Local Network Access, and without it the socket fails as if no server were there. Or no server is listening. JavaScript is not told which.".into(),
        ),
        Outcome::Failed => (
            "The socket got an error event.".into(),
            "The browser allowed the connection, but it failed: the host does not exist, no server is listening, or the certificate is not trusted. JavaScript is not told which.".into(),
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
        assert!(said(&Outcome::Threw(thrown.clone()), true, false, true).1.contains("crossed the wire"));
        assert!(!said(&Outcome::Threw(thrown), false, false, true).1.contains("wire"));
        assert!(said(&Outcome::Failed, true, true, false).1.contains("Local Network Access"));
        assert!(!said(&Outcome::Failed, true, true, true).1.contains("Local Network Access"));
        assert!(said(&Outcome::Opened, true, true, true).1.contains("not mixed content"));
    }
}
