//! Checks that each `{{…}}` of a challenge can be filled in, and that rendering keeps it.

use super::is_id;
use crate::challenge::Challenge;
use crate::values::{self, DERIVED, GOT, GOT_NAMES, Placeholder, ValueSecret, ValueSpec, Values, placeholders};
use observation::SessionId;
use std::collections::BTreeSet;
use toml_fields::{Problems, did_you_mean, list_names};

/// What the placeholders of a challenge are checked against.
pub(super) struct PlaceholderCheck<'a> {
    /// The names of all values, including those with a problem.
    pub(super) names: BTreeSet<String>,
    /// Values that sessions could get; there is at least one sample.
    pub(super) samples: Vec<Values>,
    pub(super) problems: &'a Problems,
}

impl PlaceholderCheck<'_> {
    /// Checks a text. In code, other text can look like a placeholder, so only valid names count there.
    pub(super) fn check(&self, file: &str, text: &str, is_code: bool) {
        for (number, line) in text.lines().enumerate() {
            for placeholder in placeholders(line) {
                if is_code && !placeholder.inside.split(':').all(is_id) {
                    continue;
                }
                for (what, fix) in self.faults(&placeholder) {
                    let what = format!("`{{{{{}}}}}`: {what}", placeholder.inside);
                    self.problems.add(file, Some(number + 1), what, fix);
                }
            }
        }
    }

    fn faults(&self, placeholder: &Placeholder<'_>) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        if placeholder.derived() == Some(GOT) {
            let unknown = placeholder.names().find(|name| !GOT_NAMES.contains(name));
            faults.extend(unknown.map(|name| {
                let fix = did_you_mean(name, GOT_NAMES)
                    .unwrap_or_else(|| format!("The names are {}.", list_names(&GOT_NAMES)));
                (format!("the server sends nothing named `{name}`"), fix)
            }));
            return faults;
        }
        let form = placeholder.derived().map(|derived| (derived, DERIVED.iter().find(|(name, _)| *name == derived)));
        if let Some((derived, None)) = form {
            let known = DERIVED.map(|(name, _)| name);
            let fix =
                did_you_mean(derived, known).unwrap_or_else(|| format!("The functions are {}.", list_names(&known)));
            faults.push((format!("there is no function `{derived}`"), fix));
        }
        for name in placeholder.names().filter(|name| !self.names.contains(*name)) {
            let fix = did_you_mean(name, self.names.iter().map(String::as_str))
                .unwrap_or_else(|| format!("Add `[given.{name}]`."));
            faults.push((format!("there is no value named `{name}`"), fix));
        }
        let made = |values: &Values| placeholder.names().all(|name| values.contains_key(name));
        let can_not = |values: &Values| made(values) && placeholder.value(values).is_none();
        if let Some((_, Some((_, form)))) = form
            && faults.is_empty()
            && self.samples.iter().any(can_not)
        {
            let fix = format!("Write `{form}`: KEY must be a `key`, BYTES must be hex, and a frame needs 4 BYTES.");
            faults.push(("this cannot be computed from these values".to_owned(), fix));
        }
        faults
    }

    /// Checks that `html`, which was rendered from `text`, still has all placeholders. `line_of` maps an offset in `text` to a line.
    pub(super) fn check_rendered(&self, file: &str, text: &str, html: &str, line_of: impl Fn(usize) -> usize) {
        let mut left = placeholders(html).peekable();
        for placeholder in placeholders(text) {
            if left.next_if(|next| next.inside == placeholder.inside).is_none() {
                let what = format!("`{{{{{}}}}}` is lost when the text is rendered", placeholder.inside);
                let fix = "Use it in prose or in `code`, not in a URL, in HTML or in highlighted code.";
                self.problems.add(file, Some(line_of(placeholder.at.start)), what, fix);
            }
        }
    }
}

/// Values that sessions could get: one sample, then samples for both ends of each number and for each choice that `texts` use.
pub(super) fn samples(challenge: &Challenge, texts: &[&str]) -> Vec<Values> {
    let some = challenge.values(&SessionId::from_random([7; 16]), &ValueSecret::new([7; 32]));
    let named: BTreeSet<_> = texts.iter().flat_map(|text| values::names(text)).collect();
    let mut samples = vec![some.clone()];
    for (name, spec) in challenge.value_specs.iter().filter(|(name, _)| named.contains(name.as_str())) {
        let values = match spec {
            ValueSpec::OneOf { values } => values.clone(),
            ValueSpec::Number { from, to } => vec![from.to_string(), to.to_string()],
            ValueSpec::Key
            | ValueSpec::Words { .. }
            | ValueSpec::Bytes { .. }
            | ValueSpec::Frame { .. }
            | ValueSpec::Frames { .. } => continue,
        };
        for value in values {
            let mut sample = some.clone();
            sample.insert(name.clone(), value);
            samples.push(sample);
        }
    }
    samples
}
