//! The cells of a row, and what several kinds of rows make them of.

use crate::ui::format;
use observation::{Deliberate, Origin, Party};

/// How many characters of a payload a row may show.
pub(super) const PREVIEW: usize = 80;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageText {
    pub text: String,
    /// JavaScript saw nothing; the text says so in words that are not code.
    pub nothing: bool,
    /// A URL of the image that came or went.
    pub image: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Middle {
    Arrow(Arrow),
    /// A band across the lifelines.
    Band {
        text: String,
        class: &'static str,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    pub from: Party,
    /// From whom to whom, for those who do not see the arrow.
    pub direction: String,
    pub badge: String,
    /// The badge's hue.
    pub badge_class: &'static str,
    pub text: String,
    pub detail: String,
    /// That it was done on purpose; empty if it was not.
    pub purpose: String,
    pub control: bool,
    pub wrong: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireText {
    /// Bytes or names, in the monospaced face.
    pub code: String,
    pub words: String,
}

impl Arrow {
    /// One that says nothing yet.
    pub(super) fn of(from: Party) -> Self {
        Self {
            from,
            direction: String::new(),
            badge: String::new(),
            badge_class: "",
            text: String::new(),
            detail: String::new(),
            purpose: String::new(),
            control: false,
            wrong: false,
        }
    }
}

pub(super) fn band(text: impl Into<String>, class: &'static str) -> Middle {
    Middle::Band { text: text.into(), class }
}

/// Something on purpose that breaks no rule.
pub(super) fn mildly(deliberate: &Deliberate) -> String {
    match (&*deliberate.what, deliberate.by) {
        ("ping-every", _) => "heartbeat",
        ("greet", _) => "greeting",
        ("push-every", _) => "pushed",
        (_, Origin::Console) => "by hand",
        (_, Origin::Behaviour | Origin::Middlebox) => "on purpose",
    }
    .into()
}

/// The relay’s words without the marks around code, which a row has no other face for.
pub(super) fn plain(words: &str) -> String {
    words.replace('`', "")
}

/// The front of bytes that are no frame.
pub(super) fn front(bytes: &[u8], sent: u64) -> WireText {
    let shown = &bytes[..bytes.len().min(14)];
    let rest = sent.saturating_sub(shown.len() as u64);
    let words = if rest == 0 { String::new() } else { format!("+ {}", format::count(rest)) };
    WireText { code: format::hex(shown), words }
}
