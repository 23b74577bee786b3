//! The relay's HTTP interface.

use leptos::prelude::window;
use observation::SessionId;
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

/// Why the relay gave no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// No answer at all.
    Unreachable,
    /// The relay knows no such session.
    Unknown,
    /// It said no, and why.
    Refused(String),
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

/// Sends a request; gives the status of the answer and what it says.
async fn ask(method: &str, path: &str) -> Result<(u16, Said), ApiError> {
    let unreachable = |_: JsValue| ApiError::Unreachable;
    let request = RequestInit::new();
    request.set_method(method);
    let response = JsFuture::from(window().fetch_with_str_and_init(path, &request)).await.map_err(unreachable)?;
    let response: Response = response.unchecked_into();
    let body = JsFuture::from(response.text().map_err(unreachable)?).await.map_err(unreachable)?;
    // Whatever stands between page and relay may answer too, and in no JSON.
    let said = serde_json::from_str(&body.as_string().unwrap_or_default()).unwrap_or_default();
    Ok((response.status(), said))
}

fn refused(status: u16, said: Said) -> ApiError {
    ApiError::Refused(match said {
        Said { error: Some(error), hint: Some(hint), .. } => format!("{error}. {hint}"),
        Said { error: Some(error), .. } => error,
        _ => format!("the relay answered {status}"),
    })
}
