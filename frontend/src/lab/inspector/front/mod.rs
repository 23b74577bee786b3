//! What a proxy in front of the relay added to a request or changed in it.

mod findings;

use crate::lab::{Lab, Record};
use crate::ui::prose::Prose;
use findings::{Finding, findings, trust};
use leptos::prelude::*;
use observation::page::PageAct;
use observation::{ConnectionNumber, Leg, Route, Seq};

/// Empty if nothing in the request points to a proxy.
#[component]
pub fn InFront(request: Vec<u8>, route: Route, seq: Seq) -> impl IntoView {
    let lab = expect_context::<Lab>();
    // On the server side of a hop, the relay's own middlebox made the request.
    if route.hop.as_ref().is_some_and(|hop| hop.leg == Leg::Far) {
        return ().into_any();
    }
    let url = Memo::new(move |_| lab.record.with(|record| own_url(record, record.transcript.get(seq)?.connection)));
    (move || {
        let found = findings(&request, &route, url.get().as_deref());
        let trust = trust(&route, !found.is_empty());
        if found.is_empty() && trust.is_none() {
            return ().into_any();
        }
        let row = |Finding { certain, title, words }: Finding| {
            let kind = if certain { "certain" } else { "likely" };
            view! {
                <li>
                    <b>
                        <Prose text=title/>
                    </b>
                    " "
                    <em class="op">{kind}</em>
                    <Prose text=words/>
                </li>
            }
        };
        view! {
            <h3>"A proxy in front of the relay"</h3>
            <ul class="front" aria-label="What the proxy added or changed">
                {found.into_iter().map(row).collect_view()}
            </ul>
            {trust.map(|words| view! { <p class="note"><Prose text=words/></p> })}
        }
        .into_any()
    })
    .into_any()
}

/// The URL that this page connected to, if the connection is its own.
pub fn own_url(record: &Record, connection: ConnectionNumber) -> Option<String> {
    let socket = record.sequence.owner(connection)?;
    record.journal.iter().find_map(|event| match &event.act {
        PageAct::Constructed { url, .. } if event.socket == socket => Some(url.clone()),
        _ => None,
    })
}
