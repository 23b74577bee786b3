//! The sequence: two lifelines and everything that crossed between them, or three if something is in between.

mod heads;
mod lifelines;
mod list;
mod row;

use self::heads::Heads;
use self::list::{List, Summary, filter_error};
use crate::lab::Lab;
use crate::ui::later::{Later, later};
use crate::ui::scope::Scope;
use crate::ui::text_input::TextInput;
use leptos::prelude::*;

later!(rows: Rows = Rows {
    list: |filter_text| view! { <List filter_text/> }.into_any(),
    summary: || view! { <Summary/> }.into_any(),
    filter_error,
});

/// The functions of the part that is loaded after the first view.
#[derive(Clone, Copy)]
struct Rows {
    /// The heads, and the rows that match the filter.
    list: fn(RwSignal<String>) -> AnyView,
    /// How much there is.
    summary: fn() -> AnyView,
    filter_error: fn(&str) -> Option<String>,
}

#[component]
pub fn SequenceView(
    /// What is shown while there are no rows.
    #[prop(optional)]
    children: Option<ChildrenFn>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let place = Scope::here();
    let rows = Later::after_first_view(rows);
    let filter_text = RwSignal::new(String::new());
    let empty = Memo::new(move |_| lab.record.with(|record| record.sequence.is_empty()));
    view! {
        <section class="panel sequence" aria-labelledby=place.id("sequence-title")>
            <div class="bar">
                <h2 id=place.id("sequence-title")>
                    "Sequence" {place.suffix().map(|words| view! { <span class="hidden">{words}</span> })}
                </h2>
                {move || rows.get().map(|rows| (rows.summary)())}
                <span class="grow"></span>
                <FilterField text=filter_text rows/>
            </div>
            <Show when=move || empty.get() fallback=move || rows.draw(|rows| (rows.list)(filter_text))>
                <Heads middle=Memo::new(|_| None)/>
                {children.as_ref().map(|children| children())}
            </Show>
        </section>
    }
}

#[component]
fn FilterField(text: RwSignal<String>, rows: Later<Rows>) -> impl IntoView {
    let error = Memo::new(move |_| rows.get().and_then(|rows| text.with(|text| (rows.filter_error)(text))));
    let place = Scope::here();
    view! {
        <div class="filter">
            <label class="hidden" for=place.id("filter")>
                "Filter rows"
            </label>
            <TextInput
                id=place.id("filter")
                kind="search"
                placeholder="Filter: opcode:ping from:relay hello"
                value=text
                on_input=move |typed| text.set(typed)
                invalid=Signal::derive(move || error.with(Option::is_some))
                described_by=place.id("filter-error")
            />
            <span id=place.id("filter-error") class="error" aria-live="polite">
                {error}
            </span>
        </div>
    }
}
