//! Two conversations side by side, row by row. In a message that differs, what begins to differ is marked.

use crate::ui::format;
use crate::ui::show_more::{ShowMore, Shown};
use leptos::prelude::*;
use observation::{MessageKind, Party};
use replay::{Conversation, Message, Row, compare};
use std::sync::Arc;

/// How many rows are shown at first, and how many more with each press.
const FIRST: usize = 100;
const MORE: usize = 500;
/// How much of a message is shown, in characters, and how much of that is before the first difference, in bytes.
const SHOWN: usize = 160;
const BEFORE: usize = 40;

#[component]
pub(super) fn SideBySide(
    then: Arc<Conversation>,
    #[prop(into)] now: Signal<Arc<Conversation>>,
    /// What the two columns are, such as `Then` and `Now`.
    columns: (&'static str, &'static str),
    /// Whether more can come on the right, so that what is missing there is no difference yet.
    #[prop(optional, into)]
    growing: Signal<bool>,
) -> impl IntoView {
    let only_different = RwSignal::new(false);
    let compared = {
        let then = Arc::clone(&then);
        Memo::new(move |_| now.with(|now| compare(&then, now)))
    };
    let summary = move || {
        compared.with(|compared| {
            let expected = compared.rows.iter().filter(|row| growing.get() && is_expected(row)).count();
            let (rows, different) = (compared.rows.len() - expected, compared.different - expected);
            let messages = format::plural(rows as u64, "message");
            match (rows, different) {
                (0, _) => String::new(),
                (_, 0) => format!("{messages}, all the same."),
                _ => format!("{different} of {messages} differ."),
            }
        })
    };
    let rows = move || {
        let now = now.get();
        let rows: Vec<Row> = compared.with(|compared| {
            let is_same = |row: &Row| matches!(row, Row::Same(..)) || growing.get() && is_expected(row);
            let shown = |row: &&Row| !only_different.get() || !is_same(row);
            compared.rows.iter().filter(shown).copied().collect()
        });
        let shown = Shown::new(FIRST, rows.len(), MORE);
        let then = Arc::clone(&then);
        let line = move |row: &Row| line(*row, &then, &now, columns, growing.get());
        view! {
            <table class="pairs">
                <thead>
                    <tr>
                        <th scope="col">"From"</th>
                        <th scope="col">{columns.0}</th>
                        <th scope="col">{columns.1}</th>
                    </tr>
                </thead>
                <tbody>{move || rows.iter().take(shown.count.get()).map(&line).collect_view()}</tbody>
            </table>
            <ShowMore shown/>
        }
    };
    view! {
        <div class="pairs-bar">
            <p role="status">{summary}</p>
            <label class="tick">
                <input type="checkbox" on:change=move |event| only_different.set(event_target_checked(&event))/>
                "Only differences"
            </label>
        </div>
        <div class="pairs-scroll" tabindex="0" role="region" aria-label="Messages side by side">
            {rows}
        </div>
    }
}

/// Whether the right column can still get it.
fn is_expected(row: &Row) -> bool {
    matches!(row, Row::OnlyThen(_))
}

fn line(
    row: Row,
    then: &Conversation,
    now: &Conversation,
    columns: (&'static str, &'static str),
    growing: bool,
) -> impl IntoView + use<> {
    let old = |at: usize, mark| then.messages.get(at).map(|message| cell(message, mark));
    let new = |at: usize, mark| now.messages.get(at).map(|message| cell(message, mark));
    let (class, words, left, right) = match row {
        Row::Same(left, right) => ("same", "same".to_owned(), old(left, None), new(right, None)),
        Row::Different(left, right, mark) => {
            ("different", "different".to_owned(), old(left, Some(mark)), new(right, Some(mark)))
        }
        Row::OnlyThen(left) if growing => ("expected", "not yet".to_owned(), old(left, None), None),
        Row::OnlyThen(left) => ("only", format!("only {}", columns.0.to_lowercase()), old(left, None), None),
        Row::OnlyNow(right) => ("only", format!("only {}", columns.1.to_lowercase()), None, new(right, None)),
    };
    let from = match row {
        Row::Same(left, _) | Row::Different(left, ..) | Row::OnlyThen(left) => then.messages.get(left),
        Row::OnlyNow(right) => now.messages.get(right),
    };
    let from = from.map_or("", |message| if message.from == Party::Client { "client" } else { "server" });
    view! {
        <tr class=class>
            <th scope="row">
                <b class=from>{from}</b>
                <span>{words}</span>
            </th>
            <td>{left}</td>
            <td>{right}</td>
        </tr>
    }
}

/// A message, shown around its first difference.
fn cell(message: &Message, mark: Option<usize>) -> impl IntoView + use<> {
    let (before, after) = split(message, mark);
    let size = message.is_whole().then_some(String::new());
    let size = size.unwrap_or_else(|| format!(" … {} in total", format::size(message.bytes)));
    view! {
        <code>{before} {(!after.is_empty()).then(|| view! { <mark>{after}</mark> })}</code>
        <span class="muted">{size}</span>
    }
}

/// The text before the first difference, and from there.
fn split(message: &Message, mark: Option<usize>) -> (String, String) {
    let content = &message.content;
    let is_text = message.kind == MessageKind::Text;
    let words = |bytes: &[u8]| match message.kind {
        MessageKind::Text => format::one_line(&String::from_utf8_lossy(bytes), SHOWN),
        MessageKind::Binary => format::hex(&bytes[..bytes.len().min(SHOWN / 3)]),
    };
    let Some(mark) = mark else { return (words(content), String::new()) };
    let mark = mark.min(content.len());
    // A character that differs only in its last byte differs as a whole.
    let start = if is_text { (0..=mark).rev().find(|at| is_boundary(content, *at)).unwrap_or(mark) } else { mark };
    let far = start.saturating_sub(BEFORE);
    let far = if is_text { (far..=start).find(|at| is_boundary(content, *at)).unwrap_or(far) } else { far };
    let lead = if far > 0 { "…" } else { "" };
    let space = if is_text || start == 0 { "" } else { " " };
    (format!("{lead}{}{space}", words(&content[far..start])), words(&content[start..]))
}

/// Whether no character of UTF-8 goes across this place.
fn is_boundary(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| byte & 0xC0 != 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: MessageKind, content: &[u8]) -> Message {
        let (content, bytes) = (content.to_vec(), content.len() as u64);
        Message { from: Party::Server, kind, at_us: 0, content, bytes }
    }

    #[test]
    fn the_mark_begins_where_the_difference_does() {
        let text = |text: &str, mark| split(&message(MessageKind::Text, text.as_bytes()), mark);
        assert_eq!(text("price 13", Some(6)), ("price ".into(), "13".into()));
        assert_eq!(text("price 13", None), ("price 13".into(), String::new()));
        assert_eq!(text("a\u{e9}", Some(2)), ("a".into(), "\u{e9}".into()), "never inside a character");
        assert_eq!(text("ab", Some(2)), ("ab".into(), String::new()));
        let long = format!("{}!", "é".repeat(50));
        let (before, after) = text(&long, Some(100));
        assert_eq!((before.chars().count(), before.starts_with('…'), &*after), (21, true, "!"));
        let bytes = message(MessageKind::Binary, &[1, 2, 3]);
        assert_eq!(split(&bytes, Some(1)), ("01 ".into(), "02 03".into()));
    }
}
