//! How the accept value came from the key, and why HTTP/2 has neither. RFC 6455 §4.2.2, RFC 8441 §5.

use crate::ui::format;
use leptos::prelude::*;
use observation::encoding::latin1::to_text;
use wire::handshake::accept::{Derivation, GUID};
use wire::handshake::head::{RequestHead, ResponseHead, values};

#[component]
pub fn Accept(request: Vec<u8>, response: Vec<u8>) -> impl IntoView {
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

/// What says the same in both versions of HTTP.
const BOTH: [(&str, &str); 7] = [
    ("GET /path", ":method CONNECT and :path /path"),
    ("Upgrade: websocket", ":protocol websocket"),
    ("Connection: Upgrade", "nothing: such lines are forbidden"),
    ("Host", ":authority"),
    ("Sec-WebSocket-Key, -Accept", "nothing"),
    ("101 Switching Protocols", ":status 200"),
    ("end of the TCP connection", "END_STREAM; a reset is RST_STREAM"),
];

#[component]
pub fn NoKey() -> impl IntoView {
    let row = |(one, two): (&'static str, &'static str)| {
        view! {
            <tr>
                <td>{one}</td>
                <td>{two}</td>
            </tr>
        }
    };
    view! {
        <h3>"No 101 " <span class="muted">"RFC 8441 §4"</span></h3>
        <p>
            "A connection of HTTP/2 carries many requests at once, each in a stream of its own. It cannot change to another protocol as a whole, so HTTP/2 has no "
            <code>"Upgrade"</code> " and no 101 (RFC 9113 §8.6). Instead one stream becomes the WebSocket: an extended CONNECT names it in "
            <code>":protocol"</code> ", and 200 says that it is open. The others go on beside it."
        </p>
        <p class="note">
            "A client may ask so only after the server’s setting SETTINGS_ENABLE_CONNECT_PROTOCOL has come (§3); without it a browser opens a connection of HTTP/1.1 for the WebSocket."
        </p>
        <h3>"No key " <span class="muted">"RFC 8441 §5"</span></h3>
        <p>
            "Key and accept value prove that a server which answers 101 has understood the request, and is no cache that repeats an old answer. Here the setting and "
            <code>":protocol"</code>
            " prove it, for no server says yes to them by accident. So both are left out."
        </p>
        <h3>"The same in both"</h3>
        <table class="sides">
            <thead>
                <tr>
                    <th scope="col">"HTTP/1.1"</th>
                    <th scope="col">"HTTP/2"</th>
                </tr>
            </thead>
            <tbody>{BOTH.into_iter().map(row).collect_view()}</tbody>
        </table>
        <p class="note">"The frames are the same, and a client still masks them. They travel inside the DATA frames of the stream."</p>
    }
}
