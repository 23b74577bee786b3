//! Reads a prediction: a question before a run, whose answer is what the run shows.

use super::Loader;
use super::condition::{self, fault};
use super::markdown::Markdown;
use crate::challenge::{Counts, Place};
use crate::check::Condition;
use crate::course::{Outcome, Prediction, Seen};
use crate::grade::observe;
use crate::page_run::PageRun;
use crate::values;
use observation::Transcript;
use toml_fields::Fields;

impl Loader<'_> {
    /// `runs` is how many runs the live piece has.
    pub(super) fn prediction(&self, markdown: &Markdown<'_>, mut fields: Fields<'_>, runs: usize) -> Prediction {
        let ask = markdown.blocks(&fields.text("ask"));
        let mut known: Vec<Vec<Seen>> = Vec::new();
        let tables = fields.tables("outcomes", "this outcome");
        let outcomes = tables.into_iter().map(|mut outcome| {
            let (text, why) = (markdown.inline(&outcome.text("text")), markdown.blocks(&outcome.text("why")));
            let seen = outcome.tables("seen", "this item of `seen`").into_iter();
            let seen: Vec<_> = seen.filter_map(|seen| self.seen(seen, runs)).collect();
            if !seen.is_empty() && known.contains(&seen) {
                let fix = "Change the conditions, or merge the two outcomes.";
                outcome.problem("another outcome has the same conditions", fix);
            }
            known.push(seen.clone());
            outcome.finish();
            Outcome { text, why, seen }
        });
        let outcomes: Vec<_> = outcomes.collect();
        if outcomes.len() < 2 {
            let fix = "Add `[[predict.outcomes]]` with `text`, `why` and, if it can come true, `seen`.";
            fields.problem("this prediction has fewer than two outcomes", fix);
        } else if outcomes.iter().all(|outcome| outcome.seen.is_empty()) {
            let fix = "Add `seen = [{ event = { name = \"close\" } }]`, or other conditions, to an outcome.";
            fields.problem("no outcome of this prediction can come true", fix);
        }
        fields.finish();
        Prediction { ask, outcomes }
    }

    fn seen(&self, mut fields: Fields<'_>, runs: usize) -> Option<Seen> {
        let last = u32::try_from(runs).unwrap_or(1).max(1);
        let number = fields.number("run", 1..=last).unwrap_or(1);
        let (condition, name) = condition::read(&mut fields, "item of `seen`")?;
        // Plain data always becomes JSON.
        let text = serde_json::to_string(&condition).unwrap_or_default();
        let wrong = if values::has_placeholder(&text) {
            let fix = "Write the text itself.";
            Some(("a lesson has no values for placeholders".to_owned(), fix.to_owned()))
        } else if is_for_challenges(&condition) {
            let fix = "Use a condition on the wire, or `event`.";
            Some(("a run of a lesson cannot show this".to_owned(), fix.to_owned()))
        } else if observe(&condition, &Transcript::new(1), &PageRun::default()).met {
            Some(("this is true before the run".to_owned(), "Describe something that the run brings about.".to_owned()))
        } else {
            fault(&condition, Counts::All, Place::Browser)
        };
        if let Some((what, fix)) = wrong {
            fields.problem_at(name.line, format!("`{}`: {what}", name.value), fix);
        }
        Some(Seen { run: number as usize - 1, condition })
    }
}

/// Whether only the code of a challenge can meet it.
fn is_for_challenges(condition: &Condition) -> bool {
    condition.needs_page() && !matches!(condition, Condition::Event(_)) || matches!(condition, Condition::Backoff(_))
}
