//! What can be done with the connection of the selected row. The page shows the tool that was chosen.

use crate::lab::Lab;
use leptos::prelude::*;
use observation::Event;
use observation::sequence::RowKey;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// What the visitor has saved; with a row, its frame is offered to be saved.
    Saved,
    Replay,
    Script,
    Compare,
}

/// The order of their numbers in [`Tools`].
const ALL: [Tool; 4] = [Tool::Saved, Tool::Replay, Tool::Script, Tool::Compare];

/// The tools of a page. Without them in the context, the inspector offers none.
///
/// The first view has this type, and each type of signal is code. So the signals have types that the first view has anyway.
#[derive(Clone, Copy)]
pub struct Tools {
    /// Whether a tool is shown.
    pub open: RwSignal<bool>,
    /// The number of the tool.
    chosen: RwSignal<usize>,
    /// The row that it was opened for; `None` from the composer.
    row: RwSignal<Option<RowKey>>,
    /// `None` for a recording.
    pub fields: Option<Fields>,
}

/// The fields of the page that tools read and fill.
#[derive(Clone, Copy)]
pub struct Fields {
    /// Of the connect bar.
    pub url: RwSignal<String>,
    pub protocols: RwSignal<String>,
    /// The text in the composer, and the ones that follow.
    pub text: RwSignal<String>,
    pub next: RwSignal<VecDeque<String>>,
}

impl Tools {
    pub fn new(fields: Option<Fields>) -> Self {
        Self { open: RwSignal::new(false), chosen: RwSignal::new(0), row: RwSignal::new(None), fields }
    }

    /// Shows what the visitor has saved.
    pub fn show_saved(self) {
        self.chosen.set(0);
        self.row.set(None);
        self.open.set(true);
    }

    /// The tool that is shown, and its row.
    pub fn shown(self) -> (Tool, Option<RowKey>) {
        let tool = ALL.get(self.chosen.get_untracked()).copied().unwrap_or(Tool::Saved);
        (tool, self.row.get_untracked())
    }
}

/// The buttons below the details of a row.
pub(super) fn buttons(key: RowKey) -> Option<impl IntoView> {
    let tools = use_context::<Tools>()?;
    let lab = expect_context::<Lab>();
    let (connection, is_frame) = lab.record.with_untracked(|record| {
        let seen = record.observation(key)?;
        Some((seen.connection, matches!(seen.event, Event::Frame(_))))
    })?;
    let button = move |(tool, words): (Tool, &'static str)| {
        let open = move |_| {
            tools.chosen.set(ALL.iter().position(|known| *known == tool).unwrap_or_default());
            tools.row.set(Some(key));
            tools.open.set(true);
        };
        view! {
            <button type="button" class="small" aria-haspopup="dialog" on:click=open>
                {words}
            </button>
        }
    };
    let of_connection = [(Tool::Replay, "Replay…"), (Tool::Script, "Make a server…"), (Tool::Compare, "Compare…")];
    let of_frame = is_frame.then_some((Tool::Saved, "Save the frame…"));
    let offered = of_connection.into_iter().chain(of_frame);
    Some(view! {
        <div class="tools" role="group" aria-label=format!("Connection {}", connection.0)>
            <span class="muted">{format!("Connection {}", connection.0)}</span>
            {offered.map(button).collect_view()}
        </div>
    })
}
