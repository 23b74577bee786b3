//! The empty sequence: one sentence, one button.

use super::connect_bar::ConnectForm;
use crate::store::{FeedState, Lab, Session};
use crate::ui::focus::moves_on_from;
use leptos::prelude::*;

#[component]
pub fn Welcome() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let form = expect_context::<ConnectForm>();
    moves_on_from(".welcome");
    let starting = move || matches!(lab.session.get(), Session::Starting);
    let expired = Memo::new(move |_| lab.feed.get() == FeedState::Expired);
    view! {
        <div class="welcome">
            <h3>"Watch a WebSocket being born"</h3>
            <p>
                "Your browser opens a connection to this relay, and the relay shows you what your browser hides: the handshake word for word, every frame bit by bit, and who said goodbye."
            </p>
            {move || match expired.get() {
                true => {
                    view! {
                        <a href="/" id="begin" class="button primary big">
                            "Start a new session"
                        </a>
                    }
                        .into_any()
                }
                false => {
                    view! {
                        <button
                            type="button"
                            id="begin"
                            class="primary big"
                            disabled=starting
                            on:click=move |_| form.connect(lab)
                        >
                            {move || if starting() { "Getting a session…" } else { "Open a WebSocket" }}
                        </button>
                    }
                        .into_any()
                }
            }}
        </div>
    }
}
