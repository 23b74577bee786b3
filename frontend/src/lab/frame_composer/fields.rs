//! A frame composed bit by bit: each field of its header is a control in the RFC's grid. RFC 6455 §5.2.

use super::draft::FrameDraft;
use super::verdict::Verdict;
use crate::ui::field::Pointed;
use crate::ui::hex::{Hex, class_at};
use leptos::prelude::*;
use wire::Sender;
use wire::opcode::Opcode;

/// How many rows of bytes are shown at first.
const FOLD: usize = 4;

/// The bits that are switches: class, name, field of the draft.
type Bit = (&'static str, &'static str, fn(&mut FrameDraft) -> &mut bool);

const FIRST_BITS: [Bit; 4] = [
    ("f-fin one", "FIN", |draft| &mut draft.fin),
    ("f-rsv one", "RSV1", |draft| &mut draft.rsv[0]),
    ("f-rsv one", "RSV2", |draft| &mut draft.rsv[1]),
    ("f-rsv one", "RSV3", |draft| &mut draft.rsv[2]),
];
const MASK: Bit = ("f-mask one", "MASK", |draft| &mut draft.masked);

#[component]
pub fn FrameFields(
    /// The prefix of its ids. `{id}-note` is what describes the fields.
    id: &'static str,
    draft: RwSignal<FrameDraft>,
    /// The role in which it is sent.
    role: Memo<Sender>,
    /// Whether permessage-deflate was agreed on.
    deflate: Memo<bool>,
    /// Whether the relay masks it where the protocol requires that.
    #[prop(optional)]
    relay_masks: bool,
) -> impl IntoView {
    let pointed = Pointed::new();
    let masked = Memo::new(move |_| draft.with(|draft| draft.masked));
    view! {
        <div class="compose">
            <div class="bits" role="group" aria-label="The frame's header, bit by bit">
                {FIRST_BITS.into_iter().map(|bit| view! { <BitSwitch bit draft pointed/> }).collect_view()}
                <OpcodeSelect id draft/>
                <BitSwitch bit=MASK draft pointed/>
                <LengthFields id draft/>
                <Show when=move || masked.get()>
                    <KeyField id draft/>
                </Show>
            </div>
            <PayloadField id draft/>
        </div>
        <div class="composed">
            {move || match draft.with(FrameDraft::composed) {
                Ok(composed) => {
                    let header = composed.header().ok();
                    let bytes = header
                        .map(|header| {
                            let mut bytes = Vec::new();
                            wire::encoder::encode(&header, &composed.payload, &mut bytes);
                            let class_at = Box::new(class_at(&header));
                            view! { <Hex label="The composed frame in hex" bytes class_at fold=FOLD pointed/> }
                        });
                    let mut composed = composed;
                    if relay_masks && role.get() == Sender::Client {
                        composed.masking_key.get_or_insert_default();
                    }
                    view! {
                        {bytes}
                        <Verdict composed role=role.get() deflate=deflate.get()/>
                    }
                        .into_any()
                }
                Err(_) => view! { <p class="note">"The frame is not complete. See the message below."</p> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn BitSwitch(bit: Bit, draft: RwSignal<FrameDraft>, pointed: Pointed) -> impl IntoView {
    let (class, name, of) = bit;
    let set = move || *of(&mut draft.get());
    let hue = class.split(' ').next().unwrap_or_default();
    view! {
        <button
            type="button"
            class=class
            class:lit=move || pointed.is_at(hue)
            aria-pressed=move || set().to_string()
            aria-label=name
            on:click=move |_| draft.update(|draft| *of(draft) ^= true)
        >
            <b>{move || u8::from(set())}</b>
            <small>{name}</small>
        </button>
    }
}

#[component]
fn OpcodeSelect(id: &'static str, draft: RwSignal<FrameDraft>) -> impl IntoView {
    let opcode = Memo::new(move |_| draft.with(|draft| draft.opcode));
    let choose = move |event: web_sys::Event| {
        if let Ok(nibble) = event_target_value(&event).parse() {
            draft.update(|draft| draft.opcode = nibble);
        }
    };
    let option = |nibble: u8| {
        let words = format!("{nibble:X} {}", Opcode::from_nibble(nibble).name());
        view! { <option value=nibble.to_string() prop:selected=move || opcode.get() == nibble>{words}</option> }
    };
    view! {
        <div class="f-opc four">
            <b>{move || format!("{:04b}", opcode.get()).chars().flat_map(|bit| [bit, ' ']).collect::<String>()}</b>
            <label for=format!("{id}-opcode") class="hidden">
                "Opcode"
            </label>
            <select id=format!("{id}-opcode") on:change=choose>
                {(0..16).map(option).collect_view()}
            </select>
        </div>
    }
}

#[component]
fn LengthFields(id: &'static str, draft: RwSignal<FrameDraft>) -> impl IntoView {
    let form = Memo::new(move |_| draft.with(|draft| draft.length_bits));
    let length = Memo::new(move |_| draft.with(|draft| draft.length.clone()));
    let bytes = move || draft.with(|draft| draft.composed().map_or(0, |composed| composed.payload.len()));
    let choose = move |event: web_sys::Event| {
        draft.update(|draft| draft.length_bits = event_target_value(&event).parse().ok());
    };
    let option = |(value, words): (Option<u8>, &'static str)| {
        let text = value.map_or(String::new(), |bits| bits.to_string());
        view! { <option value=text prop:selected=move || form.get() == value>{words}</option> }
    };
    let forms = [(None, "shortest form"), (Some(7), "7 bits"), (Some(16), "16 bits"), (Some(64), "64 bits")];
    view! {
        <div class="f-len seven">
            <label for=format!("{id}-length")>
                "length"
                <span class="hidden">" in the header"</span>
            </label>
            <input
                id=format!("{id}-length")
                type="text"
                inputmode="numeric"
                autocomplete="off"
                placeholder=move || format!("{} bytes, true", bytes())
                prop:value=length
                on:input=move |event| draft.update(|draft| draft.length = event_target_value(&event))
                aria-describedby=format!("{id}-note")
            />
            <label for=format!("{id}-form") class="hidden">
                "Length encoding"
            </label>
            <select id=format!("{id}-form") on:change=choose>
                {forms.into_iter().map(option).collect_view()}
            </select>
        </div>
    }
}

#[component]
fn KeyField(id: &'static str, draft: RwSignal<FrameDraft>) -> impl IntoView {
    let key = Memo::new(move |_| draft.with(|draft| draft.key.clone()));
    let wrong = move || draft.with(|draft| draft.masking_key().is_err()).then_some("true");
    view! {
        <div class="f-key wide">
            <label for=format!("{id}-key")>"masking key"</label>
            <input
                id=format!("{id}-key")
                type="text"
                class="mono"
                autocomplete="off"
                spellcheck="false"
                prop:value=key
                on:input=move |event| draft.update(|draft| draft.key = event_target_value(&event))
                aria-invalid=wrong
                aria-describedby=format!("{id}-note")
            />
        </div>
    }
}

#[component]
fn PayloadField(id: &'static str, draft: RwSignal<FrameDraft>) -> impl IntoView {
    let payload = Memo::new(move |_| draft.with(|draft| draft.payload.clone()));
    let in_hex = Memo::new(move |_| draft.with(|draft| draft.in_hex));
    let choose = move |event: web_sys::Event| {
        let hex = event_target_value(&event) == "hex";
        // The payload stays the same.
        draft.update(|draft| draft.write_in_hex(hex));
    };
    view! {
        <div class="payload-line">
            <label class="inline" for=format!("{id}-payload")>
                "Payload"
            </label>
            <input
                id=format!("{id}-payload")
                type="text"
                class:mono=move || in_hex.get()
                autocomplete="off"
                spellcheck="false"
                prop:value=payload
                on:input=move |event| draft.update(|draft| draft.payload = event_target_value(&event))
                aria-describedby=format!("{id}-note")
            />
            <label class="hidden" for=format!("{id}-as")>
                "Payload format"
            </label>
            <select id=format!("{id}-as") on:change=choose>
                <option value="text" prop:selected=move || !in_hex.get()>
                    "text"
                </option>
                <option value="hex" prop:selected=move || in_hex.get()>
                    "hex"
                </option>
            </select>
        </div>
    }
}
