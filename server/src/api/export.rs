//! A recorded session as a file: `/api/sessions/{session}/export.har`, `.pcapng`, `.json` and `.toml`.

use super::download::{self, Parts};
use super::error::ApiError;
use crate::client::ClientAddress;
use crate::limits::Rated;
use crate::session::{Extract, Session};
use crate::slots::NoSlot;
use crate::state::AppState;
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use export::{Export, Format, Recording, clock};
use observation::document::Secrets;
use observation::{ConnectionNumber, Observation};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::task::yield_now;

/// What the query selects.
struct Which {
    /// `None` for all connections.
    connection: Option<ConnectionNumber>,
    secrets: Secrets,
}

impl Which {
    fn read(query: &str) -> Result<Self, ApiError> {
        let mut which = Self { connection: None, secrets: Secrets::LeftOut };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "connection" => {
                    let number = value.parse().map_err(|_| ApiError::ConnectionMalformed)?;
                    if which.connection.replace(ConnectionNumber(number)).is_some() {
                        return Err(ApiError::ConnectionMalformed);
                    }
                }
                "secrets" if value == "keep" => which.secrets = Secrets::Kept,
                "secrets" => return Err(ApiError::SecretsMalformed),
                _ => {}
            }
        }
        Ok(which)
    }
}

pub(super) fn routes() -> Router<AppState> {
    Format::ALL.into_iter().fold(Router::new(), |router, format| {
        let path = format!("/sessions/{{session}}/export.{}", format.extension());
        let handler = move |State(app), Extension(client), name, query| export(format, app, client, name, query);
        router.route(&path, get(handler))
    })
}

async fn export(
    format: Format,
    app: AppState,
    client: ClientAddress,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::SessionUnknown)?;
    // A file has neither of the session's names.
    let session = app.registry.find_to_watch(&name).await?.session;
    let Which { connection, secrets } = Which::read(&query.unwrap_or_default())?;
    app.clients.spend(client, Rated::Exports)?;
    let slot = app.export_slots.take(session.export_slot()).await.map_err(|none| match none {
        NoSlot::SessionBusy => ApiError::SessionExporting,
        NoSlot::AllTaken(count) => ApiError::TooManyExports(count),
    })?;
    let snapshot = Snapshot::of(&session).await;
    if let Some(connection) = connection
        && !snapshot.has(connection).await
    {
        return Err(ApiError::ConnectionUnknown(connection.0));
    }
    let exported = SystemTime::now();
    let recording = Recording {
        session: session.id().clone(),
        began: session.began(),
        exported,
        port: app.config.listen.port(),
        rules: session.rules().published(),
        secrets,
    };
    let mut first = Vec::new();
    let export = Export::begin(format, &recording, &mut first);
    let file = File { first, export: Some(export), snapshot, connection };
    let body = download::body(file, slot, app.config.write_timeout, &app.shutdown);
    let name = format!("attachment; filename=\"framescope-{}.{}\"", clock::file_name(exported), format.extension());
    let headers = [
        (header::CONTENT_TYPE, format.media_type()),
        (header::CONTENT_DISPOSITION, &name),
        // Knowing a session's name gives access to it, so no cache may keep its data.
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, body).into_response())
}

/// A snapshot of a session's log, in parts.
struct Snapshot {
    session: Arc<Session>,
    parts: VecDeque<Extract>,
}

impl Snapshot {
    /// The snapshot of a relay's own session has no gaps: if the log drops unread observations meanwhile, the snapshot begins after
    /// them. A session that several relays share may have gaps anywhere.
    async fn of(session: &Arc<Session>) -> Self {
        let _following = session.follow().await;
        let mut parts = VecDeque::new();
        for part in session.parts() {
            if part.gap.is_some() && !session.is_shared() {
                parts.clear();
            }
            parts.push_back(part);
            yield_now().await;
        }
        Self { session: Arc::clone(session), parts }
    }

    /// Whether it contains observations of this connection.
    async fn has(&self, connection: ConnectionNumber) -> bool {
        for part in &self.parts {
            if part.observations().iter().any(|observation| observation.connection == connection) {
                return true;
            }
            yield_now().await;
        }
        false
    }

    /// The next observations, in order.
    fn next(&mut self) -> Option<Vec<Observation>> {
        let has_passed = |challenge: &str| self.session.has_passed(challenge);
        self.parts.pop_front().map(|part| part.visible(has_passed))
    }
}

/// A file in the making.
struct File {
    /// The beginning of the file, until it was sent.
    first: Vec<u8>,
    /// `None` once the file is complete.
    export: Option<Export>,
    snapshot: Snapshot,
    connection: Option<ConnectionNumber>,
}

impl Parts for File {
    async fn next(&mut self) -> Option<Bytes> {
        let mut export = self.export.take()?;
        let mut out = std::mem::take(&mut self.first);
        while let Some(observations) = self.snapshot.next() {
            let wanted = |of: &Observation| self.connection.is_none_or(|connection| of.connection == connection);
            for observation in observations.into_iter().filter(wanted) {
                export.observe(observation, &mut out);
            }
            // Let other tasks run: a whole log takes a while.
            yield_now().await;
            if !out.is_empty() {
                self.export = Some(export);
                return Some(out.into());
            }
        }
        export.finish(&mut out);
        Some(out.into())
    }
}
