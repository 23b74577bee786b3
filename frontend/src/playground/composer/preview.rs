//! What a draft will look like on the wire.

use super::drafts::Outgoing;
use crate::lab::draft;
use crate::net::lab_socket::Payload;
use crate::ui::format;
use leptos::prelude::*;
use wire::opcode::Opcode;

/// From about here on browsers cut a message into fragments, in bytes. Chromium does at 128 KiB.
const LARGE: usize = 64 << 10;

#[component]
pub(super) fn Preview(
    outgoing: Outgoing,
    open: bool,
    /// Whether messages are compressed. How long one becomes cannot be foretold: that is the browser’s work.
    compresses: bool,
    /// The relay's, in bytes, if it is known.
    limit: Option<u64>,
) -> impl IntoView {
    let (opcode, bytes) = match &outgoing {
        Outgoing::Message(Payload::Text(text), _) => (Opcode::Text, text.len()),
        Outgoing::Message(Payload::Binary(bytes), _) => (Opcode::Binary, bytes.len()),
        Outgoing::Close(code, reason) => (Opcode::Close, code.map_or(0, |_| 2 + reason.len())),
    };
    let over = limit.filter(|&limit| bytes as u64 > limit);
    let compressed = compresses && opcode != Opcode::Close;
    let size = format::bytes(bytes as u64);
    view! {
        {if open { "On the wire: header " } else { "When connected, on the wire: header " }}
        {if compressed {
            view! { <code>{draft::compressed_preview(opcode)}</code> {format!(" and its length, a key of 4 bytes, {size} deflated")} }
                .into_any()
        } else {
            view! { <code>{draft::preview(opcode, bytes)}</code> {format!(", a key of 4 bytes, {size}")} }.into_any()
        }}
        {(bytes > LARGE).then_some(". The browser may split it into fragments, each with a header and key of its own")}
        {over
            .map(|limit| {
                format!(". Through the relay’s limit of {}: it will close with 1009, message too big.", format::bytes(limit))
            })}
    }
}
