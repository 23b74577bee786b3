//! A sheet at the edge of the page. The browser keeps the focus inside, closes the sheet on Escape, and returns the focus.

use super::icon::{CLOSE, Icon};
use leptos::html;
use leptos::prelude::*;

/// The sheet around a view.
#[derive(Clone, Copy)]
pub struct OpenSheet(NodeRef<html::Dialog>);

impl OpenSheet {
    pub fn close(self) {
        // The browser returns the focus and then fires `close`.
        if let Some(dialog) = self.0.get_untracked() {
            dialog.close();
        }
    }
}

#[component]
pub fn Sheet(
    /// The prefix of its ids, and its class.
    id: &'static str,
    title: &'static str,
    /// Whether the sheet is open.
    open: RwSignal<bool>,
    children: ChildrenFn,
) -> impl IntoView {
    let children = StoredValue::new(children);
    view! {
        <Show when=move || open.get()>
            <Opened id title open>
                {children.with_value(|children| children())}
            </Opened>
        </Show>
    }
}

#[component]
fn Opened(id: &'static str, title: &'static str, open: RwSignal<bool>, children: Children) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let sheet = OpenSheet(dialog);
    provide_context(sheet);
    // It runs again if a visitor opens the sheet again before the browser has fired `close`.
    Effect::new(move || {
        open.track();
        if let Some(dialog) = dialog.get() {
            // It fails only for a dialog that is not in the document, or is already open.
            let _ = dialog.show_modal();
        }
    });
    // The event comes after the closing. If the sheet was opened again in between, it stays open.
    let closed = move |_| {
        if dialog.get_untracked().is_none_or(|dialog| !dialog.open()) {
            open.set(false);
        }
    };
    // A click outside the sheet has the dialog itself as its target.
    let beside = move |event: web_sys::MouseEvent| {
        if event.target() == event.current_target() {
            sheet.close();
        }
    };
    view! {
        <dialog class=format!("sheet {id}") aria-labelledby=format!("{id}-title") node_ref=dialog on:close=closed on:click=beside>
            <div class="sheet-inside">
                <div class="bar">
                    <h2 id=format!("{id}-title")>{title}</h2>
                    <span class="grow"></span>
                    <button type="button" class="icon" aria-label="Close this panel" on:click=move |_| sheet.close()>
                        <Icon path=CLOSE/>
                    </button>
                </div>
                {children()}
            </div>
        </dialog>
    }
}
