//! Why a query is refused.

use super::fault::Fault;
use super::presets::PRESETS;
use thiserror::Error;

/// The most faults in one query.
pub(super) const MAX_FAULTS: usize = 32;

/// Why a query is no behaviour. Its text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum SettingError {
    #[error("there is no setting `{found}`; {hint}", hint = .meant.map_or("`/api/behaviours` lists them".to_owned(), |name| format!("did you mean `{name}`?")))]
    Unknown { found: String, meant: Option<&'static str> },
    #[error("the setting `{0}` stands there twice; say it once")]
    Repeated(&'static str),
    #[error("`{name}` is {choices}, and this is `{found}`")]
    Choice { name: &'static str, choices: String, found: String },
    #[error("`{0}` takes no value; leave out what follows it")]
    ValueUnasked(&'static str),
    #[error("`{name}` takes a number from {least} to {most}, and this is `{found}`")]
    Number { name: &'static str, least: u64, most: u64, found: String },
    #[error("`{name}` takes a time from {least} to {most}, such as 500ms or 5s, and this is `{found}`")]
    Time { name: &'static str, least: String, most: String, found: String },
    #[error("`{name}` takes a time such as 5s or a number of messages such as 3, and this is `{found}`")]
    After { name: &'static str, found: String },
    #[error("`{name}` takes a size such as 1000 or 64KiB, and this is `{found}`")]
    Size { name: &'static str, found: String },
    #[error("`{name}` takes {most} bytes at the most, and this has {bytes}")]
    TooLong { name: &'static str, most: usize, bytes: usize },
    #[error("`{name}` becomes a line of the response, and so takes printable ASCII only")]
    NotALine { name: &'static str },
    #[error(
        "`close-code` is a code that may travel: 1000 to 1003, 1007 to 1014, or 3000 to 4999, and this is `{0}`; the fault `close-1005` sends one that may not"
    )]
    CloseCode(String),
    #[error("there is no fault `{0}`; there are {names}", names = fault_names())]
    UnknownFault(String),
    #[error("`{0}` says at which reply as `@N`, with a number from 1 to 1000000")]
    FaultAt(String),
    #[error("one reply can have one fault, and reply {0} has two")]
    FaultsAtOnce(u32),
    #[error("a connection may have {MAX_FAULTS} faults at the most")]
    TooManyFaults,
    #[error("there is no preset `{0}`; there are {names}", names = preset_names())]
    UnknownPreset(String),
    #[error("`{name}` says more about `{needs}`, which is not there; add it, or leave `{name}` out")]
    Alone { name: &'static str, needs: &'static str },
    #[error("`{0}` is about compression, which `deflate=off` switches off; leave one of them out")]
    CompressionOff(&'static str),
    #[error("`{one}` and `{other}` contradict each other: {why}; leave one of them out")]
    Contradiction { one: &'static str, other: &'static str, why: &'static str },
    #[error("`{0}` is about the opening handshake, and that is over; connect again with it in the URL")]
    HandshakeOver(&'static str),
}

fn fault_names() -> String {
    Fault::ALL.map(|fault| format!("`{}`", fault.words().name)).join(", ")
}

fn preset_names() -> String {
    PRESETS.iter().map(|preset| format!("`{}`", preset.name)).collect::<Vec<_>>().join(", ")
}

/// The front of what a visitor wrote, short enough to be said back.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let mut shown: String = text.chars().take(MOST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
