//! The context of a lesson's pieces: the lesson, the reader's progress, and the routes that the relay offers.

use crate::course::progress::Progress;
use crate::net::api::{self, ApiError};
use leptos::prelude::*;
use observation::Routes;

/// The open lesson.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    lesson: StoredValue<String>,
    pub(super) progress: Progress,
    /// Whether a heading of the text came before the current piece.
    sectioned: StoredValue<bool>,
}

impl Reading {
    pub(super) fn new(lesson: &str, progress: Progress) -> Self {
        Self { lesson: StoredValue::new(lesson.to_owned()), progress, sectioned: StoredValue::new(false) }
    }

    /// Records that the text has had a heading.
    pub(super) fn begin_section(self) {
        self.sectioned.set_value(true);
    }

    pub(super) fn is_sectioned(self) -> bool {
        self.sectioned.get_value()
    }

    pub(super) fn is_done(self, piece: &str) -> bool {
        self.lesson.with_value(|lesson| self.progress.piece_done(lesson, piece))
    }

    /// Marks a piece as done and stores it as the reader's place.
    pub(super) fn done(self, piece: &str) {
        // The reader may have left the lesson.
        let lesson = self.lesson.try_get_value().unwrap_or_default();
        if !lesson.is_empty() {
            self.progress.mark_done(&lesson, piece);
            self.progress.set_place(&lesson, Some(piece));
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

/// The addresses for ws and wss, and the middleboxes.
pub(super) async fn routes() -> Result<Routes, ApiError> {
    api::read("/api/routes").await
}
