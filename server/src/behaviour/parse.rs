//! Parses a query into a [`Behaviour`]. What a setting leaves to chance is drawn here, once for each connection.

use super::catalogue::{self, SETTINGS};
use super::chance::{below, bytes};
use super::error::{MAX_FAULTS, SettingError, shown};
use super::fault::Fault;
use super::model::{
    AcceptValue, After, Behaviour, CloseAfter, ConnectionBehaviour, DropAfter, Heartbeat, Idle, OpeningAnswer, Push,
    Refuse, ScriptSource, SubprotocolChoice,
};
use super::presets::PRESETS;
use super::script::{Bounds, Script};
use crate::args::units;
use observation::command::DropBy;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use wire::close::{CloseCode, MAX_REASON};
use wire::deflate::Policy;
use wire::deflate::negotiation::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, MAX_WINDOW_BITS, MIN_DEFLATE_BITS, MIN_WINDOW_BITS,
    SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER,
};
use wire::message::MessageKind;

/// The value of `script` for the script of the session.
const SESSION_SCRIPT: &str = "session";
/// The most replies that wait for each other.
const MAX_SHUFFLED: u64 = 16;
/// The longest text in a setting, in bytes.
const MAX_TEXT: usize = 1024;
/// The time between two bytes.
const DRIP: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(1);
/// A delay before something happens once.
const WAIT: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(60);
/// An interval. The lower limit keeps visitors from overloading the relay.
const EVERY: RangeInclusive<Duration> = Duration::from_millis(20)..=Duration::from_secs(600);
/// The lifetime of a connection, or an idle timeout.
const LIFE: RangeInclusive<Duration> = Duration::from_millis(20)..=Duration::from_secs(3600);

/// Checks a query.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_query(query: &str) -> Result<(), String> {
    Behaviour::parse(query, Policy::ON).map(drop).map_err(|error| error.to_string())
}

impl Behaviour {
    /// Parses a query. Missing settings mean `deflate` and a plain echo. A compression parameter turns compression on.
    ///
    /// # Errors
    /// The first setting that is unknown, malformed, or contradicts another.
    pub(crate) fn parse(query: &str, deflate: Policy) -> Result<Self, SettingError> {
        let mut settings = Vec::new();
        read(query, true, &mut settings)?;
        let mut behaviour = Self { deflate, opening: Default::default(), talk: ConnectionBehaviour::default() };
        let mut rest = Rest::default();
        for (name, value) in &settings {
            behaviour.set(name, value, &mut rest)?;
        }
        behaviour.finish(rest, &settings)
    }

    /// Parses the behavior for an open connection.
    ///
    /// # Errors
    /// As for `parse`, and for settings of the opening handshake.
    pub(crate) fn parse_open(query: &str) -> Result<ConnectionBehaviour, SettingError> {
        let mut settings = Vec::new();
        read(query, true, &mut settings)?;
        let over =
            SETTINGS.iter().find(|known| !known.while_open && settings.iter().any(|(name, _)| *name == known.name));
        match over {
            Some(known) => Err(SettingError::HandshakeOver(known.name)),
            None => match Self::parse(query, Policy::ON)?.talk {
                ConnectionBehaviour { script: Some(ScriptSource::Session), .. } => {
                    Err(SettingError::HandshakeOver("script=session"))
                }
                talk => Ok(talk),
            },
        }
    }

