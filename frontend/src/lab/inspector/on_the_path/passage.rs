//! One passage of the connection: its records with their content, or its unencrypted bytes.

use crate::lab::Record;
use crate::lab::inspector::head_lines::concealed_in;
use crate::lab::row_text;
use crate::ui::field::{self, Pointed};
use crate::ui::format;
use crate::ui::hex::{Hex, class_at};
use leptos::prelude::*;
use observation::eavesdrop::{self, Contents, Passage};
use observation::encoding::latin1::to_text;
use observation::{Event, Frame, Party, Seq};
use wire::header::Field;

/// The most bytes of a frame or a record that are shown, and how many rows at first.
const FRAME: usize = 512;
const FRAGMENT: usize = 64;
const FOLD: usize = 3;
/// The most records of one passage that are shown.
const RECORDS: usize = 8;

/// The types of TLS records. RFC 8446 §5.1.
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// A passage, ready to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) from: Party,
    /// Whether it contains the inspected row.
    here: bool,
    /// Milliseconds since the connection began.
    time: String,
    records: Vec<observation::Record>,
    missed: u64,
    held: Vec<Content>,
}

/// The content in words, and its bytes if they were not encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Content {
    words: String,
    bytes: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Bytes {
    /// A head, and whether it has values that were not recorded.
    Head(String, bool),
    Frame(Box<Frame>),
    Raw(Vec<u8>),
    /// Of TLS, whose first records are not encrypted.
    Handshake,
    /// Dropped from the log.
    Gone,
}

pub(super) fn draw(record: &Record, passage: &Passage, here: bool, began_us: u64) -> Drawn {
    let of = |&seq: &Seq| eavesdrop::records(&record.transcript, seq);
    Drawn {
        from: passage.from,
        here,
        time: format::milliseconds(passage.at_us.saturating_sub(began_us)),
        records: passage.records.iter().filter_map(of).flat_map(|records| records.records.clone()).collect(),
        missed: passage.records.iter().filter_map(of).map(|records| records.missed).sum(),
        held: passage.contents.iter().map(|held| content(record, *held)).collect(),
    }
}

fn content(record: &Record, held: Contents) -> Content {
    let event = record.transcript.get(held.seq()).map(|seen| &seen.event);
    let head = |words: &str, bytes: &[u8], concealed: &[String]| {
        let hides = !concealed_in(bytes, concealed).is_empty();
        Content { words: words.into(), bytes: Bytes::Head(to_text(bytes), hides) }
    };
    match (held, event) {
        (Contents::Handshake(_), _) => Content {
            words: "the rest of the TLS handshake, and the opening handshake".into(),
            bytes: Bytes::Handshake,
        },
        (Contents::Request(_), Some(Event::Asked(asked))) => head("the request", &asked.request, &asked.concealed),
        (Contents::Request(_), Some(Event::Opening(opening))) => {
            head("the request", &opening.request, &opening.concealed)
        }
        (Contents::Request(_), Some(Event::Refusal(refusal))) => {
            head("the request", &refusal.request, &refusal.concealed)
        }
        (_, Some(Event::Opening(opening))) => head("the response", &opening.response, &opening.concealed),
        (_, Some(Event::Refusal(refusal))) => head("the response", &refusal.response, &refusal.concealed),
        (_, Some(Event::Frame(frame))) => {
            let words = format!("{}, {}", row_text::badge(frame.opcode()), format::plural(frame.payload_bytes, "byte"));
            Content { words, bytes: Bytes::Frame(Box::new(frame.clone())) }
        }
        (_, Some(Event::Act(act))) => {
            let words = format!("{} outside of any frame", format::plural(act.sent, "byte"));
            Content { words, bytes: Bytes::Raw(act.bytes.clone()) }
        }
        _ => Content { words: "data that was dropped from the log".into(), bytes: Bytes::Gone },
    }
}

#[component]
pub(super) fn PassageView(
    passage: Drawn,
    /// `browser → relay`
    way: String,
    /// Whether the inspected passage has been scrolled into view.
    settled: StoredValue<bool>,
    /// Whether the connection is not encrypted.
    clear: bool,
    unmasked: RwSignal<bool>,
) -> impl IntoView {
    let Drawn { from, here, time, records, missed, held } = passage;
    let element = NodeRef::<leptos::html::Li>::new();
    if here && !settled.get_value() {
        Effect::new(move || {
            if let Some(element) = element.get().filter(|_| !settled.get_value()) {
                into_view(&element);
                settled.set_value(true);
            }
        });
    }
    let size: u64 = records.iter().map(|record| eavesdrop::RECORD_HEADER + u64::from(record.length)).sum();
    let what = if clear {
        held.first().map(|held| held.words.clone()).unwrap_or_default()
    } else if records.is_empty() {
        "records not recorded".to_owned()
    } else {
        format!("{}, {}", format::plural(records.len() as u64, "record"), format::bytes(size))
    };
    let class = if from == Party::Client { "out" } else { "in" };
    let body = if clear {
        held.into_iter().map(|held| view! { <Clear bytes=held.bytes unmasked/> }).collect_view().into_any()
    } else {
        view! { <Sealed records missed held/> }.into_any()
    };
    view! {
        <li class=class aria-current=here.then_some("true") node_ref=element>
            <p class="passage-head">
                <b>{way}</b>
                <span>{what}</span>
                <span class="muted">{format!("{time} ms")}</span>
            </p>
            {body}
        </li>
    }
}

