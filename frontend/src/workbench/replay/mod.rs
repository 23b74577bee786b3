//! Plays the client's side of a connection again, and shows what is different this time.

mod run;

use self::run::{Phase, Run};
use super::side_by_side::SideBySide;
use crate::address::target;
use crate::lab::Lab;
use crate::site;
use crate::ui::format;
use crate::ui::text_input::TextInput;
use leptos::prelude::*;
use observation::Party;
use replay::{Conversation, Next, Pace};
use std::sync::Arc;

/// What the select offers.
const PACES: [(&str, Pace); 6] = [
    ("As it was in time", Pace::Times(1)),
    ("10 times as fast", Pace::Times(10)),
    ("100 times as fast", Pace::Times(100)),
    ("All at once", Pace::Times(u32::MAX)),
    ("When the answers have come", Pace::Answers),
    ("Step by step", Pace::Steps),
];

#[component]
pub(super) fn Replay(
    conversation: Conversation,
    /// What can be done with the conversation besides.
    #[prop(optional, into)]
    save: Option<AnyView>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let then = Arc::new(conversation);
    let run = Run::new(Arc::clone(&then));
    let url = RwSignal::new(first_url(lab));
    let protocols = RwSignal::new(then.subprotocol.clone().unwrap_or_default());
    let error = RwSignal::new(None::<String>);
    let pace = RwSignal::new(0_usize);
    let (total, incomplete) = (then.from(Party::Client).count(), cut(&then));
    let start = move || {
        let checked = target::judge(&url.get_untracked(), lab.session_id().as_ref())
            .and_then(|_| target::resolve(&url.get_untracked()))
            .and_then(|url| Ok((url, target::subprotocols(&protocols.get_untracked())?)));
        error.set(checked.as_ref().err().cloned());
        if let Ok((address, protocols)) = checked {
            url.set(address.clone());
            let pace = PACES.get(pace.get_untracked()).map_or(Pace::Steps, |(_, pace)| *pace);
            run.start(&address, &protocols, pace);
        }
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if untrack(|| run.is_live()) { run.stop() } else { start() }
    };
    let choose = move |event: web_sys::Event| pace.set(event_target_value(&event).parse().unwrap_or_default());
    let option = |(index, (words, _)): (usize, &(&'static str, Pace))| {
        view! { <option value=index.to_string()>{*words}</option> }
    };
    let status = move || match run.phase.get() {
        Phase::Ready => format!("{} of the client will be sent.", format::plural(total as u64, "message")),
        Phase::Connecting => "Connecting…".to_owned(),
        Phase::Playing(sent, next) => format!("Sent {sent} of {total}. {}", waits(next)),
        Phase::Over(words) => words,
    };
    view! {
        <div class="sheet-body">
            <form class="replay" on:submit=submit novalidate>
                <div class="field wide">
                    <label for="replay-url">"Send to"</label>
                    <TextInput
                        id="replay-url"
                        inputmode="url"
                        value=url
                        on_input=move |text| {
                            url.set(text);
                            error.set(None);
                        }
                        readonly=Signal::derive(move || run.is_live())
                        invalid=Signal::derive(move || error.with(Option::is_some))
                        described_by="replay-note"
                    />
                </div>
                <div class="field">
                    <label for="replay-protocols">"Subprotocols"</label>
                    <TextInput
                        id="replay-protocols"
                        placeholder="none"
                        value=protocols
                        on_input=move |text| protocols.set(text)
                        readonly=Signal::derive(move || run.is_live())
                        described_by="replay-note"
                    />
                </div>
                <div class="field">
                    <label for="replay-pace">"When"</label>
                    <select id="replay-pace" class="pick" on:change=choose prop:disabled=move || run.is_live()>
                        {PACES.iter().enumerate().map(option).collect_view()}
                    </select>
                </div>
                <div class="replay-acts">
                    <button type="submit" class="primary" class:stop=move || run.is_live()>
                        {move || match run.phase.get() {
                            Phase::Connecting | Phase::Playing(..) => "Stop",
                            Phase::Ready => "Start",
                            Phase::Over(_) => "Start again",
                        }}
                    </button>
                    <button
                        type="button"
                        class="small"
                        hidden=move || !matches!(run.phase.get(), Phase::Playing(_, next) if next != Next::Over)
                        on:click=move |_| run.step()
                    >
                        "Send the next one now"
                    </button>
                </div>
                <p id="replay-note" class="note" aria-live="polite">
                    {move || match error.get() {
                        Some(why) => view! { <span class="error">{why}</span> }.into_any(),
                        None => status().into_any(),
                    }}
                </p>
            </form>
            {incomplete.map(|words| view! { <p class="note">{words}</p> })}
            {save}
            <SideBySide
                then=Arc::clone(&then)
                now=run.now
                columns=("Then", "Now")
                growing=Signal::derive(move || !matches!(run.phase.get(), Phase::Over(_)))
            />
        </div>
    }
}

/// The lab of this session, or the relay's echo.
fn first_url(lab: Lab) -> String {
    let path = match lab.session_id().filter(|id| !id.is_watch_only()) {
        Some(id) => site::path(&format!("/lab/{id}")),
        None => site::path("/echo"),
    };
    target::resolve(&path).unwrap_or(path)
}

/// What is said of messages that cannot be sent again.
fn cut(then: &Conversation) -> Option<String> {
    let cut = then.from(Party::Client).filter(|message| !message.is_whole()).count() as u64;
    let left_out = then.left_out as u64;
    let cut = (cut > 0)
        .then(|| format!("{} cannot be sent: the recording has only the beginning. ", format::plural(cut, "message")));
    let left_out = (left_out > 0)
        .then(|| format!("The last {} of the recording are left out.", format::plural(left_out, "message")));
    cut.or(left_out.clone())
        .map(|words| if words.ends_with(' ') { words + &left_out.unwrap_or_default() } else { words })
}

fn waits(next: Next) -> String {
    match next {
        Next::Send(_) => String::new(),
        Next::At(_) => "The next one is sent at its time.".to_owned(),
        Next::Step => "The next one waits for you.".to_owned(),
        Next::Answers(count) => {
            format!("The next one waits for {} from the server.", format::plural(count as u64, "message"))
        }
        Next::Over => "The server has not yet said as much as before.".to_owned(),
    }
}
