//! Items that the reader puts in order, with buttons or by dragging.

use crate::course::piece::Piece;
use crate::course::reading::Reading;
use crate::site;
use crate::ui::focus::focus;
use crate::ui::format;
use crate::ui::icon::{DOWN, Icon, UP};
use crate::ui::rendered::{Rendered, inline, reachable};
use curriculum::course::{Item, Order};
use leptos::html;
use leptos::prelude::*;
use std::collections::BTreeSet;

/// The result of the last check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checked {
    NotYet,
    /// How many items were out of place.
    Wrong(usize),
    Right,
    /// The reader asked for the answer.
    Shown,
}

/// The state of one piece. Items are named by their index in the right order.
#[derive(Clone, Copy)]
struct Arranging {
    reading: Reading,
    piece: StoredValue<String>,
    /// From top to bottom.
    items: RwSignal<Vec<usize>>,
    checked: RwSignal<Checked>,
    /// Items that the last check found out of place, and that have not moved since.
    misplaced: RwSignal<BTreeSet<usize>>,
    /// What a screen reader says after a move.
    moved: RwSignal<String>,
    /// How often the reader has begun again.
    round: StoredValue<u32>,
    dragged: StoredValue<Option<usize>>,
}

impl Arranging {
    fn new(piece: &str, count: usize) -> Self {
        let reading = expect_context::<Reading>();
        let done = reading.was_done(piece);
        let items = if done { (0..count).collect() } else { reading.disordered(piece, 0, count) };
        Self {
            reading,
            piece: StoredValue::new(piece.to_owned()),
            items: RwSignal::new(items),
            checked: RwSignal::new(if done { Checked::Right } else { Checked::NotYet }),
            misplaced: RwSignal::new(BTreeSet::new()),
            moved: RwSignal::new(String::new()),
            round: StoredValue::new(0),
            dragged: StoredValue::new(None),
        }
    }

    /// Whether the right order is shown, so that nothing can be moved.
    fn is_settled(self) -> bool {
        matches!(self.checked.get(), Checked::Right | Checked::Shown)
    }

    fn position(self, item: usize) -> usize {
        self.items.with(|items| items.iter().position(|known| *known == item)).unwrap_or_default()
    }

    /// Moves an item to a position, counted from 0. Does nothing at either end of the list.
    fn move_to(self, item: usize, position: Option<usize>) {
        let from = untrack(|| self.position(item));
        let count = self.items.with_untracked(Vec::len);
        let Some(to) = position.filter(|to| *to < count && *to != from) else { return };
        self.items.update(|items| {
            let item = items.remove(from);
            items.insert(to, item);
        });
        self.misplaced.update(|misplaced| {
            misplaced.remove(&item);
        });
        self.checked.set(Checked::NotYet);
        self.moved.set(format!("Position {} of {count}", to + 1));
    }

    fn check(self) {
        let misplaced = self.items.with_untracked(|items| misplaced(items));
        if misplaced.is_empty() {
            self.checked.set(Checked::Right);
            self.reading.done(&self.piece.get_value());
        } else {
            self.checked.set(Checked::Wrong(misplaced.len()));
        }
        self.misplaced.set(misplaced);
        self.moved.set(String::new());
    }

    fn show(self) {
        self.items.update(|items| items.sort_unstable());
        self.misplaced.set(BTreeSet::new());
        self.checked.set(Checked::Shown);
    }

    fn begin_again(self) {
        let round = self.round.try_update_value(|round| {
            *round += 1;
            *round
        });
        let count = self.items.with_untracked(Vec::len);
        self.items.set(self.reading.disordered(&self.piece.get_value(), round.unwrap_or(1), count));
        self.checked.set(Checked::NotYet);
    }
}

/// The fewest items that have to move to put all of them in order.
fn misplaced(items: &[usize]) -> BTreeSet<usize> {
    // The longest ascending run of items, which need not be neighbors, that ends at each position.
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let before =
            runs.iter().zip(items).filter(|(_, last)| *last < item).map(|(run, _)| run).max_by_key(|run| run.len());
        let mut run = before.cloned().unwrap_or_default();
        run.push(items[at]);
        runs.push(run);
    }
    let placed = runs.into_iter().max_by_key(Vec::len).unwrap_or_default();
    items.iter().copied().filter(|item| !placed.contains(item)).collect()
}

