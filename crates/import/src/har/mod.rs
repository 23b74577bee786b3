//! HAR 1.2 files with `_webSocketMessages`, as Chrome's DevTools, Playwright and mitmproxy write them.
//!
//! | module | content |
//! |---|---|
//! | this one | the entries of a file |
//! | `entry` | the JSON of an entry |
//! | `text` | the texts of a handshake, from the fields of an entry |
//! | `messages` | a frame for each message |

mod entry;
mod messages;
mod text;

use crate::handshake::Judged;
use crate::limits::Limits;
use crate::recorder::{Moment, Recorder};
use crate::{ImportError, clock};
use entry::{Entry, Log, Message, Outline};
use messages::Messages;
use observation::document::{Place, Source};
use observation::{Document, Http};
use std::time::Duration;

/// Reads the value of a file's `log`.
pub(crate) fn read(log: &str, limits: &Limits, now: Duration) -> Result<Document, ImportError> {
    let Ok(Log { creator, entries: Some(entries) }) = serde_json::from_str::<Log<'_>>(log) else {
        return Err(ImportError::NotHar);
    };
    let mut recorder = Recorder::new(limits);
    let most = usize::try_from(limits.items).unwrap_or(usize::MAX);
    for (raw, number) in entries.iter().zip(1..).take(most) {
        if recorder.is_full() {
            break;
        }
        let place = Place::Entry(number);
        match serde_json::from_str::<Outline<'_>>(raw.get()) {
            Ok(outline) if !outline.is_web_socket() => {}
            Ok(_) => match serde_json::from_str::<Entry<'_>>(raw.get()) {
                Ok(entry) => read_entry(&entry, place, &mut recorder),
                Err(error) => recorder.problem(place, format!("the entry is damaged ({error}) and is left out")),
            },
            // It may be a WebSocket.
            Err(error) => recorder.problem(place, format!("the entry is damaged ({error}) and is left out")),
        }
    }
    if entries.len() > most {
        recorder.problem(Place::Entry(limits.items + 1), format!("only the first {most} entries are read"));
    }
    if recorder.connections() == 0 {
        return Err(ImportError::NoWebSocketInHar { entries: entries.len() });
    }
    let program = creator.map(|creator| creator.to_string()).filter(|name| !name.is_empty());
    Ok(recorder.finish(Source::Har, program, None, now))
}

/// Reads an entry of a WebSocket.
fn read_entry(entry: &Entry<'_>, place: Place, recorder: &mut Recorder) {
    let messages = entry.messages.as_deref().unwrap_or_default();
    let first_us = messages.iter().find_map(|message| message.at_us());
    let started = entry.started_date_time.as_deref().and_then(clock::parse);
    let Some(requested_us) = started.or(first_us) else {
        recorder.problem(place, "the entry has no valid `startedDateTime`, so it is left out");
        return;
    };
    let answered_us = requested_us.saturating_add(entry.timings.until_response_us());
    let opened_us = first_us.map_or(answered_us, |first_us| answered_us.min(first_us.max(requested_us)));
    let moment = Moment { at_us: opened_us, place };
    let number = recorder.connection();
    let handshake = text::handshake(entry, requested_us);
    let is_open = match handshake.http {
        Http::One => handshake.status == Some(101),
        Http::Two => handshake.status == Some(200),
    };
    // Of a request that was refused, Chrome has only an error.
    if is_open || messages.iter().all(Message::is_error) {
        let Judged { event, faults, .. } = handshake.judge();
        if is_open && !faults.is_empty() {
            let text =
                format!("the handshake of connection {} is incomplete or wrong: {}", number.0, faults.join("; "));
            recorder.problem(place, text);
        }
        recorder.record(moment, number, event);
    } else {
        let status = entry.response.status.unwrap_or_default();
        let text = format!(
            "connection {} has messages, but its response has the status {status} instead of 101, so its handshake is not shown",
            number.0
        );
        recorder.problem(place, text);
    }
    if is_open && entry.messages.is_none() {
        let why = match &entry.response.content.file {
            Some(_) => "its messages are in another file: in Playwright, record with `content: 'embed'`",
            None => "it has no `_webSocketMessages`: export with a program that records messages, such as Chrome",
        };
        recorder.problem(place, format!("no message of connection {} can be read: {why}", number.0));
    }
    let mut frames = Messages::new(number, moment);
    for message in messages {
        frames.message(message, recorder);
    }
}
