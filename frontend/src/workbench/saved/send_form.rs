//! In which direction and how often a message is sent, what became of it, and the figure of a load.

use super::editor::Editor;
use super::figure::LoadFigure;
use super::item::Sendable;
use super::sending::{Progress, Rhythm, Sending};
use super::target::{Target, Targets};
use crate::ui::format;
use crate::ui::text_input::TextInput;
use leptos::prelude::*;
use std::time::Duration;

/// The limits of a repetition.
const PAUSE_MS: std::ops::RangeInclusive<u64> = 10..=60_000;
const MAX_TIMES: u32 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Once,
    Every,
    Answered,
    Flood,
}

/// In the order of the select, with their names.
const HOW: [(How, &str); 4] = [
    (How::Once, "Once"),
    (How::Every, "Again and again"),
    (How::Answered, "As fast as its echo comes back"),
    (How::Flood, "As fast as it goes"),
];

/// What was chosen for sending.
#[derive(Clone, Copy)]
pub(super) struct SendSettings {
    pub(super) targets: Targets,
    sending: Sending,
    how: RwSignal<How>,
    /// In milliseconds, as typed.
    pause: RwSignal<String>,
    times: RwSignal<String>,
}

impl SendSettings {
    pub(super) fn new(targets: Targets, sending: Sending) -> Self {
        let (how, pause) = (RwSignal::new(How::Once), RwSignal::new("1000".to_owned()));
        Self { targets, sending, how, pause, times: RwSignal::new("10".to_owned()) }
    }

    /// Sends it, if a connection is open and the fields are right.
    pub(super) fn send(self, what: Sendable) {
        if let (Some(target), Ok(rhythm)) = untrack(|| (self.targets.chosen.get(), self.rhythm())) {
            self.sending.start(target, what, rhythm);
        }
    }

    fn rhythm(self) -> Result<Rhythm, String> {
        let times = || {
            let number = self.times.get().trim().parse().ok().filter(|times| (1..=MAX_TIMES).contains(times));
            number.ok_or_else(|| {
                format!("A message can be sent from 1 to {} times.", format::count(u64::from(MAX_TIMES)))
            })
        };
        match self.how.get() {
            How::Once => Ok(Rhythm::Once),
            How::Answered if self.targets.chosen.get().is_some_and(|target| target != Target::Page) => {
                Err("Only messages of this page can be measured. Choose its direction, or another rhythm.".to_owned())
            }
            How::Answered => times().map(Rhythm::Answered),
            How::Flood => times().map(Rhythm::Flood),
            How::Every => {
                let pause = self.pause.get().trim().parse().ok().filter(|ms| PAUSE_MS.contains(ms));
                let pause =
                    pause.ok_or_else(|| format!("A pause has from {} to {} ms.", PAUSE_MS.start(), PAUSE_MS.end()))?;
                Ok(Rhythm::Every(Duration::from_millis(pause), times()?))
            }
        }
    }

    /// What is said below the fields.
    fn status(self) -> Result<String, String> {
        if self.targets.chosen.get().is_none() {
            return Ok("No connection is open. Close this panel and connect, or connect a client.".to_owned());
        }
        self.rhythm()?;
        let times = |sent: u32| format::plural(u64::from(sent), "time");
        match self.sending.progress.get() {
            Progress::Idle => Ok(String::new()),
            Progress::Sending(sent, of) => {
                Ok(format!("Sent {} of {}.", format::count(sent.into()), format::count(of.into())))
            }
            Progress::Done(sent) => {
                self.sending.refusal().map_or(Ok(()), Err)?;
                Ok(if sent == 1 { "Sent once.".to_owned() } else { format!("Sent {}.", times(sent)) })
            }
            Progress::Failed(why) => Err(why),
        }
    }
}

/// Sends the message of the editor.
#[component]
pub(super) fn SendForm(settings: SendSettings, editor: Editor) -> impl IntoView {
    let SendSettings { targets, sending, how, pause, times } = settings;
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if untrack(|| sending.is_busy()) {
            sending.stop();
        } else if let Ok(what) = untrack(|| editor.sendable()) {
            settings.send(what);
        }
    };
    let number = |id: &'static str, label: &'static str, value: RwSignal<String>, hidden: Signal<bool>| {
        view! {
            <div class="field short" hidden=hidden>
                <label for=id>{label}</label>
                <TextInput id inputmode="numeric" value on_input=move |text| value.set(text) described_by="sending-note"/>
            </div>
        }
    };
    let directions = move || {
        let option = |(at, (target, name)): (usize, (Target, String))| {
            let is_chosen = move || targets.chosen.get() == Some(target);
            view! { <option value=at.to_string() prop:selected=is_chosen>{name}</option> }
        };
        targets.all.get().into_iter().enumerate().map(option).collect_view()
    };
    let choose = move |event: web_sys::Event| {
        if let Ok(at) = event_target_value(&event).parse() {
            targets.choose(at);
        }
    };
    let rhythms = HOW.iter().enumerate().map(|(at, (of, words))| {
        view! { <option value=at.to_string() prop:selected=move || how.get() == *of>{*words}</option> }
    });
    let choose_rhythm = move |event: web_sys::Event| {
        let at: Option<usize> = event_target_value(&event).parse().ok();
        if let Some((of, _)) = at.and_then(|at| HOW.get(at)) {
            how.set(*of);
        }
    };
    view! {
        <form class="sending" on:submit=submit novalidate>
            <div class="field wide">
                <label for="sending-to">"Direction"</label>
                <select
                    id="sending-to"
                    class="pick"
                    on:change=choose
                    prop:disabled=move || targets.chosen.get().is_none()
                >
                    {directions}
                </select>
            </div>
            <div class="field">
                <label for="sending-how">"How often"</label>
                <select id="sending-how" class="pick" on:change=choose_rhythm>
                    {rhythms.collect_view()}
                </select>
            </div>
            {number("sending-pause", "Every … ms", pause, Signal::derive(move || how.get() != How::Every))}
            {number("sending-times", "Times", times, Signal::derive(move || how.get() == How::Once))}
            <button
                type="submit"
                class="primary"
                class:stop=move || sending.is_busy()
                aria-disabled=move || targets.chosen.get().is_none().to_string()
            >
                {move || if sending.is_busy() { "Stop" } else { "Send" }}
            </button>
            <p id="sending-note" class="note" role="status">
                {move || match settings.status() {
                    Ok(words) => words.into_any(),
                    Err(why) => view! { <span class="error">{why}</span> }.into_any(),
                }}
            </p>
        </form>
        {move || sending.load.get().map(|load| view! { <LoadFigure load/> })}
    }
}
