//! The session as a file for other tools, and the way back.

use crate::lab::Lab;
use leptos::prelude::*;
use observation::ConnectionNumber;

/// How a file's name ends, what opens it, and what is in it.
const FILES: [(&str, &str, &str); 3] = [
    (
        "har",
        "For the DevTools of a browser, and mitmproxy",
        "Handshakes and whole messages. What is below messages is not in it.",
    ),
    ("pcapng", "For Wireshark", "Every byte of every handshake and frame, as if it had been captured on the line."),
    ("json", "To open it here again", "Everything that the relay recorded, with what it did on purpose."),
];

#[component]
pub fn AsFile(
    /// The one that is inspected.
    connection: Option<ConnectionNumber>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let only = RwSignal::new(false);
    let address = move |extension: &str| {
        let session = lab.session_id()?;
        let query =
            connection.filter(|_| only.get()).map_or(String::new(), |number| format!("?connection={}", number.0));
        Some(format!("/api/sessions/{session}/export.{extension}{query}"))
    };
    let scope = connection.map(|number| {
        view! {
            <label class="tick">
                <input type="checkbox" prop:checked=only on:change=move |event| only.set(event_target_checked(&event))/>
                {format!("Only connection {}, which you are inspecting", number.0)}
            </label>
        }
    });
    let file = |(extension, title, what): (&'static str, &'static str, &'static str)| {
        view! {
            <li>
                <p>
                    <b>{title}</b>
                    <span>{what}</span>
                </p>
                <a class="button small" href=move || address(extension) download="" aria-label=format!("Download .{extension}: {title}")>
                    {format!("Download .{extension}")}
                </a>
            </li>
        }
    };
    view! {
        <section aria-labelledby="as-file">
            <h3 id="as-file">"As a file"</h3>
            <p class="note">
                "What the relay saw in this session. The session’s name is not in the files, but all that was sent is."
            </p>
            {scope}
            <ul class="files">
                {FILES.into_iter().map(file).collect_view()}
                <li>
                    <p>
                        <b>"A recording that you have"</b>
                        <span>"One in JSON opens in a view of its own, in a new tab."</span>
                    </p>
                    <a class="button small" href="/recording" target="_blank">
                        "Open a recording…"
                    </a>
                </li>
            </ul>
        </section>
    }
}
