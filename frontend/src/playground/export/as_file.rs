//! The session as a file for other tools, and opening such a file.

use crate::lab::Lab;
use crate::site;
use leptos::prelude::*;
use observation::ConnectionNumber;

/// The extension of a format, what opens it, and what it contains.
const FILES: [(&str, &str, &str); 4] = [
    ("har", "For browser DevTools and mitmproxy", "Handshakes and whole messages, without frames."),
    ("pcapng", "For Wireshark", "Every byte of every handshake and frame, as a network capture."),
    ("json", "To open in Framescope", "Everything that the relay recorded, including its deliberate actions."),
    (
        "toml",
        "For framescope check",
        "Scenarios that do again what the clients did, and expect what the server answered.",
    ),
];

#[component]
pub fn AsFile(
    /// The connection of the selected row.
    connection: Option<ConnectionNumber>,
    /// Whether to export tokens. It applies to the link and the code too.
    keep_tokens: RwSignal<bool>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let only = RwSignal::new(false);
    let address = move |extension: &str| {
        let session = lab.session_id()?;
        let only = connection.filter(|_| only.get()).map(|number| format!("connection={}", number.0));
        let keep = keep_tokens.get().then(|| "secrets=keep".to_owned());
        let query: Vec<_> = only.into_iter().chain(keep).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
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
                "What the relay recorded in this session, without the session’s name."
            </p>
            {scope}
            <label class="tick">
                <input
                    type="checkbox"
                    aria-describedby="keep-tokens"
                    prop:checked=keep_tokens
                    on:change=move |event| keep_tokens.set(event_target_checked(&event))
                />
                "Keep tokens"
            </label>
            <p class="note about-tick" id="keep-tokens">
                "Otherwise, asterisks replace tokens in URLs, headers and subprotocols. The relay never records cookies and "
                <code>"Authorization"</code>
                ". Messages are exported as they are."
            </p>
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
