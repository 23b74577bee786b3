//! A compressed payload and its content. RFC 7692 §7.2.

use crate::lab::Lab;
use crate::lab::explain::deflate;
use crate::ui::field::Pointed;
use crate::ui::hex::Hex;
use leptos::prelude::*;
use observation::{ConnectionNumber, Frame, Inflated};
use wire::deflate::TAIL;

#[component]
pub fn Inflating(frame: Frame, inflated: Inflated, connection: ConnectionNumber, pointed: Pointed) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let mut deflated = frame.unmasked_payload();
    let sent = deflated.len();
    // Only if the whole payload was recorded does the tail follow it directly.
    let tail = frame.position.is_some_and(|at| at.last) && !frame.truncated() && frame.violations.is_empty();
    if tail {
        deflated.extend_from_slice(&TAIL);
    }
    let class_at = move |offset| if offset < sent { "f-rsv" } else { "f-rsv unsent" };
    let agreed = lab.record.with_untracked(|record| record.transcript.opening(connection)?.deflate);
    let nothing = if frame.payload_bytes == 1 { "Nothing: the message is empty." } else { "Nothing yet." };
    let note = |words: String| view! { <p class="note">{words}</p> };
    view! {
        <h3>"Inflating " <span class="muted">"RFC 7692 §7.2"</span></h3>
        <p>{deflate::sizes(&frame, &inflated)}</p>
        {deflate::why(&frame, &inflated, agreed).into_iter().map(|words| note(words.into())).collect_view()}
        <h4>"Deflated" {tail.then_some(" and the tail that is not sent")}</h4>
        <Hex label="The deflated bytes in hex" bytes=deflated class_at=Box::new(class_at) fold=4 pointed/>
        {deflate::kept(sent, frame.payload_bytes).map(note)}
        {tail.then(|| note(deflate::TAIL.into()))}
        <h4>"Inflated"</h4>
        {deflate::kept(inflated.payload.len(), inflated.bytes).map(note)}
        {if inflated.payload.is_empty() {
            note(nothing.into()).into_any()
        } else {
            let class_at = Box::new(|_| "f-opc");
            view! { <Hex label="The inflated bytes in hex" bytes=inflated.payload class_at fold=8 pointed/> }.into_any()
        }}
    }
}
