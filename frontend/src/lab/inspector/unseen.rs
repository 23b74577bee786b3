//! An event that only the page has seen: of a socket to another server, or of one that the relay did not record.

use crate::lab::row_text;
use crate::lab::{FeedState, Lab};
use crate::ui::format;
use leptos::prelude::*;
use observation::page::{EventNumber, PageAct, PageEvent};
use observation::sequence::RowKey;

#[component]
pub fn UnseenView(key: RowKey) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let RowKey::Page(number) = key else { return ().into_any() };
    let found = lab.record.with_untracked(|record| {
        let event = record.journal.event(number)?.clone();
        let watched = record.sequence.is_watched(event.socket);
        let image = record.journal.payload(number).and_then(|held| held.image.as_ref());
        Some((event, watched, image.map(|url| url.as_str().to_owned())))
    });
    let Some((event, watched, image)) = found else {
        return view! { <p class="note">"The relay has dropped this from its log."</p> }.into_any();
    };
    let EventNumber(number) = event.number;
    view! {
        <pre class="text" tabindex="0">{row_text::act(&event.act)}</pre>
        {image.map(|url| view! { <img class="picture" src=url alt="The image in the message"/> })}
        <p>{meaning(&event)}</p>
        <p class="note">
            {if watched && lab.feed.get_untracked() == FeedState::Expired {
                "This session has ended, so the relay answered 404 and recorded nothing. Start a new session."
            } else if watched {
                "The relay has not recorded this. Either its report has not arrived yet, or the relay could not be reached."
            } else {
                "This socket leads to another server, so the page cannot show what the wire carried. Connect to this session’s lab to see both sides."
            }}
        </p>
        <p class="note">{format!("Event {number} of this page, {} ms after the page was loaded.", format::milliseconds(event.at_us))}</p>
    }
    .into_any()
}

fn meaning(event: &PageEvent) -> String {
    match &event.act {
        PageAct::Constructed { url, protocols } if protocols.is_empty() => format!("The page created a socket for {url}."),
        PageAct::Constructed { url, protocols } => {
            format!("The page created a socket for {url} and offered {}.", protocols.join(", "))
        }
        PageAct::Open { protocol, extensions } => {
            let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
            format!("The handshake is complete. Subprotocol: {}. Extensions: {}.", or_none(protocol), or_none(extensions))
        }
        PageAct::Sent(payload) => format!("The page gave the browser {} to send.", format::bytes(payload.bytes)),
        PageAct::Received(payload) => format!("A message of {} arrived.", format::bytes(payload.bytes)),
        PageAct::CloseCalled { .. } => "The page asked the browser to close the socket.".into(),
        PageAct::Error => {
            "An error event gives no reason, because a page could use it to probe a private network. The browser’s console may say more.".into()
        }
        PageAct::Closed { code: 1006, .. } => {
            "1006 means that no close frame came. A refused handshake, an unknown host and a cut connection all look the same to a page.".into()
        }
        PageAct::Closed { code, reason, was_clean } => {
            format!("Closed with {code}, reason {}, wasClean {was_clean}.", format::quoted(reason, usize::MAX))
        }
    }
}
