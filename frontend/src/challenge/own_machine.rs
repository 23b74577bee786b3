//! The same challenge with the reader's own client: the URL, the values and starter code.

use crate::challenge::runner::Runner;
use crate::ui::copy_button::CopyButton;
use crate::ui::object_url::ObjectUrl;
use crate::ui::tabs::Tabs;
use curriculum::starter::{Starter, starters};
use leptos::prelude::*;

/// The starters in their order, then the command.
const LANGUAGES: [&str; 5] = ["Python", "Node", "Rust", "Go", "websocat"];

#[component]
pub fn OwnMachine() -> impl IntoView {
    let runner = expect_context::<Runner>();
    let attempt = runner.attempt;
    let url = attempt.url();
    let given = attempt.shown.get_value();
    let chosen = RwSignal::new(0);
    let javascript = attempt.filled(&attempt.challenge.with_value(|challenge| challenge.starter.clone()));
    let files = starters(&javascript, &url, &given);
    let command = websocat(&url);
    let file = Memo::new(move |_| files.get(chosen.get()).cloned());
    let snippet = Memo::new(move |_| file.get().map_or_else(|| command.clone(), |file| file.code));
    view! {
        <section class="panel own-machine" aria-labelledby="own-title">
            <h2 id="own-title">"From your own machine"</h2>
            <p>
                "Use any client in any language. The checks above grade every connection to this address while this page is open. Keep the address private: it contains the session’s name."
            </p>
            <div class="link">
                <input readonly aria-label="Address of your lab" prop:value=url.clone()/>
                <CopyButton text=Signal::stored(url) words="Copy"/>
            </div>
            {(!given.is_empty()).then(|| view! {
                <h3>"Your values"</h3>
                <dl class="values">
                    {given
                        .into_iter()
                        .map(|(name, value)| view! {
                            <dt>{name}</dt>
                            <dd>
                                <code>{value}</code>
                            </dd>
                        })
                        .collect_view()}
                </dl>
            })}
            <h3>"Starter code"</h3>
            <Tabs label="Client" id="own-client" tabs=&LANGUAGES chosen/>
            <div id="own-client-panel" role="tabpanel" aria-label="Code for your own machine">
                <pre class="snippet" tabindex="0" role="region" aria-label="Starter code">
                    <code>{snippet}</code>
                </pre>
            </div>
            <div class="buttons">
                <CopyButton text=snippet words="Copy the code"/>
                {move || file.get().map(|starter| view! { <AsFile starter/> })}
                <button type="button" class="small" on:click=move |_| runner.start_over()>
                    "Start over"
                </button>
                <span class="muted">"After you start over, earlier connections and runs in this page no longer count."</span>
            </div>
        </section>
    }
}

/// The code as a file to download.
#[component]
fn AsFile(starter: Starter) -> impl IntoView {
    let url = StoredValue::new_local(ObjectUrl::of(starter.code.as_bytes(), "text/plain"));
    let address = url.with_value(|url| url.as_ref().map(|url| url.as_str().to_owned()));
    address.map(|address| {
        view! {
            <a href=address download=starter.file class="button small">
                {format!("Download {}", starter.file)}
            </a>
        }
    })
}

fn websocat(url: &str) -> String {
    // Single quotes in the URL are escaped.
    format!("websocat '{}'", url.replace('\'', "%27"))
}
