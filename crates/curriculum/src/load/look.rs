//! Whether a check can be met at all, and whether anything fails it: what its type does not say.

use super::fields::listed;
use super::problem::meant;
use crate::challenge::{Counts, Place};
use crate::check::{Backoff, Beats, CloseFrame, EventName, EventWant, Look, Message, Times};
use crate::console;
use observation::{MessageKind, Party};
use wire::close::CloseCode;

/// What is wrong, and what to do about it.
type Fault = (String, String);

/// Past that a wait takes hours.
const MAX_WAITS: u32 = 16;

/// What is wrong with a check of a challenge for which these connections count, and that is solved there.
pub(super) fn fault(look: &Look, counts: Counts, place: Place) -> Option<Fault> {
    if look.is_of_page() && place == Place::Anywhere {
        let todo = "Say `place = \"browser\"`, or look for something on the wire.";
        return said("only a run in the page can show this, and the challenge is to be solved anywhere", todo);
    }
    match look {
        Look::Connected(times) => connected(*times, counts),
        Look::Message(message) => self::message(message),
        Look::CloseFrame(close) => close_frame(close),
        Look::Beats(Beats { times: 0 | 1, .. }) => {
            said("between fewer than two beats there is no rhythm", "Ask for more.")
        }
        Look::Beats(beats) => range(beats.apart_ms),
        Look::Backoff(_) if counts == Counts::Last => {
            said("between the newest connection and itself there is no wait", "Say `counts = \"all\"`.")
        }
        Look::Backoff(Backoff { waits, base_ms, .. }) if !(1..=MAX_WAITS).contains(waits) || *base_ms == 0 => {
            said("these are no waits that double", &format!("Ask for 1 to {MAX_WAITS}, the first of 1 ms at least."))
        }
        Look::InFlight(wanted) => never_fails(wanted.at_least),
        Look::Lasted(wanted) => never_fails(wanted.at_least_ms),
        Look::Shown(wanted) => never_fails(wanted.at_least),
        Look::Event(EventWant { name, code, was_clean }) => {
            let is_close = *name == EventName::Close || code.is_none() && was_clean.is_none();
            let todo = "Say `name = \"close\"`, or take them out.";
            if is_close { None } else { said("only `close` has `code` and `was-clean`", todo) }
        }
        Look::Pasted(pasted) => {
            let known = console::NAMES.map(|(name, _)| name);
            let unknown = pasted.says.iter().find(|name| !known.contains(&name.as_str()))?;
            let todo = meant(unknown, known).unwrap_or_else(|| format!("There are {}.", listed(&known)));
            Some((format!("no line of a console says `{unknown}`"), todo))
        }
        Look::Subprotocol(_)
        | Look::ClosedCleanly(_)
        | Look::Backoff(_)
        | Look::Tried(_)
        | Look::Returned(_)
        | Look::Buffered(_) => None,
    }
}

fn said(what: &str, todo: &str) -> Option<Fault> {
    Some((what.to_owned(), todo.to_owned()))
}

fn connected(Times { at_least, at_most }: Times, counts: Counts) -> Option<Fault> {
    const ALL: &str = "Say `counts = \"all\"`.";
    let (least, most) = (at_least.unwrap_or(1), at_most.unwrap_or(u32::MAX));
    match counts {
        _ if least > most => range([least, most]),
        _ if least == 0 && at_most.is_none() => never_fails(0),
        Counts::Last if least > 1 => said("of the newest connection there is one, and this asks for more", ALL),
        Counts::Last if at_most.is_some_and(|most| most > 0) => {
            said("of the newest connection there is one, so there are never more", ALL)
        }
        _ => None,
    }
}

fn message(message: &Message) -> Option<Fault> {
    let least = message.at_least.unwrap_or(u32::from(message.at_most != Some(0)));
    let is_text = [&message.is, &message.is_hex, &message.distinct, &message.ascending].iter().any(|is| is.is_some())
        || message.json.is_some();
    if message.kind == Some(MessageKind::Binary) && is_text {
        return said("only a text has `is`, `is-hex` and fields of JSON", "Say `kind = \"text\"`, or ask for `bytes`.");
    }
    match message.at_most {
        Some(most) if least > most => range([least, most]),
        None if least == 0 => never_fails(0),
        _ => hex(message.is_hex.as_ref()).or_else(|| hex(message.bytes.as_ref())),
    }
}

fn close_frame(close: &CloseFrame) -> Option<Fault> {
    // The lab can be told to send what no server may.
    let may_be_there = |code| match close.from {
        Party::Client => CloseCode(code).may_be_sent(),
        Party::Server => (1000..=4999).contains(&code),
    };
    match close.code {
        Some(code) if !may_be_there(code) => {
            let todo = "There are 1000 to 1003, 1007 to 1014, and 3000 to 4999.".to_owned();
            Some((format!("{code} never stands in a close frame"), todo))
        }
        _ => close.waited_ms.and_then(range),
    }
}

fn never_fails(least: u32) -> Option<Fault> {
    if least == 0 { said("nothing fails this", "Ask for 1 at least.") } else { None }
}

fn range([least, most]: [u32; 2]) -> Option<Fault> {
    let todo = "The first is the least, the second the most.".to_owned();
    (least > most).then(|| (format!("{least} is more than {most}"), todo))
}

fn hex(text: Option<&String>) -> Option<Fault> {
    let text = text.filter(|text| !text.contains("{{"))?;
    let digits: String = text.split_whitespace().collect();
    let todo = "Write two digits for each byte, such as `00ff`.".to_owned();
    hex::decode(digits).is_err().then(|| (format!("`{text}` is no hex"), todo))
}
