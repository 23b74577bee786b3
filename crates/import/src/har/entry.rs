//! The JSON of a HAR file, as far as it is read. <http://www.softwareishard.com/blog/har-12-spec/>, and Chrome's
//! `_webSocketMessages`.

use crate::clock;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A larger time is in milliseconds: as seconds, it would be in the year 5138 or later.
const LAST_SECOND: f64 = 1e11;

#[derive(Deserialize)]
pub(super) struct Log<'t> {
    #[serde(borrow)]
    pub(super) creator: Option<Creator<'t>>,
    /// Each is read for itself, so a damaged one does not affect the others.
    #[serde(borrow)]
    pub(super) entries: Option<Vec<&'t RawValue>>,
}

/// The program that wrote the file.
#[derive(Deserialize)]
pub(super) struct Creator<'t> {
    #[serde(borrow, default)]
    name: Cow<'t, str>,
    #[serde(borrow, default)]
    version: Cow<'t, str>,
}

impl fmt::Display for Creator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(format!("{} {}", self.name, self.version).trim())
    }
}

/// What says whether an entry is a WebSocket.
#[derive(Deserialize)]
pub(super) struct Outline<'t> {
    #[serde(borrow, rename = "_resourceType", default)]
    resource_type: Option<Cow<'t, str>>,
    #[serde(borrow, rename = "_webSocketMessages", default)]
    messages: Option<&'t RawValue>,
    #[serde(borrow)]
    request: OutlineRequest<'t>,
}

#[derive(Deserialize)]
struct OutlineRequest<'t> {
    #[serde(borrow)]
    url: Cow<'t, str>,
    #[serde(borrow, default)]
    headers: Vec<Pair<'t>>,
}

impl Outline<'_> {
    pub(super) fn is_web_socket(&self) -> bool {
        self.messages.is_some()
            || self.resource_type.as_deref() == Some("websocket")
            || self.request.url.starts_with("ws://")
            || self.request.url.starts_with("wss://")
            // mitmproxy writes a refused handshake as any other request.
            || self.request.headers.iter().any(|pair| {
                pair.name.eq_ignore_ascii_case("upgrade") && pair.value.eq_ignore_ascii_case("websocket")
            })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry<'t> {
    #[serde(borrow, default)]
    pub(super) started_date_time: Option<Cow<'t, str>>,
    #[serde(default)]
    pub(super) timings: Timings,
    #[serde(borrow)]
    pub(super) request: Request<'t>,
    #[serde(borrow, default)]
    pub(super) response: Response<'t>,
    #[serde(borrow, rename = "_webSocketMessages", default)]
    pub(super) messages: Option<Vec<Message<'t>>>,
}

/// Milliseconds; -1 for what does not apply.
#[derive(Default, Deserialize)]
pub(super) struct Timings {
    #[serde(default)]
    blocked: Option<f64>,
    #[serde(default)]
    dns: Option<f64>,
    #[serde(default)]
    connect: Option<f64>,
    #[serde(default)]
    send: Option<f64>,
    #[serde(default)]
    wait: Option<f64>,
}

impl Timings {
    /// Microseconds from the start of the entry until its response arrived.
    pub(super) fn until_response_us(&self) -> u64 {
        let all = [self.blocked, self.dns, self.connect, self.send, self.wait];
        let sum = all.into_iter().flatten().filter(|part| *part > 0.0).sum::<f64>();
        clock::seconds(sum / 1000.0).unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'t> {
    #[serde(borrow, default)]
    pub(super) method: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) url: Cow<'t, str>,
    #[serde(borrow, default)]
    pub(super) http_version: Cow<'t, str>,
    #[serde(borrow, default)]
    pub(super) headers: Vec<Pair<'t>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response<'t> {
    /// 0 or -1 if there was none.
    #[serde(default)]
    pub(super) status: Option<i64>,
    #[serde(borrow, default)]
    pub(super) status_text: Cow<'t, str>,
    #[serde(borrow, default)]
    pub(super) headers: Vec<Pair<'t>>,
    #[serde(borrow, default)]
    pub(super) content: Content<'t>,
}

#[derive(Default, Deserialize)]
pub(super) struct Content<'t> {
    #[serde(borrow, default)]
    pub(super) text: Option<Cow<'t, str>>,
    #[serde(borrow, default)]
    pub(super) encoding: Option<Cow<'t, str>>,
    /// The file beside the HAR file that has the content, or the messages of a WebSocket. Playwright writes it.
    #[serde(borrow, rename = "_file", default)]
    pub(super) file: Option<Cow<'t, str>>,
}

/// A header.
#[derive(Deserialize)]
pub(super) struct Pair<'t> {
    #[serde(borrow)]
    pub(super) name: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) value: Cow<'t, str>,
}

#[derive(Deserialize)]
pub(super) struct Message<'t> {
    #[serde(borrow, rename = "type", default)]
    pub(super) kind: Cow<'t, str>,
    /// Seconds since 1970. Playwright writes milliseconds, and -1 if it was asked to leave out times.
    #[serde(default)]
    time: Option<f64>,
    #[serde(default)]
    pub(super) opcode: Option<i64>,
    #[serde(borrow, default)]
    pub(super) data: Cow<'t, str>,
}

impl Message<'_> {
    /// Whether this is what the browser says about the connection, and not a message.
    pub(super) fn is_error(&self) -> bool {
        self.kind == "error"
    }

    /// When the message was recorded, in microseconds since 1970.
    pub(super) fn at_us(&self) -> Option<u64> {
        let time = self.time?;
        clock::seconds(if time < LAST_SECOND { time } else { time / 1000.0 })
    }
}
