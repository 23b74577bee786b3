//! The opening handshake: both texts line by line, how the accept value came from the key, and what carried it all.
//! RFC 6455 §4, RFC 8441.

use super::accept::{Accept, NoKey};
use super::aftermath::AftermathView;
use super::extensions::Extensions;
use super::frame::ChosenPart;
use super::head_lines::{HeadLines, fields, lines};
use super::hop::{HopCard, HopChanges};
use super::on_the_path::OnThePath;
use super::purpose::OnPurpose;
use super::route::Carried;
use crate::ui::format;
use crate::ui::prose::Prose;
use crate::ui::scope::Scope;
use crate::ui::tabs::Tabs;
use leptos::prelude::*;
use observation::encoding::latin1::to_text;
use observation::{Asked, Http, Intermediary, Leg, Opening, Refusal, Route, Seq};
use wire::handshake::head::{RequestHead, ResponseHead};

#[component]
pub fn OpeningView(
    opening: Opening,
    response: bool,
    seq: Seq,
    /// Who asked: the browser, or another client.
    client: &'static str,
) -> impl IntoView {
    let chosen = ChosenPart::handshake(usize::from(response), 4);
    let Opening { request, response, offers, deflate, deliberate, route, .. } = opening;
    let odd = !deliberate.is_empty();
    let tabs: &[&str] = match route.http {
        Http::One => &["Request", "Response", "Key → accept", "On the path"],
        Http::Two => &["Request", "Response", "Why no key", "On the path"],
    };
    view! {
        <HopCard seq/>
        <OnPurpose did=deliberate/>
        {odd.then(|| view! { <AftermathView seq client/> })}
        <Tabs label="Parts of the handshake" id="handshake" tabs chosen/>
        <div id=Scope::here().id("handshake-panel") role="tabpanel" aria-label="Handshake" class="part">
            {move || match chosen.get() {
                0 => view! { <RequestText bytes=request.clone() route=route.clone() seq/> }.into_any(),
                3 => view! { <OnThePath seq/> }.into_any(),
                2 if route.http == Http::Two => view! { <NoKey/> }.into_any(),
                1 => {
                    view! {
                        <ResponseText bytes=response.clone()/>
                        <Extensions offers=offers.clone() deflate client/>
                    }
                        .into_any()
                }
                _ => view! { <Accept request=request.clone() response=response.clone()/> }.into_any(),
            }}
        </div>
    }
}

#[component]
pub fn RefusalView(
    refusal: Refusal,
    response: bool,
    seq: Seq,
    /// Who asked: the browser, or another client.
    client: &'static str,
) -> impl IntoView {
    let chosen = ChosenPart::handshake(usize::from(response), 3);
    let Refusal { request, response, explanation, section, deliberate, route, .. } = refusal;
    let of_page = client == "browser";
    // Of a near leg it is the answer of what stands in between, or of the server beyond.
    let of_lab = route.hop.as_ref().is_none_or(|hop| hop.leg == Leg::Far && hop.middle != Intermediary::Relay);
    let why = deliberate.is_empty().then(|| {
        view! {
            <p class="card bad">
                <b>{if of_lab { "Why the relay refused" } else { "Why it was refused" }}</b>
                <Prose text=format!("{explanation}.")/>
                <small>
                    {match section {
                        Some(section) => format!("RFC 6455 §{section}."),
                        None if of_lab => "A rule of this relay’s own.".to_owned(),
                        None => String::new(),
                    }}
                    {of_page.then_some(" JavaScript is told only: error, then close 1006.")}
                </small>
            </p>
        }
    });
    view! {
        <HopCard seq/>
        {why}
        <OnPurpose did=deliberate/>
        <AftermathView seq client/>
        <Tabs label="Parts of the handshake" id="handshake" tabs=&["Request", "Response", "On the path"] chosen/>
        <div id=Scope::here().id("handshake-panel") role="tabpanel" aria-label="Handshake" class="part">
            {move || match chosen.get() {
                0 => view! { <RequestText bytes=request.clone() route=route.clone() seq/> }.into_any(),
                1 => view! { <ResponseText bytes=response.clone()/> }.into_any(),
                _ => view! { <OnThePath seq/> }.into_any(),
            }}
        </div>
    }
}

/// A request that waits for the other leg.
#[component]
pub fn AskedView(asked: Asked, seq: Seq) -> impl IntoView {
    let chosen = RwSignal::new(0);
    let Asked { request, route, deliberate } = asked;
    view! {
        <HopCard seq/>
        <OnPurpose did=deliberate/>
        <Tabs label="Parts of the handshake" id="handshake" tabs=&["Request", "On the path"] chosen/>
        <div id=Scope::here().id("handshake-panel") role="tabpanel" aria-label="Handshake" class="part">
            {move || match chosen.get() {
                0 => view! { <RequestText bytes=request.clone() route=route.clone() seq/> }.into_any(),
                _ => view! { <OnThePath seq/> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn RequestText(bytes: Vec<u8>, route: Route, seq: Seq) -> impl IntoView {
    let head = RequestHead::parse(&bytes).ok().flatten();
    let first = "The request line: an ordinary GET, and HTTP 1.1 at least. So far any web server understands it.";
    let of_stream = route.http == Http::Two;
    let lines = match head {
        _ if of_stream => Some(fields(&bytes, false)),
        head => head.map(|head| lines(&bytes, false, first, &head.headers)),
    };
    let size = format::bytes(bytes.len() as u64);
    let (before, after) = if of_stream {
        (
            format!("{size} as text. On the line they were packed by HPACK (RFC 7541), in a HEADERS frame of HTTP/2:"),
            "There is no request line and no empty line: the fields that begin with a colon say it all. The stream stays open.",
        )
    } else {
        (format!("{size}, as they arrived:"), "The empty line ends the request. A handshake has no body.")
    };
    view! {
        <HopChanges seq/>
        <p class="note">{before}</p>
        <HeadLines lines raw=to_text(&bytes)/>
        <p class="note">{after}</p>
        <Carried route/>
    }
}

#[component]
fn ResponseText(bytes: Vec<u8>) -> impl IntoView {
    let of_stream = bytes.starts_with(b":");
    let head = ResponseHead::parse(&bytes).ok().flatten();
    let switches = head.as_ref().is_some_and(|head| head.status == 101) || bytes.starts_with(b":status: 200\r");
    let first = if switches {
        "101 means Switching Protocols: the server agrees, and HTTP ends with this text."
    } else {
        "Any status but 101 is a no: the connection stays HTTP, and the browser gives up."
    };
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(bytes.len(), |end| end + 4);
    let body = Some(to_text(&bytes[end..])).filter(|body| !body.is_empty() && (of_stream || head.is_some()));
    let lines = match head {
        _ if of_stream => Some(fields(&bytes[..end], true)),
        head => head.map(|head| lines(&bytes, true, first, &head.headers)),
    };
    let after = if of_stream {
        "The connection stays HTTP/2. From here on the DATA frames of this one stream carry the frames of WebSocket."
    } else {
        "The empty line ends the response, and HTTP with it. The TCP connection stays; from the next byte on it carries frames."
    };
    view! {
        <p class="note">{format!("{}, as they left:", format::bytes(bytes.len() as u64))}</p>
        <HeadLines lines raw=to_text(&bytes) refused=!switches/>
        {body
            .map(|body| {
                view! {
                    <h3>"Body " <span class="muted">"JavaScript never gets to read it"</span></h3>
                    <pre class="text" tabindex="0">{body}</pre>
                }
            })}
        {switches.then(|| view! { <p class="note">{after}</p> })}
    }
}
