//! HTTP/2 over TLS: many requests on one connection, including WebSockets by extended CONNECT (RFC 8441).

use super::arrival::Arrival;
use super::h2_stream::{StreamBody, StreamExecutor, UnderWay};
use super::rewound::Rewound;
use super::stream::Stream;
use super::transport::Transport;
use crate::args::Config;
use crate::shutdown::Shutdown;
use axum::Router;
use axum::http::Request;
use bytes::{BufMut, Bytes, BytesMut};
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::server::conn::http2;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use observation::Http;
use std::io;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// The length of the connection preface, which a client sends first. RFC 9113 §3.4.
const PREFACE: usize = 24;
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
/// How long nothing may be under way on a connection before the relay says that it closes it.
const IDLE: Duration = Duration::from_secs(60);
/// How long a client may take to close after that, while nothing is under way.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// Serves HTTP/2 on one connection until it ends.
pub(super) async fn serve(stream: Stream, transport: Transport, router: Router, config: &Config, shutdown: &Shutdown) {
    let id = transport.id;
    // hyper waits for the preface without a limit, and does not shut down before it.
    let begun = tokio::select! {
        begun = timeout(config.head_timeout, begin(stream)) => begun,
        () = shutdown.asked() => return,
    };
    let stream = match begun {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            return tracing::debug!(connection = %id, %error, "an HTTP/2 connection ended before its preface");
        }
        Err(_) => return tracing::debug!(connection = %id, "an HTTP/2 connection sent no preface in time"),
    };
    let router = TowerToHyperService::new(router);
    let under_way = UnderWay::new();
    let counted = under_way.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let (client, mut arrival) = transport.arrival(request.headers());
        arrival.route.http = Http::Two;
        let (text, busy) = (Some(text(&request)), counted.begin());
        request.extensions_mut().insert(client);
        request.extensions_mut().insert(Arrival { text, busy: Some(busy.clone()), ..arrival });
        let answer = router.call(request);
        async move { answer.await.map(|response| response.map(|body| StreamBody::new(body, busy))) }
    });
    let head = u32::try_from(config.max_head).unwrap_or(u32::MAX);
    let connection = http2::Builder::new(StreamExecutor { patience: config.write_timeout })
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
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = under_way.quiet_for(IDLE) => None,
        () = shutdown.asked() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                // The client does not have to cooperate.
                () = under_way.quiet_for(CLOSE_WAIT) => return,
                () = shutdown.over() => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(connection = %id, %error, "an HTTP/2 connection ended early");
    }
}

/// Waits for as many bytes as the preface has. hyper checks them.
async fn begin(mut stream: Stream) -> io::Result<Rewound<Stream>> {
    let mut preface = [0; PREFACE];
    stream.read_exact(&mut preface).await?;
    Ok(Rewound::new(Bytes::copy_from_slice(&preface), stream))
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
