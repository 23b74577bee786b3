//! The message of a frame, assembled from its fragments.

use crate::lab::{Lab, Record};
use crate::net::lab_socket::Payload;
use crate::ui::format;
use leptos::prelude::*;
use observation::sequence::{PageSide, RowKey};
use observation::{ConnectionNumber, Frame, MessageKind, Position, Seq};

/// How much of a message is shown.
const SHOWN: usize = 8 * 1024;

/// A message, as far as the relay recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Whole {
    fragments: Vec<(Seq, u64)>,
    payload: Vec<u8>,
    bytes: u64,
    /// The payload bytes on the wire, if the message was compressed.
    deflated: Option<u64>,
    /// The URL of the message, if it is an image that the page has.
    image: Option<String>,
    complete: bool,
}

#[component]
pub fn MessageView(frame: Frame, connection: ConnectionNumber, key: RowKey) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let Some(position) = frame.position else {
        return view! {
            <p class="note">
                "A control frame is not part of a message. It can come between the fragments of a message, and JavaScript never sees it."
            </p>
        }
        .into_any();
    };
    let message = Memo::new(move |_| lab.record.with(|record| whole(record, &frame, position, connection, key)));
    (move || {
        let Whole { fragments, payload, bytes, deflated, image, complete } = message.get();
        let kind = if position.kind == MessageKind::Text { "text" } else { "binary" };
        let count = fragments.len();
        let size = format::bytes(bytes);
        let words = match (complete, count) {
            (true, 1) => format!("A {kind} message of {size} in one frame."),
            (true, _) => format!("A {kind} message of {size} in {count} fragments."),
            (false, _) => format!("A {kind} message, so far {size} in {}.", format::plural(count as u64, "fragment")),
        };
        let partial = (payload.len() as u64) < bytes;
        view! {
            <p>
                {words}
                {deflated.map(|deflated| format!(" It was sent compressed, as {}.", format::bytes(deflated)))}
            </p>
            {(count > 1).then(|| view! { <Fragments fragments/> })}
            <Content kind=position.kind image payload/>
            {partial.then(|| view! { <p class="note">"Only the first part was recorded."</p> })}
        }
    })
    .into_any()
}

fn whole(record: &Record, frame: &Frame, position: Position, connection: ConnectionNumber, key: RowKey) -> Whole {
    let frames = record.transcript.message(connection, frame.from, position.message);
    let fragments: Vec<_> = frames.iter().map(|(seq, frame)| (*seq, frame.length)).collect();
    let crossed = fragments.iter().map(|(_, length)| length).sum();
    let compressed = frames.iter().any(|(_, frame)| frame.inflated.is_some());
    let content = || frames.iter().map(|(_, frame)| frame.content_bytes()).sum();
    let (bytes, deflated) = if compressed { (content(), Some(crossed)) } else { (crossed, None) };
    let complete = frames.last().is_some_and(|(_, frame)| frame.fin);
    // The page has the whole message; the relay records only the first part of each frame.
    let numbers = match record.row(key).map(|row| row.page) {
        Some(PageSide::Events(numbers)) => numbers,
        _ => Vec::new(),
    };
    let held = numbers.iter().find_map(|&number| record.journal.payload(number));
    let (payload, image) = match held {
        Some(held) => {
            let bytes = match &held.payload {
                Payload::Text(text) => text.as_bytes().to_vec(),
                Payload::Binary(bytes) => bytes.to_vec(),
            };
            (bytes, held.image.as_ref().map(|url| url.as_str().to_owned()))
        }
        None => {
            // A gap would shift the following bytes, so stop at the first shortened frame.
            let whole = frames.iter().take_while(|(_, frame)| !frame.content_truncated()).count();
            (frames.iter().take(whole + 1).flat_map(|(_, frame)| frame.content()).collect(), None)
        }
    };
    Whole { fragments, payload, bytes, deflated, image, complete }
}

#[component]
fn Fragments(fragments: Vec<(Seq, u64)>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    view! {
        <ol class="fragments" aria-label="Fragments">
            {fragments
                .into_iter()
                .map(|(seq, length)| {
                    let key = RowKey::Frame(seq);
                    view! {
                        <li>
                            <button
                                type="button"
                                class="small"
                                aria-current=move || (lab.selected.get() == Some(key)).then_some("true")
                                on:click=move |_| lab.inspect(key)
                            >
                                {format::bytes(length)}
                            </button>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
    }
}

#[component]
fn Content(kind: MessageKind, image: Option<String>, payload: Vec<u8>) -> impl IntoView {
    if let Some(url) = image {
        return view! { <img class="picture" src=url alt="The image in the message"/> }.into_any();
    }
    let shown = &payload[..payload.len().min(SHOWN)];
    match kind {
        MessageKind::Text => {
            let text = String::from_utf8_lossy(shown).into_owned();
            view! { <pre class="text" tabindex="0">{text}</pre> }.into_any()
        }
        MessageKind::Binary => {
            let lines = shown.chunks(8).enumerate().map(|(row, line)| {
                let text: String = line.iter().map(|&byte| format::ascii(byte)).collect();
                format!("{:04x}  {:<24} {text}\n", row * 8, format::hex(line))
            });
            view! { <pre class="text" tabindex="0">{lines.collect::<String>()}</pre> }.into_any()
        }
    }
}
