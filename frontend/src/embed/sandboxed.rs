//! What an embedded page needs because it is in a frame, often with the attribute `sandbox`.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, Event, EventInit, HtmlFormElement};

/// Handles the clicks in `root` before anything else does.
pub(super) fn help(root: NodeRef<html::Div>) {
    let Some(root) = root.get_untracked() else { return };
    let clicked = Closure::<dyn Fn(Event)>::new(|event: Event| {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        leave_frame(&target);
        submit(&target, &event);
    });
    let listener: &js_sys::Function = clicked.as_ref().unchecked_ref();
    // This cannot fail on an element.
    let _ = root.add_event_listener_with_callback_and_bool("click", listener, true);
    let kept = StoredValue::new_local((root, clicked));
    on_cleanup(move || {
        kept.try_with_value(|(root, clicked)| {
            let listener = clicked.as_ref().unchecked_ref();
            root.remove_event_listener_with_callback_and_bool("click", listener, true)
        });
    });
}

/// Lets links to other pages of the site open in a new tab: the frame is for this piece alone.
fn leave_frame(target: &Element) {
    let Some(link) = target.closest("a[href]").ok().flatten() else { return };
    let stays = link.get_attribute("href").is_some_and(|href| href.starts_with('#'));
    if !stays && !link.has_attribute("download") && !link.has_attribute("target") {
        // Constant names and values: setting them cannot fail.
        let _ = link.set_attribute("target", "_blank");
        let _ = link.set_attribute("rel", "noopener");
    }
}

/// Submits a form without the browser, which ignores forms in a frame whose `sandbox` lacks `allow-forms`. The page's forms are only
/// read by the page itself.
fn submit(target: &Element, event: &Event) {
    let Some(button) = target.closest("form button[type=submit], form button:not([type])").ok().flatten() else {
        return;
    };
    let Some(form) = button.closest("form").ok().flatten().and_then(|form| form.dyn_into::<HtmlFormElement>().ok())
    else {
        return;
    };
    if button.has_attribute("disabled") {
        return;
    }
    event.prevent_default();
    let init = EventInit::new();
    init.set_bubbles(true);
    init.set_cancelable(true);
    if (form.no_validate() || form.report_validity())
        && let Ok(submitted) = Event::new_with_event_init_dict("submit", &init)
    {
        // The answer says whether the handler prevented the browser's own submission, which does not exist here.
        let _ = form.dispatch_event(&submitted);
    }
}
