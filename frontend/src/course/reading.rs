//! What the pieces of a lesson know of where they are: the lesson, the reader's progress, and the routes that the relay offers.

use crate::course::progress::Progress;
use crate::net::api::{self, ApiError};
use leptos::prelude::*;
use observation::Routes;

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

/// Where ws and wss are spoken, and which boxes there are.
pub(super) async fn routes() -> Result<Routes, ApiError> {
    api::read("/api/routes").await
}
