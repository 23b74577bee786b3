//! The connection around the inspected row: its encryption, its bytes, and what stays visible despite the encryption.

use super::passage::{Drawn, PassageView, draw};
use crate::lab::inspector::front::own_url;
use crate::lab::row_text::{Ends, client};
use crate::lab::{Lab, Record};
use crate::ui::format;
use leptos::prelude::*;
use observation::eavesdrop::{Encryption, PathView, Visible, visible};
use observation::sequence::PageSide;
use observation::{ConnectionNumber, Leg, Party, Seq};

/// How many passages are shown before and after the inspected one at first, and how many more with each click.
const AROUND: usize = 6;
const MORE: usize = 30;

/// The part of a connection that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Excerpt {
    cover: Encryption,
    ends: Ends,
    passages: Vec<Drawn>,
    /// How many passages are before and after these.
    before: usize,
    behind: usize,
    client: Visible,
    server: Visible,
}

/// How far the excerpt reaches around the inspected passage.
#[derive(Clone, Copy)]
struct Reach {
    back: RwSignal<usize>,
    on: RwSignal<usize>,
    /// Whether the inspected passage has been scrolled into view.
    settled: StoredValue<bool>,
}

pub(super) fn view(seq: Seq) -> AnyView {
    let lab = expect_context::<Lab>();
    let reach = Reach { back: RwSignal::new(AROUND), on: RwSignal::new(AROUND), settled: StoredValue::new(false) };
    let excerpt = Memo::new(move |_| lab.record.with(|record| excerpt(record, seq, reach.back.get(), reach.on.get())));
    let unmasked = RwSignal::new(false);
    view! {
        {move || match excerpt.get() {
            None => {
                view! { <p class="note">"The relay has dropped the start of this connection from its log, so its encryption is not known."</p> }.into_any()
            }
            Some(excerpt) => view! { <ExcerptView excerpt reach unmasked/> }.into_any(),
        }}
    }
    .into_any()
}

#[component]
fn ExcerptView(excerpt: Excerpt, reach: Reach, unmasked: RwSignal<bool>) -> impl IntoView {
    let Excerpt { cover, ends, passages, before, behind, client, server } = excerpt;
    let clear = !cover.is_here();
    let ended = cover == Encryption::EndedInFront;
    let more = |count: usize, words: &'static str, side: RwSignal<usize>| {
        (count > 0).then(|| {
            view! {
                <button type="button" class="more" on:click=move |_| side.update(|side| *side += MORE)>
                    {format!("{} {words}", format::count(count as u64))}
                </button>
            }
        })
    };
    view! {
        {if clear {
            view! { <InTheClear ended unmasked/> }.into_any()
        } else {
            view! { <Covered cover ends=ends.clone() client server/> }.into_any()
        }}
        {more(before, "earlier", reach.back)}
        <ol class="passages" aria-label="What crossed the wire">
            {passages
                .into_iter()
                .map(|passage| {
                    let way = ends.arrow(passage.from);
                    view! { <PassageView passage way settled=reach.settled clear unmasked/> }
                })
                .collect_view()}
        </ol>
        {more(behind, "later", reach.on)}
    }
}

#[component]
fn InTheClear(
    /// Whether a proxy in front of the relay ended TLS.
    ended: bool,
    unmasked: RwSignal<bool>,
) -> impl IntoView {
    let (class, title, words) = if ended {
        (
            "card",
            "TLS ended before the relay",
            "From the client to the proxy in front of the relay, anyone on the path sees only TLS records. The relay does not get these records, so they are not here. Only between the proxy and the relay, anyone can read all of this.",
        )
    } else {
        ("card bad", "Not encrypted", "Anyone on the path can read all of this, as you do here, and can change it.")
    };
    view! {
        <p class=class>
            <b>{title}</b>
            <span>{words}</span>
        </p>
        <p class="unmask">
            <button type="button" class="small" aria-pressed=move || unmasked.get().to_string() on:click=move |_| unmasked.update(|on| *on = !*on)>
                "Unmask"
            </button>
            <span class="note">
                {move || {
                    if unmasked.get() {
                        "Unmasked with the key in each header. Masking does not hide anything."
                    } else {
                        "The client’s payloads are masked, but the key is sent right before them."
                    }
                }}
            </span>
        </p>
    }
}

#[component]
fn Covered(cover: Encryption, ends: Ends, client: Visible, server: Visible) -> impl IntoView {
    let Encryption::Tls { server_name, shared } = cover else { return ().into_any() };
    let name =
        server_name.map_or("none: the URL has an IP address".to_owned(), |name| format!("{name}, not encrypted"));
    let missed = client.missed + server.missed;
    let sent = |shown: Visible| format!("{}, {}", format::plural(shown.records, "record"), format::bytes(shown.bytes));
    let rows = [
        ("host".to_owned(), name),
        (format!("from {}", ends.the(Party::Client)), sent(client)),
        (format!("from {}", ends.the(Party::Server)), sent(server)),
        ("times".to_owned(), "when each record was sent, to the microsecond".to_owned()),
    ];
    view! {
        <p class="card good">
            <b>"Inside TLS"</b>
            <span>"Anyone on the path sees the records, but cannot read or change their content."</span>
        </p>
        {shared.then(|| view! {
            <p class="note">
                "The page’s other requests and its feed share this HTTP/2 connection. So the records contain more than this WebSocket, and nobody outside can tell them apart."
            </p>
        })}
        <h3>"What stays visible"</h3>
        <table class="sides">
            <tbody>
                {rows
                    .into_iter()
                    .map(|(name, value)| {
                        view! {
                            <tr>
                                <th scope="row">{name}</th>
                                <td>{value}</td>
                            </tr>
                        }
                    })
                    .collect_view()}
            </tbody>
        </table>
        {(missed > 0).then(|| {
            let words = format!("{} more were not recorded.", format::plural(missed, "record"));
            view! { <p class="note">{words}</p> }
        })}
        <h3>"Record by record"</h3>
    }
    .into_any()
}

/// Whether this page opened the connection with a wss URL.
fn is_own_wss(record: &Record, number: ConnectionNumber) -> bool {
    let beyond = record.transcript.connection(number).and_then(|connection| connection.hop.as_ref());
    own_url(record, number).is_some_and(|url| url.starts_with("wss:")) && beyond.is_none_or(|hop| hop.leg == Leg::Near)
}

fn excerpt(record: &Record, seq: Seq, back: usize, on: usize) -> Option<Excerpt> {
    let number = record.transcript.get(seq)?.connection;
    let line = PathView::of(&record.transcript, number)?;
    let connection = record.transcript.connection(number);
    let side = if record.sequence.owner(number).is_some() { PageSide::Nothing } else { PageSide::Elsewhere };
    let ends = Ends::of(connection.and_then(|connection| connection.hop.as_ref()), client(&side));
    let here = line.passage_of(seq);
    let at = here.unwrap_or(0);
    let first = at.saturating_sub(back);
    let end = at.saturating_add(on + 1).min(line.passages.len());
    let began = record.began_us(number).unwrap_or(0);
    Some(Excerpt {
        passages: (first..end)
            .zip(&line.passages[first..end])
            .map(|(n, it)| draw(record, it, here == Some(n), began))
            .collect(),
        before: first,
        behind: line.passages.len() - end,
        client: visible(&record.transcript, &line, Party::Client),
        server: visible(&record.transcript, &line, Party::Server),
        cover: match line.encryption {
            // The relay may not know it, but this page does.
            Encryption::None if is_own_wss(record, number) => Encryption::EndedInFront,
            other => other,
        },
        ends,
    })
}
