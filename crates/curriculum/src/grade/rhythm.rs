//! Conditions on times.

use super::Finding;
use super::evidence::{Connection, Evidence, Message};
use crate::check::{Backoff, Beats};
use observation::{MessageKind, Party};

/// How late a timer and a handshake may be on a busy machine, in milliseconds.
const SLACK_MS: u64 = 500;
/// Waits are regular if they deviate from the proportion of the longest wait by only this many milliseconds.
const REGULAR_MS: [f64; 2] = [-5.0, 20.0];
/// With this many waits, the first one is ignored when looking for regularity: it is often late.
const MANY: usize = 4;

fn client_messages<'a>(connection: &'a Connection<'_>) -> impl Iterator<Item = &'a Message> {
    connection.messages.iter().filter(|message| message.from == Party::Client)
}

pub(super) fn beats(evidence: &Evidence<'_>, wanted: &Beats) -> Finding {
    let mut best = Finding::unmet("You have not sent any messages yet.", None);
    for connection in evidence.opened() {
        let all = &connection.messages;
        let beats: Vec<_> = (0..all.len()).filter(|&index| all[index].from == Party::Client).collect();
        let [least, most] = wanted.apart_ms.map(u64::from);
        for pair in beats.windows(2) {
            let (before, beat) = (&all[pair[0]], &all[pair[1]]);
            let apart = beat.at_us.saturating_sub(before.at_us) / 1000;
            if apart < least || apart > most {
                let said = format!("Two messages were {apart} ms apart. The interval must be {least} to {most} ms.");
                return Finding::unmet(said, Some(beat.at));
            }
            // Everything between two messages of the client is from the server.
            if wanted.answered && pair[1] - pair[0] < 2 {
                return Finding::unmet("You sent a message before the previous one was answered.", Some(beat.at));
            }
        }
        let count = beats.len();
        let at = beats.last().map(|&index| all[index].at);
        if count >= wanted.times as usize {
            return Finding::met(format!("You sent {count} messages at intervals of {least} to {most} ms."), at);
        }
        if count > 0 {
            best = Finding::unmet(format!("You have sent {count} of {} messages.", wanted.times), at);
        }
    }
    best
}

pub(super) fn backoff(evidence: &Evidence<'_>, wanted: &Backoff) -> Finding {
    let waits: Vec<_> = evidence
        .connections
        .windows(2)
        .filter_map(|pair| {
            let (_, _, ended) = pair[0].end?;
            let (at, opening, opened) = pair[1].opening?;
            Some((opening.requested_us.min(opened).saturating_sub(ended) / 1000, at))
        })
        .collect();
    let mut shares = Vec::new();
    for (index, &(wait, at)) in waits.iter().take(wanted.waits as usize).enumerate() {
        let least = u64::from(wanted.base_ms).saturating_mul(1 << index.min(31));
        // Clocks differ, so a timer may seem to fire slightly early.
        if wait + 5 < least {
            let said = format!("Wait {} was {wait} ms. It must be at least {least} ms.", index + 1);
            return Finding::unmet(said, Some(at));
        }
        if wait > least.saturating_mul(2).saturating_add(SLACK_MS) {
            let said = format!("Wait {} was {wait} ms. It must be at most {} ms.", index + 1, least.saturating_mul(2));
            return Finding::unmet(said, Some(at));
        }
        shares.push((wait as f64, least as f64));
    }
    let at = waits.last().map(|(_, at)| *at);
    if waits.len() < wanted.waits as usize {
        return Finding::unmet(format!("You have waited {} of {} times.", waits.len(), wanted.waits), at);
    }
    let said: Vec<_> = waits.iter().map(|(wait, _)| wait.to_string()).collect();
    let said = said.join(", ");
    let proportion = shares.last().map_or(1.0, |(wait, least)| wait / least);
    let is_regular = |(wait, least): &(f64, f64)| {
        let [early, late] = REGULAR_MS;
        (early..=late).contains(&(wait - proportion * least))
    };
    let skipped = usize::from(shares.len() >= MANY);
    if wanted.jitter && shares.iter().skip(skipped).all(is_regular) {
        return Finding::unmet(format!("The waits were {said} ms. They double exactly; add a random part."), at);
    }
    Finding::met(format!("The waits were {said} ms."), at)
}

pub(super) fn in_flight(evidence: &Evidence<'_>, at_least: u32) -> Finding {
    let mut best = (0, None);
    for connection in evidence.opened() {
        let mut open = 0_u32;
        for message in &connection.messages {
            match message.from {
                Party::Client => open += 1,
                Party::Server => open = open.saturating_sub(1),
            }
            if open > best.0 {
                best = (open, Some(message.at));
            }
        }
    }
    if best.0 == 0 {
        return Finding::unmet("You have not sent any messages yet.", None);
    }
    let said = format!("At most {} in flight at the same time.", messages(best.0));
    if best.0 >= at_least { Finding::met(said, best.1) } else { Finding::unmet(said, best.1) }
}

pub(super) fn lasted(evidence: &Evidence<'_>, at_least_ms: u32) -> Finding {
    let mut best = Finding::unmet("No connection has opened yet.", None);
    for connection in evidence.opened() {
        let Some((at, _, opened)) = connection.opening else { continue };
        let late = client_messages(connection)
            .filter(|message| message.kind == MessageKind::Text)
            .find(|message| (message.at_us.saturating_sub(opened)) / 1000 >= u64::from(at_least_ms));
        if let Some(late) = late {
            let after = (late.at_us - opened) / 1000;
            return Finding::met(
                format!("The connection still carried a message {after} ms after it opened."),
                Some(late.at),
            );
        }
        let ms = connection.open_us() / 1000;
        let (said, at) = match connection.end {
            Some((end, _, _)) => (format!("The connection ended {ms} ms after it opened."), end),
            None => (format!("The last activity was {ms} ms after the connection opened."), at),
        };
        best = Finding::unmet(said, Some(at));
    }
    best
}

fn messages(count: u32) -> String {
    if count == 1 { "1 message was".to_owned() } else { format!("{count} messages were") }
}
