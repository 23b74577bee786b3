//! Describes every setting, fault and preset, for the page, the documentation and `/api/behaviours`.

use super::fault::Fault;
use super::presets::{PRESETS, Preset};
use serde::Serialize;

/// The name, the values and the effect of a setting.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    /// The kind of value, if it is not a choice; `null` for none.
    value: Option<&'static str>,
    choices: Option<&'static [&'static str]>,
    pub(crate) example: &'static str,
    /// A complete sentence.
    what: &'static str,
    /// Whether it can change while a connection is open.
    pub(crate) while_open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Group {
    Opening,
    Messages,
    Heartbeat,
    Closing,
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

use Group::{Closing, Compression, Faults, Heartbeat, Messages, Opening};

pub(crate) const SETTINGS: [Setting; 42] = [
    free(
        Opening,
        "open-delay",
        "TIME",
        "open-delay=2s",
        "The server waits this long before it answers the opening handshake, at most 60s.",
    ),
    free(
        Opening,
        "refuse",
        "STATUS",
        "refuse=503",
        "The server refuses the request with this status, 300 to 599, instead of 101.",
    ),
    free(Opening, "location", "URL", "refuse=302&location=/elsewhere", "The `Location` header of a 3xx refusal."),
    free(Opening, "body", "TEXT", "refuse=503&body=Back+at+noon", "The body of a refusal."),
    one_of(
        Opening,
        "sec-accept",
        &["wrong", "missing"],
        "sec-accept=wrong",
        "`Sec-WebSocket-Accept` belongs to another key, or is missing.",
    ),
    one_of(
        Opening,
        "omit",
        &["upgrade", "connection", "both"],
        "omit=upgrade",
        "The 101 response omits `Upgrade`, `Connection`, or both.",
    ),
    one_of(
        Opening,
        "subprotocol",
        &["first", "in-turn", "none", "unoffered"],
        "subprotocol=unoffered",
        "The subprotocol that the server selects: the first one offered, another one of them for each connection of the session, none, or one that was not offered.",
    ),
    one_of(
        Opening,
        "extension",
        &["unoffered"],
        "extension=unoffered",
        "The server selects an extension that the client did not offer.",
    ),
    one_of(
        Opening,
        "open",
        &["silence", "drop", "reset", "garbage"],
        "open=silence",
        "The server never answers, ends or resets the TCP connection, or answers with bytes that are not HTTP.",
    ),
    one_of(
        Messages,
        "reply",
        &["echo", "none", "token"],
        "reply=token",
        "How the server answers messages: it echoes them, does not answer, or echoes the fields of a JSON object and adds a random `token`.",
    ),
    free(
        Messages,
        "shuffle",
        "N",
        "shuffle=5",
        "Replies wait until there are this many, 2 to 16, or until the first one has waited for a second. They are sent in another order than their messages.",
    ),
    free(
        Messages,
        "silent-after",
        "N or N-N",
        "silent-after=2-6",
        "After this many replies, the server answers nothing any more: no message, no ping and no close frame. Of a range, each connection gets a random number.",
    ),
    free(
        Messages,
        "fragments",
        "N",
        "fragments=3",
        "The server splits each message into this many fragments, 1 to 100.",
    ),
    Setting {
        example: "fragments=3&fragment-pings",
        ..bare(Messages, "fragment-pings", "The server sends a ping between fragments.")
    },
    free(Messages, "delay", "TIME", "delay=500ms", "The server waits this long before each reply, at most 60s."),
    free(
        Messages,
        "drip",
        "TIME",
        "drip=20ms",
        "The server sends messages byte by byte, with this much time between two bytes, 1ms to 1s.",
    ),
    free(
        Messages,
        "greet",
        "TEXT",
        "greet=Welcome",
        "The server sends this message as soon as the connection is open.",
    ),
    free(
        Messages,
        "greet-bytes",
        "N",
        "greet-bytes=8",
        "The server sends a binary message of this many random bytes, 1 to 1024, as soon as the connection is open.",
    ),
    free(
        Messages,
        "push-every",
        "TIME",
        "push-every=1s",
        "The server sends a message on its own at this interval, 20ms to 10m.",
    ),
    free(Messages, "push", "TEXT", "push-every=1s&push=tick", "The text of these messages. The default is a counter."),
    free(
        Messages,
        "script",
        "JSON",
        r#"script={"start":{"on":[{"text":"ping","do":[{"send":"pong"}]}]}}"#,
        "The server follows a script instead of echoing: what it sends, and what it answers. `session` stands for the script of the session. docs/behaviours.md describes the format.",
    ),
    one_of(
        Messages,
        "accept",
        &["text", "binary"],
        "accept=text",
        "The only message type that the server accepts. It closes with 1003 on the other type.",
    ),
    free(
        Messages,
        "max-message",
        "SIZE",
        "max-message=1000",
        "The largest message that the server accepts, in bytes. It closes with 1009 on a larger one.",
    ),
    free(
        Heartbeat,
        "ping-every",
        "TIME",
        "ping-every=5s",
        "The server sends a ping at this interval, 20ms to 10m. Each pong gives a round-trip time.",
    ),
    free(
        Heartbeat,
        "ping-payload",
        "TEXT",
        "ping-every=5s&ping-payload=hi",
        "The payload of these pings, at most 125 bytes. The default is a counter.",
    ),
    free(
        Heartbeat,
        "pong-within",
        "TIME",
        "ping-every=5s&pong-within=2s",
        "How long the client may take to answer a ping, at most 60s. After that, the server closes with 1011.",
    ),
    one_of(Heartbeat, "pong", &["on", "off"], "pong=off", "Whether the server answers pings."),
    free(
        Heartbeat,
        "idle",
        "TIME",
        "idle=10s",
        "The connection ends after this much time without traffic in either direction.",
    ),
    one_of(
        Heartbeat,
        "idle-end",
        &["close", "drop", "reset"],
        "idle=10s&idle-end=drop",
        "How an idle connection ends: with a close frame (1001), or without one, as proxies do it.",
    ),
    free(
        Closing,
        "close-after",
        "TIME or N",
        "close-after=3",
        "The server closes the connection after this much time, or after this many messages from the client.",
    ),
    free(Closing, "close-code", "CODE", "close-after=3&close-code=4000", "The close code. The default is 1000."),
    free(
        Closing,
        "close-reason",
        "TEXT",
        "close-after=3&close-code=4000&close-reason=enough",
        "The close reason, at most 123 bytes.",
    ),
    one_of(
        Closing,
        "close-answer",
        &["on", "off"],
        "close-answer=off",
        "Whether the server answers the client's close frame.",
    ),
    free(
        Closing,
        "drop-after",
        "TIME or N",
        "drop-after=5s",
        "The server ends the TCP connection without a close frame, after this much time or this many messages.",
    ),
    one_of(
        Closing,
        "drop-by",
        &["fin", "reset"],
        "drop-after=5s&drop-by=reset",
        "How the server ends the TCP connection: `fin` ends it normally, `reset` aborts it.",
    ),
    free(
        Faults,
        "fault",
        "NAME@N",
        "fault=rsv1@2",
        "The fault in the N-th reply. Separate several faults with commas. Of faults separated by `|`, each connection gets a random one.",
    ),
    one_of(
        Compression,
        "deflate",
        &["on", "off"],
        "deflate=on",
        "Whether the server accepts permessage-deflate when the client offers it.",
    ),
    bare(Compression, "server_no_context_takeover", "The server compresses each message independently."),
    bare(Compression, "client_no_context_takeover", "The client must compress each message independently."),
    free(
        Compression,
        "server_max_window_bits",
        "N",
        "server_max_window_bits=9",
        "The largest window that the server uses, 9 to 15 bits.",
    ),
    free(
        Compression,
        "client_max_window_bits",
        "N",
        "client_max_window_bits=9",
        "The largest window that the client may use, 8 to 15 bits.",
    ),
    free(Messages, "preset", "NAME", "preset=idle-cut", "The settings of a preset. You can add other settings."),
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
    fn groups_have_the_names_that_the_page_knows() {
        let names = SETTINGS.map(|setting| serde_json::to_value(setting.group).expect("a group is JSON"));
        let known = ["opening", "messages", "heartbeat", "closing", "faults", "compression"];
        assert!(known.iter().all(|known| names.iter().any(|name| name == known)));
        assert!(names.iter().all(|name| known.iter().any(|known| name == known)), "{names:?}");
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
