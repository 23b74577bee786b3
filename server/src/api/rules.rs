//! `GET` and `PUT /api/sessions/{session}/rules`, and `PUT /api/sessions/{session}/rules/{rule}`: what the relay intercepts.

use super::body::{NO_STORE, read_body};
use super::changeable::session_to_change;
use super::error::ApiError;
use crate::client::ClientAddress;
use crate::intercept::MAX_RULES_JSON;
use crate::registry::Found;
use crate::session::Session;
use crate::state::AppState;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use observation::Rule;
use observation::rule::{RulesChange, Switch};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The largest body that switches a rule, in bytes.
const MAX_SWITCH: usize = 1024;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions/{session}/rules", get(show).put(set))
        .route("/sessions/{session}/rules/{rule}", put(switch))
}

/// Whether one rule is in force.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct On {
    on: bool,
}

/// All rules, also for those who may only watch.
async fn show(State(app): State<AppState>, name: Result<Path<String>, PathRejection>) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::SessionUnknown)?;
    let Found { session, .. } = app.registry.find_to_watch(&name).await?;
    Ok(list(&session))
}

/// Replaces all rules.
async fn set(
    State(app): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::SessionUnknown)?;
    let session = session_to_change(&app, client, &name).await?;
    let rules: Vec<Rule> = parse(&app, &headers, body, MAX_RULES_JSON).await?;
    change(&app, &session, RulesChange::Set(rules)).await
}

/// Switches one rule on or off.
async fn switch(
    State(app): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    names: Result<Path<(String, usize)>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let Path((name, rule)) = names.map_err(|_| ApiError::NotFound)?;
    let session = session_to_change(&app, client, &name).await?;
    let On { on } = parse(&app, &headers, body, MAX_SWITCH).await?;
    change(&app, &session, RulesChange::Switch(Switch { rule, on })).await
}

async fn parse<T: DeserializeOwned>(
    app: &AppState,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<T, ApiError> {
    let body = read_body(headers, body, limit, &app.memory).await?;
    serde_json::from_slice(&body.bytes).map_err(|error| ApiError::RulesInvalid(error.to_string()))
}

async fn change(app: &AppState, session: &Session, change: RulesChange) -> Result<Response, ApiError> {
    session.change_rules(change, &app.memory).await?;
    Ok(list(session))
}

fn list(session: &Session) -> Response {
    let json = session.rules().published().map_or_else(|| "[]".to_owned(), |rules| rules.json().to_owned());
    (StatusCode::OK, NO_STORE, [(header::CONTENT_TYPE, "application/json")], json).into_response()
}
