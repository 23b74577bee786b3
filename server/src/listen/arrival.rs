//! A request's original text, what carried it, and how to answer it byte for byte.

use super::captured_stream::HeadCapturedStream;
use super::connection_id::ConnectionId;
use super::head_capture::HeadCapture;
use super::record_capture::RecordCapture;
use super::stream::Stream;
use crate::client::LimitKey;
use crate::limits::{Client, Pace, Place};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use observation::Route;
use std::net::SocketAddr;
use std::sync::Arc;
use thiserror::Error;
use tokio::time::Instant;
use tokio_util::task::task_tracker::TaskTrackerToken;
use wire::handshake::connect;

/// What handlers can know about a request besides what axum provides.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) id: ConnectionId,
    /// When the head had arrived.
    pub(crate) at: Instant,
    /// The head from the request line to the empty line, or its HTTP/2 fields (`wire::handshake::connect`). `None` if it was not
    /// captured.
    pub(crate) text: Option<Bytes>,
    /// The transport. Hops are not known here.
    pub(crate) route: Route,
    /// The other end of the TCP connection.
    pub(crate) peer: SocketAddr,
    /// The captured TLS records.
    pub(crate) record_capture: Option<RecordCapture>,
    /// Replaces the text of responses; `None` over HTTP/2, which has no text.
    pub(super) head_capture: Option<HeadCapture>,
    /// Over HTTP/2: marks the connection as in use while it exists.
    pub(super) busy: Option<TaskTrackerToken>,
    /// For whom the place of the TCP connection counts.
    pub(crate) counted: Option<LimitKey>,
    /// Whose limits apply to the WebSocket, and its place besides that of the TCP connection. Set when the handshake is admitted.
    pub(crate) client: Option<Arc<Client>>,
    pub(crate) place: Option<Arc<Place>>,
}

/// Marks a response that is not sent.
#[derive(Clone, Copy, Debug, Error)]
#[error("the client left before it got a response")]
pub(super) struct Unanswered;

/// A connection that has left HTTP.
pub(crate) struct RawConnection {
    pub(crate) stream: Stream,
    /// What arrived right after the request.
    pub(crate) early: Bytes,
    pub(crate) slot: ConnectionSlot,
}

/// What an open connection holds until it is dropped: its places, and the right to use a shared connection.
#[derive(Debug, Default)]
pub(crate) struct ConnectionSlot {
    /// Of the TCP connection, if it is the only user.
    _own: Option<Place>,
    _admitted: Option<Arc<Place>>,
    /// Of the connection that the relay opened for it.
    _outgoing: Option<Place>,
    /// Marks a shared HTTP/2 connection as in use.
    _busy: Option<TaskTrackerToken>,
    client: Option<Arc<Client>>,
}

impl ConnectionSlot {
    /// Of a TCP connection that `client` uses without HTTP.
    pub(crate) fn own(place: Place, client: Option<Arc<Client>>) -> Self {
        Self { _own: Some(place), client, ..Self::default() }
    }

    /// Holds the place of the connection that the relay opened too.
    pub(crate) fn and(self, outgoing: Place) -> Self {
        Self { _outgoing: Some(outgoing), ..self }
    }

    /// How fast the connection may transfer bytes, if that is limited.
    pub(crate) fn pace(&self) -> Option<Box<Pace>> {
        Pace::new(self.client.as_ref())
    }
}

impl Arrival {
    /// Stops capturing: the request leaves HTTP, and the caller sends the response.
    pub(crate) fn stop_following(&self) {
        if let Some(head_capture) = &self.head_capture {
            head_capture.stop();
        }
    }

    /// Sends `text` as the response, then returns the raw connection with any bytes that arrived after the request; `None` if it
    /// ended before. Over HTTP/2, `text` contains the response's fields. Return the response to hyper.
    pub(crate) async fn leave_http(
        &self,
        request: &mut Request,
        text: Bytes,
    ) -> (Response, impl Future<Output = Option<RawConnection>> + Send + use<>) {
        let on_upgrade = hyper::upgrade::on(request);
        let response = match &self.head_capture {
            Some(head_capture) => {
                head_capture.stop();
                head_capture.dictate(text).await;
                let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
                let response = response.header(header::CONNECTION, "upgrade").header(header::UPGRADE, "websocket");
                response.body(Body::empty()).unwrap_or_default()
            }
            None => of_fields(&text, Body::empty()),
        };
        let is_shared = self.head_capture.is_none();
        let slot = ConnectionSlot {
            _admitted: self.place.clone(),
            _busy: self.busy.clone(),
            client: self.client.clone(),
            ..ConnectionSlot::default()
        };
        let id = self.id;
        let taken = async move {
            match on_upgrade.await {
                Ok(upgraded) => RawConnection::new(upgraded, is_shared, slot),
                Err(error) => {
                    tracing::debug!(connection = %id, %error, "the connection ended during the opening handshake");
                    None
                }
            }
        };
        (response, taken)
    }

    /// Resolves when the client has left while its request waits. Over HTTP/2 it never does: hyper drops the handler of a stream that
    /// was reset.
    pub(crate) async fn client_left(&self) {
        match &self.head_capture {
            Some(head_capture) => head_capture.client_left().await,
            None => std::future::pending().await,
        }
    }

    /// The response for hyper when the client has left: the connection ends without one.
    pub(crate) fn unanswered() -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(Unanswered);
        response
    }

    /// Sends a refusal; `text` is its HTTP/1.1 head and body. Returns the response for hyper, and the bytes sent or their
    /// equivalent over HTTP/2.
    pub(crate) async fn refuse(&self, method: &Method, status: u16, text: &str) -> (Response, Bytes) {
        let (head, body) = text.split_at(text.find("\r\n\r\n").map_or(text.len(), |end| end + 4));
        // RFC 9110 §9.3.2: HEAD gets the same head without a body.
        let body = if method == Method::HEAD { "" } else { body };
        let Some(head_capture) = &self.head_capture else {
            let fields = connect::from_response(status, head);
            let response = of_fields(fields.as_bytes(), Body::from(body.to_owned()));
            return (response, Bytes::from(fields + body));
        };
        let sent = Bytes::from([head, body].concat());
        head_capture.dictate(sent.clone()).await;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let response = Response::builder().status(status).header(header::CONNECTION, "close");
        (response.body(Body::empty()).unwrap_or_default(), sent)
    }
}

/// Builds a response from fields. Omits what HTTP/2 does not allow.
fn of_fields(text: &[u8], body: Body) -> Response {
    let mut response = Response::new(body);
    for (name, value) in connect::fields(text) {
        if name == b":status" {
            let status = StatusCode::from_bytes(value).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            *response.status_mut() = status;
        } else if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

impl RawConnection {
    fn new(upgraded: Upgraded, is_shared: bool, slot: ConnectionSlot) -> Option<Self> {
        if is_shared {
            let stream = Stream::Shared(Box::new(TokioIo::new(upgraded)));
            return Some(Self { stream, early: Bytes::new(), slot });
        }
        let parts = upgraded.downcast::<TokioIo<HeadCapturedStream<Stream>>>().ok()?;
        let (stream, ahead, own) = parts.io.into_inner().into_parts();
        let early = if ahead.is_empty() { parts.read_buf } else { [parts.read_buf, ahead].concat().into() };
        Some(Self { stream, early, slot: ConnectionSlot { _own: Some(own), ..slot } })
    }
}
