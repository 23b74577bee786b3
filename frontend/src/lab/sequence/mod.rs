//! The sequence: two lifelines and everything that crossed between them, or three if something is in between.

mod heads;
mod help;
mod lifelines;
mod list;
mod place;
mod row;
mod saved;
mod search;
mod tools;

use self::heads::Heads;
use self::help::Help;
use self::list::{List, Summary};
use self::search::Search;
use self::tools::{Error, Hits};
use crate::lab::Lab;
use crate::ui::later::{Later, later};
use crate::ui::scope::Scope;
use crate::ui::text_input::TextInput;
use leptos::prelude::*;

later!(rows: Rows = Rows {
    search: Search::new,
    list: |search| view! { <List search/> }.into_any(),
    summary: || view! { <Summary/> }.into_any(),
    error: |search| view! { <Error search/> }.into_any(),
    help: |search| view! { <Help search/> }.into_any(),
    hits: |search| view! { <Hits search/> }.into_any(),
    on_key: tools::on_key,
});

/// The functions of the part that is loaded after the first view.
#[derive(Clone, Copy)]
struct Rows {
    search: fn(Lab, RwSignal<String>) -> Search,
    /// The heads, and the rows that match the filter.
    list: fn(Search) -> AnyView,
    /// How much there is.
    summary: fn() -> AnyView,
    /// What is wrong with the filter.
    error: fn(Search) -> AnyView,
    /// A button at the end of the field, and the help that it opens.
    help: fn(Search) -> AnyView,
    /// How many hits there are.
    hits: fn(Search) -> AnyView,
    /// A key that is pressed in the field of the filter.
    on_key: fn(Lab, Search, &web_sys::KeyboardEvent),
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
    let text = RwSignal::new(String::new());
    let search = Memo::new(move |_| rows.get().map(|rows| (rows.search)(lab, text)));
    let empty = Memo::new(move |_| lab.record.with(|record| record.sequence.is_empty()));
    view! {
        <section class="panel sequence" aria-labelledby=place.id("sequence-title")>
            <div class="bar">
                <h2 id=place.id("sequence-title")>
                    "Sequence" {place.suffix().map(|words| view! { <span class="hidden">{words}</span> })}
                </h2>
                {move || rows.get().map(|rows| (rows.summary)())}
                <span class="grow"></span>
                <FilterField text search rows/>
            </div>
            {move || Some((rows.get()?.hits)(search.get()?))}
            <Show
                when=move || empty.get()
                fallback=move || rows.draw(|rows| search.get().map_or_else(|| ().into_any(), |search| (rows.list)(search)))
            >
                <Heads middle=Memo::new(|_| None)/>
                {children.as_ref().map(|children| children())}
            </Show>
        </section>
    }
}

#[component]
fn FilterField(text: RwSignal<String>, search: Memo<Option<Search>>, rows: Later<Rows>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let place = Scope::here();
    let is_wrong = move || search.get().is_some_and(|search| search.progress.with(|progress| progress.error.is_some()));
    let on_key = move |event: web_sys::KeyboardEvent| {
        if let (Some(rows), Some(search)) = (untrack(move || rows.get()), search.get_untracked()) {
            (rows.on_key)(lab, search, &event);
        }
    };
    view! {
        <div class="filter">
            <label class="hidden" for=place.id("filter")>
                "Filter rows"
            </label>
            <span class="filter-text" on:keydown=on_key>
                <TextInput
                    id=place.id("filter")
                    kind="search"
                    placeholder="Filter: opcode:ping from:relay hello"
                    value=text
                    on_input=move |typed| text.set(typed)
                    invalid=Signal::derive(is_wrong)
                    described_by=place.id("filter-error")
                />
            </span>
            <span id=place.id("filter-error") class="error" aria-live="polite">
                {move || Some((rows.get()?.error)(search.get()?))}
            </span>
            {move || Some((rows.get()?.help)(search.get()?))}
        </div>
    }
}
