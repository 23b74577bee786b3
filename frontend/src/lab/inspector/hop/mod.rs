//! One side of a hop: which one, the other one, and what the middle did.

mod changes;

use super::purpose::row_of;
use crate::lab::row_text::Ends;
use crate::lab::{Lab, Record};
use crate::ui::prose::Prose;
use changes::{Change, changes};
use leptos::prelude::*;
use observation::sequence::RowKey;
use observation::transcript::Connection;
use observation::{Event, Hop, Intermediary, Leg, Origin, Party, Seq, aftermath};

/// How many of a middlebox's newest acts are listed.
const ACTS: usize = 8;

/// Which side of the hop this is, and a button to the other side. Empty without a hop.
#[component]
pub fn HopCard(seq: Seq) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let hop = lab.record.with_untracked(|record| connection(record, seq)?.hop.clone());
    let Some(hop) = hop else { return ().into_any() };
    let ends = Ends::of(Some(&hop), "client");
    let (client, server) = (ends.the(Party::Client), ends.the(Party::Server));
    let title = match hop.leg {
        Leg::Near => format!("Client side of the hop: {client} to {server}"),
        Leg::Far => format!("Server side of the hop: {client} to {server}"),
    };
    view! {
        <div class="card leg">
            <b>{title}</b>
            <span>{words(&hop)}</span>
            {hop
                .server
                .clone()
                .map(|server| {
                    view! {
                        <small>
                            "Connected to: " <code>{server}</code>
                            {hop.address.map(|address| view! { " at " <code>{address.to_string()}</code> })}
                        </small>
                    }
                })}
            <OtherLeg seq/>
        </div>
    }
    .into_any()
}

fn words(hop: &Hop) -> &'static str {
    match (&hop.middle, hop.leg) {
        (Intermediary::Box(_), Leg::Near) => {
            "The browser is connected to a middlebox, which reads everything and makes its own request to the server."
        }
        (Intermediary::Box(_), Leg::Far) => {
            "The middlebox opened this connection. The server sees the middlebox, and only what the middlebox says about the browser."
        }
        (Intermediary::Tunnel(_), Leg::Near) => "TLS passes through the middlebox. It sees records but has no keys.",
        (Intermediary::Tunnel(_), Leg::Far) => {
            "The same data, decrypted at the end that has the keys. The middlebox cannot have changed it unnoticed."
        }
        (Intermediary::Relay, Leg::Near) => {
            "The relay connects to another server for the browser and forwards what it receives."
        }
        (Intermediary::Relay, Leg::Far) => {
            "The relay’s own connection to the other server. Here, the relay is the client."
        }
    }
}

/// A button that shows the other side of the hop, if there is one.
#[component]
pub fn OtherLeg(seq: Seq) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let other = Memo::new(move |_| {
        lab.record.with(|record| {
            let other = connection(record, seq)?.other?;
            let key = beginning(record.transcript.connection(other)?)?;
            Some((other.0, key))
        })
    });
    move || {
        other.get().map(|(number, key)| {
            view! {
                <button type="button" class="small" on:click=move |_| lab.inspect(key)>
                    {format!("Show the other side, connection {number}")}
                </button>
            }
        })
    }
}

/// The first row of a connection.
fn beginning(connection: &Connection) -> Option<RowKey> {
    let request = connection.asked.or(connection.opening).or(connection.refusal).map(RowKey::Request);
    connection.tunnel.map(RowKey::Tunnel).or(request)
}

fn connection(record: &Record, seq: Seq) -> Option<&Connection> {
    record.transcript.connection(record.transcript.get(seq)?.connection)
}

/// What the middle changed in the request, and what else it did.
#[component]
pub fn HopChanges(seq: Seq) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let found = Memo::new(move |_| lab.record.with(|record| compare(record, seq)));
    let acts = Memo::new(move |_| lab.record.with(|record| acts(record, seq)));
    view! {
        {move || found.get().map(|(name, changes)| view! { <Changes name changes/> })}
        {move || Some(acts.get()).filter(|acts| !acts.is_empty()).map(|acts| view! { <Acts acts/> })}
    }
}

