//! The filter of the sequence. [docs/filter.md](../../../../docs/filter.md) describes its language.

mod matching;
mod parse;
mod scan;
mod term;

pub use parse::MAX_FILTER;
pub use scan::Scan;
pub use term::FilterError;

use self::term::{Condition, Term, Text};
use crate::lab::Record;
use observation::sequence::Row;
use std::ops::Range;

/// What a row must have to be a hit. An empty filter matches every row.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Which piece is wrong, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Ok(Self { terms: parse::terms(text)? })
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn matches(&self, record: &Record, row: &Row) -> bool {
        matching::matches(&self.terms, record, row)
    }

    /// Where the texts that it searches for are in `text`, sorted, without overlaps.
    pub fn marks(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for term in self.terms.iter().filter(|term| !term.excludes) {
            match &term.condition {
                Condition::Text(Text::Word(word)) => {
                    // ASCII letters in lower case have the same length.
                    let lower = text.to_ascii_lowercase();
                    found.extend(lower.match_indices(&**word).map(|(at, word)| at..at + word.len()));
                }
                Condition::Text(Text::Regex(regex)) => found.extend(regex.find_iter(text).map(|found| found.range())),
                _ => {}
            }
        }
        found.retain(|range| !range.is_empty());
        found.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::new();
        for range in found {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }
}

#[cfg(test)]
mod tests;
