//! Data that comes from the relay: not requested yet, on its way, here, or refused.

use super::api::{self, ApiError};
use leptos::prelude::{RwSignal, Set};
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use std::sync::Arc;

#[derive(Debug, Default, PartialEq, Eq)]
pub enum Loaded<T> {
    #[default]
    NotRequested,
    Loading,
    Ready(Arc<T>),
    Failed(ApiError),
}

impl<T> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        match self {
            Self::NotRequested => Self::NotRequested,
            Self::Loading => Self::Loading,
            Self::Ready(data) => Self::Ready(Arc::clone(data)),
            Self::Failed(error) => Self::Failed(error.clone()),
        }
    }
}

impl<T> Loaded<T> {
    pub fn ready(&self) -> Option<&Arc<T>> {
        match self {
            Self::Ready(data) => Some(data),
            _ => None,
        }
    }

    /// Whether a request would bring something new: there is no data, and none is on its way.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::NotRequested | Self::Failed(_))
    }
}

impl<T> From<Result<T, ApiError>> for Loaded<T> {
    fn from(answer: Result<T, ApiError>) -> Self {
        answer.map_or_else(Self::Failed, |data| Self::Ready(Arc::new(data)))
    }
}

/// Sets `data` to what `request` answers, and to `Loading` until then.
pub fn load<T: Send + Sync + 'static>(
    data: RwSignal<Loaded<T>>,
    request: impl Future<Output = Result<T, ApiError>> + 'static,
) {
    data.set(Loaded::Loading);
    spawn_local(async move {
        let answer = request.await;
        // The signal is gone if the visitor has left the page.
        let _ = data.try_set(answer.into());
    });
}

/// Loads the JSON at `path` of the relay.
pub fn load_json<T: DeserializeOwned + Send + Sync + 'static>(data: RwSignal<Loaded<T>>, path: &'static str) {
    load(data, api::read(path));
}
