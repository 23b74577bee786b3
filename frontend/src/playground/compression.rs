//! The switch for permessage-deflate. It reads and writes a setting in the URL. RFC 7692 §5.

use super::connect_form::ConnectForm;
use crate::address::target::Target;
use crate::lab::Lab;
use leptos::prelude::*;

#[component]
pub fn CompressionSwitch(
    /// Whether there is a connection, so that the handshake is over.
    #[prop(into)]
    live: Signal<bool>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let form = expect_context::<ConnectForm>();
    let of_lab = Memo::new(move |_| matches!(form.target(lab), Ok(Target::Lab(_))));
    let on = Memo::new(move |_| form.compresses(lab));
    let locked = move || live.get() || !of_lab.get();
    let hint = move || match (live.get(), of_lab.get()) {
        (_, false) => "You can set this only for the relay’s lab. Other servers choose this themselves.",
        (true, true) => "This was negotiated in the handshake and applies until the connection closes.",
        (false, true) => {
            "Your browser always offers to compress messages (permessage-deflate). This sets whether the relay accepts."
        }
    };
    let switch = move |_| {
        if !untrack(locked) {
            form.ask(|settings| settings.with_compression(!settings.compress()));
        }
    };
    view! {
        <div class="field deflate">
            <p class="label-line" id="deflate">
                "Compression"
            </p>
            <button
                type="button"
                role="switch"
                class="switch"
                aria-labelledby="deflate"
                aria-checked=move || on.get().to_string()
                aria-disabled=move || locked().to_string()
                title=hint
                on:click=switch
            >
                <span class="track"></span>
                {move || if on.get() { "on" } else { "off" }}
            </button>
        </div>
    }
}
