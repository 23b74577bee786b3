//! The content of a message as it is: text, bytes in hex, or a picture. The bytes of the selected field are marked.

use crate::lab::decoded::Marked;
use crate::ui::format;
use leptos::prelude::*;
use observation::MessageKind;

/// How much of a message is shown.
const SHOWN: usize = 8 * 1024;
/// Bytes in a line of hex.
const LINE: usize = 8;

#[component]
pub fn Content(kind: MessageKind, image: Option<String>, payload: Vec<u8>, marked: Marked) -> impl IntoView {
    if let Some(url) = image {
        return view! { <img class="picture" src=url alt="The image in the message"/> }.into_any();
    }
    let shown = payload[..payload.len().min(SHOWN)].to_vec();
    let pieces = move || {
        let (start, end) = marked.get().map_or((0, 0), |(start, end)| (start.min(shown.len()), end.min(shown.len())));
        let pieces = match kind {
            MessageKind::Text => text(&shown, start, end),
            MessageKind::Binary => hex(&shown, start, end),
        };
        let piece = |(words, is_marked): (String, bool)| {
            if is_marked { view! { <mark>{words}</mark> }.into_any() } else { words.into_any() }
        };
        pieces.into_iter().map(piece).collect_view()
    };
    view! { <pre class="text" tabindex="0">{pieces}</pre> }.into_any()
}

/// Text, and whether it is marked.
type Pieces = Vec<(String, bool)>;

fn text(bytes: &[u8], start: usize, end: usize) -> Pieces {
    let piece = |bytes: &[u8], is_marked| (String::from_utf8_lossy(bytes).into_owned(), is_marked);
    let pieces = [piece(&bytes[..start], false), piece(&bytes[start..end], true), piece(&bytes[end..], false)];
    pieces.into_iter().filter(|(words, _)| !words.is_empty()).collect()
}

fn hex(bytes: &[u8], start: usize, end: usize) -> Pieces {
    let mut pieces: Pieces = Vec::new();
    let mut add = |words: String, is_marked: bool| match pieces.last_mut() {
        Some((last, was_marked)) if *was_marked == is_marked => last.push_str(&words),
        _ => pieces.push((words, is_marked)),
    };
    for (row, line) in bytes.chunks(LINE).enumerate() {
        let first = row * LINE;
        add(format!("{first:04x}  "), false);
        for (column, &byte) in line.iter().enumerate() {
            add(format!("{byte:02x}"), (start..end).contains(&(first + column)));
            // The space between two marked bytes is marked too, but not at the end of a line.
            let is_last = column + 1 == line.len();
            let next = first + column + 1;
            add(" ".into(), !is_last && (start..end).contains(&next) && next > start);
        }
        let text: String = line.iter().map(|&byte| format::ascii(byte)).collect();
        add(format!("{} {text}\n", "   ".repeat(LINE - line.len())), false);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{hex, text};

    #[test]
    fn the_bytes_of_a_field_are_marked_in_both_forms() {
        let marked = |pieces: Vec<(String, bool)>| {
            pieces.into_iter().filter(|(_, is_marked)| *is_marked).map(|(words, _)| words).collect::<Vec<_>>()
        };
        assert_eq!(marked(text(b"{\"a\":\"b\"}", 5, 8)), ["\"b\""]);
        assert_eq!(marked(hex(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 6, 9)), ["06 07", "08"]);
        assert_eq!(marked(hex(&[0, 1], 0, 0)), Vec::<String>::new());
        let plain: String = hex(&[0x41, 0xFF], 0, 0).into_iter().map(|(words, _)| words).collect();
        assert_eq!(plain, "0000  41 ff                    A·\n");
    }
}