#[component]
pub(in crate::course) fn OrderView(order: Order) -> impl IntoView {
    let Order { id, ask, items } = order;
    let arranging = Arranging::new(&id, items.len());
    let settled = Memo::new(move |_| arranging.is_settled());
    let items = StoredValue::new(items);
    let main = NodeRef::<html::Button>::new();
    let press = move |_| {
        if settled.get_untracked() { arranging.begin_again() } else { arranging.check() }
    };
    let show = move |_| {
        arranging.show();
        // The pressed button is hidden.
        if let Some(main) = main.get_untracked() {
            // If it fails, Tab starts at the top.
            let _ = main.focus();
        }
    };
    let said = move || match arranging.checked.get() {
        Checked::NotYet => ().into_any(),
        Checked::Wrong(count) => {
            let are = if count == 1 { "is" } else { "are" };
            let words = format!("{} {are} out of place.", format::plural(count as u64, "item"));
            view! { <p class="card warn"><b>"Not yet"</b><span>{words}</span></p> }.into_any()
        }
        Checked::Right => view! { <p class="card good"><b>"Right"</b></p> }.into_any(),
        Checked::Shown => view! { <p class="card"><b>"This is the right order"</b></p> }.into_any(),
    };
    let label = format!("{id}-ask");
    view! {
        <Piece id class="order" kind="Put in order">
            <div id=label.clone() class="prose-block ask" inner_html=reachable(&inline(&ask))></div>
            <ol class="to-order" class:settled=settled aria-labelledby=label>
                <For
                    each=move || arranging.items.get()
                    key=|item| *item
                    children=move |item| view! { <ItemView arranging item content=items.with_value(|items| items[item].clone()) settled/> }
                />
            </ol>
            <p class="hidden" role="status">{arranging.moved}</p>
            <div aria-live="polite">{said}</div>
            <p class="buttons">
                <button type="button" class="primary" node_ref=main on:click=press>
                    {move || if settled.get() { "Try again" } else { "Check" }}
                </button>
                <button
                    type="button"
                    class="small"
                    hidden=move || !matches!(arranging.checked.get(), Checked::Wrong(_))
                    on:click=show
                >
                    "Show the right order"
                </button>
            </p>
        </Piece>
    }
}

#[component]
fn ItemView(arranging: Arranging, item: usize, content: Item, settled: Memo<bool>) -> impl IntoView {
    let Item { text, why } = content;
    let why = StoredValue::new(why);
    let position = Memo::new(move |_| arranging.position(item));
    let is_last = move || position.get() + 1 == arranging.items.with(Vec::len);
    let misplaced = Memo::new(move |_| arranging.misplaced.with(|misplaced| misplaced.contains(&item)));
    let id = format!("{}-item-{item}", arranging.piece.get_value());
    let (text_id, up, down) =
        (format!("{id}-text"), StoredValue::new(format!("{id}-up")), StoredValue::new(format!("{id}-down")));
    let step = move |button: StoredValue<String>, to: fn(usize) -> Option<usize>| {
        arranging.move_to(item, to(position.get_untracked()));
        // A moved element loses the focus.
        request_animation_frame(move || {
            focus(&button.get_value());
        });
    };
    // An element that can be dropped on says so by preventing the default.
    let over = move |event: web_sys::DragEvent| {
        if arranging.dragged.get_value().is_some() {
            event.prevent_default();
        }
    };
    let drop = move |event: web_sys::DragEvent| {
        if let Some(dragged) = arranging.dragged.try_update_value(Option::take).flatten() {
            event.prevent_default();
            arranging.move_to(dragged, Some(position.get_untracked()));
        }
    };
    let drag = move |event: web_sys::DragEvent| {
        arranging.dragged.set_value(Some(item));
        if let Some(transfer) = event.data_transfer() {
            // Firefox drags nothing without data. If it fails, the buttons remain.
            let _ = transfer.set_data("text/plain", "");
        }
    };
    let labels = |button: StoredValue<String>| format!("{} {text_id}", button.get_value());
    view! {
        <li
            class:misplaced=misplaced
            draggable=move || (!settled.get()).then_some("true")
            on:dragstart=drag
            on:dragend=move |_| arranging.dragged.set_value(None)
            on:dragover=over
            on:drop=drop
        >
            <div class="item">
                <span class="moves" hidden=settled>
                    <button
                        type="button"
                        class="icon"
                        id=up.get_value()
                        aria-label="Move up"
                        aria-labelledby=labels(up)
                        aria-disabled=move || (position.get() == 0).then_some("true")
                        on:click=move |_| step(up, |position| position.checked_sub(1))
                    >
                        <Icon path=UP/>
                    </button>
                    <button
                        type="button"
                        class="icon"
                        id=down.get_value()
                        aria-label="Move down"
                        aria-labelledby=labels(down)
                        aria-disabled=move || is_last().then_some("true")
                        on:click=move |_| step(down, |position| Some(position + 1))
                    >
                        <Icon path=DOWN/>
                    </button>
                </span>
                <span class="prose-block" id=text_id.clone() inner_html=site::html(&text)></span>
                <span class="place" hidden=move || !misplaced.get()>"out of place"</span>
            </div>
            {move || settled.get().then(|| view! { <div class="reason"><Rendered html=why.get_value()/></div> })}
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::misplaced;

    #[test]
    fn only_the_items_that_must_move_are_out_of_place() {
        let check = |items: &[usize], expect: &[usize]| {
            assert_eq!(misplaced(items).into_iter().collect::<Vec<_>>(), expect, "{items:?}");
        };
        check(&[], &[]);
        check(&[0, 1, 2, 3], &[]);
        // One item in front of its place: only this one must move.
        check(&[3, 0, 1, 2], &[3]);
        check(&[1, 2, 3, 0], &[0]);
        check(&[0, 2, 1, 3], &[2]);
        check(&[3, 2, 1, 0], &[1, 2, 3]);
        check(&[2, 3, 0, 1, 4], &[2, 3]);
    }
}
