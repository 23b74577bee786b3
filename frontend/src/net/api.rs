//! The relay's HTTP interface.

use leptos::prelude::window;
use observation::SessionId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

/// Why the relay did not give what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// No answer at all.
    Unreachable,
    /// The relay knows no such session.
    Unknown,
    /// It said no, and why.
    Refused(String),
    /// It said something that this page does not understand.
    Unreadable(String),
}

/// What the relay says in JSON: the session it made, or what is wrong and what to do about it.
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

/// Asks whether a session still lives.
pub async fn find_session(id: &SessionId) -> Result<(), ApiError> {
    match ask("GET", &format!("/api/sessions/{id}")).await? {
        (200, _) => Ok(()),
        (404, _) => Err(ApiError::Unknown),
        (status, said) => Err(refused(status, said)),
    }
}

/// What the relay has at `path`.
pub async fn read<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    match request("GET", path).await? {
        (200, body) => serde_json::from_str(&body).map_err(|error| ApiError::Unreadable(error.to_string())),
        (status, body) => Err(refused(status, said(&body))),
    }
}

/// Sends `body` to `path`; gives the status of the answer and its body.
pub async fn post(path: &str, body: &str) -> Result<(u16, String), ApiError> {
    let init = RequestInit::new();
    init.set_body(&JsValue::from_str(body));
    request_with(&init, "POST", path).await
}

/// What an answer that is no success says, for a person.
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

/// Whatever stands between page and relay may answer too, and in no JSON.
fn said(body: &str) -> Said {
    serde_json::from_str(body).unwrap_or_default()
}

/// Sends a request; gives the status of the answer and its body.
async fn request(method: &str, path: &str) -> Result<(u16, String), ApiError> {
    request_with(&RequestInit::new(), method, path).await
}

async fn request_with(init: &RequestInit, method: &str, path: &str) -> Result<(u16, String), ApiError> {
    let unreachable = |_: JsValue| ApiError::Unreachable;
    init.set_method(method);
    let response = JsFuture::from(window().fetch_with_str_and_init(path, init)).await.map_err(unreachable)?;
    let response: Response = response.unchecked_into();
    let body = JsFuture::from(response.text().map_err(unreachable)?).await.map_err(unreachable)?;
    Ok((response.status(), body.as_string().unwrap_or_default()))
}

impl ApiError {
    /// Why `what` is not there, and what to do, for whoever wanted to see it.
    pub fn words(&self, what: &str) -> String {
        match self {
            Self::Unreachable => format!("{what} did not come: the relay does not answer. Is it running?"),
            Self::Unknown => format!("{what} did not come: the relay does not know this session any more."),
            Self::Refused(said) => format!("{what} did not come. The relay says: {said}"),
            Self::Unreadable(why) => {
                format!("{what} came, and cannot be read ({why}). Reload the page: it may be older than the relay.")
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
