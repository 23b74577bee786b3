//! What is wrong with the session or its feed, said where everyone sees it, with what to do next.

use super::session::start_session;
use crate::lab::{FeedState, Lab, Session};
use crate::net::api::ApiError;
use crate::shell::notice::{Notice, Tone};
use crate::ui::scope::moves_on_from;
use leptos::prelude::*;

#[component]
pub fn Banner(
    /// What a link brought that cannot be used.
    left_out: Vec<String>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let left_out = RwSignal::new(left_out);
    view! {
        <div role="status" class="banner-place">
            <Show when=move || left_out.with(|left_out| !left_out.is_empty())>
                <LeftOut left_out/>
            </Show>
            {move || match (lab.session.get(), lab.feed.get()) {
                (Session::Failed(error), _) => view! { <NoSession error/> }.into_any(),
                (_, FeedState::Lost) => view! { <FeedLost/> }.into_any(),
                (_, FeedState::Expired) => view! { <Expired/> }.into_any(),
                (_, FeedState::Unreadable(why)) => view! { <Unreadable why/> }.into_any(),
                _ => ().into_any(),
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
                <b>"The link was not read whole. "</b>
                {move || format!("Left out: {}.", left_out.with(|left_out| left_out.join("; ")))}
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
        ApiError::Refused(said) | ApiError::Unreadable(said) => format!("The relay gave no session. It says: {said}"),
        ApiError::Unreachable | ApiError::Unknown => {
            "The relay does not answer. Is it running? You can still connect to other servers.".to_owned()
        }
    };
    view! {
        <Notice tone=Tone::Error>
            <span>{words}</span>
            <button type="button" class="small" on:click=move |_| start_session(lab)>
                "Try again"
            </button>
        </Notice>
    }
}

#[component]
fn FeedLost() -> impl IntoView {
    let lab = expect_context::<Lab>();
    moves_on_from(".banner");
    view! {
        <Notice tone=Tone::Warning>
            <span>
                <b>"The relay is out of reach. "</b>
                "What you see is kept, and the view goes on where it stopped when the relay is back; if it was restarted, this session is over."
            </span>
            <button type="button" class="small" on:click=move |_| lab.retry_feed()>
                "Try now"
            </button>
        </Notice>
    }
}

#[component]
fn Expired() -> impl IntoView {
    view! {
        <Notice tone=Tone::Warning>
            <span>
                <b>"The relay does not know this session. "</b>
                "It ends a session that has been idle, and forgets all when it restarts. What you see stays until you leave."
            </span>
            <a href="/" class="button small">
                "Start a new session"
            </a>
        </Notice>
    }
}

#[component]
fn Unreadable(why: String) -> impl IntoView {
    view! {
        <Notice tone=Tone::Error>
            <span>{format!("The relay's feed cannot be read ({why}). Reload the page: it may be older than the relay.")}</span>
        </Notice>
    }
}
