//! What a client asks of a connection in its URL: `/lab/{session}?deflate=on&server_max_window_bits=10`.

use thiserror::Error;
use wire::deflate::Policy;
use wire::deflate::negotiation::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, MAX_WINDOW_BITS, MIN_DEFLATE_BITS, MIN_WINDOW_BITS,
    SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER,
};
use wire::message::MessageKind;

/// How a connection is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) deflate: Policy,
    /// The only kind of message that is taken; `None` for both.
    pub(super) accept: Option<MessageKind>,
}

/// Why a query is no setting. Its text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum SettingError {
    #[error(
        "there is no setting `{0}`; there are `accept`, `deflate`, `{SERVER_NO_CONTEXT_TAKEOVER}`, `{CLIENT_NO_CONTEXT_TAKEOVER}`, \
         `{SERVER_MAX_WINDOW_BITS}` and `{CLIENT_MAX_WINDOW_BITS}`"
    )]
    Unknown(String),
    #[error("the setting `{0}` stands there twice; say it once")]
    Repeated(String),
    #[error("`deflate` is `on` or `off`, and this is `{0}`")]
    NeitherOnNorOff(String),
    #[error("`accept` is `text` or `binary`, and this is `{0}`; leave it out to have both taken")]
    NeitherTextNorBinary(String),
    #[error("`{0}` takes no value; leave out what follows it")]
    ValueUnasked(&'static str),
    #[error("`{name}` takes a number from {least} to {MAX_WINDOW_BITS}, and this is `{found}`")]
    Window { name: &'static str, least: u8, found: String },
    #[error("`{0}` is about compression, which `deflate=off` switches off; leave one of them out")]
    Contradiction(&'static str),
}

impl Settings {
    /// Reads a query. What it leaves out is as in `default`; a parameter of compression switches it on.
    ///
    /// # Errors
    /// The first setting that is unknown, malformed, or contradicts another.
    pub(super) fn parse(query: &str, default: Policy) -> Result<Self, SettingError> {
        let mut deflate = default;
        let mut accept = None;
        let mut switch = None;
        let mut parameter = None;
        let mut seen: Vec<&str> = Vec::new();
        for item in query.split('&').filter(|item| !item.is_empty()) {
            let (name, value) = item.split_once('=').map_or((item, None), |(name, value)| (name, Some(value)));
            if seen.contains(&name) {
                return Err(SettingError::Repeated(shown(name)));
            }
            seen.push(name);
            parameter = match name {
                "accept" => {
                    accept = Some(kind(value)?);
                    continue;
                }
                "deflate" => {
                    switch = Some(on_or_off(value)?);
                    continue;
                }
                SERVER_NO_CONTEXT_TAKEOVER => {
                    deflate.server_no_context_takeover = bare(SERVER_NO_CONTEXT_TAKEOVER, value)?;
                    Some(SERVER_NO_CONTEXT_TAKEOVER)
                }
                CLIENT_NO_CONTEXT_TAKEOVER => {
                    deflate.client_no_context_takeover = bare(CLIENT_NO_CONTEXT_TAKEOVER, value)?;
                    Some(CLIENT_NO_CONTEXT_TAKEOVER)
                }
                SERVER_MAX_WINDOW_BITS => {
                    deflate.server_max_window_bits = window(SERVER_MAX_WINDOW_BITS, MIN_DEFLATE_BITS, value)?;
                    Some(SERVER_MAX_WINDOW_BITS)
                }
                CLIENT_MAX_WINDOW_BITS => {
                    deflate.client_max_window_bits = window(CLIENT_MAX_WINDOW_BITS, MIN_WINDOW_BITS, value)?;
                    Some(CLIENT_MAX_WINDOW_BITS)
                }
                _ => return Err(SettingError::Unknown(shown(name))),
            };
        }
        deflate.enabled = match (switch, parameter) {
            (Some(false), Some(name)) => return Err(SettingError::Contradiction(name)),
            (Some(switch), _) => switch,
            (None, Some(_)) => true,
            (None, None) => default.enabled,
        };
        Ok(Self { deflate, accept })
    }
}

fn on_or_off(value: Option<&str>) -> Result<bool, SettingError> {
    match value {
        Some("on") => Ok(true),
        Some("off") => Ok(false),
        other => Err(SettingError::NeitherOnNorOff(shown(other.unwrap_or_default()))),
    }
}

fn kind(value: Option<&str>) -> Result<MessageKind, SettingError> {
    let found = value.unwrap_or_default();
    let kind = [MessageKind::Text, MessageKind::Binary].into_iter().find(|kind| kind.name() == found);
    kind.ok_or_else(|| SettingError::NeitherTextNorBinary(shown(found)))
}

fn bare(name: &'static str, value: Option<&str>) -> Result<bool, SettingError> {
    if value.is_some_and(|value| !value.is_empty()) { Err(SettingError::ValueUnasked(name)) } else { Ok(true) }
}

fn window(name: &'static str, least: u8, value: Option<&str>) -> Result<u8, SettingError> {
    let found = value.unwrap_or_default();
    let bits = found.parse().ok().filter(|bits| (least..=MAX_WINDOW_BITS).contains(bits));
    bits.ok_or_else(|| SettingError::Window { name, least, found: shown(found) })
}

/// The front of what a visitor wrote, short enough to be said back.
fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let mut shown: String = text.chars().take(MOST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_what_is_wrong_with_them_is_said() {
        #[track_caller]
        fn check(query: &str, expect: Result<Policy, &str>) {
            let read = Settings::parse(query, Policy::ON).map(|settings| settings.deflate);
            match expect {
                Ok(policy) => assert_eq!(read, Ok(policy), "{query}"),
                Err(says) => {
                    let error = read.expect_err(query).to_string();
                    assert!(error.contains(says), "{query}: {error}");
                }
            }
        }
        check("", Ok(Policy::ON));
        check("&", Ok(Policy::ON));
        check("deflate=on", Ok(Policy::ON));
        check("deflate=off", Ok(Policy::OFF));
        let server = Policy { server_no_context_takeover: true, server_max_window_bits: 9, ..Policy::ON };
        check("server_no_context_takeover&server_max_window_bits=9", Ok(server));
        let client = Policy { client_no_context_takeover: true, client_max_window_bits: 8, ..Policy::ON };
        check("deflate=on&client_max_window_bits=8&client_no_context_takeover=", Ok(client));
        check("deflat=on", Err("no setting `deflat`"));
        check("deflate", Err("`on` or `off`"));
        check("deflate=yes", Err("this is `yes`"));
        check("deflate=on&deflate=on", Err("twice"));
        check("server_no_context_takeover=1", Err("no value"));
        check("server_max_window_bits=8", Err("from 9 to 15, and this is `8`"));
        check("client_max_window_bits=16", Err("from 8 to 15"));
        check("client_max_window_bits", Err("from 8 to 15, and this is ``"));
        check("server_max_window_bits=-1", Err("from 9"));
        check("deflate=off&server_max_window_bits=9", Err("leave one of them out"));
        check(&format!("{}=1", "é".repeat(10_000)), Err("é…`"));
    }

    #[test]
    fn one_kind_may_be_asked_for() {
        let read = |query| Settings::parse(query, Policy::ON).map(|settings| settings.accept);
        assert_eq!(read("deflate=on"), Ok(None));
        assert_eq!(read("accept=text"), Ok(Some(MessageKind::Text)));
        assert_eq!(read("accept=binary&deflate=off"), Ok(Some(MessageKind::Binary)));
        assert_eq!(read("accept=both"), Err(SettingError::NeitherTextNorBinary("both".to_owned())));
        assert_eq!(read("accept"), Err(SettingError::NeitherTextNorBinary(String::new())));
    }

    #[test]
    fn what_is_left_out_is_as_the_relay_has_it() {
        let read = |query| Settings::parse(query, Policy::OFF).unwrap().deflate.enabled;
        assert_eq!((read(""), read("deflate=on"), read("server_no_context_takeover")), (false, true, true));
    }
}
