//! Reads a condition: whether it can be met at all, and whether an attempt can fail it.

use crate::challenge::{Counts, Place};
use crate::check::{
    Answers, Backoff, Beats, CloseFrame, Condition, EventName, ExpectedEvent, InFlight, Message, Named, Read, Times,
};
use crate::console;
use observation::{MessageKind, Party};
use toml_fields::{Fields, Text, did_you_mean, list_names};
use wire::close::CloseCode;

/// What is wrong, and how to correct it.
type Fault = (String, String);

/// With more, the last wait would take hours.
const MAX_WAITS: u32 = 16;

/// The condition of a table: the only field that was not taken yet, with its name. `owner` is what the table is, such as
/// `check`.
pub(super) fn read(fields: &mut Fields<'_>, owner: &str) -> Option<(Condition, Text)> {
    let names = fields.remaining();
    let read = |name: &Text| fields.as_variant(&name.value, "kind of check");
    let conditions: Vec<Option<Condition>> = names.iter().map(read).collect();
    match (names.as_slice(), conditions.into_iter().next().flatten()) {
        ([name], condition) => return condition.map(|condition| (condition, name.clone())),
        ([], _) => {
            fields.problem(format!("this {owner} has no condition"), "Add one, for example `connected = {}`.");
        }
        _ => {
            let names: Vec<_> = names.iter().map(|name| name.value.as_str()).collect();
            let what = format!("this {owner} has more than one condition: {}", list_names(&names));
            fields.problem(what, format!("Write a separate {owner} for each."));
        }
    }
    None
}

/// What is wrong with a check of a challenge, given which connections count and where the challenge is solved.
pub(super) fn fault(condition: &Condition, counts: Counts, place: Place) -> Option<Fault> {
    if condition.needs_page() && place == Place::Anywhere {
        let fix = "Use `place = \"browser\"`, or check something on the wire.";
        return fault_of("only a run in the page can show this, but the challenge has `place = \"anywhere\"`", fix);
    }
    match condition {
        Condition::Connected(times) => connected(*times, counts),
        Condition::Message(message) => self::message(message),
        Condition::CloseFrame(close) => close_frame(close),
        Condition::Beats(Beats { times: 0 | 1, .. }) => {
            fault_of("an interval needs at least two messages", "Use `times = 2` or more.")
        }
        Condition::Beats(beats) => range(beats.apart_ms),
        Condition::Backoff(_) if counts == Counts::Last => fault_of(
            "this measures the wait between connections, but only the newest connection counts",
            "Use `counts = \"all\"`.",
        ),
        Condition::Backoff(Backoff { waits, base_ms, .. }) if !(1..=MAX_WAITS).contains(waits) || *base_ms == 0 => {
            fault_of(
                "these numbers are out of range",
                &format!("Use 1 to {MAX_WAITS} `waits`, and a `base-ms` of at least 1."),
            )
        }
        Condition::InFlight(InFlight { at_least, at_most }) => match (at_least, at_most) {
            (Some(least), Some(most)) if least > most => range([*least, *most]),
            (None | Some(0), None) => never_fails(0),
            (_, Some(0)) => fault_of("a message is in flight until it is answered", "Use `at-most = 1` or more."),
            _ => None,
        },
        Condition::Answers(Answers { times, .. }) => never_fails(*times),
        Condition::Named(Named { points }) if counts == Counts::Session => never_fails(*points),
        Condition::Named(_) => fault_of(
            "each attempt is one connection, and names the fault of the one before",
            "Use `counts = \"session\"`.",
        ),
        Condition::Read(Read { all, .. }) if all.is_empty() => {
            fault_of("this check can never fail", "Name something in `all`.")
        }
        Condition::Backoff(Backoff { series: 0, .. }) => fault_of("`series` is 0", "Use 1 or more."),
        Condition::Lasted(wanted) => never_fails(wanted.at_least_ms),
        Condition::Shown(wanted) => never_fails(wanted.at_least),
        Condition::Event(ExpectedEvent { name, code, was_clean }) => {
            let is_close = *name == EventName::Close || code.is_none() && was_clean.is_none();
            let fix = "Use `name = \"close\"`, or remove them.";
            if is_close { None } else { fault_of("only the `close` event has `code` and `was-clean`", fix) }
        }
        Condition::Pasted(pasted) => {
            let known = console::NAMES.map(|(name, _)| name);
            let unknown = pasted.says.iter().find(|name| !known.contains(&name.as_str()))?;
            let fix = did_you_mean(unknown, known)
                .unwrap_or_else(|| format!("The known meanings are {}.", list_names(&known)));
            Some((format!("`{unknown}` is not a meaning of a console message"), fix))
        }
        Condition::After(after) => message(&after.first)
            .or_else(|| message(&after.then))
            .or_else(|| range([after.at_least_ms.unwrap_or(0), after.at_most_ms.unwrap_or(u32::MAX)])),
        Condition::Acknowledged(wanted) => never_fails(wanted.at_least),
        Condition::Subprotocol(_)
        | Condition::ClosedCleanly(_)
        | Condition::Backoff(_)
        | Condition::Inner(_)
        | Condition::Tried(_)
        | Condition::Returned(_)
        | Condition::Buffered(_)
        | Condition::Frames(_)
        | Condition::Read(_) => None,
    }
}

