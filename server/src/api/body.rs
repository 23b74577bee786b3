//! Reads request bodies with a limit on size and time.

use super::error::ApiError;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a body of at most `limit` bytes.
pub(super) async fn read_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(ApiError::BodyTooLarge(limit));
    }
    let body = tokio::time::timeout(TIMEOUT, to_bytes(body, limit)).await;
    body.map_err(|_| ApiError::BodyTooSlow)?.map_err(|_| ApiError::BodyTooLarge(limit))
}

/// Knowing a session's name gives access to it, so no cache may keep a response that contains one.
pub(super) const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];
