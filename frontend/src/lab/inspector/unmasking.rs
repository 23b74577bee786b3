//! The masking key XORed onto the payload, byte by byte. RFC 6455 §5.3.

use crate::ui::field::Pointed;
use crate::ui::format;
use crate::ui::show_more::{ShowMore, Shown};
use leptos::prelude::*;
use observation::Frame;
use wire::mask::MaskingKey;

/// Bytes in one strip, and how many strips are shown at first.
const COLUMNS: usize = 8;
const STRIPS: usize = 2;
const MORE: usize = 16;

#[component]
pub fn Unmasking(frame: Frame, key: MaskingKey, pointed: Pointed) -> impl IntoView {
    let compressed = frame.inflated.is_some();
    let total = frame.payload.len().div_ceil(COLUMNS);
    let shown = Shown::new(STRIPS, total, MORE);
    let strip = move |index: usize| {
        let start = index * COLUMNS;
        let masked: Vec<u8> = frame.payload[start..(start + COLUMNS).min(frame.payload.len())].to_vec();
        view! { <Strip masked start key compressed pointed/> }
    };
    view! {
        <div class="xor">
            {move || (0..shown.count.get()).map(&strip).collect_view()}
        </div>
        <ShowMore shown/>
    }
}

#[component]
fn Strip(
    masked: Vec<u8>,
    start: usize,
    key: MaskingKey,
    /// Whether the message is compressed, so that unmasking alone does not make it readable.
    compressed: bool,
    pointed: Pointed,
) -> impl IntoView {
    let at = move |column: usize| key.at((start + column) as u64);
    let cells = |value: &dyn Fn(usize, u8) -> (String, Option<char>)| {
        let cell = |(column, &byte): (usize, &u8)| {
            let (hex, character) = value(column, byte);
            view! { <td>{hex}{character.map(|c| view! { <i>{c.to_string()}</i> })}</td> }
        };
        masked.iter().enumerate().map(cell).collect_view()
    };
    view! {
        <table>
            <tbody>
                <tr class="f-pay" class:lit=move || pointed.is_at("f-pay")>
                    <th scope="row">"on the wire"</th>
                    {cells(&|_, byte| (format!("{byte:02x}"), None))}
                </tr>
                <tr class="f-key" class:lit=move || pointed.is_at("f-key")>
                    <th scope="row">"XOR key"</th>
                    {cells(&|column, _| (format!("{:02x}", at(column)), None))}
                </tr>
                <tr class=if compressed { "f-rsv" } else { "f-opc" } class:lit=move || compressed && pointed.is_at("f-rsv")>
                    <th scope="row">{if compressed { "deflated" } else { "message" }}</th>
                    {cells(&|column, byte| {
                        let plain = byte ^ at(column);
                        (format!("{plain:02x}"), (!compressed).then(|| format::ascii(plain)))
                    })}
                </tr>
            </tbody>
        </table>
    }
}
