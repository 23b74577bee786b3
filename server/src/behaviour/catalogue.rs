//! Every setting, fault and preset in words: for the page, for the documentation, and for whoever asks `/api/behaviours`.

use super::fault::Fault;
use super::presets::{PRESETS, Preset};
use serde::Serialize;

/// What a setting is called, takes and does.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    /// What it takes, where that is no choice; `null` for nothing.
    value: Option<&'static str>,
    choices: Option<&'static [&'static str]>,
    pub(crate) example: &'static str,
    /// In a sentence.
    what: &'static str,
    /// Whether it may change while a connection is open.
    pub(crate) while_open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Group {
    Opening,
    ConnectionBehaviour,
    Heartbeat,
    Goodbye,
    Faults,
    Compression,
}

#[derive(Serialize)]
struct FaultWords {
    name: &'static str,
    what: &'static str,
    rfc: u16,
    section: &'static str,
    legal: bool,
}

#[derive(Serialize)]
pub(crate) struct Catalogue {
    settings: &'static [Setting],
    faults: Vec<FaultWords>,
    presets: &'static [Preset],
}

impl Catalogue {
    pub(crate) fn new() -> Self {
        let words = |fault: Fault| {
            let super::fault::Words { name, what, rfc, section, legal } = fault.words();
            FaultWords { name, what, rfc, section, legal }
        };
        Self { settings: &SETTINGS, faults: Fault::ALL.map(words).into(), presets: &PRESETS }
    }
}

const fn free(
    group: Group,
    name: &'static str,
    value: &'static str,
    example: &'static str,
    what: &'static str,
) -> Setting {
    let while_open = !matches!(group, Group::Opening | Group::Compression);
    Setting { name, group, value: Some(value), choices: None, example, what, while_open }
}

const fn one_of(
    group: Group,
    name: &'static str,
    choices: &'static [&'static str],
    example: &'static str,
    what: &'static str,
) -> Setting {
    Setting { value: None, choices: Some(choices), ..free(group, name, "", example, what) }
}

const fn bare(group: Group, name: &'static str, what: &'static str) -> Setting {
    Setting { value: None, ..free(group, name, "", name, what) }
}

use Group::{Compression, ConnectionBehaviour, Faults, Goodbye, Heartbeat, Opening};

