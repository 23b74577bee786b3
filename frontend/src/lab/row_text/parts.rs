//! The cells of a row, and the pieces that several kinds of rows share.

use crate::ui::format;
use observation::{Deliberate, Origin, Party};

/// The most characters of a payload in a row.
pub(super) const PREVIEW: usize = 80;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageText {
    pub text: String,
    /// JavaScript saw nothing, so the text is not code.
    pub nothing: bool,
    /// The URL of an image in the message.
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
    /// The direction in words, for screen readers.
    pub direction: String,
    pub badge: String,
    /// The color class of the badge.
    pub badge_class: &'static str,
    pub text: String,
    pub detail: String,
    /// Why it is deliberate; empty if it is not.
    pub purpose: String,
    pub control: bool,
    pub wrong: bool,
    /// Where it ends before the other end, how the relay stops it.
    pub stop: Option<Stop>,
}

/// How the relay stops a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It goes on later.
    Waits,
    /// It goes no further.
    Ends,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireText {
    /// Bytes or names, in monospace.
    pub code: String,
    pub words: String,
}

impl Arrow {
    /// An empty arrow.
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
            stop: None,
        }
    }
}

pub(super) fn band(text: impl Into<String>, class: &'static str) -> Middle {
    Middle::Band { text: text.into(), class }
}

/// The short name of a deliberate act that breaks no rule.
pub(super) fn deliberate_label(deliberate: &Deliberate) -> String {
    match (&*deliberate.what, deliberate.by) {
        ("ping-every", _) => "heartbeat",
        ("greet", _) => "greeting",
        ("push-every", _) => "pushed",
        (_, Origin::Console) => "by hand",
        (_, Origin::Limit) => "limit",
        (_, Origin::Rule) => "by a rule",
        (_, Origin::Behaviour | Origin::Middlebox) => "deliberate",
    }
    .into()
}

/// The relay’s words without the backticks around code.
pub(super) fn plain(words: &str) -> String {
    words.replace('`', "")
}

/// The first bytes of data that is not a frame.
pub(super) fn front(bytes: &[u8], sent: u64) -> WireText {
    let shown = &bytes[..bytes.len().min(14)];
    let rest = sent.saturating_sub(shown.len() as u64);
    let words = if rest == 0 { String::new() } else { format!("+ {}", format::count(rest)) };
    WireText { code: format::hex(shown), words }
}
