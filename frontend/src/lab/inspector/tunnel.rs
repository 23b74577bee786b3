//! A connection to a middlebox in front of TLS, and the TLS records on it, which are all that the middlebox can see.

use super::hop::{HopCard, HopChanges};
use super::on_the_path::OnThePath;
use super::purpose::DeliberateActs;
use crate::ui::format;
use leptos::prelude::*;
use observation::{Records, Seq, Tunnel};

#[component]
pub fn TunnelView(line: Tunnel, seq: Seq) -> impl IntoView {
    let Tunnel { server_name, deliberate, .. } = line;
    let name = match server_name {
        Some(name) => {
            format!(
                "It can read one thing: the first record names the host {name} without encryption (SNI, RFC 6066 §3)."
            )
        }
        None => {
            "The first record names no host, because the URL has an IP address. So the middlebox cannot read even that."
                .into()
        }
    };
    view! {
        <HopCard seq/>
        <DeliberateActs did=deliberate/>
        <p>{name}</p>
        <HopChanges seq/>
        <h3>"What the middlebox sees"</h3>
        <OnThePath seq/>
    }
}

#[component]
pub fn RecordsView(records: Records, seq: Seq) -> impl IntoView {
    let missed = (records.missed > 0).then(|| {
        let words = format!("{} before these were not recorded.", format::plural(records.missed, "record"));
        view! { <p class="note">{words}</p> }
    });
    view! {
        <HopCard seq/>
        {missed}
        <OnThePath seq/>
    }
}
