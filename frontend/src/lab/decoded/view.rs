//! The viewer of a message: its format with a choice of others, where decoding stopped, and the tree.

use super::choices;
use super::source::Source;
use super::tree::Tree;
use super::types::TypesView;
use super::{Marked, Message};
use crate::lab::Lab;
use crate::ui::format;
use crate::ui::late_style::LateStyle;
use crate::ui::scope::Scope;
use decode::{Decoded, Format, Limits, Stopped};
use leptos::prelude::*;
use std::sync::Arc;

pub(super) fn view(message: Message) -> AnyView {
    let Message { connection, from, kind, seq, payload, length, cut, marked } = message;
    let lab = expect_context::<Lab>();
    let of = (connection, from, kind);
    let source = Arc::new(lab.record.with_untracked(|record| Source::of(record, of, seq, payload, cut)));
    view! { <Viewer source length marked/> }.into_any()
}

#[component]
fn Viewer(source: Arc<Source>, length: usize, marked: Marked) -> impl IntoView {
    let (of, of_picker) = (Arc::clone(&source), Arc::clone(&source));
    let decoded = Memo::new(move |_| Arc::new(choices::decode(&of, Limits::TREE)));
    // Apart from the tree, so that a choice of types keeps the focus.
    let has_types = Memo::new(move |_| decoded.with(|decoded| decoded.format == Format::Protobuf));
    view! {
        <LateStyle>
            <section class="decoded" aria-label="Decoded message">
                <Picker source=of_picker decoded/>
                {move || {
                    let source = Arc::clone(&source);
                    has_types.get().then(|| view! { <TypesView source/> })
                }}
                {move || {
                    let decoded = decoded.get();
                    view! {
                        {(!decoded.summary.is_empty()).then(|| view! { <p class="summary">{decoded.summary.clone()}</p> })}
                        {decoded.stopped.clone().map(|stopped| view! { <StoppedView stopped length/> })}
                        {is_tree(&decoded).then(|| view! { <Tree decoded=Arc::clone(&decoded) marked/> })}
                    }
                }}
            </section>
        </LateStyle>
    }
}

/// Text and bytes are below, as they are.
fn is_tree(decoded: &Decoded) -> bool {
    !matches!(decoded.format, Format::Text | Format::Bytes)
}

#[component]
fn Picker(source: Arc<Source>, decoded: Memo<Arc<Decoded>>) -> impl IntoView {
    let id = Scope::here().id("format");
    let (of, then) = (Arc::clone(&source), source);
    let chosen = Memo::new(move |_| choices::format(&of));
    let choose = move |event| choices::choose_format(&then, Format::named(&event_target_value(&event)));
    let option = move |format: Format| {
        view! {
            <option value=format.name() selected=move || chosen.get() == Some(format)>
                {format.name()}
            </option>
        }
    };
    let why = move || decoded.with(|decoded| format!("{}, {}", decoded.format.name(), decoded.why.words()));
    view! {
        <div class="format">
            <label for=id.clone()>"Format"</label>
            <select id=id on:change=choose>
                <option value="" selected=move || chosen.get().is_none()>
                    "Automatic"
                </option>
                {Format::ALL.into_iter().map(option).collect_view()}
            </select>
            <span class="muted" aria-live="polite">
                {why}
            </span>
        </div>
    }
}

#[component]
fn StoppedView(stopped: Stopped, length: usize) -> impl IntoView {
    let of = format::count(length as u64);
    let place = if stopped.offset >= length {
        format!("Decoding stopped at the end, after byte {of}")
    } else {
        format!("Decoding stopped at byte {} of {of}", format::count(stopped.offset as u64))
    };
    view! {
        <p class="card bad">
            <b>{place}</b>
            <span>{stopped.reason}</span>
        </p>
    }
}
