//! One row of the sequence: what JavaScript saw, the arrow, what the wire carried.

use super::search::Search;
use crate::lab::Lab;
use crate::lab::decoded;
use crate::lab::row_text::{Arrow, Middle, RowText, Stop, describe};
use crate::ui::format;
use crate::ui::scope::Scope;
use leptos::prelude::*;
use observation::sequence::{Row, RowKey};
use observation::{Leg, Party};
use std::ops::Range;

/// A row's height in CSS pixels; the style sheet has the same number.
pub const HEIGHT: usize = 34;

/// Texts of up to this many bytes are never shortened.
const SHORT: usize = 12;

/// How many characters of a note a row shows at most.
const NOTE: usize = 80;

/// The id of a row's element.
pub fn element_id(key: RowKey) -> String {
    match key {
        RowKey::Request(seq) => format!("row-{seq}-request"),
        RowKey::Response(seq) => format!("row-{seq}-response"),
        RowKey::Opened(seq) => format!("row-{seq}-opened"),
        RowKey::Frame(seq) => format!("row-{seq}"),
        RowKey::Act(seq) => format!("row-{seq}-act"),
        RowKey::Tunnel(seq) => format!("row-{seq}-tunnel"),
        RowKey::Records(seq) => format!("row-{seq}-records"),
        RowKey::End(seq) => format!("row-{seq}-end"),
        RowKey::Gap(from, _) => format!("row-{from}-gap"),
        RowKey::Page(number) => format!("row-page-{}", number.0),
    }
}

#[component]
pub fn RowView(
    row: Row,
    /// Its index among the rows shown.
    index: usize,
    /// Its number in the record.
    number: usize,
    #[prop(into)] total: Signal<usize>,
    search: Search,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let key = row.key;
    let text = lab.record.with_untracked(|record| describe(record, &row));
    let selected = move || lab.selected.get() == Some(key);
    let class = format!("row {}", class(&text));
    // Where other rows are shown too.
    let is_hit = Memo::new(move |_| {
        let is_active = search.progress.with(|progress| progress.is_active);
        is_active && !search.only_hits.get() && search.hit(number).is_some()
    });
    let open = move |_| {
        lab.inspect(key);
        lab.inspecting.set(true);
    };
    view! {
        <div
            role="option"
            id=Scope::here().id(&element_id(key))
            class=class
            class:sel=selected
            class:hit=move || is_hit.get()
            aria-selected=move || selected().to_string()
            aria-setsize=move || total.get().to_string()
            aria-posinset=(index + 1).to_string()
            style:transform=format!("translateY({}px)", index * HEIGHT)
            on:click=open
        >
            <RowCells
                text
                search
                summary=move || lab.record.with_untracked(|record| decoded::summary(record, key))
                note=Memo::new(move |_| lab.record.with(|record| record.note(key).map(note_line)))
            />
        </div>
    }
}

/// In the order for screen readers: arrow, what JavaScript saw, what the wire carried, time. The style sheet puts each into its
/// column.
#[component]
fn RowCells(
    text: RowText,
    search: Search,
    summary: impl Fn() -> Option<String> + Send + Sync + 'static,
    /// The beginning of the note that is pinned to it.
    note: Memo<Option<String>>,
) -> impl IntoView {
    let RowText { time, page, middle, wire, .. } = text;
    let at = (!time.is_empty()).then(|| view! { <span class="time">{time} <span class="hidden">" ms"</span></span> });
    view! {
        {match middle {
            Middle::Arrow(arrow) => view! { <ArrowCell arrow search summary note/> }.into_any(),
            Middle::Band { text, .. } => view! { <span class="band">{text} <NoteMark note/></span> }.into_any(),
        }}
        <span class="js" class:none=page.nothing>
            <span class="hidden">"JavaScript: "</span>
            {page.image.map(|url| view! { <img src=url alt="" class="thumb"/> })}
            <span class="one-line">{page.text}</span>
        </span>
        <span class="wire">
            <span class="hidden">"Wire: "</span>
            <NoteMark note/>
            <code>{wire.code}</code>
            " "
            {wire.words}
        </span>
        {at}
    }
}

#[component]
fn ArrowCell(
    arrow: Arrow,
    search: Search,
    /// What the payload says, instead of its beginning.
    summary: impl Fn() -> Option<String> + Send + Sync + 'static,
    note: Memo<Option<String>>,
) -> impl IntoView {
    let text = arrow.text;
    let text = Memo::new(move |_| summary().unwrap_or_else(|| text.clone()));
    // A long text may be shortened where there is little room.
    let marks = Memo::new(move |_| text.with(|text| search.marks(text)));
    let is_long = move || text.with(String::len) > SHORT;
    view! {
        <span class="arrow">
            <span class="shaft"></span>
            <span class="label">
                <span class="hidden">{arrow.direction}</span>
                <em class=format!("op {}", arrow.badge_class)>{arrow.badge}</em>
                <span class="what" class:long=is_long>
                    {move || text.with(|text| marked(text, &marks.get()))}
                </span>
                <small>{arrow.detail}</small>
                {(!arrow.purpose.is_empty()).then(|| view! { <small class="purpose">{arrow.purpose}</small> })}
                <NoteMark note/>
            </span>
            <span class="shaft"></span>
        </span>
    }
}

/// The first line of a note.
fn note_line(note: &str) -> String {
    format::one_line(note.lines().next().unwrap_or_default(), NOTE)
}

/// The beginning of a note, if there is one. It is beside what the wire carried, or in the arrow where there is no such column.
#[component]
fn NoteMark(note: Memo<Option<String>>) -> impl IntoView {
    move || {
        note.get().map(|text| {
            view! {
                <small class="noted one-line">
                    <span class="hidden">"Note: "</span>
                    {text}
                </small>
            }
        })
    }
}

/// A text with what the filter found in it.
fn marked(text: &str, marks: &[Range<usize>]) -> AnyView {
    if marks.is_empty() {
        return text.to_owned().into_any();
    }
    let mut pieces = Vec::new();
    let mut done = 0;
    for Range { start, end } in marks.iter().cloned() {
        pieces.push(text[done..start].to_owned().into_any());
        pieces.push(view! { <mark>{text[start..end].to_owned()}</mark> }.into_any());
        done = end;
    }
    pieces.push(text[done..].to_owned().into_any());
    pieces.into_any()
}

fn class(text: &RowText) -> String {
    let leg = match text.leg {
        None => "",
        Some(Leg::Near) => " near",
        Some(Leg::Far) => " far",
    };
    match &text.middle {
        Middle::Arrow(arrow) => {
            let way = if arrow.from == Party::Client { "out" } else { "in" };
            let control = if arrow.control { " ctl" } else { "" };
            let wrong = if arrow.wrong { " wrong" } else { "" };
            let stop = match arrow.stop {
                None => "",
                Some(Stop::Waits) => " stopped",
                Some(Stop::Ends) => " stopped ends",
            };
            format!("{way}{control}{wrong}{stop}{leg}")
        }
        Middle::Band { class, .. } => format!("banded {class}{leg}"),
    }
}
