//! A message that the reader masks by hand, byte by byte. RFC 6455 §5.3.

use crate::course::reading::Reading;
use crate::ui::format;
use crate::ui::scope::Scope;
use leptos::prelude::*;

/// The most bytes of the message, and how many the reader masks by hand before the piece is done.
const MAX_BYTES: usize = 8;
const BY_HAND: usize = 4;
/// The key of RFC 6455 §5.7.
const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

#[component]
pub(super) fn Masking(piece: StoredValue<String>, text: Option<String>) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let place = Scope::another(String::new());
    let text = text.filter(|text| !text.is_empty()).unwrap_or_else(|| "Hello".into());
    let message: Vec<u8> = text.bytes().take(MAX_BYTES).collect();
    let count = message.len();
    let cells: Vec<RwSignal<String>> = message.iter().map(|_| RwSignal::new(String::new())).collect();
    let wanted: Vec<u8> = message.iter().enumerate().map(|(at, byte)| byte ^ KEY[at % 4]).collect();
    let focused = RwSignal::new(0_usize);
    let (message, cells, wanted) = (StoredValue::new(message), StoredValue::new(cells), StoredValue::new(wanted));
    let right = move |at: usize| {
        cells.with_value(|cells| reads(&cells[at].get()) == Some(wanted.with_value(|wanted| wanted[at])))
    };
    let by_hand = BY_HAND.min(count);
    let judge = move || {
        if untrack(|| (0..by_hand).all(right)) {
            reading.done(&piece.get_value());
        }
    };
    let rest = move |_| {
        cells.with_value(|cells| {
            for (cell, byte) in cells.iter().zip(wanted.get_value()) {
                cell.set(format!("{byte:02x}"));
            }
        });
    };
    let clear = move |_| cells.with_value(|cells| cells.iter().for_each(|cell| cell.set(String::new())));
    let cell = move |at: usize| {
        let value = cells.with_value(|cells| cells[at]);
        let typed = move || {
            judge();
            if untrack(|| right(at)) && at + 1 < count {
                place.focus(&format!("masked-{}", at + 1));
            }
        };
        view! { <MaskedByte place at value right=Signal::derive(move || right(at)) focused typed/> }
    };
    let bytes = move |class: &'static str, of: &dyn Fn(usize) -> String| {
        (0..count)
            .map(|at| view! { <td class=class class:lit=move || focused.get() == at>{of(at)}</td> })
            .collect_view()
    };
    let shown =
        move |at: usize| message.with_value(|message| format!("{:02x} {}", message[at], format::ascii(message[at])));
    let correct = Memo::new(move |_| (0..count).filter(|at| right(*at)).count());
    view! {
        <p class="note">"Type each masked byte as two hex digits: message byte XOR key byte. The key repeats after four bytes."</p>
        <div class="mask-table" tabindex="0" role="group" aria-label="The mask, byte by byte">
            <table>
                <tbody>
                    <tr><th scope="row">"message"</th>{bytes("f-opc", &shown)}</tr>
                    <tr><th scope="row">"XOR key"</th>{bytes("f-key", &|at| format!("{:02x}", KEY[at % 4]))}</tr>
                    <tr class="own"><th scope="row">"on the wire"</th>{(0..count).map(cell).collect_view()}</tr>
                </tbody>
            </table>
        </div>
        {move || {
            let at = focused.get();
            view! { <XorBits at byte=message.with_value(|message| message[at]) solved=right(at)/> }
        }}
        <p class="note">"XOR gives 0 if the two bits are equal, and 1 if they differ."</p>
        <div class="buttons">
            <button type="button" class="small" on:click=rest>"Fill in the rest"</button>
            <button type="button" class="small" on:click=clear>"Clear"</button>
            <span role="status" class="muted">{move || format!("{} of {count} right", correct.get())}</span>
        </div>
        <p class="card good" hidden=move || { correct.get() < count }>
            <b>"This is what crosses the wire"</b>
            <span>"XOR with the same key restores the message, and the key is in the header, so masking hides nothing. It only makes the bytes different each time."</span>
        </p>
    }
}

/// The field of one masked byte.
#[component]
fn MaskedByte(
    place: Scope,
    at: usize,
    value: RwSignal<String>,
    right: Signal<bool>,
    focused: RwSignal<usize>,
    /// Called after each input.
    typed: impl Fn() + 'static,
) -> impl IntoView {
    let full = move || value.with(|text| text.trim().len() >= 2);
    view! {
        <td class:right=right class:wrong=move || full() && !right.get()>
            <input
                id=place.id(&format!("masked-{at}"))
                type="text"
                class="mono"
                maxlength="2"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-label=format!("Masked byte {}", at + 1)
                aria-invalid=move || (full() && !right.get()).then_some("true")
                prop:value=value
                on:focus=move |_| focused.set(at)
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    typed();
                }
            />
        </td>
    }
}

/// The XOR of one byte, bit by bit. The result appears once the reader has solved it.
#[component]
fn XorBits(at: usize, byte: u8, solved: bool) -> impl IntoView {
    let key = KEY[at % 4];
    let result = if solved { format!("{:08b}", byte ^ key) } else { "????????".into() };
    view! {
        <dl class="xor-bits mono">
            <div class="f-opc"><dt>{format!("byte {}", at + 1)}</dt><dd>{format!("{byte:08b}")}</dd></div>
            <div class="f-key"><dt>"XOR key"</dt><dd>{format!("{key:08b}")}</dd></div>
            <div class="f-pay"><dt>"result"</dt><dd>{result}</dd></div>
        </dl>
    }
}

fn reads(text: &str) -> Option<u8> {
    let text = text.trim();
    // `from_str_radix` also takes a sign.
    let is_hex = text.len() == 2 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(text, 16).ok()).flatten()
}
