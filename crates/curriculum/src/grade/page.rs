//! Conditions on what the page recorded of a run.

use super::Finding;
use super::evidence::Evidence;
use super::wire::{contains_json, is_image};
use crate::check::{Buffered, EventName, ExpectedEvent, ExpectedImages, Read};
use crate::console::recognise;
use crate::page_run::{PageRun, Shown};
use observation::Party;
use observation::page::PageAct;

pub(super) fn tried(run: &PageRun, url: &str) -> Finding {
    let tried = || {
        run.events.iter().filter_map(|event| match &event.act {
            PageAct::Constructed { url, .. } => Some(url),
            _ => None,
        })
    };
    match (tried().find(|tried| tried.starts_with(url)), tried().next_back()) {
        (Some(tried), _) => Finding::met(format!("Your code called new WebSocket({tried})."), None),
        (None, Some(other)) => Finding::unmet(format!("Your code called new WebSocket({other})."), None),
        (None, None) => Finding::unmet("Your code has not created a WebSocket yet.", None),
    }
}

pub(super) fn event(run: &PageRun, wanted: &ExpectedEvent) -> Finding {
    let mut last = None;
    for event in &run.events {
        let (name, said, fits) = match &event.act {
            PageAct::Open { .. } => (EventName::Open, "an open event".to_owned(), true),
            PageAct::Received(_) => (EventName::Message, "a message event".to_owned(), true),
            PageAct::Error => (EventName::Error, "an error event without details".to_owned(), true),
            PageAct::Closed { code, was_clean, .. } => {
                let fits = wanted.code.is_none_or(|wanted| wanted == *code)
                    && wanted.was_clean.is_none_or(|wanted| wanted == *was_clean);
                (EventName::Close, format!("a close event with code {code} and wasClean {was_clean}"), fits)
            }
            PageAct::Constructed { .. } | PageAct::Sent(_) | PageAct::CloseCalled { .. } => continue,
        };
        if name == wanted.name && fits {
            return Finding::met(format!("Your socket received {said}."), None);
        }
        last = Some(said);
    }
    match last {
        Some(said) => Finding::unmet(format!("The last event of your socket was {said}."), None),
        None => Finding::unmet("Your socket has not received an event yet.", None),
    }
}

pub(super) fn returned(run: &PageRun, wanted: &serde_json::Value) -> Finding {
    match &run.returned {
        Some(value) => Finding {
            met: contains_json(value, wanted),
            found: format!("Your code returned {}.", front(value)),
            at: None,
        },
        None => Finding::unmet("Your code has not returned a value yet.", None),
    }
}

/// `url` is the one that the challenge is about.
pub(super) fn pasted(run: &PageRun, says: &[String], url: Option<&str>) -> Finding {
    let Some(line) = run.pasted.as_deref().filter(|line| !line.trim().is_empty()) else {
        return Finding::unmet("You have not pasted a message yet.", None);
    };
    let about = |url: &str| host(url).is_none_or(|host| line.to_lowercase().contains(&host.to_lowercase()));
    match recognise(line, url) {
        Some(_) if !url.is_none_or(about) => Finding::unmet(
            "This message is about another address. Copy the one about the address of this challenge.",
            None,
        ),
        Some(known) => {
            let found = format!("This is a message from {}. {}", known.browser, known.explanation);
            Finding { met: says.iter().any(|name| name == known.meaning.name()), found, at: None }
        }
        None => Finding::unmet(
            "This is not a known browser message about a failed WebSocket. Copy the whole message, including the URL.",
            None,
        ),
    }
}

/// The host and port of a URL.
fn host(url: &str) -> Option<&str> {
    url.split_once("://").map(|(_, rest)| rest.split(['/', '?']).next().unwrap_or(rest))
}

pub(super) fn shown(run: &PageRun, wanted: &ExpectedImages, evidence: &Evidence<'_>) -> Finding {
    let at_least = wanted.at_least;
    let is_received = |image: &Shown| {
        let mut images = evidence.messages().filter(|message| message.from == Party::Server);
        images.any(|message| is_image(&message.content) && message.bytes == image.bytes)
    };
    if let Some(image) = run.shown.iter().find(|image| wanted.received && !is_received(image)) {
        let found = format!("Your code showed an image of {} bytes. The server sent none of that size.", image.bytes);
        return Finding::unmet(found, None);
    }
    match run.shown.last() {
        Some(image) if run.shown.len() >= at_least as usize => {
            let found =
                format!("Your code showed an image: {}, {} × {} pixels.", image.media_type, image.width, image.height);
            Finding::met(found, None)
        }
        _ => Finding::unmet(format!("Your code has shown {} of {at_least} images.", run.shown.len()), None),
    }
}

pub(super) fn read(run: &PageRun, wanted: &Read) -> Finding {
    let place = |name: &String| run.read.iter().position(|read| read == name);
    let places: Vec<_> = wanted.all.iter().map(place).collect();
    let missing: Vec<_> =
        wanted.all.iter().filter(|name| place(name).is_none()).map(|name| format!("`{name}`")).collect();
    if !missing.is_empty() {
        return Finding::unmet(format!("Your code has not read {}.", missing.join(", ")), None);
    }
    let read: Vec<_> =
        run.read.iter().filter(|name| wanted.all.contains(name)).map(|name| format!("`{name}`")).collect();
    Finding {
        met: !wanted.in_order || places.is_sorted(),
        found: format!("Your code read {}.", read.join(", ")),
        at: None,
    }
}

pub(super) fn buffered(run: &PageRun, wanted: &Buffered) -> Finding {
    let at_most = wanted.at_most;
    let sent = run.events.iter().any(|event| matches!(event.act, PageAct::Sent(_)));
    if !sent {
        return Finding::unmet("Your code has not sent anything yet.", None);
    }
    let found = format!("bufferedAmount reached {} bytes; the limit is {at_most}.", run.most_buffered);
    match wanted.looks.filter(|looks| run.looked < *looks && run.most_buffered <= at_most) {
        Some(looks) => {
            let looked = run.looked;
            let found =
                format!("Your code read bufferedAmount before {looked} messages. It must do so before {looks}.");
            Finding::unmet(found, None)
        }
        None => Finding { met: run.most_buffered <= at_most, found, at: None },
    }
}

fn front(value: &serde_json::Value) -> String {
    const SHOWN: usize = 120;
    let text = value.to_string();
    if text.chars().count() > SHOWN { format!("{}…", text.chars().take(SHOWN).collect::<String>()) } else { text }
}
