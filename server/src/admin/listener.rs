//! Accepts the connections of operators and their programs. HTTP/1.1 only.

use super::router;
use crate::state::AppState;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The most connections at once. One more ends the others' wait for nobody: it is closed.
const CONNECTIONS: usize = 32;
/// How long a client may take to send a request head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may last. Prometheus connects again.
const LONGEST: Duration = Duration::from_secs(300);
/// The pause after a failed accept, most likely because no file descriptors are left.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, app: AppState) {
    let Ok(address) = listener.local_addr() else { return };
    let router = router(app, address);
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) if connections.len() < CONNECTIONS => {
                connections.spawn(serve_one(stream, router.clone()));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "accepting an admin connection failed");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }
}

async fn serve_one(stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Ok(Err(error)) = timeout(LONGEST, connection).await {
        tracing::debug!(%error, "an admin connection ended early");
    }
}