#[component]
fn Changes(name: String, changes: Vec<Change>) -> impl IntoView {
    let same = changes.is_empty();
    let change = |Change { name, near, far }: Change| {
        let (class, words) = match (&near, &far) {
            (Some(_), None) => ("gone", "removed"),
            (None, Some(_)) => ("added", "added"),
            _ => ("changed", "changed"),
        };
        view! {
            <div class=class>
                <dt>
                    <b>{name}</b>
                    " "
                    <em class="op">{words}</em>
                </dt>
                {near.map(|value| view! { <dd class="was"><span class="hidden">"before: "</span><del>{value}</del></dd> })}
                {far.map(|value| view! { <dd class="is"><span class="hidden">"after: "</span><ins>{value}</ins></dd> })}
            </div>
        }
    };
    view! {
        <h3>{format!("What {name} changed in the request")}</h3>
        {if same {
            view! { <p class="note">"Nothing: every header was forwarded unchanged."</p> }.into_any()
        } else {
            view! { <dl class="changes">{changes.into_iter().map(change).collect_view()}</dl> }.into_any()
        }}
    }
}

#[component]
fn Acts(acts: Vec<(Seq, RowKey, String)>) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let act = |(_, key, words): (Seq, RowKey, String)| {
        view! {
            <li>
                <Prose text=words/>
                <button type="button" class="small" on:click=move |_| lab.inspect(key)>
                    "Show"
                </button>
            </li>
        }
    };
    view! {
        <h3>"What the middlebox did"</h3>
        <ol class="acts">{acts.into_iter().map(act).collect_view()}</ol>
    }
}

/// The name of the middle and its changes; `None` until both requests are recorded, or if the middle cannot read them.
fn compare(record: &Record, seq: Seq) -> Option<(String, Vec<Change>)> {
    let this = connection(record, seq)?;
    let other = record.transcript.connection(this.other?)?;
    let hop = this.hop.as_ref()?;
    let (near, far) = if hop.leg == Leg::Near { (this, other) } else { (other, this) };
    let name = match &hop.middle {
        Intermediary::Tunnel(_) => return None,
        middle => middle.name().map_or("the relay".to_owned(), str::to_owned),
    };
    Some((name, changes(request(record, near)?, request(record, far)?)))
}

fn request<'a>(record: &'a Record, connection: &Connection) -> Option<&'a [u8]> {
    let began = [connection.asked, connection.opening, connection.refusal];
    began.into_iter().flatten().find_map(|seq| match &record.transcript.get(seq)?.event {
        Event::Asked(asked) => Some(&*asked.request),
        Event::Opening(opening) => Some(&*opening.request),
        Event::Refusal(refusal) => Some(&*refusal.request),
        _ => None,
    })
}

/// What a middlebox did on both sides, apart from the act of row `seq`.
fn acts(record: &Record, seq: Seq) -> Vec<(Seq, RowKey, String)> {
    let (Some(this), Some(row)) = (connection(record, seq), record.transcript.get(seq)) else { return Vec::new() };
    let of_way = |number| number == this.number || Some(number) == this.other;
    let seen = record.transcript.iter().rev().filter(|seen| seen.seq != seq && of_way(seen.connection));
    // An act on the request is shown with its response too.
    let mut said: Vec<&str> = aftermath::deliberate(&row.event).iter().map(|done| &*done.explanation).collect();
    let done = seen.filter_map(|seen| {
        let of_box = aftermath::deliberate(&seen.event).iter().find(|done| done.by == Origin::Middlebox)?;
        if matches!(seen.event, Event::Asked(_) | Event::Opening(_) | Event::Refusal(_)) {
            if said.contains(&&*of_box.explanation) {
                return None;
            }
            said.push(&of_box.explanation);
        }
        Some((seen.seq, row_of(&seen.event, seen.seq)?, format!("{}.", of_box.explanation)))
    });
    let mut acts: Vec<_> = done.take(ACTS).collect();
    acts.reverse();
    acts
}
