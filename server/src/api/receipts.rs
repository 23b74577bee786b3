//! `/api/sessions/{session}/receipts` and `/api/receipts`: grade an attempt on the relay's own log, sign and verify receipts.

use super::body::{NO_STORE, read_body};
use super::error::ApiError;
use crate::client::ClientAddress;
use crate::limits::Rated;
use crate::receipt::grading;
use crate::receipt::text::{Fault, Origin, Receipt, Verified, read_all, reads_as_written};
use crate::registry::Found;
use crate::slots::NoSlot;
use crate::state::AppState;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use curriculum::page_run::{PageRun, Shown};
use export::clock;
use observation::Seq;
use observation::page::PageEvent;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

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
    /// Whether the report is enough: then it is the answer, whatever it says, and there is no receipt.
    #[serde(default)]
    only_report: bool,
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
    looked: u32,
    read: Vec<String>,
    shown: Vec<Shown>,
    pasted: Option<String>,
}

impl From<Word> for PageRun {
    fn from(Word { events, returned, most_buffered, looked, read, shown, pasted }: Word) -> Self {
        Self { events, returned, most_buffered, looked, read, shown, pasted, ..Self::default() }
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
    Extension(client): Extension<ClientAddress>,
    session: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let Path(session) = session.map_err(|_| ApiError::SessionUnknown)?;
    let Found { session, watch_only } = app.registry.find_to_watch(&session).await?;
    if watch_only {
        return Err(ApiError::WatchOnly);
    }
    app.clients.spend(client, Rated::Receipts)?;
    session.grade_one().map_err(ApiError::SessionGradings)?;
    let body = read_body(&headers, body, MAX_REQUEST, &app.memory).await?;
    // The body waits as it arrived, because the parsed values take more memory.
    let slot = app.grading_slots.take(session.grading_slot()).await.map_err(|none| match none {
        NoSlot::SessionBusy => ApiError::SessionGrading,
        NoSlot::AllTaken(count) => ApiError::TooManyGradings(count),
    })?;
    let Request { challenge: id, since, name, only_report, told } =
        serde_json::from_slice(&body.bytes).map_err(|error| ApiError::BodyMalformed(error.to_string()))?;
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
    let origin = course.tasks.get(&id).map(|task| Origin::new(&task.bytes, session.id()));
    let graded_session = session.clone();
    let secret = app.key.value_secret().clone();
    let following = session.follow().await;
    let graded = tokio::task::spawn_blocking(move || {
        let told = told.map(PageRun::from);
        let graded = grading::grade(&session, &course.challenges[&id], since, told.as_ref(), capacity, &secret);
        drop((slot, following));
        graded
    });
    let (report, evidence) = graded
        .await
        .map_err(|error| {
            tracing::error!(%error, "grading an attempt failed");
            ApiError::GradingFailed
        })?
        .map_err(|gap| ApiError::EvidenceGone(gap.from.0, gap.to.0))?;
    if report.passed() {
        graded_session.pass(&challenge);
    }
    if only_report {
        return Ok((NO_STORE, Json(report)).into_response());
    }
    if !report.passed() {
        return Err(ApiError::NotPassed(Box::new(report)));
    }
    let receipt = Receipt {
        course: course_id,
        challenge,
        origin,
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
    /// Whether this relay signed it and nothing was changed.
    valid: bool,
    /// Whether nothing was changed since somebody signed it.
    unchanged: bool,
    /// Why it is invalid, as a sentence.
    reason: Option<String>,
    /// Whether this relay signed it.
    own: bool,
    #[serde(flatten)]
    verified: Option<Verified>,
}

impl Verdict {
    fn invalid(reason: String) -> Self {
        Self { valid: false, unchanged: false, reason: Some(reason), own: false, verified: None }
    }
}

async fn verify(
    State(app): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    app.clients.spend(client, Rated::Receipts)?;
    let body = read_body(&headers, body, MAX_TEXT, &app.memory).await?;
    let text = std::str::from_utf8(&body.bytes).map_err(|_| ApiError::BodyMalformed("it is not UTF-8".to_owned()))?;
    let mut read = read_all(text);
    let verdict = match (read.len(), read.pop()) {
        (1, Some(Ok(verified))) => {
            let own = verified.key == app.key.public();
            let reason = (!own).then(|| format!("It was signed by an unknown key, {}.", verified.key));
            Verdict { valid: own, unchanged: true, reason, own, verified: Some(verified) }
        }
        (1, Some(Err(fault))) => Verdict::invalid(fault.to_string()),
        (0, _) => Verdict::invalid(Fault::None.to_string()),
        (count, _) => Verdict::invalid(format!("This text contains {count} receipts. Paste one at a time.")),
    };
    Ok((NO_STORE, Json(verdict)).into_response())
}
