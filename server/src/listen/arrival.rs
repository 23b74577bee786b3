//! A request's original text, what carried it, and how to answer it byte for byte.

use super::captured_stream::HeadCapturedStream;
use super::head_capture::HeadCapture;
use super::record_capture::RecordCapture;
use super::stream::Stream;
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
use tokio::sync::OwnedSemaphorePermit;
use wire::handshake::connect;

/// What handlers can know about a request besides what axum provides.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// The head from the request line to the empty line, or its HTTP/2 fields (`wire::handshake::connect`). `None` if it was not
    /// captured.
    pub(crate) text: Option<Bytes>,
    /// The transport. Hops are not known here.
    pub(crate) route: Route,
    /// The client's address.
    pub(crate) peer: SocketAddr,
    /// The captured TLS records.
    pub(crate) record_capture: Option<RecordCapture>,
    /// Replaces the text of responses; `None` over HTTP/2, which has no text.
    pub(super) head_capture: Option<HeadCapture>,
    /// Over HTTP/2: marks the connection as in use while it exists.
    pub(super) busy: Option<Arc<()>>,
}

/// A connection that has left HTTP.
pub(crate) struct RawConnection {
    pub(crate) stream: Stream,
    /// What arrived right after the request.
    pub(crate) early: Bytes,
    pub(crate) slot: ConnectionSlot,
}

/// A permit for an open connection, released on drop.
#[derive(Debug)]
pub(crate) enum ConnectionSlot {
    /// A TCP connection of its own.
    Own { _permit: OwnedSemaphorePermit },
    /// A stream of a shared HTTP/2 connection, which it marks as in use.
    Shared { _busy: Option<Arc<()>> },
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
        let busy = self.head_capture.is_none().then(|| self.busy.clone());
        let taken = async move {
            match on_upgrade.await {
                Ok(upgraded) => RawConnection::new(upgraded, busy),
                Err(error) => {
                    tracing::debug!(%error, "the connection ended during the opening handshake");
                    None
                }
            }
        };
        (response, taken)
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
    /// `busy` is set for a shared connection.
    fn new(upgraded: Upgraded, busy: Option<Option<Arc<()>>>) -> Option<Self> {
        if let Some(busy) = busy {
            let stream = Stream::Shared(Box::new(TokioIo::new(upgraded)));
            return Some(Self { stream, early: Bytes::new(), slot: ConnectionSlot::Shared { _busy: busy } });
        }
        let parts = upgraded.downcast::<TokioIo<HeadCapturedStream<Stream>>>().ok()?;
        let (stream, slot) = parts.io.into_inner().into_parts();
        Some(Self { stream, early: parts.read_buf, slot: ConnectionSlot::Own { _permit: slot } })
    }
}