fn fault_of(what: &str, fix: &str) -> Option<Fault> {
    Some((what.to_owned(), fix.to_owned()))
}

fn connected(Times { at_least, at_most }: Times, counts: Counts) -> Option<Fault> {
    const ALL: &str = "Use `counts = \"all\"`.";
    let (least, most) = (at_least.unwrap_or(1), at_most.unwrap_or(u32::MAX));
    match counts {
        _ if least > most => range([least, most]),
        _ if least == 0 && at_most.is_none() => never_fails(0),
        Counts::Last if least > 1 => {
            fault_of("only the newest connection counts, but this check needs more than one", ALL)
        }
        Counts::Last if at_most.is_some_and(|most| most > 0) => {
            fault_of("only the newest connection counts, so `at-most` has no effect", ALL)
        }
        _ => None,
    }
}

fn message(message: &Message) -> Option<Fault> {
    let least = message.at_least.unwrap_or(u32::from(message.at_most != Some(0)));
    let is_text = [&message.is, &message.is_hex, &message.distinct, &message.ascending].iter().any(|is| is.is_some())
        || message.json.is_some();
    if message.kind == Some(MessageKind::Binary) && is_text {
        return fault_of(
            "`is`, `is-hex` and JSON fields match text messages only",
            "Use `kind = \"text\"`, or `bytes` for binary data.",
        );
    }
    match message.at_most {
        Some(most) if least > most => range([least, most]),
        None if least == 0 => never_fails(0),
        _ => hex(message.is_hex.as_ref()).or_else(|| hex(message.bytes.as_ref())),
    }
}

fn close_frame(close: &CloseFrame) -> Option<Fault> {
    // The lab can deliberately send codes that a server must not send.
    let may_be_sent = |code| match close.from {
        Party::Client => CloseCode(code).may_be_sent(),
        Party::Server => (1000..=4999).contains(&code),
    };
    match close.code {
        Some(code) if !may_be_sent(code) => {
            let fix = "Use 1000 to 1003, 1007 to 1014, or 3000 to 4999.".to_owned();
            Some((format!("{code} is never sent in a close frame"), fix))
        }
        _ => close.waited_ms.and_then(range),
    }
}

fn never_fails(least: u32) -> Option<Fault> {
    if least == 0 { fault_of("this check can never fail", "Require at least 1.") } else { None }
}

fn range([least, most]: [u32; 2]) -> Option<Fault> {
    let fix = "Put the smaller number first.".to_owned();
    (least > most).then(|| (format!("the minimum {least} is larger than the maximum {most}"), fix))
}

fn hex(text: Option<&String>) -> Option<Fault> {
    let text = text.filter(|text| !text.contains("{{"))?;
    let digits: String = text.split_whitespace().collect();
    let fix = "Write two hex digits for each byte, for example `00ff`.".to_owned();
    hex::decode(digits).is_err().then(|| (format!("`{text}` is not valid hex"), fix))
}
