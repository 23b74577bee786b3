//! Problems of a course, and where they are.

use std::cell::RefCell;
use std::fmt;

/// Something that an author has to correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Relative to the course folder, with `/` between folders.
    pub file: String,
    /// Counted from 1; `None` if the problem concerns the whole file.
    pub line: Option<usize>,
    /// What is wrong: a sentence without a full stop.
    pub what: String,
    /// How to correct it, in whole sentences.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what, fix } = self;
        // The lab's errors may end with a question, such as “did you mean `x`?”.
        let stop = if what.ends_with('?') { "" } else { "." };
        match line {
            Some(line) => write!(f, "{file}:{line}: {what}{stop} {fix}"),
            None => write!(f, "{file}: {what}{stop} {fix}"),
        }
    }
}

/// All problems so far. Authors get the whole list at once.
#[derive(Debug, Default)]
pub struct Problems {
    errors: RefCell<Vec<Problem>>,
    /// What does not keep a course from being served.
    warnings: RefCell<Vec<Problem>>,
}

impl Problems {
    pub fn add(&self, file: &str, line: Option<usize>, what: impl Into<String>, fix: impl Into<String>) {
        let problem = Problem { file: file.to_owned(), line, what: what.into(), fix: fix.into() };
        add(&self.errors, problem);
    }

    pub fn warn(&self, problem: Problem) {
        add(&self.warnings, problem);
    }

    /// Errors and warnings, each in the order of files and lines.
    pub fn into_sorted(self) -> (Vec<Problem>, Vec<Problem>) {
        let sorted = |problems: RefCell<Vec<Problem>>| {
            let mut problems = problems.into_inner();
            problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
            problems
        };
        (sorted(self.errors), sorted(self.warnings))
    }
}

fn add(problems: &RefCell<Vec<Problem>>, problem: Problem) {
    let mut problems = problems.borrow_mut();
    if !problems.contains(&problem) {
        problems.push(problem);
    }
}

/// `Did you mean …?`, if one of `known` is similar enough to `found`.
pub fn did_you_mean<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = known.into_iter().map(|name| (strsim::damerau_levenshtein(found, name), name));
    let (distance, name) = near.min()?;
    (distance <= 1 + found.len().min(name.len()) / 4).then(|| format!("Did you mean `{name}`?"))
}
