//! Code for a connection, to be copied: `/api/snippets?url=ws://…&subprotocol=a,b&message=Hello`.

use super::error::ApiError;
use crate::state::AppState;
use axum::extract::RawQuery;
use axum::routing::get;
use axum::{Json, Router};
use export::snippet::{Snippet, Wish, WishError};
use serde::Serialize;

/// What is sent where no message is asked for.
const MESSAGE: &str = "Hello";

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/snippets", get(snippets))
}

#[derive(Serialize)]
struct Snippets {
    snippets: [Snippet; 4],
}

async fn snippets(RawQuery(query): RawQuery) -> Result<Json<Snippets>, ApiError> {
    let wish = read(&query.unwrap_or_default())?;
    Ok(Json(Snippets { snippets: wish.snippets() }))
}

/// Reads a query as browsers write it. `message` may be there several times; `subprotocol` is one or a list with commas.
fn read(query: &str) -> Result<Wish, WishError> {
    let (mut url, mut subprotocols, mut messages) = (String::new(), Vec::new(), Vec::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "url" => url = value.into_owned(),
            "subprotocol" if value.trim().is_empty() => {}
            "subprotocol" => subprotocols.extend(value.split(',').map(|name| name.trim().to_owned())),
            "message" => messages.push(value.into_owned()),
            _ => return Err(WishError::ParameterUnknown),
        }
    }
    if messages.is_empty() {
        messages.push(MESSAGE.to_owned());
    }
    Wish::new(url, subprotocols, messages)
}
