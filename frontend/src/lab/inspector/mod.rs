//! The inspector: everything about the selected row. What it says about a row loads later.

pub mod accept;
mod act;
mod act_head;
mod act_waiting;
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
mod note;
mod on_the_path;
mod purpose;
mod round_trips;
mod route;
mod subject;
mod title;
pub mod tools;
mod tunnel;
mod unmasking;
mod unseen;

pub use act_waiting::DecideHeld;
pub use frame::ChosenPart;

use crate::lab::Lab;
use crate::lab::decoded;
use crate::lab::explain;
use crate::ui::icon::{BACK, DOWN, Icon, UP};
use crate::ui::later::{Later, later};
use crate::ui::scope::Scope;
use leptos::prelude::*;

later!(details: Details = Details::arrived());

/// The functions of the part that is loaded after the first view. They draw what is selected.
#[derive(Clone, Copy)]
struct Details {
    title: fn() -> AnyView,
    content: fn() -> AnyView,
}

impl Details {
    /// The decoders are next to load.
    fn arrived() -> Self {
        decoded::preload();
        Self { title: title::title, content: details::details }
    }
}

#[component]
pub fn Inspector() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let place = Scope::here();
    let details = Later::after_first_view(details);
    let has_row = Memo::new(move |_| lab.selected.with(Option::is_some));
    // Without focusable content, the inspector itself takes the focus, so that it can be scrolled.
    let tabindex = move || if has_row.get() { "-1" } else { "0" };
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
                {move || match details.get().filter(|_| has_row.get()) {
                    Some(details) => (details.title)(),
                    None => view! { <h2>"Inspector"</h2> }.into_any(),
                }}
                <span class="grow"></span>
                <Steps has_row/>
            </div>
            {move || if has_row.get() { details.draw(|details| (details.content)()) } else { view! { <Empty/> }.into_any() }}
        </aside>
    }
}

/// Buttons to the rows before and after the selected one.
#[component]
fn Steps(has_row: Memo<bool>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let step = move |by: isize| {
        let next = lab.record.with_untracked(|record| {
            let now = record.sequence.position(lab.selected.get_untracked()?)?;
            record.sequence.get(now.checked_add_signed(by)?).map(|row| row.key)
        });
        if let Some(key) = next {
            lab.inspect(key);
        }
    };
    view! {
        <span class="steps-through" hidden=move || !has_row.get()>
            <button type="button" class="icon" aria-label="Previous row" on:click=move |_| step(-1)>
                <Icon path=UP/>
            </button>
            <button type="button" class="icon" aria-label="Next row" on:click=move |_| step(1)>
                <Icon path=DOWN/>
            </button>
        </span>
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
