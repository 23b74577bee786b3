//! Saved messages and frames: a list, an editor, and in which direction and how often they are sent.

use super::editor::{Editor, EditorForm};
use super::item::{Item, What};
use super::items::Items;
use super::send_form::{SendForm, SendSettings};
use super::sending::Sending;
use super::target::{Target, Targets};
use crate::lab::Lab;
use crate::lab::inspector::tools::Tools;
use leptos::prelude::*;
use observation::Event;
use observation::sequence::RowKey;
use wire::Sender;

#[component]
pub(super) fn Messages(
    /// The row with the recorded frame that is shown in the editor first.
    row: Option<RowKey>,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let tools = expect_context::<Tools>();
    let editor = Editor::new(tools.fields.map_or_else(String::new, |fields| fields.text.get_untracked()));
    lab.record.with_untracked(|record| {
        if let Some(Event::Frame(frame)) = row.and_then(|row| record.observation(row)).map(|seen| &seen.event) {
            editor.show_recorded(frame);
        }
    });
    // A recording has no connection to send on.
    let settings = tools.fields.map(|_| SendSettings::new(Targets::new(lab), Sending::new(lab, expect_context())));
    let target = move || settings.and_then(|settings| settings.targets.chosen.get());
    let role = Memo::new(move |_| match target() {
        Some(Target::Relay(_, role)) => role,
        Some(Target::Page) | None => Sender::Client,
    });
    let deflate = Memo::new(move |_| match target() {
        Some(Target::Relay(number, _)) => {
            lab.record.with(|record| record.transcript.opening(number).is_some_and(|opening| opening.deflate.is_some()))
        }
        Some(Target::Page) | None => false,
    });
    let send = move |item: Item| {
        editor.show(&item);
        if let (Some(settings), Some(what)) = (settings, item.what.sendable()) {
            settings.send(what);
        }
    };
    let (verb, act) = match settings {
        Some(_) => ("Send", Callback::new(send)),
        None => ("Edit", Callback::new(move |item: Item| editor.show(&item))),
    };
    view! {
        <Items
            label="Saved messages"
            none="No messages are saved yet. Write one below, give it a name, and save it."
            kind=|what| matches!(what, What::Message(_) | What::Frame(_))
            verb
            act
            choose=Callback::new(move |item: Item| editor.show(&item))
        />
        <EditorForm editor role deflate/>
        {settings.map(|settings| view! { <SendForm settings editor/> })}
    }
}
