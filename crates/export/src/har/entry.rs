//! One entry: a request, its response, and the messages after it.

use super::connection::{Connection, Handshake};
use super::messages::LeftOut;
use crate::clock::Clock;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use observation::encoding::latin1::to_text;
use observation::{Http, Leg, Route};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use wire::handshake::head::{HeaderLine, RequestHead, ResponseHead, values};
use wire::handshake::{body, connect};

/// Stands for a handshake that is no longer in the log. The connection had frames, so the request must have been upgraded.
const UNSEEN: (&[u8], &[u8]) =
    (b"GET /lab/xxxxxxxxxxxxxxxxxxxxxxxxxx HTTP/1.1\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry<'c> {
    #[serde(rename = "_resourceType")]
    resource_type: &'static str,
    /// Left out where there was no upgrade.
    #[serde(rename = "_webSocketMessages", skip_serializing_if = "Option::is_none")]
    messages: Option<Box<RawValue>>,
    started_date_time: String,
    /// Milliseconds; the sum of `timings`.
    time: f64,
    request: Request<'c>,
    response: Response<'c>,
    cache: Empty,
    timings: Timings,
    /// The address that was dialed.
    #[serde(rename = "serverIPAddress")]
    server: IpAddr,
    /// The number that the session gives to it.
    connection: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    comment: String,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'c> {
    method: Cow<'c, str>,
    url: String,
    http_version: String,
    cookies: [Empty; 0],
    headers: Vec<Pair>,
    query_string: Vec<Pair>,
    /// Bytes; -1 where that is not known.
    headers_size: i64,
    body_size: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'c> {
    /// 0 where there was no answer, or none in HTTP.
    status: u16,
    status_text: Cow<'c, str>,
    http_version: String,
    cookies: [Empty; 0],
    headers: Vec<Pair>,
    content: Content<'c>,
    #[serde(rename = "redirectURL")]
    redirect_url: String,
    /// Bytes; -1 where that is not known.
    headers_size: i64,
    body_size: i64,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'c> {
    size: usize,
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'c, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
}

/// A header line, or a parameter.
#[derive(Serialize)]
struct Pair {
    name: String,
    value: String,
}

/// Milliseconds; -1 for what does not apply.
#[derive(Serialize)]
struct Timings {
    blocked: f64,
    dns: f64,
    connect: f64,
    ssl: f64,
    send: f64,
    wait: f64,
    receive: f64,
}

impl<'c> Entry<'c> {
    pub(super) fn new(clock: Clock, port: u16, connection: &'c Connection) -> Self {
        let handshake = connection.handshake.as_ref();
        let answered_us = handshake.map_or(connection.began_us, |handshake| handshake.answered_us);
        let timings = Timings {
            blocked: -1.0,
            dns: -1.0,
            connect: -1.0,
            ssl: -1.0,
            send: 0.0,
            wait: milliseconds(connection.began_us, answered_us),
            receive: milliseconds(answered_us, connection.last_us),
        };
        let (request, response) = handshake.map_or(UNSEEN, |handshake| (&handshake.request, &handshake.response));
        let plain = Route::default();
        let route = handshake.map_or(&plain, |handshake| &handshake.route);
        let (request, response) = match route.http {
            Http::One => (Request::read(request, port, route.is_secure()), Response::read(response)),
            Http::Two => (Request::of_fields(request), Response::of_fields(response)),
        };
        let address = route.hop.as_ref().and_then(|hop| hop.address);
        let upgraded = handshake.is_none_or(|handshake| handshake.refused.is_none());
        Self {
            resource_type: "websocket",
            messages: upgraded.then(|| array(connection.messages.items())).flatten(),
            started_date_time: clock.words(connection.began_us),
            time: timings.wait + timings.receive,
            request,
            response,
            cache: Empty {},
            timings,
            // Clients reach the relay at an address that is not recorded.
            server: address.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip()),
            connection: connection.number.0.to_string(),
            comment: comment(handshake, connection.messages.left_out()),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        // Plain data becomes JSON, and a vector takes it.
        let _ = serde_json::to_writer(out, self);
    }
}

/// The array of these items, which are JSON.
fn array(items: &[u8]) -> Option<Box<RawValue>> {
    let text = String::from_utf8([b"[", items, b"]"].concat()).ok()?;
    RawValue::from_string(text).ok()
}

/// The comment, with everything that has no field in HAR.
fn comment(handshake: Option<&Handshake>, left_out: LeftOut) -> String {
    let mut notes = Vec::new();
    let hop = handshake.and_then(|handshake| handshake.route.hop.as_ref());
    notes.extend(hop.map(|hop| {
        let name = hop.middle.name().unwrap_or("the relay");
        if hop.leg == Leg::Near { format!("client side of {name}") } else { format!("server side of {name}") }
    }));
    let interim = handshake.map_or(&[][..], |handshake| &handshake.interim);
    notes.extend((!interim.is_empty()).then(|| {
        let lines = interim.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"HTTP/"));
        let lines: Vec<_> = lines.map(|line| to_text(line.trim_ascii_end())).collect();
        format!("interim responses: {}", lines.join(", "))
    }));
    match handshake {
        None => notes.push("the handshake is no longer in the relay's log".to_owned()),
        Some(Handshake { refused: Some(why), .. }) => notes.push(format!("refused: {why}")),
        Some(_) => {}
    }
    let LeftOut { control, broken, unfinished, acts } = left_out;
    for (count, what) in [
        (control, "control frames"),
        (broken, "frames that broke a rule"),
        (unfinished, "frames of messages without a beginning or end"),
        (acts, "deliberate acts of the relay"),
    ] {
        if count > 0 {
            notes.push(format!("{what} left out: {count}"));
        }
    }
    notes.join("; ")
}

