//! The files of a course: read, checked and rendered into what the page gets. `docs/course-authors.md` describes them.
//!
//! | module | what it does |
//! |---|---|
//! | `files` | gets them, within bounds |
//! | `fields`, `lines` | TOML, with the line of each problem |
//! | `markdown`, `highlight`, `clean` | texts as HTML that may stand in the page |
//! | `lesson`, `pieces` | a lesson and its blocks |
//! | `challenge` | a challenge and what lies beside it |
//! | `look` | whether a check can be met, and can fail |
//! | `placeholders` | whether each `{{…}}` of a challenge can be filled in |
//! | `links` | whether what leads inside the course leads somewhere |

mod challenge;
mod clean;
mod course;
mod fields;
mod files;
mod highlight;
mod lesson;
mod lines;
mod links;
mod look;
mod markdown;
mod pieces;
mod placeholders;
mod problem;

pub use problem::Problem;

use crate::challenge::{Challenge, Solution};
use crate::course::{Course, Lesson};
use files::Files;
use links::Targets;
use markdown::Link;
use problem::Problems;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Lessons, and challenges, that a course may have.
const MAX_OF_EACH: usize = 200;

/// Where a course is.
#[derive(Clone, Debug)]
pub enum Source {
    /// Inside the binary.
    Embedded,
    Folder(PathBuf),
}

/// What only the lab knows. Each says what is wrong, in a sentence without capital and full stop.
pub struct Lab<'a> {
    /// Whether a query is one that the lab takes.
    pub query: &'a dyn Fn(&str) -> Result<(), String>,
    /// Whether there is such a middlebox.
    pub via: &'a dyn Fn(&str) -> Result<(), String>,
}

/// A course without problems.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub course: Course,
    /// These and the following by id.
    pub lessons: BTreeMap<String, Lesson>,
    pub challenges: BTreeMap<String, Challenge>,
    pub solutions: BTreeMap<String, Solution>,
    /// For the tests of a course: they are no business of the page's.
    pub wrong: BTreeMap<String, Vec<Wrong>>,
    /// By name.
    pub assets: BTreeMap<String, Asset>,
}

/// An attempt that has to fail, and at what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub file: String,
    /// JavaScript.
    pub code: String,
    /// The check that it does not meet.
    pub fails: String,
    /// A part of what is found then.
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
/// When anything is wrong with it: all that is, in the order of files and lines.
pub fn load(source: &Source, lab: &Lab<'_>) -> Result<Loaded, Vec<Problem>> {
    let problems = Problems::default();
    let files = files::read(source, &problems);
    let loaded = files.and_then(|files| {
        let loader = Loader { files: &files, lab, problems: &problems, links: RefCell::default() };
        loader.load()
    });
    let problems = problems.into_sorted();
    if problems.is_empty() { loaded.ok_or_else(Vec::new) } else { Err(problems) }
}

/// A small course to begin with, which has no problems: each file's name and content.
#[must_use]
pub fn template() -> &'static [(&'static str, &'static [u8])] {
    TEMPLATE
}

struct Loader<'a> {
    files: &'a Files,
    lab: &'a Lab<'a>,
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
        let mut lessons = BTreeMap::new();
        for id in &outline.lessons {
            let (lesson, ids) = self.lesson(&id.value, &challenges).unzip();
            targets.lessons.insert(id.value.clone(), ids.unwrap_or_default());
            lessons.extend(lesson.map(|lesson| (id.value.clone(), lesson)));
        }
        targets.check(&self.links.borrow(), self.problems);
        self.unlisted(&outline);
        let course = outline.course(self.problems, &lessons, &challenges);
        Some(Loaded { course, lessons, challenges, solutions, wrong, assets })
    }

    /// A text among the files, with line ends as they should be.
    fn text(&self, name: &str) -> Option<String> {
        let bytes = self.files.get(name)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.trim_start_matches('\u{FEFF}').replace("\r\n", "\n")),
            Err(error) => {
                let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
                self.problems.add(name, Some(line), "it is no UTF-8", "Save it as UTF-8.");
                None
            }
        }
    }

    /// The same for one that has to be there.
    fn needed(&self, name: &str, todo: &str) -> Option<String> {
        if !self.files.contains_key(name) {
            self.problems.add(name, None, "there is no such file", todo);
        }
        self.text(name)
    }
}

/// Lower-case letters, digits and hyphens.
fn is_id(id: &str) -> bool {
    let inner = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    inner && (1..=64).contains(&id.len()) && !id.starts_with('-') && !id.ends_with('-')
}

const ID: &str = "An id has lower-case letters, digits and hyphens, such as `first-echo`.";
