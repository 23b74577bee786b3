//! The verdict on each check, with what was found and where.

use crate::challenge::Challenge;
use crate::told::Told;
use observation::{ConnectionNumber, Seq, SessionId, Transcript};
use serde::{Deserialize, Serialize};

/// What is graded.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub session: &'a SessionId,
    pub transcript: &'a Transcript,
    /// Only connections that were first seen past this number are part of it.
    pub since: Seq,
    /// What the page saw, if the attempt was made in it.
    pub told: Option<&'a Told>,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// One for each check, in their order.
    pub verdicts: Vec<Verdict>,
    pub golf: Golf,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The check's name.
    pub check: String,
    pub met: bool,
    /// What was found, in a sentence.
    pub found: String,
    /// Where; `None` where there is nothing to point at.
    pub at: Option<Place>,
    /// Whether it rests on what the page told, which the relay cannot know.
    pub on_word: bool,
}

/// An observation to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub connection: ConnectionNumber,
    pub seq: Seq,
}

/// How little it took: what the client sent on the connections that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Golf {
    pub connections: u32,
    pub frames: u64,
    /// Headers included.
    pub bytes: u64,
}

impl Report {
    #[must_use]
    pub fn passed(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.met)
    }
}

/// Holds an attempt against the checks of `challenge`.
#[must_use]
pub fn grade(challenge: &Challenge, attempt: Attempt<'_>) -> Report {
    let _ = (challenge, attempt);
    Report { verdicts: Vec::new(), golf: Golf::default() }
}
