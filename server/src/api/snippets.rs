//! Code that opens a connection: `/api/snippets?url=ws://…&subprotocol=a,b&message=Hello`. It has no tokens unless `secrets=keep`.

use super::error::ApiError;
use crate::state::AppState;
use axum::extract::RawQuery;
use axum::routing::get;
use axum::{Json, Router};
use export::snippet::{ParameterError, Parameters, Snippet};
use serde::Serialize;

/// The message if the query has none.
const MESSAGE: &str = "Hello";

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/snippets", get(snippets))
}

#[derive(Serialize)]
struct Snippets {
    snippets: [Snippet; 4],
}

async fn snippets(RawQuery(query): RawQuery) -> Result<Json<Snippets>, ApiError> {
    let parameters = read(&query.unwrap_or_default())?;
    Ok(Json(Snippets { snippets: parameters.snippets() }))
}

/// Parses a form-encoded query. `message` may be repeated; `subprotocol` may be a comma-separated list.
fn read(query: &str) -> Result<Parameters, ParameterError> {
    let (mut url, mut subprotocols, mut messages, mut keep) = (String::new(), Vec::new(), Vec::new(), false);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "url" => url = value.into_owned(),
            "subprotocol" if value.trim().is_empty() => {}
            "subprotocol" => subprotocols.extend(value.split(',').map(|name| name.trim().to_owned())),
            "message" => messages.push(value.into_owned()),
            "secrets" if value == "keep" => keep = true,
            "secrets" => return Err(ParameterError::SecretsMalformed),
            _ => return Err(ParameterError::ParameterUnknown),
        }
    }
    if messages.is_empty() {
        messages.push(MESSAGE.to_owned());
    }
    let parameters = Parameters::new(url, subprotocols, messages)?;
    Ok(if keep { parameters } else { parameters.without_tokens() })
}
