//! The session as a file for other tools, and opening such a file.

use crate::lab::Lab;
use crate::site;
use leptos::prelude::*;
use observation::ConnectionNumber;

/// The extension of a format, what opens it, and what it contains.
const FILES: [(&str, &str, &str); 3] = [
    ("har", "For browser DevTools and mitmproxy", "Handshakes and whole messages, without frames."),
    ("pcapng", "For Wireshark", "Every byte of every handshake and frame, as a network capture."),
    ("json", "To open in Framescope", "Everything that the relay recorded, including its deliberate actions."),
];

#[component]
pub fn AsFile(
    /// The connection of the selected row.
    connection: Option<ConnectionNumber>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let only = RwSignal::new(false);
    let address = move |extension: &str| {
        let session = lab.session_id()?;
        let query =
            connection.filter(|_| only.get()).map_or(String::new(), |number| format!("?connection={}", number.0));
        Some(site::path(&format!("/api/sessions/{session}/export.{extension}{query}")))
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
            <h3 id="as-file">"File"</h3>
            <p class="note">
                "What the relay recorded in this session. The files contain everything that was sent, but not the session’s name."
            </p>
            {scope}
            <ul class="files">
                {FILES.into_iter().map(file).collect_view()}
                <li>
                    <p>
                        <b>"Open a recording"</b>
                        <span>"A JSON export opens in a new tab."</span>
                    </p>
                    <a class="button small" href=site::path("/recording") target="_blank">
                        "Open a recording…"
                    </a>
                </li>
            </ul>
        </section>
    }
}
