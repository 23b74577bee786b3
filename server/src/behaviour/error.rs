//! Why a query is refused.

use super::fault::Fault;
use super::presets::PRESETS;
use thiserror::Error;

/// The most faults in one query.
pub(super) const MAX_FAULTS: usize = 32;

/// The message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum SettingError {
    #[error("there is no setting `{found}`; {hint}", hint = .meant.map_or("`/api/behaviours` lists them".to_owned(), |name| format!("did you mean `{name}`?")))]
    Unknown { found: String, meant: Option<&'static str> },
    #[error("the setting `{0}` appears twice; write it once")]
    Repeated(&'static str),
    #[error("`{name}` takes {choices}, not `{found}`")]
    Choice { name: &'static str, choices: String, found: String },
    #[error("`{0}` takes no value; remove the value")]
    ValueUnasked(&'static str),
    #[error("`{name}` takes a number from {least} to {most}, not `{found}`")]
    Number { name: &'static str, least: u64, most: u64, found: String },
    #[error("`{name}` takes the smaller number first: `{to}-{from}`, not `{from}-{to}`")]
    RangeReversed { name: &'static str, from: u32, to: u32 },
    #[error("`{name}` takes a time from {least} to {most}, such as 500ms or 5s, not `{found}`")]
    Time { name: &'static str, least: String, most: String, found: String },
    #[error("`{name}` takes a time such as 5s or a number of messages such as 3, not `{found}`")]
    After { name: &'static str, found: String },
    #[error("`{name}` takes a size such as 1000 or 64KiB, not `{found}`")]
    Size { name: &'static str, found: String },
    #[error("`{name}` takes at most {most} bytes, but this value has {bytes}")]
    TooLong { name: &'static str, most: usize, bytes: usize },
    #[error("`{name}` becomes a header of the response, so it takes printable ASCII only")]
    NotALine { name: &'static str },
    #[error(
        "`close-code` takes a code that may be sent: 1000 to 1003, 1007 to 1014, or 3000 to 4999, not `{0}`; the fault `close-1005` sends a code that may not"
    )]
    CloseCode(String),
    #[error("there is no fault `{0}`; available: {names}", names = fault_names())]
    UnknownFault(String),
    #[error("`{0}` must name the reply as `@N`, with a number from 1 to 1000000")]
    FaultAt(String),
    #[error("reply {0} has two faults; a reply can have one")]
    FaultsAtOnce(u32),
    #[error("a connection can have at most {MAX_FAULTS} faults")]
    TooManyFaults,
    #[error("there is no preset `{0}`; available: {names}", names = preset_names())]
    UnknownPreset(String),
    #[error("`{name}` requires `{needs}`; add `{needs}`, or remove `{name}`")]
    Alone { name: &'static str, needs: &'static str },
    #[error("`{0}` requires compression, which `deflate=off` turns off; remove one of them")]
    CompressionOff(&'static str),
    #[error("`{one}` and `{other}` contradict each other: {why}; remove one of them")]
    Contradiction { one: &'static str, other: &'static str, why: &'static str },
    #[error("`script` is not valid: {0}; docs/behaviours.md describes scripts")]
    Script(String),
    #[error(
        "`script=session` follows the script of the session, which has none; set one with `PUT /api/sessions/SESSION/script`, \
         and connect to `/lab/SESSION`"
    )]
    NoScript,
    #[error("`{0}` applies to the opening handshake, which is over; connect again with it in the URL")]
    HandshakeOver(&'static str),
}

fn fault_names() -> String {
    Fault::ALL.map(|fault| format!("`{}`", fault.words().name)).join(", ")
}

fn preset_names() -> String {
    PRESETS.iter().map(|preset| format!("`{}`", preset.name)).collect::<Vec<_>>().join(", ")
}

/// Shortens user input for an error message.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let mut shown: String = text.chars().take(MOST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
