//! The tree of fields: folding, search, and the selected field with its path, its bytes and its value.

use super::Marked;
use super::outline::{self, Line};
use crate::ui::copy_button::CopyButton;
use crate::ui::format;
use crate::ui::scope::Scope;
use crate::ui::text_input::TextInput;
use decode::Decoded;
use leptos::prelude::*;
use std::sync::Arc;

/// How many lines are in the document at first, and how many more with each press.
const STEP: usize = 300;

/// The lines, and what the visitor did with them.
#[derive(Clone, Copy)]
struct Outline {
    lines: StoredValue<Vec<Line>>,
    open: RwSignal<Vec<bool>>,
    chosen: RwSignal<usize>,
    search: RwSignal<String>,
    marked: Marked,
}

#[component]
pub(super) fn Tree(decoded: Arc<Decoded>, marked: Marked) -> impl IntoView {
    let lines = outline::lines(&decoded.root);
    let open = RwSignal::new(outline::open_at_first(&lines));
    let lines = StoredValue::new(lines);
    let outline = Outline { lines, open, chosen: RwSignal::new(0), search: RwSignal::new(String::new()), marked };
    let found = Memo::new(move |_| {
        let text = outline.search.get();
        let text = text.trim();
        (!text.is_empty()).then(|| lines.with_value(|lines| outline::found(lines, text)))
    });
    let visible = Memo::new(move |_| match found.get() {
        Some((shown, _)) => shown,
        None => outline.open.with(|open| lines.with_value(|lines| outline::unfolded(lines, open))),
    });
    let limit = RwSignal::new(STEP);
    let place = Scope::here();
    let id = move |index: usize| place.id(&format!("field-{index}"));
    let active = move || {
        let chosen = outline.chosen.get();
        visible.with(|shown| shown.iter().take(limit.get()).any(|&index| index == chosen)).then(|| id(chosen))
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if outline.press(&event.key(), &visible.get_untracked()) {
            event.prevent_default();
            // The line may be new in the document, or below the last one that was.
            let at =
                visible.with_untracked(|shown| shown.iter().position(|&index| index == outline.chosen.get_untracked()));
            limit.update(|limit| *limit = (*limit).max(at.map_or(0, |at| at + 1)));
            request_animation_frame(move || scroll_to(&id(outline.chosen.get_untracked())));
        }
    };
    let root = Arc::clone(&decoded);
    view! {
        <Search outline found/>
        <div
            class="tree"
            role="tree"
            tabindex="0"
            aria-label="Decoded fields"
            aria-activedescendant=active
            on:keydown=on_key
        >
            {move || {
                let matches = found.get().map(|(_, matches)| matches).unwrap_or_default();
                let shown = visible.with(|shown| shown.iter().take(limit.get()).copied().collect::<Vec<_>>());
                shown
                    .into_iter()
                    .map(|index| view! { <LineView outline index id=id(index) is_match=matches.binary_search(&index).is_ok()/> })
                    .collect_view()
            }}
        </div>
        <button
            type="button"
            class="more"
            hidden=move || visible.with(Vec::len) <= limit.get()
            on:click=move |_| limit.update(|limit| *limit += STEP)
        >
            "Show more"
        </button>
        <Chosen outline decoded=root/>
    }
}

#[component]
fn Search(outline: Outline, found: Memo<Option<(Vec<usize>, Vec<usize>)>>) -> impl IntoView {
    let place = Scope::here();
    let words = move || {
        found.with(|found| {
            found.as_ref().map(|(_, matches)| match matches.len() {
                0 => "No field matches.".to_owned(),
                count => format::plural(count as u64, "match").replace("matchs", "matches"),
            })
        })
    };
    // Enter goes to the next match.
    let next = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            let now = outline.chosen.get_untracked();
            let next = found.with_untracked(|found| {
                let (_, matches) = found.as_ref()?;
                matches.iter().find(|&&index| index > now).or(matches.first()).copied()
            });
            if let Some(next) = next {
                outline.choose(next);
                request_animation_frame(move || scroll_to(&place.id(&format!("field-{next}"))));
            }
        }
    };
    view! {
        <div class="field-search" on:keydown=next>
            <label class="hidden" for=place.id("field-search")>
                "Search fields"
            </label>
            <TextInput
                id=place.id("field-search")
                kind="search"
                placeholder="Search fields"
                value=outline.search
                on_input=move |typed| outline.search.set(typed)
                described_by=place.id("field-matches")
            />
            <span id=place.id("field-matches") class="muted" aria-live="polite">
                {words}
            </span>
        </div>
    }
}

