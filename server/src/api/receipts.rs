//! `/api/sessions/{session}/receipts` and `/api/receipts`: grade an attempt on the relay's own log, sign and verify receipts.

use super::body::{NO_STORE, read_body};
use super::error::ApiError;
use crate::receipt::grading;
use crate::receipt::text::{Fault, Receipt, Verified, read_all, reads_as_written};
use crate::state::{AppState, MAX_GRADINGS};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use curriculum::page_run::{PageRun, Shown};
use export::clock;
use observation::Seq;
use observation::page::PageEvent;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::timeout;

/// How long a request waits for a grading slot.
const PATIENCE: Duration = Duration::from_secs(1);
/// The largest request for a receipt, in bytes. Most of it is what the page reports.
const MAX_REQUEST: usize = 256 << 10;
/// The largest text to verify, in bytes.
const MAX_TEXT: usize = 4 << 10;
/// The longest name, in characters.
const MAX_NAME: usize = 80;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// The challenge's id.
    challenge: String,
    /// The number of the last observation before the attempt.
    since: Seq,
    name: Option<String>,
    /// What the page reports about the run. The relay cannot verify it.
    told: Option<Word>,
}

/// The part of a [`PageRun`] that grading uses. The rest, such as printed output, is skipped and not stored.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Word {
    events: Vec<PageEvent>,
    returned: Option<serde_json::Value>,
    most_buffered: u64,
    shown: Vec<Shown>,
    pasted: Option<String>,
}

impl From<Word> for PageRun {
    fn from(Word { events, returned, most_buffered, shown, pasted }: Word) -> Self {
        Self { events, returned, most_buffered, shown, pasted, ..Self::default() }
    }
}

#[derive(Serialize)]
struct Granted {
    receipt: String,
}

#[derive(Serialize)]
struct PublicKey<'a> {
    key: &'a str,
}

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions/{session}/receipts", post(grant))
        .route("/receipts/key", get(public_key))
        .route("/receipts/verify", post(verify))
}

async fn grant(
    State(app): State<AppState>,
    session: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let Path(session) = session.map_err(|_| ApiError::SessionUnknown)?;
    let session = app.registry.find(&session).ok_or(ApiError::SessionUnknown)?;
    // Before the body is read, so that no waiting request holds its body in memory.
    let slot = timeout(PATIENCE, Arc::clone(&app.grading_slots).acquire_owned()).await;
    let slot = slot.ok().and_then(Result::ok).ok_or(ApiError::TooManyGradings(MAX_GRADINGS))?;
    let body = read_body(&headers, body, MAX_REQUEST).await?;
    let Request { challenge: id, since, name, told } =
        serde_json::from_slice(&body).map_err(|error| ApiError::BodyMalformed(error.to_string()))?;
    drop(body);
    let name = name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if name.is_some_and(|name| !is_name(name)) {
        return Err(ApiError::NameMalformed(MAX_NAME));
    }
    // Mail clients wrap lines at spaces, and several spaces could not be restored.
    let name = name.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
    let course = app.library.course().await.map_err(ApiError::CourseBroken)?;
    if !course.challenges.contains_key(&id) {
        return Err(ApiError::NotInCourse("challenge"));
    }

    let capacity = app.config.log_count;
    let (course_id, challenge) = (course.id.clone(), id.clone());
    let graded = tokio::task::spawn_blocking(move || {
        let told = told.map(PageRun::from);
        let graded = grading::grade(&session, &course.challenges[&id], since, told.as_ref(), capacity);
        drop(slot);
        graded
    });
    let (report, evidence) = graded
        .await
        .map_err(|error| {
            tracing::error!(%error, "grading an attempt failed");
            ApiError::GradingFailed
        })?
        .map_err(|gap| ApiError::EvidenceGone(gap.from.0, gap.to.0))?;
    if !report.passed() {
        return Err(ApiError::NotPassed(Box::new(report)));
    }
    let receipt = Receipt {
        course: course_id,
        challenge,
        passed: format!("{}Z", &clock::rfc3339(SystemTime::now())[..19]),
        name,
        checks: report.verdicts.len(),
        on_word: report.verdicts.iter().filter(|verdict| verdict.reported_by_page).count(),
        evidence,
    };
    Ok((NO_STORE, Json(Granted { receipt: receipt.signed(&app.key) })).into_response())
}

fn is_name(name: &str) -> bool {
    name.chars().count() <= MAX_NAME && reads_as_written(name)
}

async fn public_key(State(app): State<AppState>) -> Response {
    let headers = [(axum::http::header::CACHE_CONTROL, "no-cache")];
    (headers, Json(PublicKey { key: app.key.public() })).into_response()
}

/// The response of `/api/receipts/verify`.
#[derive(Serialize)]
struct Verdict {
    valid: bool,
    /// Why it is invalid, as a sentence.
    reason: Option<String>,
    /// Whether this relay signed it.
    own: bool,
    #[serde(flatten)]
    verified: Option<Verified>,
}

async fn verify(State(app): State<AppState>, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    let body = read_body(&headers, body, MAX_TEXT).await?;
    let text = std::str::from_utf8(&body).map_err(|_| ApiError::BodyMalformed("it is not UTF-8".to_owned()))?;
    let mut read = read_all(text);
    let verdict = match (read.len(), read.pop()) {
        (1, Some(Ok(verified))) => {
            Verdict { valid: true, reason: None, own: verified.key == app.key.public(), verified: Some(verified) }
        }
        (1, Some(Err(fault))) => Verdict { valid: false, reason: Some(fault.to_string()), own: false, verified: None },
        (0, _) => Verdict { valid: false, reason: Some(Fault::None.to_string()), own: false, verified: None },
        (count, _) => {
            let reason = format!("This text contains {count} receipts. Paste one at a time.");
            Verdict { valid: false, reason: Some(reason), own: false, verified: None }
        }
    };
    Ok((NO_STORE, Json(verdict)).into_response())
}
