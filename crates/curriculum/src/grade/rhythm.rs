//! Conditions on times.

use super::evidence::{Connection, Evidence, Message, SeenFrame};
use super::wire::contains_json;
use super::{Finding, ObservationRef};
use crate::check::{Backoff, Beats, InFlight};
use observation::Party;
use wire::opcode::Opcode;

/// How late a timer and a handshake may be on a busy machine, in milliseconds.
const SLACK_MS: u64 = 500;
/// Waits are regular if they deviate from the proportion of the longest wait by only this many milliseconds.
const REGULAR_MS: [f64; 2] = [-5.0, 20.0];
/// Two waits are the same if they differ by at most this many milliseconds. By chance, three random waits are the same as three
/// others once in 2,500 times.
const SAME_MS: u64 = 15;
/// With this many waits, the first one is ignored when looking for regularity: it is often late.
const MANY: usize = 4;

pub(super) fn beats(evidence: &Evidence<'_>, wanted: &Beats) -> Finding {
    let mut best = Finding::unmet("You have not sent any messages yet.", None);
    let is_beat = |message: &Message| {
        let fits = |wanted| message.json().is_some_and(|json| contains_json(json, wanted));
        message.from == Party::Client && wanted.json.as_ref().is_none_or(fits)
    };
    for connection in evidence.opened() {
        let all = &connection.messages;
        let beats: Vec<_> = (0..all.len()).filter(|&index| is_beat(&all[index])).collect();
        let [least, most] = wanted.apart_ms.map(u64::from);
        for (number, pair) in (2..).zip(beats.windows(2)) {
            let (before, beat) = (&all[pair[0]], &all[pair[1]]);
            let apart = beat.at_us.saturating_sub(before.at_us) / 1000;
            if apart < least || apart > most {
                let said = format!("Two messages were {apart} ms apart. The interval must be {least} to {most} ms.");
                return Finding::unmet(said, Some(beat.at));
            }
            let between = &all[pair[0] + 1..pair[1]];
            let answer = between.iter().rfind(|message| message.from == Party::Server);
            if wanted.answered && answer.is_none() {
                return Finding::unmet("You sent a message before the previous one was answered.", Some(beat.at));
            }
            let field = wanted.repeats.as_deref();
            let repeats = |field: &str| answer.is_none_or(|answer| answer.field(field) == beat.field(field));
            if let Some(field) = field.filter(|field| !repeats(field)) {
                let said = format!("Message {number} does not repeat the `{field}` of the answer before it.");
                return Finding::unmet(said, Some(beat.at));
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

/// A wait between two connections, in milliseconds, and the least that it must be.
struct Wait {
    ms: u64,
    least: u64,
    at: ObservationRef,
}

pub(super) fn backoff(evidence: &Evidence<'_>, wanted: &Backoff) -> Finding {
    let between = |pair: &[Connection<'_>]| {
        let (_, _, ended) = pair[0].end?;
        let (at, opening, opened) = pair[1].opening?;
        Some((opening.requested_us.min(opened).saturating_sub(ended) / 1000, at))
    };
    let in_series = wanted.waits as usize;
    let mut waits = Vec::new();
    // Between two series, any wait is right.
    let all = evidence.connections.windows(2).filter_map(between).zip((0..=in_series).cycle());
    for ((ms, at), place) in all.filter(|(_, place)| *place < in_series).take(in_series * wanted.series as usize) {
        let least = u64::from(wanted.base_ms).saturating_mul(1 << place.min(31));
        // Clocks differ, so a timer may seem to fire slightly early.
        if ms + 5 < least {
            let said = format!("Wait {} was {ms} ms. It must be at least {least} ms.", waits.len() + 1);
            return Finding::unmet(said, Some(at));
        }
        if ms > least.saturating_mul(2).saturating_add(SLACK_MS) {
            let said =
                format!("Wait {} was {ms} ms. It must be at most {} ms.", waits.len() + 1, least.saturating_mul(2));
            return Finding::unmet(said, Some(at));
        }
        waits.push(Wait { ms, least, at });
    }
    let at = waits.last().map(|wait| wait.at);
    let wanted_waits = in_series * wanted.series as usize;
    if waits.len() < wanted_waits {
        return Finding::unmet(format!("You have waited {} of {wanted_waits} times.", waits.len()), at);
    }
    let said: Vec<_> = waits.iter().map(|wait| wait.ms.to_string()).collect();
    let said = said.join(", ");
    let series: Vec<_> = waits.chunks(in_series).collect();
    // By chance, random waits double exactly in one series of a hundred, but hardly ever in all.
    if wanted.jitter && series.iter().all(|waits| is_regular(waits)) {
        return Finding::unmet(format!("The waits were {said} ms. They double exactly; add a random part."), at);
    }
    let is_same = |(one, other): (&Wait, &Wait)| one.ms.abs_diff(other.ms) <= SAME_MS;
    if wanted.jitter && series.windows(2).any(|pair| pair[0].iter().zip(pair[1]).all(is_same)) {
        let said = format!("The waits were {said} ms. They are the same each time; draw the random part anew.");
        return Finding::unmet(said, at);
    }
    Finding::met(format!("The waits were {said} ms."), at)
}

/// Whether the waits of a series double exactly.
fn is_regular(waits: &[Wait]) -> bool {
    let proportion = waits.last().map_or(1.0, |last| last.ms as f64 / last.least as f64);
    let skipped = usize::from(waits.len() >= MANY);
    waits.iter().skip(skipped).all(|wait| {
        let [early, late] = REGULAR_MS;
        (early..=late).contains(&(wait.ms as f64 - proportion * wait.least as f64))
    })
}

pub(super) fn in_flight(evidence: &Evidence<'_>, wanted: &InFlight) -> Finding {
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
    let said = format!("At most {} in flight at the same time", messages(best.0));
    if let Some(most) = wanted.at_most.filter(|most| best.0 > *most) {
        return Finding::unmet(format!("{said}; the limit is {most}."), best.1);
    }
    Finding { met: wanted.at_least.is_none_or(|least| best.0 >= least), found: format!("{said}."), at: best.1 }
}

pub(super) fn lasted(evidence: &Evidence<'_>, at_least_ms: u32) -> Finding {
    let mut best = Finding::unmet("No connection has opened yet.", None);
    for connection in evidence.opened() {
        let Some((at, _, opened)) = connection.opening else { continue };
        let sent = |seen: &&SeenFrame<'_>| seen.frame.from == Party::Client && seen.frame.opcode() != Opcode::Close;
        let late = (connection.frames.iter().filter(sent))
            .find(|seen| (seen.at_us.saturating_sub(opened)) / 1000 >= u64::from(at_least_ms));
        if let Some(late) = late {
            let after = (late.at_us - opened) / 1000;
            return Finding::met(format!("You sent a frame {after} ms after the connection opened."), Some(late.at));
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
