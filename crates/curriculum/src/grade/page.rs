//! Looks at what the page told of a run in it.

use super::Finding;
use super::wire::holds;
use crate::check::{EventName, EventWant};
use crate::console::recognise;
use crate::told::Told;
use observation::page::PageAct;

pub(super) fn tried(told: &Told, url: &str) -> Finding {
    let tried = || {
        told.events.iter().filter_map(|event| match &event.act {
            PageAct::Constructed { url, .. } => Some(url),
            _ => None,
        })
    };
    match (tried().find(|tried| tried.starts_with(url)), tried().next_back()) {
        (Some(tried), _) => Finding::met(format!("new WebSocket({tried}) was called."), None),
        (None, Some(other)) => Finding::unmet(format!("new WebSocket({other}) was called."), None),
        (None, None) => Finding::unmet("No WebSocket has been made yet.", None),
    }
}

pub(super) fn event(told: &Told, wanted: &EventWant) -> Finding {
    let mut last = None;
    for event in &told.events {
        let (name, said, fits) = match &event.act {
            PageAct::Open { .. } => (EventName::Open, "open".to_owned(), true),
            PageAct::Received(_) => (EventName::Message, "message".to_owned(), true),
            PageAct::Error => (EventName::Error, "error, and it carried nothing".to_owned(), true),
            PageAct::Closed { code, was_clean, .. } => {
                let fits = wanted.code.is_none_or(|wanted| wanted == *code)
                    && wanted.was_clean.is_none_or(|wanted| wanted == *was_clean);
                (EventName::Close, format!("close with {code}, wasClean {was_clean}"), fits)
            }
            PageAct::Constructed { .. } | PageAct::Sent(_) | PageAct::CloseCalled { .. } => continue,
        };
        if name == wanted.name && fits {
            return Finding::met(format!("The socket was told {said}."), None);
        }
        last = Some(said);
    }
    match last {
        Some(said) => Finding::unmet(format!("The socket was last told {said}."), None),
        None => Finding::unmet("No event has come yet.", None),
    }
}

pub(super) fn returned(told: &Told, wanted: &serde_json::Value) -> Finding {
    match &told.returned {
        Some(value) => {
            Finding { met: holds(value, wanted), found: format!("The code returned {}.", front(value)), at: None }
        }
        None => Finding::unmet("The code has returned nothing yet.", None),
    }
}

pub(super) fn pasted(told: &Told, says: &[String]) -> Finding {
    let Some(line) = told.pasted.as_deref().filter(|line| !line.trim().is_empty()) else {
        return Finding::unmet("Nothing has been pasted yet.", None);
    };
    match recognise(line) {
        Some(known) => {
            let found = format!("That is {}’s wording. {}", known.browser, known.words);
            Finding { met: says.iter().any(|name| name == known.meaning.name()), found, at: None }
        }
        None => Finding::unmet(
            "That is not what a browser prints when a WebSocket fails, or not one of those known here.",
            None,
        ),
    }
}

pub(super) fn shown(told: &Told, at_least: u32) -> Finding {
    match told.shown.last() {
        Some(image) if told.shown.len() >= at_least as usize => {
            let found = format!("An image was shown: {}, {} × {}.", image.media_type, image.width, image.height);
            Finding::met(found, None)
        }
        _ => Finding::unmet(format!("{} of {at_least} images were shown.", told.shown.len()), None),
    }
}

pub(super) fn buffered(told: &Told, at_most: u64) -> Finding {
    let sent = told.events.iter().any(|event| matches!(event.act, PageAct::Sent(_)));
    if !sent {
        return Finding::unmet("Nothing has been sent yet.", None);
    }
    let found = format!("At most {} bytes waited in the socket; the bound is {at_most}.", told.most_buffered);
    Finding { met: told.most_buffered <= at_most, found, at: None }
}

fn front(value: &serde_json::Value) -> String {
    const SHOWN: usize = 120;
    let text = value.to_string();
    if text.chars().count() > SHOWN { format!("{}…", text.chars().take(SHOWN).collect::<String>()) } else { text }
}
