//! Conditions on what the page recorded of a run.

use super::Finding;
use super::wire::contains_json;
use crate::check::{EventName, ExpectedEvent};
use crate::console::recognise;
use crate::page_run::PageRun;
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
    match recognise(line, url) {
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

pub(super) fn shown(run: &PageRun, at_least: u32) -> Finding {
    match run.shown.last() {
        Some(image) if run.shown.len() >= at_least as usize => {
            let found =
                format!("Your code showed an image: {}, {} × {} pixels.", image.media_type, image.width, image.height);
            Finding::met(found, None)
        }
        _ => Finding::unmet(format!("Your code has shown {} of {at_least} images.", run.shown.len()), None),
    }
}

pub(super) fn buffered(run: &PageRun, at_most: u64) -> Finding {
    let sent = run.events.iter().any(|event| matches!(event.act, PageAct::Sent(_)));
    if !sent {
        return Finding::unmet("Your code has not sent anything yet.", None);
    }
    let found = format!("bufferedAmount reached {} bytes; the limit is {at_most}.", run.most_buffered);
    Finding { met: run.most_buffered <= at_most, found, at: None }
}

fn front(value: &serde_json::Value) -> String {
    const SHOWN: usize = 120;
    let text = value.to_string();
    if text.chars().count() > SHOWN { format!("{}…", text.chars().take(SHOWN).collect::<String>()) } else { text }
}
