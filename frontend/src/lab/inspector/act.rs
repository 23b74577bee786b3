//! A deliberate act of the relay that is not a frame.

use super::aftermath::AftermathView;
use super::purpose::DeliberateActs;
use crate::ui::field::Pointed;
use crate::ui::format;
use crate::ui::hex::Hex;
use leptos::prelude::*;
use observation::{Act, Seq};

/// How many rows of bytes are shown at first.
const FOLD: usize = 12;

#[component]
pub fn ActView(act: Act, seq: Seq, client: &'static str) -> impl IntoView {
    let Act { deliberate, bytes, sent, refused } = act;
    let kept = bytes.len() as u64;
    if let Some(why) = refused {
        return view! {
            <p class="card bad">
                <b>"Not done"</b>
                <span>{format!("{}: {why}.", deliberate.explanation)}</span>
            </p>
        }
        .into_any();
    }
    view! {
        <DeliberateActs did=vec![deliberate]/>
        <AftermathView seq client/>
        {(sent > 0)
            .then(|| {
                view! {
                    <h3>"Bytes " <span class="muted">"as sent, outside of any frame"</span></h3>
                    <Hex label="The bytes in hex" bytes class_at=Box::new(|_| "f-pay") fold=FOLD pointed=Pointed::new()/>
                    {(kept < sent)
                        .then(|| {
                            let (sent, kept) = (format::bytes(sent), format::bytes(kept));
                            view! { <p class="note">{format!("{sent} crossed the wire; the relay recorded the first {kept}.")}</p> }
                        })}
                }
            })}
    }
    .into_any()
}
