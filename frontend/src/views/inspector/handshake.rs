//! The opening handshake: both texts line by line, and how the accept value came from the key. RFC 6455 §4.

use super::aftermath::AftermathView;
use super::explain::{self, deflate};
use super::extensions::Extensions;
use super::purpose::OnPurpose;
use crate::ui::format;
use crate::ui::prose::Prose;
use crate::ui::tabs::Tabs;
use leptos::prelude::*;
use observation::encoding::latin1::to_text;
use observation::{Opening, Refusal, Seq};
use wire::handshake::accept::{Derivation, GUID};
use wire::handshake::head::{HeaderLine, RequestHead, ResponseHead, values};

#[component]
pub fn OpeningView(
    opening: Opening,
    response: bool,
    seq: Seq,
    /// Who asked: the browser, or another client.
    client: &'static str,
) -> impl IntoView {
    let chosen = RwSignal::new(usize::from(response));
    let Opening { request, response, offers, deflate, deliberate, .. } = opening;
    let odd = !deliberate.is_empty();
    view! {
        <OnPurpose did=deliberate/>
        {odd.then(|| view! { <AftermathView seq client/> })}
        <Tabs label="Parts of the handshake" id="handshake" tabs=&["Request", "Response", "Key → accept"] chosen/>
        <div id="handshake-panel" role="tabpanel" aria-label="Handshake" class="part">
            {move || match chosen.get() {
                0 => view! { <RequestText bytes=request.clone()/> }.into_any(),
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
    let chosen = RwSignal::new(usize::from(response));
    let Refusal { request, response, explanation, section, deliberate, .. } = refusal;
    let of_page = client == "browser";
    let why = deliberate.is_empty().then(|| {
        view! {
            <p class="card bad">
                <b>"Why the relay refused"</b>
                <Prose text=format!("{explanation}.")/>
                <small>
                    {section.map_or("A rule of this relay’s own.".to_owned(), |section| format!("RFC 6455 §{section}."))}
                    {of_page.then_some(" JavaScript is told only: error, then close 1006.")}
                </small>
            </p>
        }
    });
    view! {
        {why}
        <OnPurpose did=deliberate/>
        <AftermathView seq client/>
        <Tabs label="Parts of the handshake" id="handshake" tabs=&["Request", "Response"] chosen/>
        <div id="handshake-panel" role="tabpanel" aria-label="Handshake" class="part">
            {move || match chosen.get() {
                0 => view! { <RequestText bytes=request.clone()/> }.into_any(),
                _ => view! { <ResponseText bytes=response.clone()/> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn RequestText(bytes: Vec<u8>) -> impl IntoView {
    let head = RequestHead::parse(&bytes).ok().flatten();
    let first = "The request line: an ordinary GET, and HTTP 1.1 at least. So far any web server understands it.";
    let lines = head.map(|head| lines(&bytes, false, first, &head.headers));
    view! {
        <p class="note">{format!("{}, as they arrived:", format::bytes(bytes.len() as u64))}</p>
        <HeadLines lines raw=to_text(&bytes)/>
        <p class="note">"The empty line ends the request. A handshake has no body."</p>
    }
}

#[component]
fn ResponseText(bytes: Vec<u8>) -> impl IntoView {
    let head = ResponseHead::parse(&bytes).ok().flatten();
    let switches = head.as_ref().is_some_and(|head| head.status == 101);
    let first = if switches {
        "101 means Switching Protocols: the server agrees, and HTTP ends with this text."
    } else {
        "Any status but 101 is a no: the connection stays HTTP, and the browser gives up."
    };
    let body = head.as_ref().map(|head| to_text(&bytes[head.len..])).filter(|body| !body.is_empty());
    let lines = head.map(|head| lines(&bytes, true, first, &head.headers));
    let after = "The empty line ends the response, and HTTP with it. The TCP connection stays; from the next byte on it carries frames.";
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

/// A line of a head, and what it does.
struct Line {
    name: String,
    value: String,
    meaning: Option<&'static str>,
    /// The pieces of a value that says several things, each as written and what it means.
    pieces: Vec<(String, String)>,
}

fn lines(bytes: &[u8], response: bool, meaning: &'static str, headers: &[HeaderLine]) -> Vec<Line> {
    let header = |line: &HeaderLine| {
        let name = to_text(&bytes[line.name.clone()]);
        let value = to_text(&bytes[line.value.clone()]);
        let meaning = explain::header(&name, &value);
        let of_extensions = name.eq_ignore_ascii_case("Sec-WebSocket-Extensions");
        let pieces = if of_extensions { deflate::extensions(&value, response) } else { Vec::new() };
        Line { name, value, meaning, pieces }
    };
    let end = bytes.iter().position(|&byte| byte == b'\r' || byte == b'\n').unwrap_or(bytes.len());
    let first = Line { name: String::new(), value: to_text(&bytes[..end]), meaning: Some(meaning), pieces: Vec::new() };
    std::iter::once(first).chain(headers.iter().map(header)).collect()
}

#[component]
fn HeadLines(lines: Option<Vec<Line>>, raw: String, #[prop(optional)] refused: bool) -> impl IntoView {
    let Some(lines) = lines else {
        return view! { <pre class="text" tabindex="0">{raw}</pre> }.into_any();
    };
    let line = |Line { name, value, meaning, pieces }: Line| {
        let websocket = name.to_ascii_lowercase().starts_with("sec-websocket")
            || name.eq_ignore_ascii_case("upgrade")
            || name.eq_ignore_ascii_case("connection");
        let first = name.is_empty();
        view! {
            <div class:ws=websocket class:first=first>
                <dt>
                    {(!first).then(|| view! { <b>{name}</b> ": " })}
                    <span>{value}</span>
                </dt>
                {meaning.map(|words| view! { <dd>{words}</dd> })}
                {pieces
                    .into_iter()
                    .map(|(written, words)| view! { <dd class="piece"><code>{written}</code> " " {words}</dd> })
                    .collect_view()}
            </div>
        }
    };
    view! { <dl class="head" class:refused=refused>{lines.into_iter().map(line).collect_view()}</dl> }.into_any()
}

#[component]
fn Accept(request: Vec<u8>, response: Vec<u8>) -> impl IntoView {
    let key = RequestHead::parse(&request)
        .ok()
        .flatten()
        .and_then(|head| values(&request, &head.headers, "Sec-WebSocket-Key").next().map(to_text));
    let sent = ResponseHead::parse(&response)
        .ok()
        .flatten()
        .and_then(|head| values(&response, &head.headers, "Sec-WebSocket-Accept").next().map(to_text));
    let Some(key) = key else {
        return view! { <p class="note">"The request had no key."</p> }.into_any();
    };
    let derived = Derivation::from_key(&key);
    let fits = sent.as_ref() == Some(&derived.accept);
    let sha1 = format::hex(&derived.sha1);
    view! {
        <ol class="steps">
            <li>
                <p>"The client drew 16 random bytes and sent them in base64:"</p>
                <code class="f-key">{key.clone()}</code>
            </li>
            <li>
                <p>"The relay puts the protocol’s own string behind them, the same for every server in the world:"</p>
                <code>
                    <span class="f-key">{key}</span>
                    <wbr/>
                    <span class="f-opc">{GUID}</span>
                </code>
            </li>
            <li>
                <p>"SHA-1 of that text makes 20 bytes:"</p>
                <code class="f-len">{sha1}</code>
            </li>
            <li>
                <p>"In base64 they are the accept value:"</p>
                <code class="f-fin">{derived.accept}</code>
            </li>
        </ol>
        <p class="card" class:good=fits class:bad=!fits>
            <b>{if fits { "The response carried exactly this" } else { "The response carried something else" }}</b>
            <span>
                {if fits {
                    "so the client knows that the other side read its key and speaks WebSocket."
                } else {
                    "and a client fails the connection over it."
                }}
            </span>
        </p>
        <p class="note">
            "It is proof of understanding, not of identity: nothing here is secret, and anyone can compute it. Secrecy is the business of wss."
        </p>
    }
    .into_any()
}
