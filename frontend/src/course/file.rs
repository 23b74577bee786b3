//! The reader's progress: export, import and reset.

use crate::course::progress::Progress;
use crate::course::stored::MAX_FILE;
use crate::ui::chosen_file::chosen_file;
use crate::ui::focus::focus;
use crate::ui::object_url::ObjectUrl;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The result of an import or a reset.
type Outcome = Option<Result<&'static str, String>>;

#[component]
pub(super) fn ProgressFile() -> impl IntoView {
    let progress = Progress::provided();
    let said = RwSignal::<Outcome>::new(None);
    let link = RwSignal::new_local(None::<ObjectUrl>);
    let export = move |event: web_sys::MouseEvent| {
        link.set(ObjectUrl::of_link(&event, progress.export().as_bytes(), "application/json"));
    };
    let import = move |event: web_sys::Event| {
        let Some(file) = chosen_file(&event) else { return };
        let name = file.name();
        if file.size() > MAX_FILE as f64 {
            said.set(Some(Err(format!(
                "Cannot import {name}: the file has {} bytes; the limit is {MAX_FILE}.",
                file.size()
            ))));
            return;
        }
        spawn_local(async move {
            let text = wasm_bindgen_futures::JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            let outcome = match text {
                None => Err("the browser could not read the file. Choose it again.".to_owned()),
                Some(text) => progress.import(&text),
            };
            let outcome = outcome.map(|()| "Progress imported.");
            // The reader may have left the page.
            let _ = said.try_set(Some(outcome.map_err(|why| format!("Cannot import {name}: {why}"))));
        });
    };
    view! {
        <section class="progress-file" aria-labelledby="progress-file">
            <h2 id="progress-file">"Your progress"</h2>
            <p>
                "Your progress is stored only in this browser. There is no account, and nothing is uploaded. Export it as a file to continue in another browser."
            </p>
            <StorageProblem/>
            <div class="buttons">
                <a class="button small" download="framescope-progress.json" href="data:," on:click=export>
                    "Export"
                </a>
                <label class="button small drop">
                    <input type="file" class="hidden" accept=".json,application/json" on:change=import/>
                    "Import"
                </label>
                <ResetProgress said/>
            </div>
            <p class="said" role="status" class:error=move || said.with(|said| matches!(said, Some(Err(_))))>
                {move || said.get().map(|said| said.map_or_else(|why| why, str::to_owned))}
            </p>
        </section>
    }
}

/// Deletes the progress in this course, after a confirmation.
#[component]
fn ResetProgress(said: RwSignal<Outcome>) -> impl IntoView {
    let progress = Progress::provided();
    let asking = RwSignal::new(false);
    let begun = Memo::new(move |_| progress.has_begun());
    // The pressed button disappears, so the focus moves to the button that replaces it.
    let ask = move |yes: bool| {
        asking.set(yes);
        request_animation_frame(move || {
            focus(if yes { "keep-progress" } else { "reset-progress" });
        });
    };
    view! {
        <Show
            when=move || asking.get()
            fallback=move || {
                view! {
                    <button
                        type="button"
                        id="reset-progress"
                        class="small"
                        aria-disabled=move || (!begun.get()).then_some("true")
                        on:click=move |_| if untrack(|| begun.get()) { ask(true) }
                    >
                        "Reset progress"
                    </button>
                }
            }
        >
            <span class="asking" role="group" aria-label="Delete all progress?">
                <b>"Delete all your progress in this course?"</b>
                <button
                    type="button"
                    class="small"
                    on:click=move |_| {
                        progress.reset();
                        ask(false);
                        said.set(Some(Ok("Progress deleted.")));
                    }
                >
                    "Delete"
                </button>
                <button type="button" id="keep-progress" class="small" on:click=move |_| ask(false)>
                    "Cancel"
                </button>
            </span>
        </Show>
    }
}

/// Why the browser cannot store the progress.
#[component]
pub(super) fn StorageProblem() -> impl IntoView {
    let progress = Progress::provided();
    move || progress.problem().map(|why| view! { <p class="card bad" role="alert">{why}</p> })
}