impl<'c> Request<'c> {
    fn read(bytes: &'c [u8], port: u16, encrypted: bool) -> Self {
        let head = RequestHead::parse(bytes).ok().flatten();
        let (method, target, headers, version) = match &head {
            Some(head) => {
                let (method, target) = (&bytes[head.method.clone()], &bytes[head.target.clone()]);
                (method, target, &head.headers[..], head.minor_version)
            }
            // The bytes are not a valid head, but the first line may still have a method and a target.
            None => {
                let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
                let mut words = line.split(|byte| *byte == b' ');
                (words.next().unwrap_or_default(), words.next().unwrap_or_default(), &[][..], 1)
            }
        };
        let host = values(bytes, headers, "Host").next().filter(|host| !host.is_empty()).map(to_text);
        let host = host.unwrap_or_else(|| format!("127.0.0.1:{port}"));
        let target = to_text(target);
        let scheme = if encrypted { "wss" } else { "ws" };
        let path = if target.starts_with('/') { &*target } else { "/" };
        Self {
            method: String::from_utf8_lossy(method),
            query_string: query(&target),
            url: format!("{scheme}://{host}{path}"),
            http_version: format!("HTTP/1.{version}"),
            cookies: [],
            headers: pairs(bytes, headers),
            headers_size: size(head.as_ref().map_or(bytes.len(), |head| head.len)),
            body_size: 0,
        }
    }
}

impl Request<'_> {
    /// Over HTTP/2, pseudo-fields among the headers, as Chrome writes them.
    fn of_fields(text: &[u8]) -> Self {
        let headers = field_pairs(text);
        let field = |name| headers.iter().find(|pair| pair.name == name).map_or("", |pair| &pair.value);
        let (path, authority) = (field(":path"), field(":authority"));
        Self {
            method: field(":method").to_owned().into(),
            query_string: query(path),
            url: format!("wss://{authority}{path}"),
            http_version: HTTP_2.to_owned(),
            cookies: [],
            headers_size: -1,
            body_size: 0,
            headers,
        }
    }
}

const HTTP_2: &str = "HTTP/2.0";

fn field_pairs(text: &[u8]) -> Vec<Pair> {
    connect::fields(text).map(|(name, value)| Pair { name: to_text(name), value: to_text(value) }).collect()
}

/// The parameters of a target.
fn query(target: &str) -> Vec<Pair> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        Pair { name: name.to_owned(), value: value.to_owned() }
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

impl<'c> Response<'c> {
    /// Over HTTP/2: fields, an empty line, and the body.
    fn of_fields(text: &'c [u8]) -> Self {
        let end = text.windows(4).position(|window| window == b"\r\n\r\n").map_or(text.len(), |at| at + 4);
        let headers = field_pairs(&text[..end]);
        let field = |name| headers.iter().find(|pair| pair.name == name).map(|pair| pair.value.clone());
        let mime_type = field("content-type").unwrap_or_else(|| "x-unknown".to_owned());
        Self {
            status: field(":status").and_then(|status| status.parse().ok()).unwrap_or(0),
            status_text: "".into(),
            http_version: HTTP_2.to_owned(),
            cookies: [],
            content: Content::read(text[end..].into(), mime_type),
            redirect_url: field("location").unwrap_or_default(),
            headers_size: -1,
            body_size: size(text.len() - end),
            headers,
        }
    }

    fn read(bytes: &'c [u8]) -> Self {
        let Some(head) = ResponseHead::parse(bytes).ok().flatten() else {
            return Self {
                status: 0,
                status_text: "".into(),
                http_version: String::new(),
                cookies: [],
                headers: Vec::new(),
                content: Content::read(bytes.into(), "x-unknown".to_owned()),
                redirect_url: String::new(),
                headers_size: 0,
                body_size: size(bytes.len()),
            };
        };
        let value = |name| values(bytes, &head.headers, name).next().map(to_text);
        Self {
            status: head.status,
            status_text: String::from_utf8_lossy(&bytes[head.reason.clone()]),
            http_version: format!("HTTP/1.{}", head.minor_version),
            cookies: [],
            headers: pairs(bytes, &head.headers),
            content: Content::read(
                body::content(bytes, &head),
                value("Content-Type").unwrap_or_else(|| "x-unknown".to_owned()),
            ),
            redirect_url: value("Location").unwrap_or_default(),
            headers_size: size(head.len),
            body_size: size(bytes.len() - head.len),
        }
    }
}

impl<'c> Content<'c> {
    fn read(body: Cow<'c, [u8]>, mime_type: String) -> Self {
        let size = body.len();
        let encoded = |bytes: &[u8]| (Some(STANDARD.encode(bytes).into()), Some("base64"));
        let (text, encoding) = match body {
            Cow::Borrowed(bytes) => {
                std::str::from_utf8(bytes).map_or_else(|_| encoded(bytes), |text| (Some(text.into()), None))
            }
            Cow::Owned(bytes) => String::from_utf8(bytes)
                .map_or_else(|error| encoded(error.as_bytes()), |text| (Some(text.into()), None)),
        };
        Self { size, mime_type, text: text.filter(|_| size > 0), encoding }
    }
}

fn pairs(bytes: &[u8], headers: &[HeaderLine]) -> Vec<Pair> {
    let pair = |line: &HeaderLine| Pair {
        name: to_text(&bytes[line.name.clone()]),
        value: to_text(&bytes[line.value.clone()]),
    };
    headers.iter().map(pair).collect()
}

fn size(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn milliseconds(from_us: u64, to_us: u64) -> f64 {
    to_us.saturating_sub(from_us) as f64 / 1000.0
}
