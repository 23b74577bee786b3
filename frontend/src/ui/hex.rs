//! Bytes in hex, colored by field. Long ones are shown in parts.

use super::field::{self, Pointed};
use super::format;
use super::show_more::{ShowMore, Shown};
use leptos::prelude::*;
use observation::Frame;
use wire::header::{Field, FrameHeader};

const ROW: usize = 8;
/// How many rows of a frame are shown at first, and how many more with each click.
const FOLD: usize = 12;
const MORE: usize = 128;

/// A frame's header and payload as on the wire, as far as the relay recorded them.
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
        format!("{crossed} crossed the wire; the relay recorded the first {kept}.")
    });
    view! {
        <Hex label="The frame's bytes in hex" bytes class_at=Box::new(class_at(&header)) fold=FOLD pointed/>
        {[came, front].into_iter().flatten().map(|words| view! { <p class="note">{words}</p> }).collect_view()}
    }
}

/// The color class of a frame's byte. A byte with several fields has the class of its last: the first byte that of the opcode,
/// the second that of the length.
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
