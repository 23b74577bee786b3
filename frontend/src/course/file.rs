//! The reader's progress as a file: taken along, taken in, or begun anew.

use crate::course::progress::{MAX_FILE, Progress};
use crate::ui::focus::focus;
use crate::ui::object_url::ObjectUrl;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

#[component]
pub(super) fn ProgressFile() -> impl IntoView {
    let progress = Progress::provided();
    let said = RwSignal::new(None::<Result<&'static str, String>>);
    let asking = RwSignal::new(false);
    // It is made when it is wanted, and given back with the view.
    let link = RwSignal::new_local(None::<ObjectUrl>);
    let export = move |event: web_sys::MouseEvent| {
        let url = ObjectUrl::of(progress.export().as_bytes(), "application/json");
        let anchor = event.current_target().and_then(|it| it.dyn_into::<web_sys::Element>().ok());
        if let (Some(url), Some(anchor)) = (url, anchor) {
            // A constant name: setting it cannot fail.
            let _ = anchor.set_attribute("href", url.as_str());
            link.set(Some(url));
        }
    };
    let import = move |event: web_sys::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(input) = input else { return };
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        // The same file may be chosen again.
        input.set_value("");
        let name = file.name();
        if file.size() > MAX_FILE as f64 {
            said.set(Some(Err(format!("{name} is not taken: it has more than {MAX_FILE} bytes."))));
            return;
        }
        spawn_local(async move {
            let text = wasm_bindgen_futures::JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            let outcome = match text {
                None => Err("the browser could not read it: choose it again.".to_owned()),
                Some(text) => progress.import(&text),
            };
            let outcome = outcome.map(|()| "Your progress is taken over.");
            // The page may have been left meanwhile.
            let _ = said.try_set(Some(outcome.map_err(|why| format!("{name} is not taken: {why}"))));
        });
    };
    let begun = Memo::new(move |_| progress.has_begun());
    // What was pressed goes away, and the keyboard goes on to what comes in its place.
    let ask = move |yes: bool| {
        asking.set(yes);
        request_animation_frame(move || {
            focus(if yes { "keep-progress" } else { "start-afresh" });
        });
    };
    view! {
        <section class="progress-file" aria-labelledby="progress-file">
            <h2 id="progress-file">"Your progress"</h2>
            <p>
                "It is kept in this browser and nowhere else: no account, nothing of it is sent anywhere. Take it along as a file to go on in another browser."
            </p>
            <Trouble/>
            <div class="buttons">
                <a class="button small" download="framescope-progress.json" href="data:," on:click=export>
                    "Export"
                </a>
                <label class="button small drop">
                    <input type="file" class="hidden" accept=".json,application/json" on:change=import/>
                    "Import"
                </label>
                <Show
                    when=move || asking.get()
                    fallback=move || {
                        view! {
                            <button
                                type="button"
                                id="start-afresh"
                                class="small"
                                aria-disabled=move || (!begun.get()).then_some("true")
                                on:click=move |_| if untrack(|| begun.get()) { ask(true) }
                            >
                                "Start afresh"
                            </button>
                        }
                    }
                >
                    <span class="asking" role="group" aria-label="Forget all progress?">
                        <b>"Forget all that you have done here?"</b>
                        <button
                            type="button"
                            class="small"
                            on:click=move |_| {
                                progress.start_afresh();
                                ask(false);
                                said.set(Some(Ok("You start afresh.")));
                            }
                        >
                            "Forget it"
                        </button>
                        <button type="button" id="keep-progress" class="small" on:click=move |_| ask(false)>
                            "Keep it"
                        </button>
                    </span>
                </Show>
            </div>
            <p class="said" role="status" class:error=move || said.with(|said| matches!(said, Some(Err(_))))>
                {move || said.get().map(|said| said.map_or_else(|why| why, str::to_owned))}
            </p>
        </section>
    }
}

/// Why progress is not kept.
#[component]
pub(super) fn Trouble() -> impl IntoView {
    let progress = Progress::provided();
    move || progress.trouble().map(|why| view! { <p class="card bad" role="alert">{why}</p> })
}
