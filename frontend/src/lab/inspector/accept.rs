//! How the accept value is derived from the key, and why HTTP/2 has neither. RFC 6455 §4.2.2, RFC 8441 §5.

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
        return view! { <p class="note">"The request has no key."</p> }.into_any();
    };
    let derived = Derivation::from_key(&key);
    let fits = sent.as_ref() == Some(&derived.accept);
    let sha1 = format::hex(&derived.sha1);
    view! {
        <ol class="steps">
            <li>
                <p>"The client chose 16 random bytes and sent them in base64:"</p>
                <code class="f-key">{key.clone()}</code>
            </li>
            <li>
                <p>"The relay appends the protocol’s fixed string, which is the same for every server:"</p>
                <code>
                    <span class="f-key">{key}</span>
                    <wbr/>
                    <span class="f-opc">{GUID}</span>
                </code>
            </li>
            <li>
                <p>"The SHA-1 hash of that text has 20 bytes:"</p>
                <code class="f-len">{sha1}</code>
            </li>
            <li>
                <p>"In base64, the hash is the accept value:"</p>
                <code class="f-fin">{derived.accept}</code>
            </li>
        </ol>
        <p class="card" class:good=fits class:bad=!fits>
            <b>{if fits { "The response has exactly this value" } else { "The response has a different value" }}</b>
            <span>
                {if fits {
                    "so the client knows that the server read its key and speaks WebSocket."
                } else {
                    "so a client must fail the connection."
                }}
            </span>
        </p>
        <p class="note">
            "This proves that the server understands WebSocket, not who it is: nothing here is secret, and anyone can compute it. For secrecy, use wss."
        </p>
    }
    .into_any()
}

/// The same information in both versions of HTTP.
const BOTH: [(&str, &str); 7] = [
    ("GET /path", ":method CONNECT and :path /path"),
    ("Upgrade: websocket", ":protocol websocket"),
    ("Connection: Upgrade", "nothing: such fields are forbidden"),
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
            "An HTTP/2 connection carries many requests at once, each in its own stream. The whole connection cannot switch to another protocol, so HTTP/2 has no "
            <code>"Upgrade"</code> " and no 101 (RFC 9113 §8.6). Instead, one stream becomes the WebSocket: an extended CONNECT asks for it in "
            <code>":protocol"</code> ", and 200 accepts. The other streams continue."
        </p>
        <p class="note">
            "A client may do this only after it has received the server’s setting SETTINGS_ENABLE_CONNECT_PROTOCOL (§3). Without it, a browser opens an HTTP/1.1 connection for the WebSocket."
        </p>
        <h3>"No key " <span class="muted">"RFC 8441 §5"</span></h3>
        <p>
            "In HTTP/1.1, the key and the accept value prove that the server understood the request and is not a cache that repeats an old response. In HTTP/2, the setting and "
            <code>":protocol"</code>
            " prove that, because no server accepts them by accident. So the key and the accept value are not needed."
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
        <p class="note">"The frames are the same, and the client still masks them. They are sent inside the DATA frames of the stream."</p>
    }
}
