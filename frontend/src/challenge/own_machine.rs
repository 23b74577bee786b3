//! The same challenge from a client of the reader's own: where it connects, and what to begin with.

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
                "Any client in any language will do. Whatever connects to this address is graded in the checks above as it goes, for as long as this page is open. Keep the address to yourself: the session’s name is in it."
            </p>
            <div class="link">
                <input readonly aria-label="Address of your lab" prop:value=url.clone()/>
                <CopyButton text=Signal::stored(url) words="Copy"/>
            </div>
            {(!given.is_empty()).then(|| view! {
                <h3>"Yours are"</h3>
                <dl class="given">
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
            <h3>"To begin with"</h3>
            <Tabs label="Client" id="own-client" tabs=&LANGUAGES chosen/>
            <div id="own-client-panel" role="tabpanel" aria-label="Code for your own machine">
                <pre class="snippet" tabindex="0" role="region" aria-label="Client to begin with">
                    <code>{snippet}</code>
                </pre>
            </div>
            <div class="buttons">
                <CopyButton text=snippet words="Copy the code"/>
                <button type="button" class="small" on:click=move |_| runner.start_over()>
                    "Start over"
                </button>
                <span class="muted">"Starting over counts only what connects from then on, and no run in this page."</span>
            </div>
        </section>
    }
}

fn python(url: &str) -> String {
    // A JSON string is one of Python's too.
    let url = serde_json::to_string(url).unwrap_or_default();
    format!(
        "# pip install websockets\nimport asyncio\nimport websockets\n\nasync def main():\n    async with websockets.connect({url}) as socket:\n        await socket.send(\"…\")\n        print(await socket.recv())\n\nasyncio.run(main())"
    )
}

fn websocat(url: &str) -> String {
    // No single quote stands in the URL: they are escaped.
    format!("websocat '{}'", url.replace('\'', "%27"))
}