#[component]
fn LineView(outline: Outline, index: usize, id: String, is_match: bool) -> impl IntoView {
    let Some(line) = outline.lines.with_value(|lines| lines.get(index).cloned()) else { return ().into_any() };
    let is_chosen = move || outline.chosen.get() == index;
    // A search opens everything.
    let is_open =
        move || outline.open.with(|open| open.get(index) == Some(&true)) || !outline.search.with(String::is_empty);
    let expanded = move || line.has_children.then(|| is_open().to_string());
    let twist = move |event: web_sys::MouseEvent| {
        event.stop_propagation();
        outline.choose(index);
        outline.toggle(index);
    };
    view! {
        <div
            role="treeitem"
            id=id
            class="field-line"
            class:chosen=is_chosen
            class:match=is_match
            aria-selected=move || is_chosen().to_string()
            aria-expanded=expanded
            style:padding-left=format!("{}px", line.depth.min(12) * 14)
            on:click=move |_| outline.choose(index)
        >
            {if line.has_children {
                view! { <span class="twist" class:open=is_open aria-hidden="true" on:click=twist></span> }.into_any()
            } else {
                view! { <span class="twist none" aria-hidden="true"></span> }.into_any()
            }}
            <span class="name">{line.name}</span>
            " "
            <span class=format!("value {}", line.class)>{line.value}</span>
            {(!line.note.is_empty()).then(|| view! { " " <small class="muted">{line.note}</small> })}
        </div>
    }
    .attr("aria-level", (line.depth + 1).to_string())
    .into_any()
}

/// The selected field.
#[component]
fn Chosen(outline: Outline, decoded: Arc<Decoded>) -> impl IntoView {
    let line = Memo::new(move |_| outline.lines.with_value(|lines| lines.get(outline.chosen.get()).cloned()));
    let path = Signal::derive(move || line.get().map_or(String::new(), |line| line.path));
    let value = Signal::derive(move || outline::copied(&decoded.root, outline.chosen.get()));
    let bytes = move || {
        line.get().and_then(|line| line.span).map(|(start, end)| match end - start {
            0 => format!("at byte {start}"),
            1 => format!("byte {start}"),
            _ => format!("bytes {start} to {}", end - 1),
        })
    };
    view! {
        <div class="chosen-field" role="group" aria-label="Selected field">
            <code>{move || path.get()}</code>
            <span class="muted">{bytes}</span>
            <CopyButton text=path words="Copy path"/>
            <CopyButton text=value words="Copy value"/>
        </div>
    }
}

impl Outline {
    /// Selects a line and marks its bytes.
    fn choose(self, index: usize) {
        self.chosen.set(index);
        self.marked.set(self.lines.with_value(|lines| lines.get(index).and_then(|line| line.span)));
    }

    fn toggle(self, index: usize) {
        self.open.update(|open| {
            if let Some(open) = open.get_mut(index) {
                *open = !*open;
            }
        });
    }

    /// Handles a key as trees do. Returns whether it did something. WAI-ARIA Authoring Practices, "Tree View".
    fn press(self, key: &str, visible: &[usize]) -> bool {
        let now = self.chosen.get_untracked();
        let at = visible.iter().position(|&index| index == now);
        let line = self.lines.with_value(|lines| lines.get(now).cloned());
        let (Some(line), Some(&first), Some(&last)) = (line, visible.first(), visible.last()) else { return false };
        let is_open = self.open.with_untracked(|open| open.get(now) == Some(&true));
        let step = |by: isize| at.and_then(|at| visible.get(at.checked_add_signed(by)?)).copied();
        let next = match key {
            "ArrowDown" => step(1).unwrap_or(if at.is_none() { first } else { now }),
            "ArrowUp" => step(-1).unwrap_or(first),
            "Home" => first,
            "End" => last,
            "ArrowRight" if line.has_children && !is_open => {
                self.toggle(now);
                now
            }
            "ArrowRight" if line.has_children => now + 1,
            "ArrowLeft" if line.has_children && is_open => {
                self.toggle(now);
                now
            }
            "ArrowLeft" => line.parent.unwrap_or(now),
            "Enter" | " " if line.has_children => {
                self.toggle(now);
                now
            }
            _ => return false,
        };
        self.choose(next);
        true
    }
}

/// Scrolls a line into view inside of its tree, no further than needed.
fn scroll_to(id: &str) {
    let Some(line) = document().get_element_by_id(id) else { return };
    let Some(tree) = line.parent_element() else { return };
    let (line, frame) = (line.get_bounding_client_rect(), tree.get_bounding_client_rect());
    let by =
        if line.top() < frame.top() { line.top() - frame.top() } else { (line.bottom() - frame.bottom()).max(0.0) };
    tree.set_scroll_top(tree.scroll_top() + by.ceil() as i32);
}
