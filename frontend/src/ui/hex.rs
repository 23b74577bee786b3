//! A frame's bytes in hex, coloured by field; a long payload is folded.

use super::field::{self, Pointed};
use super::format;
use leptos::prelude::*;
use observation::Frame;
use wire::header::{Field, FrameHeader};

const ROW: usize = 8;
/// Rows shown at first, and how many more at a click.
const FOLD: usize = 12;
const MORE: usize = 128;

/// `header` and payload as they were on the wire, as far as the relay kept them.
#[component]
pub fn Hex(frame: Frame, header: FrameHeader, pointed: Pointed) -> impl IntoView {
    let bytes: Vec<u8> = frame.header.iter().chain(&frame.payload).copied().collect();
    let crossed = frame.wire_bytes();
    let cut_off = frame.payload_bytes < frame.length;
    let total_rows = bytes.len().div_ceil(ROW);
    let rows = RwSignal::new(FOLD.min(total_rows));
    // A byte of several fields takes the hue of its last: the opcode's in the first, the length's in the second.
    let fields = header.fields();
    let class_at = move |offset: usize| {
        let last_bit = (offset * 8 + 7) as u64;
        let span = fields.iter().rev().find(|span| span.first_bit <= last_bit);
        field::class(span.map_or(Field::Payload, |span| span.field))
    };
    let kept = bytes.len();
    let row_view = move |row: usize| {
        let line = &bytes[row * ROW..(row * ROW + ROW).min(bytes.len())];
        let cells = line.iter().enumerate().map(|(column, byte)| {
            let class = class_at(row * ROW + column);
            view! {
                <b
                    class=class
                    class:lit=move || pointed.is_at(class)
                    on:mouseenter=move |_| pointed.at(class)
                    on:mouseleave=move |_| pointed.away()
                >
                    {format!("{byte:02x}")}
                </b>
            }
        });
        let text: String = line.iter().map(|&byte| format::ascii(byte)).collect();
        view! {
            <div class="hex-row">
                <span class="off">{format!("{:04x}", row * ROW)}</span>
                <span class="bytes">{cells.collect_view()}</span>
                <span class="txt" aria-hidden="true">{text}</span>
            </div>
        }
    };
    view! {
        <div class="hex" role="group" tabindex="0" aria-label="The frame's bytes in hex">
            {move || (0..rows.get()).map(&row_view).collect_view()}
        </div>
        <button
            type="button"
            class="more"
            hidden=move || rows.get() == total_rows
            on:click=move |_| rows.update(|rows| *rows = (*rows + MORE).min(total_rows))
        >
            {format!("Show more of the {} kept", format::bytes(kept as u64))}
        </button>
        {cut_off
            .then(|| {
                let came = format::bytes(frame.payload_bytes);
                view! { <p class="note">{format!("The header says {}; {came} of them came.", format::bytes(frame.length))}</p> }
            })}
        {((kept as u64) < crossed)
            .then(|| {
                view! {
                    <p class="note">
                        {format!(
                            "{} crossed the wire; the relay kept the first {}.",
                            format::bytes(crossed),
                            format::bytes(kept as u64),
                        )}
                    </p>
                }
            })}
    }
}
