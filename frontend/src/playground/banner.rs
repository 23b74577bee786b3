//! Problems with the session or its feed, with what to do next.

use super::session::start_session;
use crate::lab::{Lab, Session, Trouble};
use crate::net::api::ApiError;
use crate::shell::notice::{Notice, Tone};
use crate::site;
use crate::ui::scope::moves_on_from;
use leptos::prelude::*;

#[component]
pub fn Banner(
    /// The parts of a link that the page could not use.
    left_out: RwSignal<Vec<String>>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let trouble = Memo::new(move |_| lab.trouble());
    view! {
        <div role="status" class="banner-place">
            <Show when=move || left_out.with(|left_out| !left_out.is_empty())>
                <LeftOut left_out/>
            </Show>
            {move || match (lab.session.get(), trouble.get()) {
                (Session::Failed(error), _) => view! { <NoSession error/> }.into_any(),
                (_, Some(Trouble::Lost)) => view! { <FeedLost/> }.into_any(),
                (_, Some(Trouble::Expired)) => view! { <Expired/> }.into_any(),
                (_, Some(Trouble::Unreadable(why))) => view! { <Unreadable why/> }.into_any(),
                (_, Some(Trouble::Draining)) => view! { <Draining/> }.into_any(),
                (_, Some(Trouble::Interrupted)) => view! { <Interrupted/> }.into_any(),
                (_, None) => ().into_any(),
            }}
        </div>
    }
}

#[component]
fn LeftOut(left_out: RwSignal<Vec<String>>) -> impl IntoView {
    moves_on_from(".banner");
    view! {
        <Notice tone=Tone::Warning>
            <span>
                <b>"The page could not use the whole link. "</b>
                {move || format!("Ignored: {}.", left_out.with(|left_out| left_out.join("; ")))}
            </span>
            <button type="button" class="small" on:click=move |_| left_out.set(Vec::new())>
                "Dismiss"
            </button>
        </Notice>
    }
}

#[component]
fn NoSession(error: ApiError) -> impl IntoView {
    let lab = expect_context::<Lab>();
    moves_on_from(".banner");
    let words = match error {
        ApiError::Refused(said) | ApiError::Unreadable(said) => format!("The relay could not create a session: {said}"),
        ApiError::Unreachable | ApiError::Unknown => {
            "The relay does not answer. Is it running? You can still connect to other servers.".to_owned()
        }
    };
    view! {
        <Notice tone=Tone::Error>
            <span>{words}</span>
            <button type="button" class="small" on:click=move |_| start_session(lab)>
                "Retry"
            </button>
        </Notice>
    }
}

#[component]
fn Draining() -> impl IntoView {
    let words = if expect_context::<Lab>().is_shared() {
        "Your connections will end. This session continues on another relay."
    } else {
        "Your connections and this session will end. Export what you want to keep; the page reconnects when the relay is back."
    };
    view! {
        <Notice tone=Tone::Warning>
            <span>
                <b>"This relay is about to restart. "</b>
                {words}
            </span>
        </Notice>
    }
}

#[component]
fn Interrupted() -> impl IntoView {
    view! {
        <Notice tone=Tone::Warning>
            <span>
                <b>"Recording is interrupted. "</b>
                {Trouble::MEANWHILE}
            </span>
        </Notice>
    }
}

#[component]
fn FeedLost() -> impl IntoView {
    let lab = expect_context::<Lab>();
    moves_on_from(".banner");
    let words = if lab.is_shared() {
        "The page keeps what it shows and continues on another relay."
    } else {
        "The page keeps what it shows and continues when the relay is back. If the relay was restarted, this session has ended."
    };
    view! {
        <Notice tone=Tone::Warning>
            <span>
                <b>"The connection to the relay is lost. "</b>
                {words}
            </span>
            <button type="button" class="small" on:click=move |_| lab.retry_feed()>
                "Retry now"
            </button>
        </Notice>
    }
}

#[component]
fn Expired() -> impl IntoView {
    let restart = if expect_context::<Lab>().is_shared() { "" } else { ", and all sessions when it restarts" };
    view! {
        <Notice tone=Tone::Warning>
            <span>
                <b>"This session has ended. "</b>
                "The relay deletes idle sessions" {restart} ". The page keeps what it shows until you leave."
            </span>
            <a href=site::path("/") class="button small">
                "Start a new session"
            </a>
        </Notice>
    }
}

#[component]
fn Unreadable(why: String) -> impl IntoView {
    view! {
        <Notice tone=Tone::Error>
            <span>{format!("The page cannot read the relay’s feed ({why}). Reload the page: it may be older than the relay.")}</span>
        </Notice>
    }
}
