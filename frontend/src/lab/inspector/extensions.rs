//! The extensions that a client offered, the answer to each, and the parameters of compression. RFC 6455 §9.1, RFC 7692 §7.1.

use crate::lab::explain::deflate::window;
use crate::ui::prose::Prose;
use leptos::prelude::*;
use observation::{Deflate, Offer};

#[component]
pub fn Extensions(
    offers: Vec<Offer>,
    deflate: Option<Deflate>,
    /// The client: the browser, or another program.
    client: &'static str,
) -> impl IntoView {
    if offers.is_empty() {
        return ().into_any();
    }
    let offer = |Offer { offer, answer, declined }: Offer| {
        let taken = answer.is_some();
        let words = match answer {
            Some(answer) if answer == offer => "Accepted as offered.".to_owned(),
            Some(answer) => format!("Answered with `{answer}`."),
            None => format!("{}.", declined.unwrap_or_default()),
        };
        view! {
            <p class="card" class:good=taken>
                <b>{if taken { "Accepted" } else { "Declined" }}</b>
                <code>{offer}</code>
                <Prose text=words/>
            </p>
        }
    };
    view! {
        <h3>{format!("What the {client} offered ")} <span class="muted">"RFC 6455 §9.1"</span></h3>
        {offers.into_iter().map(offer).collect_view()}
        {match deflate {
            Some(deflate) => view! { <Terms deflate client/> }.into_any(),
            None if client == "browser" => {
                view! { <p class="note">"The switch beside the URL turns compression on or off for the next connection."</p> }
                    .into_any()
            }
            None => ().into_any(),
        }}
    }
    .into_any()
}

#[component]
fn Terms(deflate: Deflate, client: &'static str) -> impl IntoView {
    let context = |alone: bool| if alone { "each message independently" } else { "earlier messages are the context" };
    let rows = [
        (format!("from the {client}"), deflate.client_no_context_takeover, deflate.client_max_window_bits),
        ("from the relay".to_owned(), deflate.server_no_context_takeover, deflate.server_max_window_bits),
    ];
    view! {
        <h3>"Compression agreed on " <span class="muted">"RFC 7692 §7.1"</span></h3>
        <table class="sides">
            <thead>
                <tr>
                    <td></td>
                    <th scope="col">"context takeover"</th>
                    <th scope="col">"window"</th>
                </tr>
            </thead>
            <tbody>
                {rows
                    .into_iter()
                    .map(|(end, alone, bits)| {
                        view! {
                            <tr>
                                <th scope="row">{end}</th>
                                <td>{context(alone)}</td>
                                <td>{format!("{}, {bits} bits", window(bits))}</td>
                            </tr>
                        }
                    })
                    .collect_view()}
            </tbody>
        </table>
        <p class="note">
            "JavaScript learns only that the extension is on, from " <code>"socket.extensions"</code>
            ". To use other parameters, add one to the URL, such as " <code>"&server_no_context_takeover"</code> " or "
            <code>"&server_max_window_bits=9"</code> "."
        </p>
    }
}
