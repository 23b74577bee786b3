//! The accept loops: each TCP connection, with or without TLS, is handed to hyper. For HTTP/1.1 it is wrapped in a
//! [`HeadCapturedStream`]; HTTP/2 has no text to capture.

use super::arrival::Arrival;
use super::captured_stream::HeadCapturedStream;
use super::head_capture::HeadCapture;
use super::stream::Stream;
use super::transport::Transport;
use super::unfinished::{HeadFault, OnUnfinished, UnfinishedHead};
use super::{h2, tls};
use crate::args::Config;
use crate::shutdown::Shutdown;
use axum::Router;
use axum::http::{HeaderValue, Request, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use observation::Route;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use wire::handshake::response;

/// The pause after a failed accept, most likely because no file handles are left.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);

/// What all listeners of a relay share.
pub(crate) struct Listener {
    router: Router,
    config: Arc<Config>,
    shutdown: Shutdown,
    on_unfinished: OnUnfinished,
    /// One permit for each open connection.
    connection_slots: Arc<Semaphore>,
}

impl Listener {
    pub(crate) fn new(
        router: Router,
        config: Arc<Config>,
        shutdown: Shutdown,
        on_unfinished: OnUnfinished,
        connection_slots: Arc<Semaphore>,
    ) -> Self {
        Self { router, config, shutdown, on_unfinished, connection_slots }
    }

    /// Accepts connections until the relay shuts down. With `tls`, each connection begins with a TLS handshake.
    pub(crate) async fn listen(self: Arc<Self>, listener: TcpListener, tls: Option<TlsAcceptor>) {
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.asked() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "accepting a connection failed");
                    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                    continue;
                }
            };
            // Echoes are small and must not wait for each other.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "the connection closed before it was used");
                continue;
            }
            match Arc::clone(&self.connection_slots).try_acquire_owned() {
                Ok(slot) => {
                    let (this, tls) = (Arc::clone(&self), tls.clone());
                    self.shutdown.spawn(async move {
                        match tls {
                            None => {
                                let transport = Transport { peer, route: Route::default(), record_capture: None };
                                this.serve(Stream::Plain(stream), transport, slot).await;
                            }
                            Some(tls) => Box::pin(this.serve_tls(stream, peer, &tls, slot)).await,
                        }
                    });
                }
                // A client that expects TLS could not read an error.
                Err(_) if tls.is_some() => {}
                Err(_) => turn_away(&stream),
            }
        }
    }

    /// Performs the TLS handshake, which also selects the HTTP version.
    async fn serve_tls(&self, stream: TcpStream, peer: SocketAddr, tls: &TlsAcceptor, slot: OwnedSemaphorePermit) {
        let accepted = tokio::select! {
            accepted = timeout(self.config.head_timeout, tls::accept(tls, stream)) => accepted,
            () = self.shutdown.asked() => return,
        };
        let (stream, record_capture) = match accepted {
            Ok(Ok(accepted)) => accepted,
            Ok(Err(error)) => return tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => return tracing::debug!("a TLS handshake timed out"),
        };
        let Ok(agreed) = tls::agreed(stream.get_ref().1) else { return };
        let speaks_h2 = stream.get_ref().1.alpn_protocol() == Some(tls::H2);
        let transport = Transport {
            peer,
            route: Route { tls: Some(agreed), ..Route::default() },
            record_capture: Some(record_capture),
        };
        let stream = Stream::Tls(Box::new(stream));
        if speaks_h2 {
            h2::serve(stream, transport, self.router.clone(), self.config.max_head, &self.shutdown).await;
            drop(slot);
        } else {
            self.serve(stream, transport, slot).await;
        }
    }

    /// Serves HTTP/1.1 on one connection until it ends or is upgraded.
    async fn serve(&self, stream: Stream, transport: Transport, slot: OwnedSemaphorePermit) {
        let config = &self.config;
        let head_capture = HeadCapture::new(config.max_head);
        let capture = HeadCapturedStream::new(stream, slot, head_capture.clone(), config.write_timeout);
        let follower = head_capture.clone();
        let router = TowerToHyperService::new(self.router.clone());
        let Transport { peer, route, record_capture } = transport;
        let carried_by = route.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            let text = head_capture.take_head();
            let last = head_capture.lost_track();
            let (route, record_capture, head_capture) =
                (route.clone(), record_capture.clone(), Some(head_capture.clone()));
            request.extensions_mut().insert(Arrival { text, route, peer, record_capture, head_capture, busy: None });
            let answer = router.call(request);
            async move {
                let mut response = answer.await?;
                if last {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, std::convert::Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // `nc` and scripts close their half after the request; answer them anyway.
            .half_close(true)
            .header_read_timeout(config.head_timeout)
            .max_header_size(config.max_head)
            .max_buf_size(config.max_head)
            .serve_connection(TokioIo::new(capture), service)
            .with_upgrades();
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.shutdown.asked() => {
                // Answer requests in progress, then end the connection.
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection => ended,
                    () = self.shutdown.over() => return,
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "an HTTP connection ended early");
            if let Some(fault) = HeadFault::of(&error)
                && let Some((bytes, answer)) = follower.unfinished()
            {
                (self.on_unfinished)(UnfinishedHead { bytes, answer, fault, route: carried_by });
            }
        }
    }
}

/// Tells the client that the relay is full, without waiting.
fn turn_away(stream: &TcpStream) {
    let text = response::refusal(
        503,
        &[("Retry-After", "10")],
        "This relay has reached its maximum number of connections. Try again soon.\n",
    );
    let _ = stream.try_write(text.as_bytes());
    // Closing a socket with unread bytes would reset the connection and could discard the response.
    let _ = stream.try_read(&mut [0; 4096]);
}
