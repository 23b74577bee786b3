//! HTTP/2 over TLS: many requests on one connection, including WebSockets by extended CONNECT (RFC 8441).

use super::arrival::Arrival;
use super::stream::Stream;
use super::transport::Transport;
use crate::shutdown::Shutdown;
use axum::Router;
use axum::http::Request;
use bytes::{BufMut, Bytes, BytesMut};
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::server::conn::http2;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use observation::Http;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The most concurrent requests per connection. A page with its feed and WebSockets has about a dozen.
const STREAMS: u32 = 128;
/// The most unsent bytes per stream.
const UNSENT: usize = 256 << 10;
/// The most unread bytes per stream and per connection. A stream that waits does not block the others.
const STREAM_WINDOW: u32 = 256 << 10;
const WINDOW: u32 = 16 * STREAM_WINDOW;
/// The interval of keep-alive pings, and the timeout for their answer.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(10);
/// The longest time a connection may be idle.
const IDLE: Duration = Duration::from_secs(60);

/// Serves HTTP/2 on one connection until it ends.
pub(super) async fn serve(stream: Stream, transport: Transport, router: Router, max_head: usize, shutdown: &Shutdown) {
    let router = TowerToHyperService::new(router);
    // Cloned for each request in progress and for each stream that is a WebSocket.
    let under_way = Arc::new(());
    let counted = Arc::clone(&under_way);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let mut route = transport.route.clone();
        route.http = Http::Two;
        let text = Some(text(&request));
        let (record_capture, busy) = (transport.record_capture.clone(), Some(Arc::clone(&counted)));
        request.extensions_mut().insert(Arrival {
            text,
            route,
            peer: transport.peer,
            record_capture,
            head_capture: None,
            busy,
        });
        router.call(request)
    });
    let head = u32::try_from(max_head).unwrap_or(u32::MAX);
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(head)
        .max_send_buf_size(UNSENT)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(WINDOW)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_ANSWER)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut look = std::pin::pin!(sleep_until(Instant::now() + IDLE));
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            () = look.as_mut() => {
                look.as_mut().reset(Instant::now() + IDLE);
                // This clone and the one in the service.
                if Arc::strong_count(&under_way) == 2 {
                    connection.as_mut().graceful_shutdown();
                }
            }
            () = shutdown.asked() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection.as_mut() => break ended,
                    () = shutdown.over() => return,
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an HTTP/2 connection ended early");
    }
}

/// The request's fields, one per line.
fn text(request: &Request<Incoming>) -> Bytes {
    let mut text = BytesMut::new();
    let mut line = |name: &str, value: &[u8]| {
        text.put_slice(name.as_bytes());
        text.put_slice(b": ");
        text.put_slice(value);
        text.put_slice(b"\r\n");
    };
    line(":method", request.method().as_str().as_bytes());
    if let Some(protocol) = request.extensions().get::<Protocol>() {
        line(":protocol", protocol.as_ref());
    }
    let uri = request.uri();
    if let Some(scheme) = uri.scheme_str() {
        line(":scheme", scheme.as_bytes());
    }
    if let Some(path) = uri.path_and_query() {
        line(":path", path.as_str().as_bytes());
    }
    if let Some(authority) = uri.authority() {
        line(":authority", authority.as_str().as_bytes());
    }
    for (name, value) in request.headers() {
        line(name.as_str(), value.as_bytes());
    }
    text.put_slice(b"\r\n");
    text.freeze()
}
