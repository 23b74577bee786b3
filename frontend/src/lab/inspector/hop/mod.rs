//! A leg of a way over something in between: which one it is, the other one, and what was done on the way.

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

/// How many acts of a box are listed, the newest.
const ACTS: usize = 8;

/// Which leg it is, and the way to the other one. Nothing where there are none.
#[component]
pub fn HopCard(seq: Seq) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let hop = lab.record.with_untracked(|record| connection(record, seq)?.hop.clone());
    let Some(hop) = hop else { return ().into_any() };
    let ends = Ends::of(Some(&hop), "client");
    let (client, server) = (ends.the(Party::Client), ends.the(Party::Server));
    let title = match hop.leg {
        Leg::Near => format!("The near leg: {client} to {server}"),
        Leg::Far => format!("The far leg: {client} to {server}"),
    };
    view! {
        <div class="card leg">
            <b>{title}</b>
            <span>{words(&hop)}</span>
            {hop.server.clone().map(|server| view! { <small>"Dialled: " <code>{server}</code></small> })}
            <OtherLeg seq/>
        </div>
    }
    .into_any()
}

fn words(hop: &Hop) -> &'static str {
    match (&hop.middle, hop.leg) {
        (Intermediary::Box(_), Leg::Near) => {
            "What the browser takes for the server is a box, which reads all of it and asks further on."
        }
        (Intermediary::Box(_), Leg::Far) => {
            "A connection of its own, made by the box. The server sees the box, and what the box tells of the browser."
        }
        (Intermediary::Tunnel(_), Leg::Near) => {
            "TLS goes through the box from end to end. It sees records, and has no key to them."
        }
        (Intermediary::Tunnel(_), Leg::Far) => {
            "What came through the box in records, read at the end that has the keys. Nothing in it can have been changed on the way without a sign."
        }
        (Intermediary::Relay, Leg::Near) => {
            "The relay asks another server in the browser’s place, and passes on what comes."
        }
        (Intermediary::Relay, Leg::Far) => {
            "A connection of the relay’s own to the other server. Here the relay is the client."
        }
    }
}

/// A button that goes to the other leg, if there is one.
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
                    {format!("Go to the other leg, connection {number}")}
                </button>
            }
        })
    }
}

/// The row with which a connection began.
fn beginning(connection: &Connection) -> Option<RowKey> {
    let request = connection.asked.or(connection.opening).or(connection.refusal).map(RowKey::Request);
    connection.tunnel.map(RowKey::Tunnel).or(request)
}

fn connection(record: &Record, seq: Seq) -> Option<&Connection> {
    record.transcript.connection(record.transcript.get(seq)?.connection)
}

/// What differs between the request in front of the middle and the one behind it, and what else a box did.
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
            (Some(_), None) => ("gone", "left out"),
            (None, Some(_)) => ("added", "put in"),
            _ => ("changed", "changed"),
        };
        view! {
            <div class=class>
                <dt>
                    <b>{name}</b>
                    " "
                    <em class="op">{words}</em>
                </dt>
                {near.map(|value| view! { <dd class="was"><span class="hidden">"in front: "</span><del>{value}</del></dd> })}
                {far.map(|value| view! { <dd class="is"><span class="hidden">"behind: "</span><ins>{value}</ins></dd> })}
            </div>
        }
    };
    view! {
        <h3>{format!("What {name} changed in the request")}</h3>
        {if same {
            view! { <p class="note">"Nothing: it went on line by line as it came."</p> }.into_any()
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
                    "Go to it"
                </button>
            </li>
        }
    };
    view! {
        <h3>"What was done on the way"</h3>
        <ol class="acts">{acts.into_iter().map(act).collect_view()}</ol>
    }
}

/// The middle's name, and the changes; `None` until both requests are there, or if there is no middle that reads them.
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

/// What a box did on both legs, besides what the row `seq` says itself.
fn acts(record: &Record, seq: Seq) -> Vec<(Seq, RowKey, String)> {
    let (Some(this), Some(row)) = (connection(record, seq), record.transcript.get(seq)) else { return Vec::new() };
    let of_way = |number| number == this.number || Some(number) == this.other;
    let seen = record.transcript.iter().rev().filter(|seen| seen.seq != seq && of_way(seen.connection));
    // What is said of the request is said of its answer, too.
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
