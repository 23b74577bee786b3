//! What a draft will look like on the wire.

use super::drafts::Outgoing;
use crate::lab::draft;
use crate::net::lab_socket::Payload;
use crate::ui::format;
use leptos::prelude::*;
use wire::opcode::Opcode;

/// Browsers may split larger messages into fragments, in bytes. Chromium does above 128 KiB.
const LARGE: usize = 64 << 10;

#[component]
pub(super) fn Preview(
    outgoing: Outgoing,
    open: bool,
    /// Whether messages are compressed. The browser decides how, so the compressed length is not known.
    compresses: bool,
    /// The relay's limit, in bytes, if it is known.
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
            view! { <code>{draft::compressed_preview(opcode)}</code> {format!(" and the length, a 4-byte masking key, {size} deflated")} }
                .into_any()
        } else {
            view! { <code>{draft::preview(opcode, bytes)}</code> {format!(", a 4-byte masking key, {size}")} }.into_any()
        }}
        {(bytes > LARGE).then_some(". The browser may split it into fragments, each with its own header and key")}
        {over
            .map(|limit| {
                format!(". This exceeds the relay’s limit of {}, so the relay will close with 1009 (message too big).", format::bytes(limit))
            })}
    }
}
