//! Opens a file and shows it as the playground shows a live session.

use super::save::SaveLink;
use crate::lab::inspector::tools::Tools;
use crate::lab::inspector::{ChosenPart, Inspector};
use crate::lab::sequence::SequenceView;
use crate::lab::store::record::{CAPACITY, Incoming};
use crate::lab::{Lab, recorded_file};
use crate::shell::notice::{Notice, Tone};
use crate::shell::top_bar::TopBar;
use crate::site;
use crate::ui::chosen_file::{chosen_file, dropped_file};
use crate::ui::focus::focus;
use crate::ui::format;
use crate::ui::scope::focus_rows;
use crate::workbench::Workbench;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::FeedMessage;
use observation::document::{Document, Import, Secrets, Source};

/// The open recording.
#[derive(Clone)]
struct Opened {
    /// Its name.
    file: String,
    /// Its content without the observations.
    head: Document,
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
        if let Some(file) = chosen_file(&event) {
            page.read(file);
        }
    };
    let drop_in = move |event: web_sys::DragEvent| {
        event.prevent_default();
        if let Some(file) = dropped_file(&event) {
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
                "Choose a session that was exported as JSON, a capture (pcap or pcapng), or a HAR file. It stays in this browser and is not uploaded."
            </p>
            <label class="drop big" on:dragover=move |event| event.prevent_default() on:drop=drop_in>
                <input
                    id="recording-file"
                    type="file"
                    class="hidden"
                    accept=recorded_file::ACCEPT
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
    provide_context(Tools::new(None));
    let skip = |event: web_sys::MouseEvent| {
        event.prevent_default();
        focus_rows();
    };
    let Opened { file, head, left_out } = opened;
    let Document { began, exported, secrets, import, .. } = head.clone();
    let left_out = (left_out > 0).then(|| {
        let count = format::plural(left_out as u64, "observation");
        format!(" The recording is too long for this page, so the first {count} are not shown.")
    });
    let tokens = secrets.map(|secrets| match secrets {
        Secrets::LeftOut => " Asterisks replace the tokens in its handshakes.",
        Secrets::Kept => " It has the tokens of its handshakes, so share it with care.",
    });
    let source = import.as_ref().map(|import| import.source);
    let program = import.as_ref().and_then(|import| import.program.as_ref()).map(|program| format!(", by {program}"));
    let exported = source.is_none().then(|| {
        view! {
            ", exported "
            <time datetime=exported.clone()>{moment(&exported)}</time>
        }
    });
    let problems = import.filter(|import| !import.problems.is_empty()).map(|import| view! { <Problems import/> });
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
                    <b>{source.map_or("A recording. ", kind)}</b>
                    {file} {program} ", started " <time datetime=began.clone()>{moment(&began)}</time> {exported}
                    ". Nothing here is live." {left_out} {tokens} {source.map(made_up)}
                </span>
                <SaveLink lab head/>
                <a href=site::path("/recording") rel="external" class="button small">
                    "Open another"
                </a>
            </Notice></div>
            {problems}
            <main id="workspace" tabindex="-1" class="workspace" class:inspecting=move || lab.inspecting.get()>
                <h1 class="hidden">"Recording"</h1>
                <SequenceView/>
                <Inspector/>
            </main>
            <Workbench/>
        }
}

/// What could not be read, and where.
#[component]
fn Problems(import: Import) -> impl IntoView {
    let Import { problems, more_problems, .. } = import;
    let count = problems.len() as u64 + more_problems;
    let problem = |problem: observation::document::Problem| {
        view! {
            <li>
                <b>{problem.place.to_string()}</b>
                " "
                {problem.text}
            </li>
        }
    };
    let more = (more_problems > 0).then(|| {
        let more = format::plural(more_problems, "more problem");
        view! { <li>{format!("{more}, not listed")}</li> }
    });
    view! {
        <section class="problems" aria-label="Problems in this file">
            <details>
                <summary>{format::plural(count, "problem")} " in this file"</summary>
                <ul tabindex="0" aria-label="Problems">
                    {problems.into_iter().map(problem).collect_view()}
                    {more}
                </ul>
            </details>
        </section>
    }
}

impl Page {
    fn read(self, file: web_sys::File) {
        let name = file.name();
        self.state.set(State::Reading(name.clone()));
        spawn_local(async move {
            let state = match recorded_file::read(file).await {
                Ok(document) => State::Open(self.open(name, document)),
                Err(why) => State::Choosing(Some(why)),
            };
            // The signal is gone if the visitor has left the page.
            let _ = self.state.try_set(state);
        });
    }

    /// Puts the recording into the store.
    fn open(self, file: String, document: Document) -> Opened {
        let mut head = document;
        let mut observations = std::mem::take(&mut head.observations);
        let left_out = observations.len().saturating_sub(CAPACITY);
        observations.drain(..left_out);
        let all = Incoming::Feed(FeedMessage::Observations(observations));
        self.lab.record.try_update(|record| {
            record.recorded = true;
            record.imported = head.import.is_some();
            record.take_in(all);
        });
        Opened { file, head, left_out }
    }
}

fn kind(source: Source) -> &'static str {
    match source {
        Source::Har => "A HAR file. ",
        Source::Pcap | Source::Pcapng => "A capture. ",
    }
}

/// What is not in the file, but shown.
fn made_up(source: Source) -> &'static str {
    match source {
        Source::Har => {
            " A HAR file has messages, not frames: each message is shown as one frame, and the header of the frame is made up."
        }
        Source::Pcap | Source::Pcapng => "",
    }
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
