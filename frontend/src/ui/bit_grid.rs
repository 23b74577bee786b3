//! The RFC's bit grid, filled with one frame's bits. RFC 6455 §5.2.

use super::field::{self, Pointed};
use super::format;
use leptos::prelude::*;
use wire::header::{Field, FrameHeader, LengthForm};

/// One cell: its field, its width in bits, the bits, and their name.
struct Cell {
    field: Field,
    bits: u64,
    shown: String,
    name: String,
}

#[component]
pub fn BitGrid(header: FrameHeader, pointed: Pointed) -> impl IntoView {
    let bytes = header.encode().to_vec();
    let cells = cells(&header, &bytes);
    view! {
        <div class="bits" role="group" aria-label="The frame's header, bit by bit">
            {cells.into_iter().map(|cell| cell_view(cell, pointed)).collect_view()}
        </div>
    }
}

fn cell_view(cell: Cell, pointed: Pointed) -> impl IntoView {
    let class = field::class(cell.field);
    let width = match cell.field {
        Field::Fin => "one",
        Field::Mask => "one mask",
        Field::Rsv1 => "three",
        Field::Opcode => "four",
        Field::Length => "seven",
        _ => "wide",
    };
    view! {
        <div
            class=format!("{class} {width}")
            class:lit=move || pointed.is_at(class)
            on:mouseenter=move |_| pointed.at(class)
            on:mouseleave=move |_| pointed.away()
        >
            <b>{cell.shown}</b>
            <small>{cell.name}</small>
            <span class="hidden">{format!(", {}", format::plural(cell.bits, "bit"))}</span>
        </div>
    }
}

fn cells(header: &FrameHeader, bytes: &[u8]) -> Vec<Cell> {
    let bits = |first: u64, count: u64| {
        let bit = |at: u64| bytes.get((at / 8) as usize).map_or(0, |byte| byte >> (7 - at % 8) & 1);
        (first..first + count).map(|at| bit(at).to_string()).collect::<Vec<_>>().join(" ")
    };
    let mut cells = Vec::new();
    for span in header.fields() {
        let shown = bits(span.first_bit, span.bits.min(64));
        let cell = |bits, shown, name: String| Some(Cell { field: span.field, bits, shown, name });
        cells.extend(match span.field {
            Field::Fin => cell(1, shown, "FIN".into()),
            // The three bits share one cell.
            Field::Rsv1 => cell(3, bits(span.first_bit, 3), if header.rsv.rsv1 { "RSV1" } else { "RSV" }.into()),
            Field::Rsv2 | Field::Rsv3 | Field::Payload => None,
            Field::Opcode => cell(4, shown, format!("opcode = {}", header.opcode.name())),
            Field::Mask => cell(1, shown, "MASK".into()),
            Field::Length => {
                let name = match header.length.form {
                    LengthForm::Bits7 => format!("length {}", header.length.bytes),
                    LengthForm::Bits16 => "126: 2 bytes follow".into(),
                    LengthForm::Bits64 => "127: 8 bytes follow".into(),
                };
                cell(7, shown, name)
            }
            Field::ExtendedLength => {
                let first = (span.first_bit / 8) as usize;
                let shown = format::hex(&bytes[first..first + (span.bits / 8) as usize]);
                cell(span.bits, shown, format!("extended length {}", format::count(header.length.bytes)))
            }
            Field::MaskingKey => {
                let shown = format::hex(&bytes[(span.first_bit / 8) as usize..]);
                cell(32, shown, "masking key, new for each frame".into())
            }
        });
    }
    cells
}
