//! The accept loops: each TCP connection, with or without TLS, is handed to hyper. For HTTP/1.1 it is wrapped in a
//! [`HeadCapturedStream`]; HTTP/2 has no text to capture.

use super::arrival::{Arrival, Unanswered};
use super::captured_stream::HeadCapturedStream;
use super::connection_id::ConnectionId;
use super::entrance::{Entered, Entrance};
use super::head_capture::HeadCapture;
use super::outage::Outage;
use super::stream::{Stream, tune};
use super::transport::Transport;
use super::unfinished::{HeadFault, OnUnfinished, UnfinishedHead};
use super::{h2, tls};
use crate::args::Config;
use crate::client::ClientAddress;
use crate::limits::{NoPlace, Place};
use crate::metrics::{Metrics, TlsOutcome};
use crate::shutdown::Shutdown;
use crate::state::AppState;
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
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use wire::handshake::response;

/// What all listeners of a relay share.
pub(crate) struct Listener {
    router: Router,
    config: Arc<Config>,
    shutdown: Shutdown,
    on_unfinished: OnUnfinished,
    entrance: Entrance,
    metrics: Arc<Metrics>,
}

impl Listener {
    pub(crate) fn new(router: Router, app: &AppState, on_unfinished: OnUnfinished) -> Self {
        let AppState { config, shutdown, metrics, .. } = app.clone();
        Self { router, config, shutdown, on_unfinished, entrance: Entrance::new(app), metrics }
    }

    /// Accepts connections until the relay shuts down. With `tls`, each connection begins with a TLS handshake.
    pub(crate) async fn listen(self: Arc<Self>, listener: TcpListener, tls: Option<TlsAcceptor>) {
        let mut outage = Outage::default();
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.asked() => return,
                accepted = outage.accept(&listener) => accepted,
            };
            let Some((mut stream, peer)) = accepted else { continue };
            let id = ConnectionId::next();
            if let Err(error) = tune(&stream) {
                tracing::debug!(connection = %id, %error, "the connection closed before it was used");
                continue;
            }
            match self.entrance.take(peer, tls.is_some()) {
                Ok(seat) => {
                    tracing::debug!(connection = %id, %peer, "accepted a connection");
                    self.metrics.accepted();
                    let (this, tls) = (Arc::clone(&self), tls.clone());
                    self.shutdown.spawn(async move {
                        let (transport, place) = match this.entrance.enter(&mut stream, seat).await {
                            Ok(Some(Entered { address, place, .. })) => (this.transport((id, peer), address), place),
                            Ok(None) => return,
                            Err(none) => return this.turn_away(&stream, &none, (id, peer), tls.is_some()),
                        };
                        match tls {
                            None => this.serve(Stream::Plain(stream), transport, place).await,
                            Some(tls) => Box::pin(this.serve_tls(stream, transport, &tls, place)).await,
                        }
                    });
                }
                Err(none) => self.turn_away(&stream, &none, (id, peer), tls.is_some()),
            }
        }
    }

    /// There is no place for a connection.
    fn turn_away(&self, stream: &TcpStream, none: &NoPlace, (id, peer): (ConnectionId, SocketAddr), speaks_tls: bool) {
        self.metrics.turned_away(none.name());
        if matches!(none, NoPlace::Full)
            && let Some(left_out) = self.metrics.limit_line(none.name())
        {
            tracing::warn!(connection = %id, %peer, left_out, "all connections are in use (--max-connections)");
        }
        // A client that expects TLS could not read an error.
        if !speaks_tls {
            turn_away(stream, none);
        }
    }

    fn transport(&self, (id, peer): (ConnectionId, SocketAddr), address: ClientAddress) -> Transport {
        Transport::new(id, peer, address, Arc::clone(&self.config))
    }

    /// Performs the TLS handshake, which also selects the HTTP version.
    async fn serve_tls(&self, stream: TcpStream, transport: Transport, tls: &TlsAcceptor, place: Place) {
        let id = transport.id;
        let accepted = tokio::select! {
            accepted = timeout(self.config.head_timeout, tls::accept(tls, stream)) => accepted,
            () = self.shutdown.asked() => return,
        };
        let (stream, record_capture) = match accepted {
            Ok(Ok(accepted)) => accepted,
            Ok(Err(error)) => {
                self.metrics.tls_handshake(TlsOutcome::Failed);
                return tracing::debug!(connection = %id, %error, "a TLS handshake failed");
            }
            Err(_) => {
                self.metrics.tls_handshake(TlsOutcome::TimedOut);
                return tracing::debug!(connection = %id, "a TLS handshake timed out");
            }
        };
        self.metrics.tls_handshake(TlsOutcome::Done);
        let Ok(agreed) = tls::agreed(stream.get_ref().1) else { return };
        let speaks_h2 = stream.get_ref().1.alpn_protocol() == Some(tls::H2);
        let transport = Transport {
            route: Route { tls: Some(agreed), ..transport.route },
            record_capture: Some(record_capture),
            ..transport
        };
        let stream = Stream::Tls(Box::new(stream));
        if speaks_h2 {
            h2::serve(stream, transport, self.router.clone(), &self.config, &self.shutdown).await;
            drop(place);
        } else {
            self.serve(stream, transport, place).await;
        }
    }

    /// Serves HTTP/1.1 on one connection until it ends or is upgraded.
    async fn serve(&self, stream: Stream, transport: Transport, place: Place) {
        let config = &self.config;
        let head_capture = HeadCapture::new(config.max_head);
        let capture = HeadCapturedStream::new(stream, place, head_capture.clone(), config.write_timeout);
        let follower = head_capture.clone();
        let router = TowerToHyperService::new(self.router.clone());
        let carried_by = transport.route.clone();
        let id = transport.id;
        let service = service_fn(move |mut request: Request<Incoming>| {
            let (client, arrival) = transport.arrival(request.headers());
            let text = head_capture.take_head();
            let last = head_capture.lost_track();
            request.extensions_mut().insert(client);
            request.extensions_mut().insert(Arrival { text, head_capture: Some(head_capture.clone()), ..arrival });
            let answer = router.call(request);
            async move {
                let Ok(mut response) = answer.await;
                if response.extensions().get::<Unanswered>().is_some() {
                    return Err(Unanswered);
                }
                if last {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok(response)
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
            tracing::debug!(connection = %id, %error, "an HTTP connection ended early");
            if let Some(fault) = HeadFault::of(&error)
                && let Some((bytes, answer)) = follower.unfinished()
            {
                (self.on_unfinished)(UnfinishedHead { bytes, answer, fault, route: carried_by });
            }
        }
    }
}

/// Tells the client why there is no place, without waiting.
fn turn_away(stream: &TcpStream, none: &NoPlace) {
    let text =
        response::refusal(none.status(), &[("Retry-After", &none.retry_after().to_string())], &format!("{none}.\n"));
    let _ = stream.try_write(text.as_bytes());
    // Closing a socket with unread bytes would reset the connection and could discard the response.
    let _ = stream.try_read(&mut [0; 4096]);
}
