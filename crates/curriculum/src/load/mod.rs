//! Reads the files of a course, checks them and renders them for the page. `docs/course-authors.md` describes the files.
//!
//! | module | what it does |
//! |---|---|
//! | `files` | reads the files, within size limits |
//! | `markdown`, `highlight`, `sanitize`, `slug` | Markdown to safe HTML |
//! | `lesson`, `pieces`, `questions`, `predict` | a lesson and its blocks |
//! | `lengths` | options that are far longer than others |
//! | `glossary` | the terms, and where a lesson uses each for the first time |
//! | `challenge` | a challenge and the files beside it |
//! | `condition` | whether a check can be met, and can fail |
//! | `placeholders` | whether each `{{…}}` of a challenge has a value |
//! | `links` | whether links inside the course have a target |

mod challenge;
mod condition;
mod course;
mod files;
mod glossary;
mod highlight;
mod lengths;
mod lesson;
mod links;
mod markdown;
mod pieces;
mod placeholders;
mod predict;
mod questions;
mod sanitize;
mod slug;

pub use lengths::visible_length;
pub use toml_fields::Problem;
use toml_fields::Problems;

use crate::challenge::{Challenge, Solution};
use crate::course::{Course, Lesson};
use crate::glossary::Glossary;
use files::Files;
use glossary::Terms;
use links::Targets;
use markdown::Link;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The most lessons, and the most challenges, in a course.
const MAX_OF_EACH: usize = 200;

/// Where a course comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Inside the binary.
    Embedded,
    Folder(PathBuf),
}

/// What only the lab can check. An error is a sentence without a capital letter and full stop.
pub struct LabRules<'a> {
    /// Whether the lab accepts a query.
    pub query: &'a dyn Fn(&str) -> Result<(), String>,
    /// Whether the lab has a middlebox with these settings.
    pub via: &'a dyn Fn(&str) -> Result<(), String>,
}

/// A course without problems.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub course: Course,
    /// By id, like challenges and solutions.
    pub lessons: BTreeMap<String, Lesson>,
    pub challenges: BTreeMap<String, Challenge>,
    pub solutions: BTreeMap<String, Solution>,
    /// By challenge id. The tests of a course run them; the page does not get them.
    pub wrong: BTreeMap<String, Vec<Wrong>>,
    pub glossary: Option<Glossary>,
    /// By name.
    pub assets: BTreeMap<String, Asset>,
    /// What an author should look at, although the course can be served.
    pub warnings: Vec<Problem>,
}

/// An attempt that must fail a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub file: String,
    /// JavaScript.
    pub code: String,
    /// The id of the check.
    pub fails: String,
    /// A part of the verdict on that check.
    pub says: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// Reads a course.
///
/// # Errors
/// Every problem of the course, in the order of files and lines.
pub fn load(source: &Source, lab: &LabRules<'_>) -> Result<Loaded, Vec<Problem>> {
    let problems = Problems::default();
    let files = files::read(source, &problems);
    let loaded = files.and_then(|files| {
        let loader = Loader { files: &files, lab, problems: &problems, links: RefCell::default() };
        loader.load()
    });
    let (problems, warnings) = problems.into_sorted();
    match loaded {
        Some(loaded) if problems.is_empty() => Ok(Loaded { warnings, ..loaded }),
        _ => Err(problems),
    }
}

/// A small course without problems for authors to start from: the name and content of each file.
#[must_use]
pub fn template() -> &'static [(&'static str, &'static [u8])] {
    TEMPLATE
}

struct Loader<'a> {
    files: &'a Files,
    lab: &'a LabRules<'a>,
    problems: &'a Problems,
    links: RefCell<Vec<Link>>,
}

impl Loader<'_> {
    fn load(&self) -> Option<Loaded> {
        let outline = self.outline()?;
        let assets = self.assets();
        let mut targets = Targets { assets: assets.keys().cloned().collect(), ..Targets::default() };
        let (mut challenges, mut solutions, mut wrong) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for id in &outline.challenges {
            targets.challenges.insert(id.value.clone());
            if let Some(read) = self.challenge(&id.value, &outline) {
                challenges.insert(id.value.clone(), read.challenge);
                solutions.insert(id.value.clone(), read.solution);
                wrong.insert(id.value.clone(), read.wrong);
            }
        }
        let terms = self.glossary();
        targets.terms = terms.as_ref().map(Terms::ids);
        let mut lessons = BTreeMap::new();
        for id in &outline.lessons {
            let (lesson, ids) = self.lesson(&id.value, &challenges, terms.as_ref()).unzip();
            targets.lessons.insert(id.value.clone(), ids.unwrap_or_default());
            lessons.extend(lesson.map(|lesson| (id.value.clone(), lesson)));
        }
        targets.check(&self.links.borrow(), self.problems);
        self.unlisted(&outline);
        let course = outline.course(self.problems, &lessons, &challenges, terms.is_some());
        let glossary = terms.map(Terms::into_glossary);
        Some(Loaded { course, lessons, challenges, solutions, wrong, glossary, assets, warnings: Vec::new() })
    }

    /// The text of a file, with `\n` as line ends and without a byte order mark.
    fn text(&self, name: &str) -> Option<String> {
        let bytes = self.files.get(name)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.trim_start_matches('\u{FEFF}').replace("\r\n", "\n")),
            Err(error) => {
                let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
                self.problems.add(name, Some(line), "the file is not valid UTF-8", "Save it as UTF-8.");
                None
            }
        }
    }

    /// The same for a file that must exist.
    fn required(&self, name: &str, fix: &str) -> Option<String> {
        if !self.files.contains_key(name) {
            self.problems.add(name, None, "this file is missing", fix);
        }
        self.text(name)
    }
}

/// Lowercase letters, digits and hyphens.
fn is_id(id: &str) -> bool {
    let inner = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    inner && (1..=64).contains(&id.len()) && !id.starts_with('-') && !id.ends_with('-')
}

const ID: &str = "Use lowercase letters, digits and hyphens, for example `first-echo`.";
