//! Notes of observers about what a session recorded.

use super::Session;
use observation::{Event, Note, Observation, Seq};
use std::sync::Arc;
use thiserror::Error;

/// Why a note was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum NoteError {
    #[error("this session has no observation {0}, or its log no longer has it")]
    Unknown(Seq),
    #[error("observation {0} is a note: a note is about what was recorded")]
    AboutNote(Seq),
    #[error("a note has at most {} bytes of UTF-8", observation::note::MAX_NOTE)]
    Malformed,
    #[error("the note is empty; to remove one, use `DELETE`")]
    Empty,
    #[error("this relay cannot store notes at the moment, because Redis does not answer")]
    Unreachable,
}

impl Session {
    /// Pins a note to an observation. An empty text removes the note that is there.
    ///
    /// # Errors
    /// If the log does not have that observation, if it is a note, or if relays share the session and cannot be reached.
    pub(crate) async fn pin(self: &Arc<Self>, note: Note) -> Result<(), NoteError> {
        let following = self.follow().await;
        if !following.is_complete {
            return Err(NoteError::Unreachable);
        }
        let about = note.about;
        let before = Seq(about.0.checked_sub(1).ok_or(NoteError::Unknown(about))?);
        let extract = self.extract(before, 1, 1);
        match extract.observations().into_iter().find(|observation| observation.seq == about) {
            None => Err(NoteError::Unknown(about)),
            Some(Observation { event: Event::Note(_), .. }) => Err(NoteError::AboutNote(about)),
            Some(Observation { connection, .. }) => {
                self.append_event(connection, &Event::Note(note));
                Ok(())
            }
        }
    }
}
