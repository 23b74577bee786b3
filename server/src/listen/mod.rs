//! The accept loop: each TCP connection is wrapped in a [`capture::Capture`] and handed to hyper.

pub(crate) mod capture;
mod tape;

pub(crate) use tape::{RequestText, Tape};

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
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadFault {
    TooLarge,
    TooSlow,
    Malformed,
}

/// Who is told of such heads.
pub(crate) type OnUnfinished = Arc<dyn Fn(UnfinishedHead) + Send + Sync>;

/// Accepts until the relay is asked to end.
pub(crate) async fn run(
    listener: TcpListener,
    router: Router,
    config: Arc<Config>,
    shutdown: Shutdown,
    on_unfinished: OnUnfinished,
) {
    let places = Arc::new(Semaphore::new(config.max_connections.min(Semaphore::MAX_PERMITS)));
    loop {
        let accepted = tokio::select! {
            () = shutdown.asked() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
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
        match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => {
                let (config, on_unfinished) = (Arc::clone(&config), Arc::clone(&on_unfinished));
                shutdown.spawn(serve(stream, place, router.clone(), config, shutdown.clone(), on_unfinished));
            }
            Err(_) => turn_away(&stream),
        }
    }
}

/// Speaks HTTP on one connection until it ends or is upgraded.
async fn serve(
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    router: Router,
    config: Arc<Config>,
    shutdown: Shutdown,
    on_unfinished: OnUnfinished,
) {
    let tape = Tape::new(config.max_head);
    let capture = Capture::new(stream, place, tape.clone(), config.write_timeout);
    let follower = tape.clone();
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let text = tape.take_head();
        let last = tape.lost_track();
        request.extensions_mut().insert(text);
        request.extensions_mut().insert(tape.clone());
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
        () = shutdown.asked() => {
            // Whatever is under way is answered, and then the connection ends.
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                () = shutdown.over() => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an HTTP connection ended early");
        if let Some(fault) = fault(&error)
            && let Some((bytes, answer)) = follower.unfinished()
        {
            on_unfinished(UnfinishedHead { bytes, answer, fault });
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
