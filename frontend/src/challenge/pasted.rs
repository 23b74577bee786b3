//! A field for a message that only the browser's console shows.

use crate::challenge::runner::Runner;
use curriculum::console::recognise;
use leptos::prelude::*;

/// The longest line that is used, in characters.
const MAX_LINE: usize = 4_000;

#[component]
pub fn PasteField() -> impl IntoView {
    let attempt = expect_context::<Runner>().attempt;
    let url = attempt.challenge.with_value(|challenge| challenge.wanted_url().map(|url| attempt.filled(url)));
    let text = RwSignal::new(String::new());
    let input = move |event| {
        let line: String = event_target_value(&event).chars().take(MAX_LINE).collect();
        text.set(line.clone());
        attempt.paste(line);
    };
    let said = move || {
        text.with(|text| {
            if text.trim().is_empty() {
                return None;
            }
            Some(match recognise(text, url.as_deref()) {
                Some(known) => format!("This is a message from {}. {}", known.browser, known.explanation),
                None => "This is not a known browser message about a failed WebSocket. Copy the whole message, including the URL.".into(),
            })
        })
    };
    view! {
        <section class="panel" aria-labelledby="paste-title">
            <h2 id="paste-title">
                <label for="paste">"Console message"</label>
            </h2>
            <textarea
                id="paste"
                rows="3"
                spellcheck="false"
                aria-describedby="paste-note paste-said"
                prop:value=text
                on:input=input
            ></textarea>
            <p class="muted" id="paste-note">
                "Open the console with F12 and paste the message here. The page sends it to the relay only for a receipt."
            </p>
            <p id="paste-said" role="status">
                {said}
            </p>
        </section>
    }
}
