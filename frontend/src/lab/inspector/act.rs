//! A deliberate act of the relay that is not a frame.

use super::act_head::HeadBeforeAndAfter;
use super::act_waiting::Waiting;
use super::aftermath::AftermathView;
use super::purpose::DeliberateActs;
use crate::ui::field::Pointed;
use crate::ui::format;
use crate::ui::hex::Hex;
use leptos::prelude::*;
use observation::{Act, Content, Intercepted, Seq};
use wire::opcode::Opcode;

/// How many rows of bytes are shown at first.
const FOLD: usize = 12;

#[component]
pub fn ActView(act: Act, seq: Seq, client: &'static str) -> impl IntoView {
    let Act { deliberate, bytes, sent, refused, intercepted, handshake } = act;
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
        {intercepted.and_then(|intercepted| intercepted.read().ok()).map(|intercepted| view! { <BeforeAndAfter intercepted seq/> })}
        {handshake.and_then(|handshake| handshake.read().ok()).map(|handshake| view! { <HeadBeforeAndAfter handshake seq/> })}
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

/// What a rule changed: the message as it was, and as it became.
#[component]
fn BeforeAndAfter(intercepted: Intercepted, seq: Seq) -> impl IntoView {
    let Intercepted { before, after, until_us, held, .. } = intercepted;
    let became = match (after.is_empty(), until_us) {
        (true, Some(_)) => "When the relay recorded this, nothing had gone on yet.",
        (true, None) => "Nothing went on.",
        (false, _) => "",
    };
    let waiting = held
        .filter(|_| until_us.is_some())
        .map(|number| view! { <Waiting number seq decide="Edit, forward, drop or answer it"/> });
    view! {
        {waiting}
        <div class="before-after">
            <section>
                <h3>"What it was"</h3>
                {content(before)}
            </section>
            <section>
                <h3>"What it became"</h3>
                {(!became.is_empty()).then(|| view! { <p class="note">{became}</p> })}
                {after.into_iter().map(content).collect_view()}
            </section>
        </div>
    }
}

fn content(content: Content) -> impl IntoView {
    let opcode = Opcode::from_nibble(content.opcode);
    let compressed = if content.compressed { ", compressed" } else { "" };
    let cut = if content.is_truncated() { ", the beginning" } else { "" };
    let words = format!("{}, {}{compressed}{cut}", opcode.name(), format::bytes(content.bytes));
    let text = std::str::from_utf8(&content.payload).ok().filter(|_| opcode != Opcode::Binary).map(str::to_owned);
    view! {
        <p class="muted">{words}</p>
        {match text {
            Some(text) => view! { <pre class="content">{text}</pre> }.into_any(),
            None => {
                let bytes = content.payload;
                view! { <Hex label="The content in hex" bytes class_at=Box::new(|_| "f-pay") fold=FOLD pointed=Pointed::new()/> }
                    .into_any()
            }
        }}
    }
}
