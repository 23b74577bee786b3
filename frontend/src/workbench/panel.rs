//! The sheet around the chosen tool.

use super::compare::Compare;
use super::replay::Replay;
use super::saved::{SavedPanel, save_replay};
use super::script::ServerScript;
use crate::lab::Lab;
use crate::lab::inspector::tools::{Tool, Tools};
use crate::ui::sheet::Sheet;
use leptos::prelude::*;
use observation::sequence::RowKey;
use replay::Conversation;
use replay::differences::MAX_MESSAGES;

/// The most messages of a script's conversation.
const MAX_SCRIPTED: usize = 10_000;

pub(super) fn panel() -> AnyView {
    let tools = expect_context::<Tools>();
    let (tool, row) = tools.shown();
    let title = match tool {
        Tool::Saved => "Saved",
        Tool::Replay => "Replay",
        Tool::Script => "Make a server",
        Tool::Compare => "Compare",
    };
    view! {
        <Sheet id="workbench" title open=tools.open>
            {match tool {
                Tool::Saved => view! { <SavedPanel row/> }.into_any(),
                _ => content(tool, row),
            }}
        </Sheet>
    }
    .into_any()
}

fn content(tool: Tool, row: Option<RowKey>) -> AnyView {
    let most = if tool == Tool::Script { MAX_SCRIPTED } else { MAX_MESSAGES };
    let lab = expect_context::<Lab>();
    let of = lab.record.with_untracked(|record| {
        let connection = record.observation(row?)?.connection;
        Some((connection, Conversation::of(&record.transcript, connection, most)?))
    });
    let Some((connection, conversation)) = of.filter(|(_, conversation)| !conversation.messages.is_empty()) else {
        return view! { <p class="sheet-body">"This connection has no recorded messages."</p> }.into_any();
    };
    match tool {
        Tool::Replay => view! { <Replay save=save_replay(&conversation) conversation/> }.into_any(),
        Tool::Script => view! { <ServerScript conversation/> }.into_any(),
        Tool::Compare => view! { <Compare conversation connection/> }.into_any(),
        Tool::Saved => ().into_any(),
    }
}
