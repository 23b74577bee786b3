//! What the pieces of a lesson know of where they are: the lesson, the reader's progress, and the ways that the relay offers.

use crate::address::catalogue::Learnt;
use crate::course::progress::Progress;
use crate::net::api::{self, ApiError};
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::Ways;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Of the lesson that is read.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    lesson: StoredValue<String>,
    pub(super) progress: Progress,
    /// Whether a heading of the text stands above what is being built.
    sectioned: StoredValue<bool>,
}

impl Reading {
    pub(super) fn new(lesson: &str, progress: Progress) -> Self {
        Self { lesson: StoredValue::new(lesson.to_owned()), progress, sectioned: StoredValue::new(false) }
    }

    /// A heading of the text has come.
    pub(super) fn begin_section(self) {
        self.sectioned.set_value(true);
    }

    pub(super) fn is_sectioned(self) -> bool {
        self.sectioned.get_value()
    }

    pub(super) fn is_done(self, piece: &str) -> bool {
        self.lesson.with_value(|lesson| self.progress.piece_done(lesson, piece))
    }

    /// Notes that a piece is done, and that the reader is there.
    pub(super) fn done(self, piece: &str) {
        // The lesson may have been left meanwhile.
        let lesson = self.lesson.try_get_value().unwrap_or_default();
        if !lesson.is_empty() {
            self.progress.do_piece(&lesson, piece);
            self.progress.be_at(&lesson, Some(piece));
        }
    }

    pub(super) fn note(self, piece: &str) -> String {
        self.lesson.with_value(|lesson| self.progress.note(lesson, piece))
    }

    pub(super) fn write_note(self, piece: &str, text: &str) {
        self.lesson.with_value(|lesson| self.progress.write_note(lesson, piece, text));
    }

    pub(super) fn has_point(self, piece: &str, point: u32) -> bool {
        self.lesson.with_value(|lesson| self.progress.has_point(lesson, piece, point))
    }

    pub(super) fn tick_point(self, piece: &str, point: u32, has: bool) {
        self.lesson.with_value(|lesson| self.progress.tick_point(lesson, piece, point, has));
    }
}

/// Has the relay say what it has at `path`.
pub(super) fn fetch<T: DeserializeOwned + Send + Sync + 'static>(path: String) -> RwSignal<Learnt<T>> {
    let answer = RwSignal::new(Learnt::Coming);
    fetch_again(path, answer);
    answer
}

pub(super) fn fetch_again<T: DeserializeOwned + Send + Sync + 'static>(path: String, answer: RwSignal<Learnt<T>>) {
    spawn_local(async move {
        let said = api::read::<T>(&path).await.map_or_else(Learnt::Failed, |it| Learnt::All(Arc::new(it)));
        // The page may have been left meanwhile.
        let _ = answer.try_set(said);
    });
}

/// Where ws and wss are spoken, and which boxes there are.
pub(super) async fn ways() -> Result<Ways, ApiError> {
    api::read("/api/ways").await
}

/// What there is to say while something does not come, and what to do about it.
pub(super) fn unread<T: DeserializeOwned + Send + Sync + 'static>(
    what: &'static str,
    path: String,
    answer: RwSignal<Learnt<T>>,
    error: &ApiError,
) -> AnyView {
    let again = move |_| {
        answer.set(Learnt::Coming);
        fetch_again(path.clone(), answer);
    };
    view! {
        <main class="lost">
            <h1>"The course"</h1>
            <p role="alert">{error.words(what)}</p>
            <button type="button" class="primary" on:click=again>
                "Try again"
            </button>
        </main>
    }
    .into_any()
}

pub(super) fn coming(what: &'static str) -> AnyView {
    view! {
        <main class="lost">
            <h1>"The course"</h1>
            <p role="status" class="muted">{what}</p>
        </main>
    }
    .into_any()
}
