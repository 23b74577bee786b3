//! Whether each `{{…}}` of a challenge can be filled in, and is still one where it has been rendered.

use super::problem::{Problems, meant};
use super::{fields, is_id};
use crate::challenge::Challenge;
use crate::given::{self, DERIVED, Given, Placeholder, Values, placeholders};
use observation::SessionId;
use std::collections::BTreeSet;

/// The given values of a challenge.
pub(super) struct Fillings<'a> {
    /// All names: those too where something is wrong with how a value is made.
    pub(super) names: BTreeSet<String>,
    /// What sessions may get; the first is any.
    pub(super) samples: Vec<Values>,
    pub(super) problems: &'a Problems,
}

impl Fillings<'_> {
    /// In a text of the author's. In code, other things may look like a placeholder.
    pub(super) fn check(&self, file: &str, text: &str, is_code: bool) {
        for (number, line) in text.lines().enumerate() {
            for placeholder in placeholders(line) {
                if is_code && !placeholder.inside.split(':').all(is_id) {
                    continue;
                }
                for (what, todo) in self.faults(&placeholder) {
                    let what = format!("`{{{{{}}}}}`: {what}", placeholder.inside);
                    self.problems.add(file, Some(number + 1), what, todo);
                }
            }
        }
    }

    fn faults(&self, placeholder: &Placeholder<'_>) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let form = placeholder.derived().map(|derived| (derived, DERIVED.iter().find(|(name, _)| *name == derived)));
        if let Some((derived, None)) = form {
            let known = DERIVED.map(|(name, _)| name);
            let todo = meant(derived, known).unwrap_or_else(|| format!("There are {}.", fields::listed(&known)));
            faults.push((format!("nobody knows how to work out `{derived}`"), todo));
        }
        for name in placeholder.names().filter(|name| !self.names.contains(*name)) {
            let todo =
                meant(name, self.names.iter().map(String::as_str)).unwrap_or_else(|| format!("Add `[given.{name}]`."));
            faults.push((format!("there is no given value `{name}`"), todo));
        }
        let made = |values: &Values| placeholder.names().all(|name| values.contains_key(name));
        let can_not = |values: &Values| made(values) && placeholder.value(values).is_none();
        if let Some((_, Some((_, form)))) = form
            && faults.is_empty()
            && self.samples.iter().any(can_not)
        {
            let todo = format!("It is `{form}`: a KEY is of that kind, BYTES are hex, and four of them mask a frame.");
            faults.push(("that cannot be worked out of these values".to_owned(), todo));
        }
        faults
    }

    /// Whether all those of `text` are in `html`, which was made of it. `line_of` says where an offset in `text` is.
    pub(super) fn check_rendered(&self, file: &str, text: &str, html: &str, line_of: impl Fn(usize) -> usize) {
        let mut left = placeholders(html).peekable();
        for placeholder in placeholders(text) {
            if left.next_if(|next| next.inside == placeholder.inside).is_none() {
                let what = format!("`{{{{{}}}}}` is lost where this is rendered", placeholder.inside);
                let todo = "Write it in prose or in `code`, not in an address, in HTML or in code that is coloured.";
                self.problems.add(file, Some(line_of(placeholder.at.start)), what, todo);
            }
        }
    }
}

/// Values as sessions might get them: some, and then both ends of each number and each choice that `texts` have in them.
pub(super) fn samples(challenge: &Challenge, texts: &[&str]) -> Vec<Values> {
    let some = given::given(challenge, &SessionId::from_random([7; 16]));
    let named: BTreeSet<_> = texts.iter().flat_map(|text| given::names(text)).collect();
    let mut samples = vec![some.clone()];
    for (name, given) in challenge.given.iter().filter(|(name, _)| named.contains(name.as_str())) {
        let values = match given {
            Given::OneOf { values } => values.clone(),
            Given::Number { from, to } => vec![from.to_string(), to.to_string()],
            Given::Key | Given::Words { .. } | Given::Bytes { .. } | Given::Frame { .. } => continue,
        };
        for value in values {
            let mut sample = some.clone();
            sample.insert(name.clone(), value);
            samples.push(sample);
        }
    }
    samples
}
