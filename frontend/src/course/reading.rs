//! The context of a lesson's pieces: the lesson, the reader's progress, and the routes that the relay offers.

use super::shuffle;
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

    /// Where a piece is alone on a page, below `/embed/`.
    pub(super) fn path_of(self, piece: &str) -> String {
        self.lesson.with_value(|lesson| format!("lesson/{lesson}/{piece}"))
    }

    /// Whether a piece was done before the reader opened the lesson.
    pub(super) fn was_done(self, piece: &str) -> bool {
        untrack(|| self.is_done(piece))
    }

    /// The numbers below `count` in this reader's order, which is the same after a reload.
    pub(super) fn shuffled(self, piece: &str, count: usize) -> Vec<usize> {
        shuffle::shuffled(self.progress.seed(), piece, count)
    }

    /// The same, but never in ascending order, and in another order for each `round`.
    pub(super) fn disordered(self, piece: &str, round: u32, count: usize) -> Vec<usize> {
        shuffle::disordered(self.progress.seed(), &format!("{piece} {round}"), count)
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
