//! Grades an attempt on a session's log.

use crate::session::Session;
use curriculum::challenge::{Challenge, Counts};
use curriculum::grade::{Attempt, Report};
use curriculum::page_run::PageRun;
use curriculum::values::ValueSecret;
use observation::{Gap, Seq, Transcript};
use sha2::{Digest, Sha256};
use std::rc::Rc;

/// The report, and the hash of the evidence: SHA-256 over the observations after `since`, each as JSON and a line feed.
pub(crate) fn grade(
    session: &Session,
    challenge: &Challenge,
    since: Seq,
    told: Option<&PageRun>,
    capacity: usize,
    secret: &ValueSecret,
) -> Result<(Report, String), Gap> {
    let mut transcript = Transcript::new(capacity);
    let mut hash = Sha256::new();
    let all_runs = challenge.counts == Counts::Session;
    let since = if all_runs { Seq(0) } else { since };
    for part in session.parts() {
        if let Some(gap) = part.gap {
            // If all runs count, those that the log still has count.
            if gap.to > since && !all_runs {
                return Err(Gap { from: gap.from.max(Seq(since.0.saturating_add(1))), to: gap.to });
            }
            transcript.gap(gap);
        }
        for observation in part.observations() {
            if observation.seq > since {
                hash.update(serde_json::to_vec(&observation).expect("plain data becomes JSON"));
                hash.update(b"\n");
            }
            transcript.observe(Rc::new(observation));
        }
    }
    let values = challenge.values(session.id(), secret);
    let attempt = Attempt { values: &values, transcript: &transcript, since, run: told };
    Ok((curriculum::grade::grade(challenge, attempt), hex::encode(hash.finalize())))
}
