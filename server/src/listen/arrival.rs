//! A request as it came: its text, what carried it, and how to answer it byte for byte.

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

/// What every handler can know of its request besides what axum says.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// The head as it came, from the request line to the empty line, or its fields (`wire::handshake::connect`). `None` when
    /// it was not followed.
    pub(crate) text: Option<Bytes>,
    /// What carries it. Nothing is known of hops.
    pub(crate) route: Route,
    /// The other end of the line.
    pub(crate) peer: SocketAddr,
    /// The capture below TLS.
    pub(crate) record_capture: Option<RecordCapture>,
    /// Where answers are dictated; `None` over HTTP/2, which has no texts.
    pub(super) head_capture: Option<HeadCapture>,
    /// Over HTTP/2: that something is going on, for as long as it is kept.
    pub(super) busy: Option<Arc<()>>,
}

/// A line that HTTP has let go of.
pub(crate) struct RawConnection {
    pub(crate) stream: Stream,
    /// What came right behind the request.
    pub(crate) early: Bytes,
    pub(crate) slot: ConnectionSlot,
}

/// A share of what all connections have together, given back when dropped.
#[derive(Debug)]
pub(crate) enum ConnectionSlot {
    /// Of how many may be open.
    Own { _permit: OwnedSemaphorePermit },
    /// Of one that is shared: it is in use.
    Shared { _busy: Option<Arc<()>> },
}

impl Arrival {
    /// The request leaves HTTP, and somebody else has seen to its answer.
    pub(crate) fn stop_following(&self) {
        if let Some(head_capture) = &self.head_capture {
            head_capture.stop();
        }
    }

    /// Has `text` go out, and then gives the raw line, with whatever has come behind the request; `None` if it ended before.
    /// Over HTTP/2 `text` are the fields of the answer. The response is what hyper must be given.
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
                    tracing::debug!(%error, "the line ended during the opening handshake");
                    None
                }
            }
        };
        (response, taken)
    }

    /// Has a refusal go out, `text` being its head and body in HTTP/1.1; gives what hyper needs to know of it, and the bytes
    /// that go out, or what stands for them over HTTP/2.
    pub(crate) async fn refuse(&self, method: &Method, status: u16, text: &str) -> (Response, Bytes) {
        let (head, body) = text.split_at(text.find("\r\n\r\n").map_or(text.len(), |end| end + 4));
        // RFC 9110 §9.3.2: the same head, and nothing behind it.
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

/// The response with these fields. What HTTP/2 cannot carry is left out.
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
    /// `busy` is of a connection that is shared.
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
