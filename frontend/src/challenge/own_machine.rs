//! The same challenge with the reader's own client: the URL, the values and starter code.

use crate::challenge::runner::Runner;
use crate::ui::copy_button::CopyButton;
use crate::ui::tabs::Tabs;
use leptos::prelude::*;

const LANGUAGES: [&str; 2] = ["Python", "websocat"];

#[component]
pub fn OwnMachine() -> impl IntoView {
    let runner = expect_context::<Runner>();
    let attempt = runner.attempt;
    let url = attempt.url();
    let given = attempt.shown.get_value();
    let chosen = RwSignal::new(0);
    let code = [python(&url), websocat(&url)];
    let snippet = Memo::new(move |_| code[chosen.get()].clone());
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
                <button type="button" class="small" on:click=move |_| runner.start_over()>
                    "Start over"
                </button>
                <span class="muted">"After you start over, earlier connections and runs in this page no longer count."</span>
            </div>
        </section>
    }
}

fn python(url: &str) -> String {
    // A JSON string is also a Python string.
    let url = serde_json::to_string(url).unwrap_or_default();
    format!(
        "# pip install websockets\nimport asyncio\nimport websockets\n\nasync def main():\n    async with websockets.connect({url}) as socket:\n        await socket.send(\"…\")\n        print(await socket.recv())\n\nasyncio.run(main())"
    )
}

fn websocat(url: &str) -> String {
    // Single quotes in the URL are escaped.
    format!("websocat '{}'", url.replace('\'', "%27"))
}
