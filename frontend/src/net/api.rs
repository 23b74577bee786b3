//! The relay's HTTP interface.

use gloo_net::http::{Request, Response};
use observation::SessionId;
use serde::Deserialize;

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

#[derive(Deserialize)]
struct Created {
    id: SessionId,
}

#[derive(Deserialize)]
struct Problem {
    error: String,
    hint: Option<String>,
}

pub async fn create_session() -> Result<SessionId, ApiError> {
    let response = Request::post("/api/sessions").send().await.map_err(|_| ApiError::Unreachable)?;
    if !response.ok() {
        return Err(refused(&response).await);
    }
    let created: Created = response.json().await.map_err(|error| ApiError::Refused(error.to_string()))?;
    Ok(created.id)
}

/// Asks whether a session still lives.
pub async fn find_session(id: &SessionId) -> Result<(), ApiError> {
    let response = Request::get(&format!("/api/sessions/{id}")).send().await.map_err(|_| ApiError::Unreachable)?;
    match response.status() {
        200 => Ok(()),
        404 => Err(ApiError::Unknown),
        _ => Err(refused(&response).await),
    }
}

async fn refused(response: &Response) -> ApiError {
    let said = match response.json::<Problem>().await {
        Ok(Problem { error, hint: Some(hint) }) => format!("{error}. {hint}"),
        Ok(Problem { error, hint: None }) => error,
        Err(_) => format!("the relay answered {} {}", response.status(), response.status_text()),
    };
    ApiError::Refused(said)
}
