//! A line to a middlebox in front of TLS, and the records that cross it: all that the box has.

use super::hop::{HopCard, HopChanges};
use super::on_the_path::OnThePath;
use super::purpose::OnPurpose;
use crate::ui::format;
use leptos::prelude::*;
use observation::{Records, Seq, Tunnel};

#[component]
pub fn TunnelView(line: Tunnel, seq: Seq) -> impl IntoView {
    let Tunnel { server_name, deliberate, .. } = line;
    let name = match server_name {
        Some(name) => {
            format!("One thing it can read: the first record names the host {name} in the clear (SNI, RFC 6066 §3).")
        }
        None => {
            "The first record names no host, for the URL has an address in its place. So not even that can be read."
                .into()
        }
    };
    view! {
        <HopCard seq/>
        <OnPurpose did=deliberate/>
        <p>{name}</p>
        <HopChanges seq/>
        <h3>"What the box sees"</h3>
        <OnThePath seq/>
    }
}

#[component]
pub fn RecordsView(records: Records, seq: Seq) -> impl IntoView {
    let missed = (records.missed > 0).then(|| {
        let words = format!("{} came right before and were not kept.", format::plural(records.missed, "record"));
        view! { <p class="note">{words}</p> }
    });
    view! {
        <HopCard seq/>
        {missed}
        <OnThePath seq/>
    }
}
