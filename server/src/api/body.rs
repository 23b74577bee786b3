//! Reads request bodies with a limit on size and time. What has arrived counts toward the memory budget.

use super::error::ApiError;
use crate::memory::{MemoryBudget, MemoryShare};
use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A request body, and its share of the memory budget.
pub(super) struct RequestBody {
    pub(super) bytes: Bytes,
    _held: MemoryShare,
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read_body(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    memory: &MemoryBudget,
) -> Result<RequestBody, ApiError> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(ApiError::BodyTooLarge(limit));
    }
    tokio::time::timeout(TIMEOUT, read(body, limit, memory)).await.map_err(|_| ApiError::BodyTooSlow)?
}

async fn read(body: Body, limit: usize, memory: &MemoryBudget) -> Result<RequestBody, ApiError> {
    let (mut parts, mut bytes, mut held) = (body.into_data_stream(), BytesMut::new(), memory.share());
    while let Some(part) = parts.next().await {
        let part = part.map_err(|error| ApiError::BodyMalformed(error.to_string()))?;
        if part.len() > limit - bytes.len() {
            return Err(ApiError::BodyTooLarge(limit));
        }
        held.resize(bytes.len() + part.len()).map_err(|_| ApiError::OutOfMemory)?;
        bytes.extend_from_slice(&part);
    }
    Ok(RequestBody { bytes: bytes.freeze(), _held: held })
}

/// Knowing a session's name gives access to it, so no cache may keep a response that contains one.
pub(super) const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];
