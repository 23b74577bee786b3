//! Opens a file and shows it as the playground shows a live session.

use crate::lab::Lab;
use crate::lab::inspector::{ChosenPart, Inspector};
use crate::lab::sequence::SequenceView;
use crate::lab::store::record::{CAPACITY, Incoming};
use crate::shell::notice::{Notice, Tone};
use crate::shell::top_bar::TopBar;
use crate::site;
use crate::ui::focus::focus;
use crate::ui::format;
use crate::ui::scope::focus_rows;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::FeedMessage;
use observation::document::{Document, ReadError};
use wasm_bindgen::JsCast;

/// The largest file that is read, in bytes.
const MAX_FILE: usize = 64 << 20;

/// The open recording.
#[derive(Clone)]
struct Opened {
    file: String,
    began: String,
    exported: String,
    /// How many of the oldest observations do not fit.
    left_out: usize,
}

#[derive(Clone)]
enum State {
    Choosing(Option<String>),
    Reading(String),
    Open(Opened),
}

#[derive(Clone, Copy)]
struct Page {
    /// A store without session and feed. It takes one file; for another, the page is reloaded.
    lab: Lab,
    state: RwSignal<State, LocalStorage>,
}

pub fn page() -> AnyView {
    let page = Page { lab: Lab::new(None), state: RwSignal::new_local(State::Choosing(None)) };
    view! {
        {move || match page.state.get() {
            State::Choosing(error) => view! { <Chooser page error/> }.into_any(),
            State::Reading(name) => view! { <Reading name/> }.into_any(),
            State::Open(opened) => view! { <Recording lab=page.lab opened/> }.into_any(),
        }}
    }
    .into_any()
}

#[component]
fn Chooser(page: Page, error: Option<String>) -> impl IntoView {
    let choose = move |event: web_sys::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        if let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) {
            page.read(file);
        }
    };
    let drop_in = move |event: web_sys::DragEvent| {
        event.prevent_default();
        if let Some(file) = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)) {
            page.read(file);
        }
    };
    let failed = error.is_some();
    request_animation_frame(move || {
        if failed {
            focus("recording-file");
        }
    });
    view! {
        <TopBar>
            <a href=site::path("/") class="button small">
                "Playground"
            </a>
        </TopBar>
        <main class="lost">
            <h1>"Open a recording"</h1>
            <p id="recording-note">
                "Choose a session that was exported as JSON. It stays in this browser and is not uploaded."
            </p>
            <label class="drop big" on:dragover=move |event| event.prevent_default() on:drop=drop_in>
                <input
                    id="recording-file"
                    type="file"
                    class="hidden"
                    accept=".json,application/json"
                    on:change=choose
                    aria-describedby="recording-note recording-error"
                />
                <span>"Choose a file or drop one here"</span>
            </label>
            <p id="recording-error" class="error" role="alert">
                {error}
            </p>
        </main>
    }
}

#[component]
fn Reading(name: String) -> impl IntoView {
    view! {
        <TopBar/>
        <main class="lost">
            <h1>"Open a recording"</h1>
            <p role="status">{format!("Reading {name}…")}</p>
        </main>
    }
}

#[component]
fn Recording(lab: Lab, opened: Opened) -> impl IntoView {
    provide_context(lab);
    provide_context(ChosenPart::new());
    let skip = |event: web_sys::MouseEvent| {
        event.prevent_default();
        focus_rows();
    };
    let Opened { file, began, exported, left_out } = opened;
    let left_out = (left_out > 0).then(|| {
        let count = format::plural(left_out as u64, "observation");
        format!(" The recording is too long for this page, so the first {count} are not shown.")
    });
    request_animation_frame(focus_rows);
    view! {
            <a class="skip" href="#workspace" on:click=skip>
                "Skip to frames"
            </a>
            <TopBar>
                <a href=site::path("/") class="button small">
                    "Playground"
                </a>
            </TopBar>
            <div role="status">
    <Notice tone=Tone::Recording>
                <span>
                    <b>"A recording. "</b>
                    {file} ", started " <time datetime=began.clone()>{moment(&began)}</time> ", exported "
                    <time datetime=exported.clone()>{moment(&exported)}</time> ". Nothing here is live." {left_out}
                </span>
                <a href=site::path("/recording") rel="external" class="button small">
                    "Open another"
                </a>
            </Notice></div>
            <main id="workspace" tabindex="-1" class="workspace" class:inspecting=move || lab.inspecting.get()>
                <h1 class="hidden">"Recording"</h1>
                <SequenceView/>
                <Inspector/>
            </main>
        }
}

impl Page {
    fn read(self, file: web_sys::File) {
        let name = file.name();
        if file.size() > MAX_FILE as f64 {
            let error = ReadError::TooLarge { bytes: file.size() as usize, limit: MAX_FILE };
            self.state.set(State::Choosing(Some(words(&name, &error.to_string()))));
            return;
        }
        self.state.set(State::Reading(name.clone()));
        spawn_local(async move {
            let text = wasm_bindgen_futures::JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            let document = match text.map(|text| Document::read(&text, MAX_FILE)) {
                None => Err("the browser could not read the file. Choose it again".into()),
                Some(Err(error)) => Err(error.to_string()),
                Some(Ok(document)) if document.observations.is_empty() => {
                    Err("the recording is empty. Export a session that has had a connection".into())
                }
                Some(Ok(document)) => Ok(document),
            };
            let state = match document {
                Ok(document) => State::Open(self.open(name, document)),
                Err(why) => State::Choosing(Some(words(&name, &why))),
            };
            // The signal is gone if the visitor has left the page.
            let _ = self.state.try_set(state);
        });
    }

    /// Puts the recording into the store.
    fn open(self, file: String, document: Document) -> Opened {
        let Document { exported, began, mut observations, .. } = document;
        let left_out = observations.len().saturating_sub(CAPACITY);
        observations.drain(..left_out);
        let all = Incoming::Feed(FeedMessage::Observations(observations));
        self.lab.record.try_update(|record| {
            record.recorded = true;
            record.take_in(all);
        });
        Opened { file, began, exported, left_out }
    }
}

/// Why a file cannot be opened. `why` is a sentence without a capital and a period.
fn words(name: &str, why: &str) -> String {
    format!("Cannot open {name}: {why}.")
}

/// A time of RFC 3339 as people read it: `2026-11-25 03:02:25 UTC`.
fn moment(text: &str) -> String {
    match (text.get(..10), text.get(11..19)) {
        (Some(date), Some(time)) if text.ends_with('Z') => format!("{date} {time} UTC"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_moment_is_read_by_people() {
        assert_eq!(moment("2026-11-25T03:02:25.123456Z"), "2026-11-25 03:02:25 UTC");
        assert_eq!(moment("2026-11-25T03:02:25+01:00"), "2026-11-25T03:02:25+01:00");
        assert_eq!(moment("noon"), "noon");
    }
}