/// Scrolls a passage into view without scrolling the page.
fn into_view(element: &web_sys::HtmlElement) {
    let Ok(Some(panel)) = element.closest(".inspector") else { return };
    let (top, height) = (element.offset_top(), panel.client_height());
    if top > height / 2 {
        panel.set_scroll_top(top - height / 3);
    }
}

/// Bytes that anyone on the path can read.
#[component]
fn Clear(bytes: Bytes, unmasked: RwSignal<bool>) -> impl IntoView {
    match bytes {
        Bytes::Head(text, hides) => view! {
            <pre class="text" tabindex="0">{text}</pre>
            {hides
                .then(|| view! { <p class="note">"The relay does not record credentials, so asterisks replace them here. An eavesdropper reads the real values."</p> })}
        }
        .into_any(),
        Bytes::Raw(bytes) => {
            view! { <Hex label="The bytes in hex" bytes class_at=Box::new(|_| "f-pay") fold=FOLD pointed=Pointed::new()/> }
                .into_any()
        }
        Bytes::Handshake | Bytes::Gone => ().into_any(),
        Bytes::Frame(frame) => {
            let masked = frame.masking_key.is_some();
            (move || {
                let plain = masked && unmasked.get();
                view! { <FrameBytes frame=(*frame).clone() plain/> }
            })
            .into_any()
        }
    }
}

#[component]
fn FrameBytes(frame: Frame, plain: bool) -> impl IntoView {
    let payload = if plain { frame.unmasked_payload() } else { frame.payload.clone() };
    let crossed = frame.wire_bytes();
    let bytes: Vec<u8> = frame.header.iter().chain(&payload).copied().take(FRAME).collect();
    let rest = crossed - bytes.len() as u64;
    let class_at: Box<dyn Fn(usize) -> &'static str + Send> = match frame.parsed_header() {
        Some(header) => Box::new(class_at(&header)),
        None => Box::new(|_| field::class(Field::Payload)),
    };
    let label = if plain { "The frame’s bytes in hex, unmasked" } else { "The frame’s bytes in hex, as sent" };
    let compressed = plain && frame.inflated.is_some();
    view! {
        <Hex label bytes class_at fold=FOLD pointed=Pointed::new()/>
        {(rest > 0).then(|| view! { <p class="note">{format!("and {} more", format::bytes(rest))}</p> })}
        {compressed.then(|| view! { <p class="note">"The content is compressed, and anyone can inflate it."</p> })}
    }
}

/// Records, and their content, which only the two ends know.
#[component]
fn Sealed(records: Vec<observation::Record>, missed: u64, held: Vec<Content>) -> impl IntoView {
    let more = records.len().saturating_sub(RECORDS);
    let hello = records.iter().any(|record| record.content_type == HANDSHAKE);
    let sealed = records.is_empty() || records.iter().any(|record| record.content_type == APPLICATION_DATA);
    let carried = held.into_iter().map(|held| {
        let of_handshake = held.bytes == Bytes::Handshake;
        view! {
            {(of_handshake && hello)
                .then(|| view! { <p class="note">"Not encrypted: a hello with the offered parameters and, from a client, the host name."</p> })}
            {(sealed || !of_handshake)
                .then(|| {
                    view! {
                        <p class="carried">
                            <span>{format!("carried: {}", held.words)}</span>
                            <small>"an eavesdropper cannot see this"</small>
                        </p>
                    }
                })}
        }
    });
    let carried = carried.collect_view();
    view! {
        {(missed > 0).then(|| view! { <p class="note">{format!("{} before these were not recorded", format::plural(missed, "record"))}</p> })}
        {records.into_iter().take(RECORDS).map(|record| view! { <RecordView record/> }).collect_view()}
        {(more > 0).then(|| view! { <p class="note">{format!("and {} more", format::plural(more as u64, "record"))}</p> })}
        {carried}
    }
}

#[component]
fn RecordView(record: observation::Record) -> impl IntoView {
    let observation::Record { content_type, version, length, fragment } = record;
    let kind = match content_type {
        20 => "change_cipher_spec",
        21 => "alert",
        HANDSHAKE => "handshake",
        APPLICATION_DATA => "application_data",
        _ => "unknown type",
    };
    let header = [&[content_type][..], &version.to_be_bytes(), &length.to_be_bytes()].concat();
    let bytes: Vec<u8> = header.iter().chain(&fragment).copied().take(header.len() + FRAGMENT).collect();
    let class_at = |offset| match offset {
        0 => "f-opc",
        1 | 2 => "f-rsv",
        3 | 4 => "f-len",
        _ => "f-pay",
    };
    view! {
        <p class="record">
            <em class="op f-opc">{format!("{content_type} {kind}")}</em>
            <span>{format!("version {version:04x}")}</span>
            <span>{format!("length {}", format::count(length.into()))}</span>
        </p>
        <Hex label="The record’s bytes in hex" bytes class_at=Box::new(class_at) fold=1 pointed=Pointed::new()/>
    }
}
