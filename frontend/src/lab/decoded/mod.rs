//! What is inside messages: a summary for the rows, and the decoded tree for the inspector. Both load later, as one part.

mod choices;
mod outline;
mod row;
mod source;
mod tree;
mod types;
mod view;

use crate::lab::Record;
use crate::ui::later::{Later, later};
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::sequence::RowKey;
use observation::{ConnectionNumber, MessageKind, Party, Seq};
use std::sync::LazyLock;

later!(decoded: Decoder = Decoder { row: row::text, has_field: row::has_field, view: view::view });

/// How many bytes of a message the viewer takes: more than it decodes, so that it can say so.
pub const MAX_BYTES: usize = (1 << 20) + 1;

/// The functions of the part.
#[derive(Clone, Copy)]
pub struct Decoder {
    /// What a row says instead of the beginning of its payload. `None` if that is better.
    pub row: fn(&Record, RowKey) -> Option<String>,
    /// Whether a message has a field of this name with this value, or any. Both are in lower case.
    pub has_field: fn(&Record, RowKey, &str, Option<&str>) -> bool,
    /// The viewer of a message.
    pub view: fn(Message) -> AnyView,
}

pub fn load() -> Later<Decoder> {
    Later::now(decoded)
}

static PART: LazyLock<ArcRwSignal<Option<Decoder>>> = LazyLock::new(|| {
    let part = ArcRwSignal::new(None);
    let loaded = part.clone();
    spawn_local(async move {
        if let Ok(decoder) = decoded().await {
            loaded.set(Some(decoder));
        }
    });
    part
});

/// Loads the part for the rows. If that fails, they stay as they are.
pub fn preload() {
    LazyLock::force(&PART);
}

/// What a row says instead of the beginning of its payload. `None` if that is better, or while the part loads.
pub fn summary(record: &Record, key: RowKey) -> Option<String> {
    (PART.get()?.row)(record, key)
}

/// Whether the part has loaded. Tracked.
pub fn is_loaded() -> bool {
    PART.with(Option::is_some)
}

/// Whether a message in one frame has a decoded field of this name with this value, or any. Both are in lower case. `false` while the
/// part loads.
pub fn has_field(record: &Record, key: RowKey, name: &str, value: Option<&str>) -> bool {
    PART.get().is_some_and(|part| (part.has_field)(record, key, name, value))
}

/// A message to decode.
pub struct Message {
    pub connection: ConnectionNumber,
    pub from: Party,
    pub kind: MessageKind,
    /// Its first frame.
    pub seq: Seq,
    /// At most [`MAX_BYTES`] of it.
    pub payload: Vec<u8>,
    /// How many bytes the page has of it.
    pub length: usize,
    /// Whether the page has only the first part of the message.
    pub cut: bool,
    pub marked: Marked,
}

/// The range of bytes of the selected field, which the view of the bytes marks.
#[derive(Clone, Copy)]
pub struct Marked(RwSignal<Option<(usize, usize)>>);

impl Marked {
    pub fn new() -> Self {
        Self(RwSignal::new(None))
    }

    pub fn get(self) -> Option<(usize, usize)> {
        self.0.get()
    }

    fn set(self, range: Option<(usize, usize)>) {
        self.0.set(range);
    }
}
