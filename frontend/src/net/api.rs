//! The relay's HTTP interface.

use crate::site;
use leptos::prelude::window;
use observation::SessionId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

/// Why a request to the relay failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// No answer at all.
    Unreachable,
    /// The session does not exist.
    Unknown,
    /// The relay refused, with its reason.
    Refused(String),
    /// The page could not read the answer.
    Unreadable(String),
}

/// The relay's answer in JSON: the session that it created, or an error with a hint.
#[derive(Default, Deserialize)]
struct Said {
    id: Option<SessionId>,
    error: Option<String>,
    hint: Option<String>,
}

pub async fn create_session() -> Result<SessionId, ApiError> {
    let (status, said) = ask("POST", "/api/sessions").await?;
    said.id.clone().ok_or_else(|| refused(status, said))
}

/// Checks whether a session still exists.
pub async fn find_session(id: &SessionId) -> Result<(), ApiError> {
    match ask("GET", &format!("/api/sessions/{id}")).await? {
        (200, _) => Ok(()),
        (404, _) => Err(ApiError::Unknown),
        (status, said) => Err(refused(status, said)),
    }
}

/// Reads the JSON at `path`.
pub async fn read<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    match request("GET", path).await? {
        (200, body) => serde_json::from_str(&body).map_err(|error| ApiError::Unreadable(error.to_string())),
        (status, body) => Err(refused(status, said(&body))),
    }
}

/// Gets `path`. Returns the status and the body of the answer.
pub async fn get(path: &str) -> Result<(u16, String), ApiError> {
    request("GET", path).await
}

/// Posts `body` to `path`. Returns the status and the body of the answer.
pub async fn post(path: &str, body: &str) -> Result<(u16, String), ApiError> {
    send("POST", path, body).await
}

/// Puts `body` to `path`. Returns the status and the body of the answer.
pub async fn put(path: &str, body: &str) -> Result<(u16, String), ApiError> {
    send("PUT", path, body).await
}

async fn send(method: &str, path: &str, body: &str) -> Result<(u16, String), ApiError> {
    let init = RequestInit::new();
    init.set_body(&JsValue::from_str(body));
    request_with(&init, method, path).await
}

/// Sends a request with the method DELETE. Returns the status and the body of the answer.
pub async fn delete(path: &str) -> Result<(u16, String), ApiError> {
    request("DELETE", path).await
}

/// The error text of an unsuccessful answer.
pub fn words_of(status: u16, body: &str) -> String {
    match refused(status, said(body)) {
        ApiError::Refused(words) => words,
        _ => String::new(),
    }
}

async fn ask(method: &str, path: &str) -> Result<(u16, Said), ApiError> {
    let (status, body) = request(method, path).await?;
    Ok((status, said(&body)))
}

/// A proxy in between may answer too, and not in JSON.
fn said(body: &str) -> Said {
    serde_json::from_str(body).unwrap_or_default()
}

/// Sends a request for a path of this site. Returns the status and the body of the answer.
async fn request(method: &str, path: &str) -> Result<(u16, String), ApiError> {
    request_with(&RequestInit::new(), method, path).await
}

async fn request_with(init: &RequestInit, method: &str, path: &str) -> Result<(u16, String), ApiError> {
    let unreachable = |_: JsValue| ApiError::Unreachable;
    init.set_method(method);
    let response =
        JsFuture::from(window().fetch_with_str_and_init(&site::path(path), init)).await.map_err(unreachable)?;
    let response: Response = response.unchecked_into();
    let body = JsFuture::from(response.text().map_err(unreachable)?).await.map_err(unreachable)?;
    Ok((response.status(), body.as_string().unwrap_or_default()))
}

impl ApiError {
    /// Why loading `what` failed, and what to do.
    pub fn words(&self, what: &str) -> String {
        match self {
            Self::Unreachable => format!("{what} did not load: the relay does not answer. Is it running?"),
            Self::Unknown => format!("{what} did not load: this session has ended."),
            Self::Refused(said) => format!("{what} did not load. The relay says: {said}"),
            Self::Unreadable(why) => {
                format!(
                    "{what} did not load: the page cannot read the relay’s answer ({why}). Reload the page: it may be older than the relay."
                )
            }
        }
    }
}

fn refused(status: u16, said: Said) -> ApiError {
    ApiError::Refused(match said {
        Said { error: Some(error), hint: Some(hint), .. } => format!("{error}. {hint}"),
        Said { error: Some(error), .. } => error,
        _ => format!("the relay answered {status}"),
    })
}
