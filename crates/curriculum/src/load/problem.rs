//! What is wrong with a course, and where.

use std::cell::RefCell;
use std::fmt;

/// Something that an author has to put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Below the course's folder, with `/` between folders.
    pub file: String,
    /// Counted from 1; `None` where it is about the whole file.
    pub line: Option<usize>,
    /// A sentence without its full stop.
    pub what: String,
    /// What to do about it, in whole sentences.
    pub todo: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what, todo } = self;
        match line {
            Some(line) => write!(f, "{file}:{line}: {what}. {todo}"),
            None => write!(f, "{file}: {what}. {todo}"),
        }
    }
}

/// All that was found so far: an author wants to know of everything at once.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn add(&self, file: &str, line: Option<usize>, what: impl Into<String>, todo: impl Into<String>) {
        let problem = Problem { file: file.to_owned(), line, what: what.into(), todo: todo.into() };
        let mut problems = self.0.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// In the order of files and lines.
    pub(super) fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        problems
    }
}

/// ` Did you mean …?` where one of `known` is near enough.
pub(super) fn meant<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = known.into_iter().map(|name| (strsim::damerau_levenshtein(found, name), name));
    let (distance, name) = near.min()?;
    (distance <= 1 + found.len().min(name.len()) / 4).then(|| format!("Did you mean `{name}`?"))
}
