//! Bytes in hex, coloured by what they are; many are folded.

use super::field::{self, Pointed};
use super::format;
use super::show_more::{ShowMore, Shown};
use leptos::prelude::*;
use observation::Frame;
use wire::header::{Field, FrameHeader};

const ROW: usize = 8;
/// Rows of a frame shown at first, and how many more of anything at a click.
const FOLD: usize = 12;
const MORE: usize = 128;

/// A frame's header and payload as they were on the wire, as far as the relay kept them.
#[component]
pub fn FrameHex(frame: Frame, header: FrameHeader, pointed: Pointed) -> impl IntoView {
    let bytes: Vec<u8> = frame.header.iter().chain(&frame.payload).copied().collect();
    let (kept, crossed) = (bytes.len() as u64, frame.wire_bytes());
    let came = (frame.payload_bytes < frame.length).then(|| {
        let (length, came) = (format::bytes(frame.length), format::bytes(frame.payload_bytes));
        format!("The header says {length}; {came} of them came.")
    });
    let front = (kept < crossed).then(|| {
        let (crossed, kept) = (format::bytes(crossed), format::bytes(kept));
        format!("{crossed} crossed the wire; the relay kept the first {kept}.")
    });
    view! {
        <Hex label="The frame's bytes in hex" bytes class_at=Box::new(class_at(&header)) fold=FOLD pointed/>
        {[came, front].into_iter().flatten().map(|words| view! { <p class="note">{words}</p> }).collect_view()}
    }
}

/// The class of a frame's byte, by its place. A byte of several fields takes the hue of its last: the opcode's in the first,
/// the length's in the second.
pub fn class_at(header: &FrameHeader) -> impl Fn(usize) -> &'static str + Send + use<> {
    let fields = header.fields();
    move |offset| {
        let last_bit = (offset * 8 + 7) as u64;
        let span = fields.iter().rev().find(|span| span.first_bit <= last_bit);
        field::class(span.map_or(Field::Payload, |span| span.field))
    }
}

#[component]
pub fn Hex(
    label: &'static str,
    bytes: Vec<u8>,
    /// The class of the byte at an offset.
    class_at: Box<dyn Fn(usize) -> &'static str + Send>,
    /// How many rows are shown at first.
    fold: usize,
    pointed: Pointed,
) -> impl IntoView {
    let total = bytes.len().div_ceil(ROW);
    let shown = Shown::new(fold, total, MORE);
    let row = move |row: usize| {
        let line = &bytes[row * ROW..(row * ROW + ROW).min(bytes.len())];
        let cells = line.iter().enumerate().map(|(column, &byte)| cell(byte, class_at(row * ROW + column), pointed));
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
        <div class="hex" role="group" tabindex="0" aria-label=label>
            {move || (0..shown.count.get()).map(&row).collect_view()}
        </div>
        <ShowMore shown/>
    }
}

fn cell(byte: u8, class: &'static str, pointed: Pointed) -> impl IntoView {
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
}
