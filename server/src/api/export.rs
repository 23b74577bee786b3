//! A recorded session as a file: `/api/sessions/{session}/export.har`, `.pcapng` and `.json`.

use super::error::ApiError;
use crate::session::{Extract, Session};
use crate::state::{AppState, MAX_EXPORTS};
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use export::{Export, Format, Recording, clock};
use observation::{ConnectionNumber, Observation};
use serde::Deserialize;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::yield_now;
use tokio::time::Instant;

/// The longest time for one export, so that a slow reader cannot block others.
const LONGEST: Duration = Duration::from_secs(300);

/// The query: the number of one connection, or none for all.
#[derive(Deserialize)]
struct Which {
    connection: Option<ConnectionNumber>,
}

pub(super) fn routes() -> Router<AppState> {
    Format::ALL.into_iter().fold(Router::new(), |router, format| {
        let path = format!("/sessions/{{session}}/export.{}", format.extension());
        let handler = move |State(app), name, which| export(format, app, name, which);
        router.route(&path, get(handler))
    })
}

async fn export(
    format: Format,
    app: AppState,
    name: Result<Path<String>, PathRejection>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::SessionUnknown)?;
    let session = app.registry.find(&name).ok_or(ApiError::SessionUnknown)?;
    let Query(Which { connection }) = which.map_err(|_| ApiError::ConnectionMalformed)?;
    let slot = app.export_slots.clone().try_acquire_owned().map_err(|_| ApiError::TooManyExports(MAX_EXPORTS))?;
    let snapshot = Snapshot::of(&session).await;
    if let Some(connection) = connection
        && !snapshot.has(connection).await
    {
        return Err(ApiError::ConnectionUnknown(connection.0));
    }
    let exported = SystemTime::now();
    let recording =
        Recording { session: session.id().clone(), began: session.began(), exported, port: app.config.listen.port() };
    let mut first = Vec::new();
    let export = Export::begin(format, &recording, &mut first);
    let download = Download { first, export, snapshot, connection, until: Instant::now() + LONGEST, _slot: slot };
    let file = format!("attachment; filename=\"framescope-{}.{}\"", clock::file_name(exported), format.extension());
    let headers = [
        (header::CONTENT_TYPE, format.media_type()),
        (header::CONTENT_DISPOSITION, &file),
        // Knowing a session's name gives access to it, so no cache may keep its data.
        (header::CACHE_CONTROL, "no-store"),
    ];
    let body = Body::from_stream(futures_util::stream::unfold(Some(download), Download::next));
    Ok((headers, body).into_response())
}

/// A snapshot of a session's log, in parts.
struct Snapshot(VecDeque<Extract>);

impl Snapshot {
    /// The snapshot has no gaps: if the log drops unread observations meanwhile, the snapshot begins after them.
    async fn of(session: &Arc<Session>) -> Self {
        let mut parts = VecDeque::new();
        for part in session.parts() {
            if part.gap.is_some() {
                parts.clear();
            }
            parts.push_back(part);
            yield_now().await;
        }
        Self(parts)
    }

    /// Whether it contains observations of this connection.
    async fn has(&self, connection: ConnectionNumber) -> bool {
        for part in &self.0 {
            if part.observations().iter().any(|observation| observation.connection == connection) {
                return true;
            }
            yield_now().await;
        }
        false
    }

    /// The next observations, in order.
    fn next(&mut self) -> Option<Vec<Observation>> {
        self.0.pop_front().map(|part| part.observations())
    }
}

/// A file that is generated as fast as the client reads it.
struct Download {
    /// The beginning of the file, until it was sent.
    first: Vec<u8>,
    export: Export,
    snapshot: Snapshot,
    connection: Option<ConnectionNumber>,
    until: Instant,
    _slot: OwnedSemaphorePermit,
}

impl Download {
    /// The next part of the file, and the rest of the download.
    async fn next(this: Option<Self>) -> Option<(io::Result<Bytes>, Option<Self>)> {
        let mut this = this?;
        if Instant::now() > this.until {
            // hyper ends the connection, so the client sees that the file is incomplete.
            return Some((Err(io::ErrorKind::TimedOut.into()), None));
        }
        let mut out = std::mem::take(&mut this.first);
        while let Some(observations) = this.snapshot.next() {
            let wanted = |of: &Observation| this.connection.is_none_or(|connection| of.connection == connection);
            for observation in observations.into_iter().filter(wanted) {
                this.export.observe(observation, &mut out);
            }
            // Let other tasks run: a whole log takes a while.
            yield_now().await;
            if !out.is_empty() {
                return Some((Ok(out.into()), Some(this)));
            }
        }
        this.export.finish(&mut out);
        Some((Ok(out.into()), None))
    }
}
