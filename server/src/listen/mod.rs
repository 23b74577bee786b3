//! The accept loops: each TCP connection, with TLS on it or not, is wrapped in a [`capture::Capture`] and handed to hyper.
//! HTTP/2 needs none.

mod arrival;
mod capture;
mod h2;
mod stream;
pub(crate) mod tap;
mod tape;
pub(crate) mod tls;

pub(crate) use arrival::{Arrival, Place, Taken};
pub(crate) use stream::Stream;

use crate::args::Config;
use crate::shutdown::Shutdown;
use axum::Router;
use axum::http::{HeaderValue, Request, header};
use bytes::Bytes;
use capture::Capture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use observation::Route;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tap::Tap;
use tape::Tape;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use wire::handshake::response;

/// After a failed accept (no file handles left, most likely), how long to let things settle.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);

/// A request head that hyper gave up on, so that no handler has heard of it.
pub(crate) struct UnfinishedHead {
    /// What has come of it.
    pub(crate) bytes: Bytes,
    /// What hyper answered; empty where the line was closed without a word.
    pub(crate) answer: Bytes,
    pub(crate) fault: HeadFault,
    pub(crate) route: Route,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadFault {
    TooLarge,
    TooSlow,
    Malformed,
}

/// Who is told of such heads.
pub(crate) type OnUnfinished = Arc<dyn Fn(UnfinishedHead) + Send + Sync>;

/// What all listeners of a relay have in common.
pub(crate) struct Speaker {
    router: Router,
    config: Arc<Config>,
    shutdown: Shutdown,
    on_unfinished: OnUnfinished,
    /// One for each connection that may be open.
    places: Arc<Semaphore>,
}

/// What is known of a connection before it speaks HTTP.
struct Below {
    peer: SocketAddr,
    route: Route,
    tap: Option<Tap>,
}

impl Speaker {
    pub(crate) fn new(
        router: Router,
        config: Arc<Config>,
        shutdown: Shutdown,
        on_unfinished: OnUnfinished,
        places: Arc<Semaphore>,
    ) -> Self {
        Self { router, config, shutdown, on_unfinished, places }
    }

    /// Accepts until the relay is asked to end; with `tls` each connection begins with its handshake.
    pub(crate) async fn listen(self: Arc<Self>, listener: TcpListener, tls: Option<TlsAcceptor>) {
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.asked() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "no connection was accepted");
                    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                    continue;
                }
            };
            // Echoes are small and must not wait for one another.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "the connection went before it was used");
                continue;
            }
            match Arc::clone(&self.places).try_acquire_owned() {
                Ok(place) => {
                    let (speaker, tls) = (Arc::clone(&self), tls.clone());
                    self.shutdown.spawn(async move {
                        match tls {
                            None => {
                                let below = Below { peer, route: Route::default(), tap: None };
                                speaker.serve(Stream::Plain(stream), below, place).await;
                            }
                            Some(tls) => Box::pin(speaker.serve_tls(stream, peer, &tls, place)).await,
                        }
                    });
                }
                // Whoever expects TLS would not understand a word.
                Err(_) if tls.is_some() => {}
                Err(_) => turn_away(&stream),
            }
        }
    }

    /// Agrees on TLS, and on a version of HTTP with it.
    async fn serve_tls(&self, stream: TcpStream, peer: SocketAddr, tls: &TlsAcceptor, place: OwnedSemaphorePermit) {
        let accepted = tokio::select! {
            accepted = timeout(self.config.head_timeout, tls::accept(tls, stream)) => accepted,
            () = self.shutdown.asked() => return,
        };
        let (stream, tap) = match accepted {
            Ok(Ok(accepted)) => accepted,
            Ok(Err(error)) => return tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => return tracing::debug!("a TLS handshake took too long"),
        };
        let Ok(agreed) = tls::agreed(stream.get_ref().1) else { return };
        let speaks_h2 = stream.get_ref().1.alpn_protocol() == Some(tls::H2);
        let below = Below { peer, route: Route { tls: Some(agreed), ..Route::default() }, tap: Some(tap) };
        let stream = Stream::Tls(Box::new(stream));
        if speaks_h2 {
            h2::serve(stream, below, self).await;
            drop(place);
        } else {
            self.serve(stream, below, place).await;
        }
    }

    /// Speaks HTTP/1.1 on one connection until it ends or is upgraded.
    async fn serve(&self, stream: Stream, below: Below, place: OwnedSemaphorePermit) {
        let config = &self.config;
        let tape = Tape::new(config.max_head);
        let capture = Capture::new(stream, place, tape.clone(), config.write_timeout);
        let follower = tape.clone();
        let router = TowerToHyperService::new(self.router.clone());
        let Below { peer, route, tap } = below;
        let carried_by = route.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            let text = tape.take_head();
            let last = tape.lost_track();
            let (route, tap, tape) = (route.clone(), tap.clone(), Some(tape.clone()));
            request.extensions_mut().insert(Arrival { text, route, peer, tap, tape, busy: None });
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
            // `nc` and scripts close their half once they have asked; they are answered all the same.
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
                // Whatever is under way is answered, and then the connection ends.
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection => ended,
                    () = self.shutdown.over() => return,
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "an HTTP connection ended early");
            if let Some(fault) = fault(&error)
                && let Some((bytes, answer)) = follower.unfinished()
            {
                (self.on_unfinished)(UnfinishedHead { bytes, answer, fault, route: carried_by });
            }
        }
    }
}

fn fault(error: &hyper::Error) -> Option<HeadFault> {
    match error {
        error if error.is_parse_too_large() => Some(HeadFault::TooLarge),
        error if error.is_timeout() => Some(HeadFault::TooSlow),
        error if error.is_parse() => Some(HeadFault::Malformed),
        _ => None,
    }
}

/// Says that the relay is full, without waiting for anything.
fn turn_away(stream: &TcpStream) {
    let text = response::refusal(
        503,
        &[("Retry-After", "10")],
        "This relay has all the connections it may have. Try again soon.\n",
    );
    let _ = stream.try_write(text.as_bytes());
    // Closing over unread bytes would reset the line, and take the answer with it.
    let _ = stream.try_read(&mut [0; 4096]);
}
