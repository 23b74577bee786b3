//! What the playground shows before the first connection: a button, and a link to the course.

use super::connect_form::ConnectForm;
use super::session::start_session;
use crate::lab::{FeedState, Lab, Session};
use crate::site;
use crate::ui::scope::moves_on_from;
use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Connect,
    Wait,
    TryAgain,
    StartAnew,
    Watch,
}

#[component]
pub fn Welcome() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let form = expect_context::<ConnectForm>();
    moves_on_from(".welcome");
    // What the button does.
    let first = Memo::new(move |_| match (lab.session.get(), lab.feed.get()) {
        (Session::Starting, _) => First::Wait,
        (Session::Failed(_), _) => First::TryAgain,
        (_, FeedState::Expired) => First::StartAnew,
        (Session::Ready(id), _) if id.is_watch_only() => First::Watch,
        _ => First::Connect,
    });
    let press = move |_| match first.get_untracked() {
        First::Connect => form.connect(lab),
        First::TryAgain => start_session(lab),
        First::Wait | First::StartAnew | First::Watch => {}
    };
    view! {
        <div class="welcome">
            <h3>"See what a WebSocket sends"</h3>
            <p>
                "Your browser opens a connection to this relay. The relay shows you what your browser hides: the exact handshake, every frame bit by bit, and who closed the connection."
            </p>
            {move || match first.get() {
                First::Watch => view! { <p>"Nothing has happened yet. New connections appear here."</p> }.into_any(),
                First::StartAnew => {
                    view! {
                        <a href=site::path("/") id="begin" class="button primary big">
                            "Start a new session"
                        </a>
                    }
                        .into_any()
                }
                first => {
                    let words = match first {
                        First::Wait => "Creating a session…",
                        First::TryAgain => "Retry",
                        _ => "Open a WebSocket",
                    };
                    view! {
                        <button type="button" id="begin" class="primary big" disabled=first == First::Wait on:click=press>
                            {words}
                        </button>
                    }
                        .into_any()
                }
            }}
            <p class="newcomers">
                "New to WebSockets? " <a href=site::path("/course")>"Take the course"</a> ": it starts with your first connection."
            </p>
        </div>
    }
}
