//! A sheet over the page's edge, for what a visitor opens, uses and closes again. The browser keeps the focus inside, closes
//! it on Escape, and gives the focus back.

use super::icon::{CLOSE, Icon};
use leptos::html;
use leptos::prelude::*;

/// The sheet that a view is in.
#[derive(Clone, Copy)]
pub struct OpenSheet(NodeRef<html::Dialog>);

impl OpenSheet {
    pub fn close(self) {
        // By this the browser learns that the focus is to go back; then it tells that the sheet is closed.
        if let Some(dialog) = self.0.get_untracked() {
            dialog.close();
        }
    }
}

#[component]
pub fn Sheet(
    /// Prefix of its ids, and its class.
    id: &'static str,
    title: &'static str,
    /// Whether it is there.
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
    // It runs again when a visitor asks for the sheet again before the browser has told that it is closed.
    Effect::new(move || {
        open.track();
        if let Some(dialog) = dialog.get() {
            // It fails only for a dialog that is no part of the page, or is open in another way.
            let _ = dialog.show_modal();
        }
    });
    // The event follows the closing. If the sheet was opened again in between, it stays open.
    let closed = move |_| {
        if dialog.get_untracked().is_none_or(|dialog| !dialog.open()) {
            open.set(false);
        }
    };
    // Beside the sheet the click is the dialog's own; inside it is one of its parts'.
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
