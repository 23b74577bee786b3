//! The inspector: everything about the selected row.

pub mod accept;
mod act;
mod aftermath;
mod both_sides;
mod browsers;
mod content;
mod details;
mod ending;
mod extensions;
mod frame;
mod front;
mod handshake;
pub mod head_lines;
mod hop;
mod inflating;
mod message;
mod on_the_path;
mod purpose;
mod round_trips;
mod route;
mod subject;
mod tunnel;
mod unmasking;
mod unseen;

pub use frame::ChosenPart;

use self::subject::{Subject, ends_of};
use crate::lab::decoded;
use crate::lab::explain;
use crate::lab::row_text::{self, Ends};
use crate::lab::{Lab, Record};
use crate::ui::format;
use crate::ui::icon::{BACK, DOWN, Icon, UP};
use crate::ui::later::{Later, later};
use crate::ui::scope::Scope;
use leptos::prelude::*;
use observation::Leg;
use observation::sequence::RowKey;

later!(details: Details = Details::arrived());

/// The functions of the part that is loaded after the first view.
#[derive(Clone, Copy)]
pub struct Details {
    draw: fn(RowKey, Subject) -> AnyView,
    /// What a row says instead of the beginning of its payload. `None` if that is better, or while the decoders load.
    pub summary: fn(&Record, RowKey) -> Option<String>,
}

impl Details {
    /// The decoders are next to load.
    fn arrived() -> Self {
        decoded::preload();
        Self { draw: details::details, summary: decoded::summary }
    }
}

/// Loads them.
pub fn load() -> Later<Details> {
    Later::after_first_view(details)
}

#[component]
pub fn Inspector() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let place = Scope::here();
    // With the row's key, since two rows can have the same content.
    let subject = Memo::new(move |_| {
        let key = lab.selected.get();
        let subject = key.map_or(Subject::Nothing, |key| lab.record.with(|record| Subject::of(record, key)));
        (key, subject)
    });
    let details = load();
    // Without focusable content, the inspector itself takes the focus, so that it can be scrolled.
    let tabindex = move || if subject.with(|(key, _)| key.is_none()) { "0" } else { "-1" };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            lab.inspecting.set(false);
            place.focus_rows();
        }
    };
    view! {
        <aside
            id=place.id("inspector")
            class="panel inspector"
            tabindex=tabindex
            aria-label=format!("Inspector{}", place.suffix().unwrap_or_default())
            on:keydown=on_key
        >
            <Title subject/>
            {move || match subject.get() {
                (Some(key), subject) => details.draw(|details| (details.draw)(key, subject)),
                (None, _) => view! { <Empty/> }.into_any(),
            }}
        </aside>
    }
}

/// What is inspected, and buttons to the rows before and after it.
#[component]
fn Title(subject: Memo<(Option<RowKey>, Subject)>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let place = Scope::here();
    let step = move |by: isize| {
        let next = lab.record.with_untracked(|record| {
            let now = record.sequence.position(lab.selected.get_untracked()?)?;
            record.sequence.get(now.checked_add_signed(by)?).map(|row| row.key)
        });
        if let Some(key) = next {
            lab.inspect(key);
        }
    };
    let ends = move || lab.selected.get_untracked().map_or(Ends::of(None, "client"), |key| ends_of(lab, key));
    let leg = move || match ends().leg {
        None => String::new(),
        Some(Leg::Near) => "client side".into(),
        Some(Leg::Far) => "server side".into(),
    };
    let title = move || match subject.get().1 {
        Subject::Nothing => ("Inspector".to_owned(), None, String::new()),
        Subject::Opening { .. } | Subject::Asked(_) => ("Opening handshake".into(), None, leg()),
        Subject::Tunnel(_) => ("Connection to the middlebox".into(), Some(("TLS".to_owned(), "")), leg()),
        Subject::Records(records) => ("TLS records".into(), None, ends().arrow(records.from)),
        Subject::Refusal { refusal, .. } => {
            ("Refused".into(), refusal.status.map(|status| (status.to_string(), "bad")), leg())
        }
        Subject::Ending(closed) => {
            let badge = closed.code.map(|code| (code.to_string(), if closed.clean { "close" } else { "bad" }));
            ("Connection closed".into(), badge, leg())
        }
        Subject::Act(act) => ("Deliberate".into(), Some((act.deliberate.what.to_string(), "")), String::new()),
        Subject::Unseen => ("Seen only by the page".into(), None, String::new()),
        Subject::Gone => ("Dropped".into(), None, String::new()),
        Subject::Frame { frame, .. } => {
            let way = ends().arrow(frame.from);
            let badge = (row_text::badge(frame.opcode()), row_text::badge_class(&frame));
            ("Frame".into(), Some(badge), format!("{way}, {}", format::bytes(frame.wire_bytes())))
        }
    };
    let has_row = move || subject.with(|(key, _)| key.is_some());
    view! {
        <div class="bar">
            <button
                type="button"
                class="icon back"
                aria-label="Back to the sequence"
                on:click=move |_| {
                    lab.inspecting.set(false);
                    place.focus_rows();
                }
            >
                <Icon path=BACK/>
            </button>
            {move || {
                let (words, badge, detail) = title();
                view! {
                    <h2>{words}</h2>
                    {badge.map(|(text, class)| view! { <em class=format!("op {class}")>{text}</em> })}
                    <span class="muted one-line">{detail}</span>
                }
            }}
            <span class="grow"></span>
            <span class="steps-through" hidden=move || !has_row()>
                <button type="button" class="icon" aria-label="Previous row" on:click=move |_| step(-1)>
                    <Icon path=UP/>
                </button>
                <button type="button" class="icon" aria-label="Next row" on:click=move |_| step(1)>
                    <Icon path=DOWN/>
                </button>
            </span>
        </div>
    }
}

#[component]
fn Empty() -> impl IntoView {
    view! {
        <div class="legend">
            <p>"Choose a row to see every field. Each field has the same color everywhere:"</p>
            <dl class="why">
                {explain::FIELDS
                    .into_iter()
                    .map(|(class, name, meaning)| {
                        view! {
                            <div>
                                <dt class=class>{name}</dt>
                                <dd>{meaning}</dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
        </div>
    }
}