pub(crate) const SETTINGS: [Setting; 38] = [
    free(
        Opening,
        "open-delay",
        "TIME",
        "open-delay=2s",
        "The answer to the opening handshake waits so long, 60s at the most.",
    ),
    free(
        Opening,
        "refuse",
        "STATUS",
        "refuse=503",
        "The request is refused with this status, 300 to 599, in place of 101.",
    ),
    free(Opening, "location", "URL", "refuse=302&location=/elsewhere", "Where a refusal of 3xx leads."),
    free(Opening, "body", "TEXT", "refuse=503&body=Back+at+noon", "What a refusal says in its body."),
    one_of(
        Opening,
        "sec-accept",
        &["wrong", "missing"],
        "sec-accept=wrong",
        "`Sec-WebSocket-Accept` is that of another key, or not there.",
    ),
    one_of(
        Opening,
        "omit",
        &["upgrade", "connection", "both"],
        "omit=upgrade",
        "The 101 leaves out `Upgrade`, `Connection`, or both.",
    ),
    one_of(
        Opening,
        "subprotocol",
        &["first", "none", "unoffered"],
        "subprotocol=unoffered",
        "The subprotocol that the server picks: the first that was offered, none of them, or one that was not offered.",
    ),
    one_of(
        Opening,
        "extension",
        &["unoffered"],
        "extension=unoffered",
        "The server names an extension that nobody offered.",
    ),
    one_of(
        Opening,
        "open",
        &["silence", "drop", "reset", "garbage"],
        "open=silence",
        "The request is not answered at all, the line is dropped or reset, or what comes back is no HTTP.",
    ),
    one_of(ConnectionBehaviour, "reply", &["echo", "none"], "reply=none", "Whether messages come back."),
    free(ConnectionBehaviour, "fragments", "N", "fragments=3", "Each message goes out in so many fragments, 1 to 100."),
    Setting {
        example: "fragments=3&fragment-pings",
        ..bare(ConnectionBehaviour, "fragment-pings", "A ping goes between fragments.")
    },
    free(ConnectionBehaviour, "delay", "TIME", "delay=500ms", "A reply waits so long, 60s at the most."),
    free(
        ConnectionBehaviour,
        "drip",
        "TIME",
        "drip=20ms",
        "Messages go out byte by byte, with so much time between two bytes, 1ms to 1s.",
    ),
    free(ConnectionBehaviour, "greet", "TEXT", "greet=Welcome", "The server speaks first, with this message."),
    free(
        ConnectionBehaviour,
        "push-every",
        "TIME",
        "push-every=1s",
        "The server sends a message of its own again and again, 20ms to 10m apart.",
    ),
    free(
        ConnectionBehaviour,
        "push",
        "TEXT",
        "push-every=1s&push=tick",
        "What it sends; without it, a number that counts up.",
    ),
    one_of(
        ConnectionBehaviour,
        "accept",
        &["text", "binary"],
        "accept=text",
        "The only kind of message that is taken; the other ends with 1003.",
    ),
    free(
        ConnectionBehaviour,
        "max-message",
        "SIZE",
        "max-message=1000",
        "The largest message that is taken, in bytes; a larger one ends with 1009.",
    ),
    free(
        Heartbeat,
        "ping-every",
        "TIME",
        "ping-every=5s",
        "The server pings again and again, 20ms to 10m apart; each pong gives a round-trip time.",
    ),
    free(
        Heartbeat,
        "ping-payload",
        "TEXT",
        "ping-every=5s&ping-payload=hi",
        "What a ping carries, 125 bytes at the most; without it, a number that counts up.",
    ),
    free(
        Heartbeat,
        "pong-within",
        "TIME",
        "ping-every=5s&pong-within=2s",
        "How long a pong may take, 60s at the most; then the server closes with 1011.",
    ),
    one_of(Heartbeat, "pong", &["on", "off"], "pong=off", "Whether the server answers pings."),
    free(
        Heartbeat,
        "idle",
        "TIME",
        "idle=10s",
        "When nothing has travelled for so long, either way, the connection ends.",
    ),
    one_of(
        Heartbeat,
        "idle-end",
        &["close", "drop", "reset"],
        "idle=10s&idle-end=drop",
        "How it ends then: with a goodbye of 1001, or as an idle proxy does it, without one.",
    ),
    free(
        Goodbye,
        "close-after",
        "TIME or N",
        "close-after=3",
        "The server closes after so much time, or so many messages of the client's.",
    ),
    free(Goodbye, "close-code", "CODE", "close-after=3&close-code=4000", "The code of that goodbye; 1000 without it."),
    free(
        Goodbye,
        "close-reason",
        "TEXT",
        "close-after=3&close-code=4000&close-reason=enough",
        "Its reason, 123 bytes at the most.",
    ),
    one_of(
        Goodbye,
        "close-answer",
        &["on", "off"],
        "close-answer=off",
        "Whether the server answers the client's close frame.",
    ),
    free(
        Goodbye,
        "drop-after",
        "TIME or N",
        "drop-after=5s",
        "The line is dropped after so much time or so many messages, without a goodbye.",
    ),
    one_of(
        Goodbye,
        "drop-by",
        &["fin", "reset"],
        "drop-after=5s&drop-by=reset",
        "How it is dropped: in good order, as far as TCP is concerned, or reset.",
    ),
    free(Faults, "fault", "NAME@N", "fault=rsv1@2", "What is wrong with the N-th reply; several are parted by commas."),
    one_of(
        Compression,
        "deflate",
        &["on", "off"],
        "deflate=on",
        "Whether permessage-deflate is agreed on where the client offers it.",
    ),
    bare(Compression, "server_no_context_takeover", "The server compresses each message by itself."),
    bare(Compression, "client_no_context_takeover", "The client is to compress each message by itself."),
    free(
        Compression,
        "server_max_window_bits",
        "N",
        "server_max_window_bits=9",
        "The largest window that the server uses, 9 to 15.",
    ),
    free(
        Compression,
        "client_max_window_bits",
        "N",
        "client_max_window_bits=9",
        "The largest window that the client may use, 8 to 15.",
    ),
    free(
        ConnectionBehaviour,
        "preset",
        "NAME",
        "preset=idle-cut",
        "The settings of a preset, to which others can be added.",
    ),
];

#[cfg(test)]
mod tests {
    use super::super::model::Behaviour;
    use super::*;
    use wire::deflate::Policy;

    #[test]
    fn every_example_and_every_preset_is_a_behaviour() {
        for setting in SETTINGS {
            let read = Behaviour::parse(setting.example, Policy::OFF);
            assert!(read.is_ok(), "{}: {read:?}", setting.example);
            assert!(setting.example.split(['&', '=']).any(|word| word == setting.name), "{}", setting.name);
            let by_itself = setting.while_open && !setting.example.contains('&');
            assert!(!by_itself || Behaviour::parse_open(setting.example).is_ok(), "{}", setting.example);
            for choice in setting.choices.unwrap_or_default() {
                let last = format!("{}={choice}", setting.name);
                let others = setting.example.rsplit_once('&').map_or(String::new(), |(front, _)| format!("{front}&"));
                let read = Behaviour::parse(&format!("{others}{last}"), Policy::OFF);
                assert!(read.is_ok(), "{others}{last}: {read:?}");
            }
        }
        for preset in PRESETS {
            let read = Behaviour::parse(preset.query, Policy::OFF);
            assert!(read.is_ok(), "{}: {read:?}", preset.name);
            assert_eq!(Behaviour::parse(&format!("preset={}", preset.name), Policy::OFF), read);
        }
    }

    #[test]
    fn names_are_given_once() {
        let mut names: Vec<_> = SETTINGS.map(|setting| setting.name).into();
        names.extend(Fault::ALL.map(|fault| fault.words().name));
        names.extend(PRESETS.map(|preset| preset.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
