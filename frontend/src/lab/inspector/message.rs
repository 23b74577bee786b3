//! The message of a frame, assembled from its fragments.

use super::content::Content;
use crate::lab::decoded::{self, Marked};
use crate::lab::{Lab, Record};
use crate::net::lab_socket::Payload;
use crate::ui::format;
use leptos::prelude::*;
use observation::sequence::{PageSide, RowKey};
use observation::{ConnectionNumber, Frame, MessageKind, Position, Seq};

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
    let from = frame.from;
    let message = Memo::new(move |_| lab.record.with(|record| whole(record, &frame, position, connection, key)));
    let decoder = decoded::load();
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
        let marked = Marked::new();
        let first = fragments.first().map(|(seq, _)| *seq).or(key.seq()).unwrap_or_default();
        let front = StoredValue::new(payload[..payload.len().min(decoded::MAX_BYTES)].to_vec());
        let (length, cut) = (payload.len(), partial || !complete);
        let tree = move || {
            decoder.draw(|decoder| {
                let (kind, payload) = (position.kind, front.get_value());
                let seq = first;
                (decoder.view)(decoded::Message { connection, from, kind, seq, payload, length, cut, marked })
            })
        };
        view! {
            <p>
                {words}
                {deflated.map(|deflated| format!(" It was sent compressed, as {}.", format::bytes(deflated)))}
            </p>
            {(count > 1).then(|| view! { <Fragments fragments/> })}
            {tree}
            <Content kind=position.kind image payload marked/>
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