    fn set(&mut self, name: &'static str, value: &str, rest: &mut Rest) -> Result<(), SettingError> {
        let (opening, talk) = (&mut self.opening, &mut self.talk);
        match name {
            "open-delay" => opening.delay = Some(time(name, value, WAIT)?),
            "refuse" => rest.refuse = Some(number(name, value, 300, 599)? as u16),
            "location" => rest.location = Some(line(name, value)?),
            "body" => rest.body = Some(text(name, value, MAX_TEXT)?),
            "sec-accept" => {
                opening.accept =
                    choice(name, value, &[("wrong", AcceptValue::Wrong), ("missing", AcceptValue::Missing)])?
            }
            "omit" => {
                const LINES: [(&str, (bool, bool)); 3] =
                    [("upgrade", (true, false)), ("connection", (false, true)), ("both", (true, true))];
                (opening.without_upgrade, opening.without_connection) = choice(name, value, &LINES)?;
            }
            "subprotocol" => {
                use SubprotocolChoice as S;
                opening.subprotocol = choice(
                    name,
                    value,
                    &[("first", S::First), ("in-turn", S::InTurn), ("none", S::None), ("unoffered", S::Unoffered)],
                )?;
            }
            "extension" => opening.unoffered_extension = choice(name, value, &[("unoffered", true)])?,
            "open" => {
                use OpeningAnswer as A;
                let all = [
                    ("silence", A::Silence),
                    ("drop", A::Drop(DropBy::Fin)),
                    ("reset", A::Drop(DropBy::Reset)),
                    ("garbage", A::Garbage),
                ];
                opening.answer = choice(name, value, &all)?;
            }
            "accept" => {
                talk.accept =
                    Some(choice(name, value, &[("text", MessageKind::Text), ("binary", MessageKind::Binary)])?);
            }
            "max-message" => {
                let size = units::bytes(value).map_err(|_| SettingError::Size { name, found: shown(value) })?;
                talk.max_message = Some(size);
            }
            "reply" => {
                const REPLIES: [(&str, (bool, bool)); 3] =
                    [("echo", (false, false)), ("none", (true, false)), ("token", (false, true))];
                (talk.silent, talk.token) = choice(name, value, &REPLIES)?;
            }
            "shuffle" => talk.shuffle = Some(number(name, value, 2, MAX_SHUFFLED)? as u32),
            "silent-after" => talk.silent_after = Some(drawn(name, value, 1, 1_000)?),
            "fragments" => talk.fragments = Some(number(name, value, 1, 100)? as u32),
            "fragment-pings" => talk.fragment_pings = bare(name, value)?,
            "delay" => talk.delay = Some(time(name, value, WAIT)?),
            "drip" => talk.drip = Some(time(name, value, DRIP)?),
            "greet" => talk.greet = Some(text(name, value, MAX_TEXT)?),
            "script" => {
                talk.script = Some(match value {
                    SESSION_SCRIPT => ScriptSource::Session,
                    json => ScriptSource::Here(Arc::new(Script::parse(json, Bounds::URL)?)),
                });
            }
            "greet-bytes" => talk.greet_bytes = Some(bytes(number(name, value, 1, MAX_TEXT as u64)? as usize)),
            "push-every" => rest.push_every = Some(time(name, value, EVERY)?),
            "push" => rest.push = Some(text(name, value, MAX_TEXT)?),
            "ping-every" => rest.ping_every = Some(time(name, value, EVERY)?),
            // RFC 6455 §5.5.
            "ping-payload" => rest.ping_payload = Some(text(name, value, 125)?),
            "pong-within" => rest.pong_within = Some(time(name, value, WAIT)?),
            "pong" => talk.no_pong = !on_or_off(name, value)?,
            "idle" => rest.idle = Some(time(name, value, LIFE)?),
            "idle-end" => {
                let all = [("close", None), ("drop", Some(DropBy::Fin)), ("reset", Some(DropBy::Reset))];
                rest.idle_end = Some(choice(name, value, &all)?);
            }
            "close-after" => rest.close_after = Some(after(name, value)?),
            "close-code" => {
                let code = units::digits(value).map(CloseCode).filter(|code| code.may_be_sent());
                rest.close_code = Some(code.ok_or_else(|| SettingError::CloseCode(shown(value)))?);
            }
            "close-reason" => rest.close_reason = Some(text(name, value, MAX_REASON)?),
            "close-answer" => talk.no_close_answer = !on_or_off(name, value)?,
            "drop-after" => rest.drop_after = Some(after(name, value)?),
            "drop-by" => rest.drop_by = Some(choice(name, value, &[("fin", DropBy::Fin), ("reset", DropBy::Reset)])?),
            "fault" => talk.faults = faults(value)?,
            "deflate" => rest.deflate = Some(on_or_off(name, value)?),
            SERVER_NO_CONTEXT_TAKEOVER => self.deflate.server_no_context_takeover = bare(name, value)?,
            CLIENT_NO_CONTEXT_TAKEOVER => self.deflate.client_no_context_takeover = bare(name, value)?,
            SERVER_MAX_WINDOW_BITS => self.deflate.server_max_window_bits = window(name, value, MIN_DEFLATE_BITS)?,
            CLIENT_MAX_WINDOW_BITS => self.deflate.client_max_window_bits = window(name, value, MIN_WINDOW_BITS)?,
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    /// Combines settings that belong together, and finds contradictions.
    fn finish(mut self, rest: Rest, settings: &[(&'static str, String)]) -> Result<Self, SettingError> {
        let has = |wanted: &str| settings.iter().any(|(name, _)| *name == wanted);
        for (name, needs) in NEEDS {
            if has(name) && !has(needs) {
                return Err(SettingError::Alone { name, needs });
            }
        }
        for (one, others, why) in AGAINST {
            if let Some(other) = others.iter().find(|other| has(one) && has(other)) {
                return Err(SettingError::Contradiction { one, other, why });
            }
        }
        let ends_early = ["refuse", "open"].into_iter().find(|name| has(name));
        let later = |known: &&catalogue::Setting| {
            (known.while_open || matches!(known.name, "sec-accept" | "omit" | "subprotocol" | "extension"))
                && has(known.name)
        };
        if let (Some(one), Some(other)) = (ends_early, SETTINGS.iter().find(later)) {
            let why = "the connection never opens";
            return Err(SettingError::Contradiction { one, other: other.name, why });
        }
        let talk = &mut self.talk;
        if let Some(other) =
            ["delay", "fault", "shuffle", "silent-after"].into_iter().find(|name| talk.silent && has(name))
        {
            return Err(SettingError::Contradiction {
                one: "reply=none",
                other,
                why: "it applies to replies, and there are none",
            });
        }
        if let Some(status) = rest.refuse {
            let contradiction = |other, why| Err(SettingError::Contradiction { one: "refuse", other, why });
            if rest.location.is_some() && status >= 400 {
                return contradiction("location", "only a 3xx response has a `Location`");
            }
            // RFC 9110 §15.4.5.
            if rest.body.is_some() && status == 304 {
                return contradiction("body", "a 304 response has no body");
            }
            self.opening.answer = OpeningAnswer::Refuse(Refuse { status, location: rest.location, body: rest.body });
        }
        talk.push = rest.push_every.map(|every| Push { every, text: rest.push });
        let (payload, within) = (rest.ping_payload, rest.pong_within);
        talk.heartbeat = rest.ping_every.map(|every| Heartbeat { every, payload, within });
        talk.idle = rest.idle.map(|after| Idle { after, drop: rest.idle_end.flatten() });
        let (code, reason) = (rest.close_code.unwrap_or(CloseCode::NORMAL), rest.close_reason.unwrap_or_default());
        talk.close = rest.close_after.map(|when| CloseAfter { when, code, reason });
        talk.drop = rest.drop_after.map(|when| DropAfter { when, by: rest.drop_by.unwrap_or(DropBy::Fin) });
        let parameter = DEFLATE_PARAMETERS.into_iter().find(|name| has(name));
        let needs_deflate = talk.faults.iter().any(|(_, fault)| *fault == Fault::BrokenDeflate);
        self.deflate.enabled = match (rest.deflate, parameter) {
            (Some(false), Some(name)) => return Err(SettingError::CompressionOff(name)),
            (Some(false), None) if needs_deflate => return Err(SettingError::CompressionOff("broken-deflate")),
            (Some(switch), _) => switch,
            (None, Some(_)) => true,
            (None, None) => self.deflate.enabled || needs_deflate,
        };
        Ok(self)
    }
}

const DEFLATE_PARAMETERS: [&str; 4] =
    [SERVER_NO_CONTEXT_TAKEOVER, CLIENT_NO_CONTEXT_TAKEOVER, SERVER_MAX_WINDOW_BITS, CLIENT_MAX_WINDOW_BITS];

/// Settings that require another one.
const NEEDS: [(&str, &str); 10] = [
    ("location", "refuse"),
    ("body", "refuse"),
    ("fragment-pings", "fragments"),
    ("push", "push-every"),
    ("ping-payload", "ping-every"),
    ("pong-within", "ping-every"),
    ("idle-end", "idle"),
    ("close-code", "close-after"),
    ("close-reason", "close-after"),
    ("drop-by", "drop-after"),
];

/// Settings that exclude each other, and why.
const AGAINST: [(&str, &[&str], &str); 3] = [
    ("refuse", &["open"], "a request gets one answer"),
    ("greet", &["greet-bytes"], "the server sends one greeting"),
    (
        "script",
        &["reply", "delay", "fault", "shuffle", "silent-after"],
        "they apply to replies, and the script decides what is sent",
    ),
];

/// Values that are combined at the end.
#[derive(Default)]
struct Rest {
    refuse: Option<u16>,
    location: Option<String>,
    body: Option<String>,
    push_every: Option<Duration>,
    push: Option<String>,
    ping_every: Option<Duration>,
    ping_payload: Option<String>,
    pong_within: Option<Duration>,
    idle: Option<Duration>,
    idle_end: Option<Option<DropBy>>,
    close_after: Option<After>,
    close_code: Option<CloseCode>,
    close_reason: Option<String>,
    drop_after: Option<After>,
    drop_by: Option<DropBy>,
    deflate: Option<bool>,
}

/// The settings of a query, each once, with presets expanded.
fn read(query: &str, presets: bool, settings: &mut Vec<(&'static str, String)>) -> Result<(), SettingError> {
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if presets && name == "preset" {
            let preset = PRESETS.iter().find(|preset| preset.name == value);
            read(preset.ok_or_else(|| SettingError::UnknownPreset(shown(&value)))?.query, false, settings)?;
            continue;
        }
        let known = SETTINGS.iter().find(|known| known.name == name).ok_or_else(|| unknown(&name))?;
        if settings.iter().any(|(seen, _)| *seen == known.name) {
            return Err(SettingError::Repeated(known.name));
        }
        settings.push((known.name, value.into_owned()));
    }
    Ok(())
}

fn unknown(name: &str) -> SettingError {
    let likeness = |known: &&'static str| strsim::normalized_damerau_levenshtein(known, &shown(name));
    let best = SETTINGS.iter().map(|known| known.name).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    SettingError::Unknown { found: shown(name), meant: best.filter(|best| likeness(best) > 0.6) }
}

fn choice<T: Clone>(name: &'static str, value: &str, all: &[(&'static str, T)]) -> Result<T, SettingError> {
    let chosen = all.iter().find(|(choice, _)| *choice == value);
    let choices = || all.iter().map(|(choice, _)| format!("`{choice}`")).collect::<Vec<_>>().join(" or ");
    chosen.map(|(_, meaning)| meaning.clone()).ok_or_else(|| SettingError::Choice {
        name,
        choices: choices(),
        found: shown(value),
    })
}

fn on_or_off(name: &'static str, value: &str) -> Result<bool, SettingError> {
    choice(name, value, &[("on", true), ("off", false)])
}

fn bare(name: &'static str, value: &str) -> Result<bool, SettingError> {
    if value.is_empty() { Ok(true) } else { Err(SettingError::ValueUnasked(name)) }
}

fn number(name: &'static str, value: &str, least: u64, most: u64) -> Result<u64, SettingError> {
    let number = units::digits(value).filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| SettingError::Number { name, least, most, found: shown(value) })
}

/// A number, or one drawn from a range such as `2-6`.
fn drawn(name: &'static str, value: &str, least: u64, most: u64) -> Result<u32, SettingError> {
    let (from, to) = value.split_once('-').unwrap_or((value, value));
    let (from, to) = (number(name, from, least, most)? as u32, number(name, to, least, most)? as u32);
    match to.checked_sub(from) {
        Some(more) => Ok(from + below(more + 1)),
        None => Err(SettingError::RangeReversed { name, from, to }),
    }
}

fn window(name: &'static str, value: &str, least: u8) -> Result<u8, SettingError> {
    Ok(number(name, value, least.into(), MAX_WINDOW_BITS.into())? as u8)
}

fn time(name: &'static str, value: &str, bounds: RangeInclusive<Duration>) -> Result<Duration, SettingError> {
    let time = units::duration(value).ok().filter(|time| bounds.contains(time));
    let (least, most) = (format!("{:?}", bounds.start()), format!("{:?}", bounds.end()));
    time.ok_or_else(|| SettingError::Time { name, least, most, found: shown(value) })
}

fn after(name: &'static str, value: &str) -> Result<After, SettingError> {
    let messages = units::digits(value).filter(|count| (1..=1_000_000).contains(count)).map(After::Messages);
    let time = || time(name, value, LIFE).ok().map(After::Time);
    messages.or_else(time).ok_or_else(|| SettingError::After { name, found: shown(value) })
}

fn text(name: &'static str, value: &str, most: usize) -> Result<String, SettingError> {
    let bytes = value.len();
    if bytes > most { Err(SettingError::TooLong { name, most, bytes }) } else { Ok(value.to_owned()) }
}

/// A text that is valid in a header.
fn line(name: &'static str, value: &str) -> Result<String, SettingError> {
    let value = text(name, value, MAX_TEXT)?;
    if value.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(value) } else { Err(SettingError::NotALine { name }) }
}

/// `rsv1@2,ping-too-long@3`; without a number, the first reply. Of `rsv1|masked`, one is drawn.
fn faults(value: &str) -> Result<Vec<(u32, Fault)>, SettingError> {
    let mut faults: Vec<(u32, Fault)> = Vec::new();
    for item in value.split(',') {
        let (name, at) = item.split_once('@').unwrap_or((item, "1"));
        let named = |name| Fault::named(name).ok_or_else(|| SettingError::UnknownFault(shown(name)));
        let choices: Vec<_> = name.split('|').map(named).collect::<Result<_, _>>()?;
        let fault = choices[below(choices.len() as u32) as usize];
        let at: Option<u32> = units::digits(at).filter(|at| (1..=1_000_000).contains(at));
        let at = at.ok_or_else(|| SettingError::FaultAt(shown(item)))?;
        if faults.iter().any(|(other, _)| *other == at) {
            return Err(SettingError::FaultsAtOnce(at));
        }
        if faults.len() == MAX_FAULTS {
            return Err(SettingError::TooManyFaults);
        }
        faults.push((at, fault));
    }
    Ok(faults)
}
