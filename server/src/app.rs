//! The addresses of the relay, and what each leads to.

use crate::args::Config;
use crate::assets;
use crate::course::{self, Shelf};
use crate::error::ApiError;
use crate::export;
use crate::hop::{self, Legs, Upstreams};
use crate::lab;
use crate::observe;
use crate::receipt::{self, Key};
use crate::session::{CreateError, Registry};
use crate::shutdown::Shutdown;
use crate::snippets;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The most that the body of `POST /api/sessions` may have; nothing in it is used.
const MAX_BODY: usize = 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What every handler can reach. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) config: Arc<Config>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) shutdown: Shutdown,
    /// Memory for messages that have not arrived whole.
    pub(crate) room: lab::Room,
    /// One for each connection that may compress at once.
    pub(crate) deflate_places: Arc<Semaphore>,
    /// One for each export that may go on at once.
    pub(crate) exports: Arc<Semaphore>,
    /// One for each connection that may be open.
    pub(crate) places: Arc<Semaphore>,
    pub(crate) legs: Legs,
    pub(crate) upstreams: Upstreams,
    /// Where middleboxes stand in front of TLS, in their order.
    pub(crate) tunnel_ports: Arc<[u16]>,
    pub(crate) shelf: Arc<Shelf>,
    /// What receipts are signed with.
    pub(crate) key: Arc<Key>,
    /// One for each attempt that may be graded at once.
    pub(crate) gradings: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(
        config: Arc<Config>,
        registry: Arc<Registry>,
        shutdown: Shutdown,
        upstreams: Upstreams,
        tunnel_ports: Arc<[u16]>,
        shelf: Shelf,
        key: Key,
    ) -> Self {
        let room = lab::Room::new(config.max_unfinished);
        let deflate_places = Arc::new(Semaphore::new(config.max_deflate.min(Semaphore::MAX_PERMITS)));
        let exports = Arc::new(Semaphore::new(export::AT_ONCE));
        let places = Arc::new(Semaphore::new(config.max_connections.min(Semaphore::MAX_PERMITS)));
        let legs = Legs::default();
        let (shelf, key, gradings) = (Arc::new(shelf), Arc::new(key), Arc::new(Semaphore::new(receipt::AT_ONCE)));
        Self {
            config,
            registry,
            shutdown,
            room,
            deflate_places,
            exports,
            places,
            legs,
            upstreams,
            tunnel_ports,
            shelf,
            key,
            gradings,
        }
    }
}

pub(crate) fn router(app: App) -> Router {
    let api = Router::new()
        .route("/behaviours", get(lab::behaviours))
        .route("/sessions", post(create_session))
        .route("/sessions/{session}", get(show_session))
        .route("/sessions/{session}/observe", get(observe::observe).connect(observe::observe))
        .merge(export::routes())
        .merge(course::routes())
        .merge(receipt::routes())
        .route("/snippets", get(snippets::snippets))
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed);
    let page = assets::router(&app.config);
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/echo", any(lab::echo))
        .route("/lab/{session}", any(lab::lab))
        .nest("/api", api)
        .merge(hop::routes())
        .with_state(app)
        .fallback_service(page)
}

/// A session, and where to find what belongs to it.
#[derive(Serialize)]
struct SessionBody {
    id: String,
    lab: String,
    observe: String,
}

impl SessionBody {
    fn new(id: &observation::SessionId) -> Self {
        Self { id: id.to_string(), lab: format!("/lab/{id}"), observe: format!("/api/sessions/{id}/observe") }
    }
}

async fn create_session(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    read_body(&headers, body, MAX_BODY).await?;
    let session = app.registry.create().map_err(|error| match error {
        CreateError::Full(limit) => ApiError::TooManySessions(limit),
        CreateError::NoRandomness => ApiError::NoRandomness,
    })?;
    let location = [(header::LOCATION, format!("/api/sessions/{}", session.id()))];
    Ok((StatusCode::CREATED, location, NO_STORE, Json(SessionBody::new(session.id()))).into_response())
}

/// The body of a request, of at most `limit` bytes.
pub(crate) async fn read_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(ApiError::BodyTooLarge(limit));
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, limit)).await;
    body.map_err(|_| ApiError::BodyTooSlow)?.map_err(|_| ApiError::BodyTooLarge(limit))
}

async fn show_session(State(app): State<App>, name: Result<Path<String>, PathRejection>) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::SessionUnknown)?;
    let session = app.registry.find(&name).ok_or(ApiError::SessionUnknown)?;
    Ok((NO_STORE, Json(SessionBody::new(session.id()))).into_response())
}

/// A session's name is the right to it: no cache may keep it.
pub(crate) const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];
