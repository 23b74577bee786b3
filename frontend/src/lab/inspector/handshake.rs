//! The opening handshake: request and response line by line, the derivation of the accept value, and the connection below.
//! RFC 6455 §4, RFC 8441.

use super::accept::{Accept, NoKey};
use super::aftermath::AftermathView;
use super::extensions::Extensions;
use super::frame::ChosenPart;
use super::front::InFront;
use super::head_lines::{HeadLines, concealed_in, fields, lines};
use super::hop::{HopCard, HopChanges};
use super::on_the_path::OnThePath;
use super::purpose::DeliberateActs;
use super::route::Carried;
use crate::ui::format;
use crate::ui::prose::Prose;
use crate::ui::scope::Scope;
use crate::ui::tabs::Tabs;
use leptos::prelude::*;
use observation::encoding::latin1::to_text;
use observation::{Asked, HandshakeViolation, Http, Intermediary, Leg, Opening, Refusal, Route, Seq};
use wire::handshake::body;
use wire::handshake::head::{RequestHead, ResponseHead};

#[component]
pub fn OpeningView(
    opening: Opening,
    response: bool,
    seq: Seq,
    /// The client: the browser, or another program.
    client: &'static str,
) -> impl IntoView {
    let chosen = ChosenPart::handshake(usize::from(response), 4);
    let Opening { request, response, interim, offers, deflate, deliberate, route, concealed, .. } = opening;
    let odd = !deliberate.is_empty();
    let tabs: &[&str] = match route.http {
        Http::One => &["Request", "Response", "Key → accept", "On the path"],
        Http::Two => &["Request", "Response", "Why no key", "On the path"],
    };
    view! {
        <HopCard seq/>
        <DeliberateActs did=deliberate/>
        {odd.then(|| view! { <AftermathView seq client/> })}
        <Tabs label="Parts of the handshake" id="handshake" tabs chosen/>
        <div id=Scope::here().id("handshake-panel") role="tabpanel" aria-label="Handshake" class="part">
            {move || match chosen.get() {
                0 => view! { <RequestText bytes=request.clone() concealed=concealed.clone() route=route.clone() seq/> }.into_any(),
                3 => view! { <OnThePath seq/> }.into_any(),
                2 if route.http == Http::Two => view! { <NoKey/> }.into_any(),
                1 => {
                    view! {
                        <InterimText bytes=interim.clone()/>
                        <ResponseText bytes=response.clone() concealed=concealed.clone()/>
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
    /// The client: the browser, or another program.
    client: &'static str,
) -> impl IntoView {
    let chosen = ChosenPart::handshake(usize::from(response), 3);
    let Refusal { request, response, interim, explanation, section, violations, deliberate, route, concealed, .. } =
        refusal;
    let of_page = client == "browser";
    // On the client side of a hop, the middle or the server beyond it answered.
    let of_lab = route.hop.as_ref().is_none_or(|hop| hop.leg == Leg::Far && hop.middle != Intermediary::Relay);
    let why = (deliberate.is_empty() && violations.is_empty()).then(|| {
        view! {
            <p class="card bad">
                <b>{if of_lab { "Why the relay refused" } else { "Why it was refused" }}</b>
                <Prose text=format!("{explanation}.")/>
                <small>
                    {match section {
                        Some(section) => format!("RFC 6455 §{section}."),
                        None if of_lab => "A rule of this relay.".to_owned(),
                        None => String::new(),
                    }}
                    {of_page.then_some(" JavaScript gets only an error event and then close with 1006.")}
                </small>
            </p>
        }
    });
    view! {
        <HopCard seq/>
        {why}
        <ResponseViolations violations/>
        <DeliberateActs did=deliberate/>
        <AftermathView seq client/>
        <Tabs label="Parts of the handshake" id="handshake" tabs=&["Request", "Response", "On the path"] chosen/>
        <div id=Scope::here().id("handshake-panel") role="tabpanel" aria-label="Handshake" class="part">
            {move || match chosen.get() {
                0 => view! { <RequestText bytes=request.clone() concealed=concealed.clone() route=route.clone() seq/> }.into_any(),
                1 => {
                    view! {
                        <InterimText bytes=interim.clone()/>
                        <ResponseText bytes=response.clone() concealed=concealed.clone()/>
                    }
                        .into_any()
                }
                _ => view! { <OnThePath seq/> }.into_any(),
            }}
        </div>
    }
}

/// The rules that another server's 101 breaks, each with its section.
#[component]
fn ResponseViolations(violations: Vec<HandshakeViolation>) -> impl IntoView {
    if violations.is_empty() {
        return ().into_any();
    }
    let card = |HandshakeViolation { rfc, section, explanation, .. }| {
        view! {
            <p class="card bad">
                <b>{format!("The response breaks RFC {rfc} §{section}")}</b>
                <Prose text=format!("{}.", sentence(&explanation))/>
            </p>
        }
    };
    view! {
        {violations.into_iter().map(card).collect_view()}
        <p class="note">"A client must fail this connection, so the relay answered the request on the client side with 502."</p>
    }
    .into_any()
}

/// With a capital letter at the start, unless it starts with code.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A request that waits for the other side of the hop.
#[component]
pub fn AskedView(asked: Asked, seq: Seq) -> impl IntoView {
    let chosen = RwSignal::new(0);
    let Asked { request, route, deliberate, concealed } = asked;
    view! {
        <HopCard seq/>
        <DeliberateActs did=deliberate/>
        <Tabs label="Parts of the handshake" id="handshake" tabs=&["Request", "On the path"] chosen/>
        <div id=Scope::here().id("handshake-panel") role="tabpanel" aria-label="Handshake" class="part">
            {move || match chosen.get() {
                0 => view! { <RequestText bytes=request.clone() concealed=concealed.clone() route=route.clone() seq/> }.into_any(),
                _ => view! { <OnThePath seq/> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn RequestText(bytes: Vec<u8>, concealed: Vec<String>, route: Route, seq: Seq) -> impl IntoView {
    let concealed = concealed.into_iter().filter(|name| name != "set-cookie").collect::<Vec<_>>();
    let head = RequestHead::parse(&bytes).ok().flatten();
    let first = "The request line: an ordinary GET of HTTP/1.1 or later, which any web server understands.";
    let of_stream = route.http == Http::Two;
    let lines = match head {
        _ if of_stream => Some(fields(&bytes, false)),
        head => head.map(|head| lines(&bytes, false, first, &head.headers)),
    };
    let size = format::bytes(bytes.len() as u64);
    let (before, after) = if of_stream {
        (
            format!("{size} as text. On the wire they were compressed by HPACK (RFC 7541) in an HTTP/2 HEADERS frame:"),
            "HTTP/2 has no request line and no empty line: fields that start with a colon replace them. The stream stays open.",
        )
    } else {
        (format!("{size}, as received:"), "The empty line ends the request. A handshake has no body.")
    };
    view! {
        <HopChanges seq/>
        <p class="note">{before}</p>
        <HeadLines lines raw=to_text(&bytes) concealed/>
        <p class="note">{after}</p>
        <InFront request=bytes route=route.clone() seq/>
        <Carried route/>
    }
}

/// The interim responses before the response.
#[component]
fn InterimText(bytes: Vec<u8>) -> impl IntoView {
    (!bytes.is_empty()).then(|| {
        view! {
            <p class="note">
                "Before its response, the server sent interim responses. A client skips them and waits for the final one (RFC 9110 §15.2):"
            </p>
            <pre class="text" tabindex="0">{to_text(&bytes)}</pre>
        }
    })
}

#[component]
fn ResponseText(bytes: Vec<u8>, concealed: Vec<String>) -> impl IntoView {
    // The other names belong to the request.
    let concealed = concealed_in(&bytes, &concealed);
    let of_stream = bytes.starts_with(b":");
    let head = ResponseHead::parse(&bytes).ok().flatten();
    let switches = head.as_ref().is_some_and(|head| head.status == 101) || bytes.starts_with(b":status: 200\r");
    let first = if switches {
        "101 means Switching Protocols: the server accepts, and HTTP ends with this response."
    } else {
        "Any status other than 101 refuses the WebSocket. The connection stays HTTP, and the browser gives up."
    };
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(bytes.len(), |end| end + 4);
    let content = match &head {
        Some(head) => body::content(&bytes, head),
        None => bytes[end..].into(),
    };
    let chunked = content.len() < bytes.len() - end;
    let body = Some(to_text(&content)).filter(|body| !body.is_empty() && (of_stream || head.is_some()));
    let lines = match head {
        _ if of_stream => Some(fields(&bytes[..end], true)),
        head => head.map(|head| lines(&bytes, true, first, &head.headers)),
    };
    let after = if of_stream {
        "The connection stays HTTP/2. The DATA frames of this stream now carry WebSocket frames."
    } else {
        "The empty line ends the response and HTTP. The TCP connection stays open, and the next byte is the first byte of a frame."
    };
    view! {
        <p class="note">{format!("{}, as sent:", format::bytes(bytes.len() as u64))}</p>
        <HeadLines lines raw=to_text(&bytes) concealed refused=!switches/>
        {body
            .map(|body| {
                view! {
                    <h3>"Body " <span class="muted">"JavaScript cannot read it"</span></h3>
                    <pre class="text" tabindex="0">{body}</pre>
                    {chunked
                        .then(|| {
                            view! { <p class="note">"The server sent it in chunks (RFC 9112 §7.1). Their framing is left out here."</p> }
                        })}
                }
            })}
        {switches.then(|| view! { <p class="note">{after}</p> })}
    }
}
