//! The commands for course authors: `framescope course check DIR` and `framescope course new DIR`.

use super::library::load_course;
use curriculum::load::{Problem, Source, template};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};
use thiserror::Error;

/// The contents of a course without problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub lessons: usize,
    pub pieces: usize,
    pub challenges: usize,
    pub terms: usize,
    pub assets: usize,
    /// What the author should look at, although the course can be served.
    pub warnings: Vec<Problem>,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lessons, pieces, challenges, terms, assets, .. } = self;
        let count = |number: &usize, what: &str| format!("{number} {what}{}", if *number == 1 { "" } else { "s" });
        let [lessons, pieces] = [count(lessons, "lesson"), count(pieces, "piece")];
        let [challenges, terms] = [count(challenges, "challenge"), count(terms, "term")];
        let assets = count(assets, "image");
        write!(f, "no problems found in {lessons} with {pieces}, {challenges}, {terms} and {assets}")
    }
}

/// Reads the course in `folder`.
///
/// # Errors
/// All problems of the course.
pub fn check(folder: &Path) -> Result<Checked, Vec<Problem>> {
    let loaded = load_course(&Source::Folder(folder.to_owned()))?;
    Ok(Checked {
        lessons: loaded.lessons.len(),
        pieces: loaded.course.lessons.iter().map(|lesson| lesson.pieces.len()).sum(),
        challenges: loaded.challenges.len(),
        terms: loaded.glossary.map_or(0, |glossary| glossary.terms.len()),
        assets: loaded.assets.len(),
        warnings: loaded.warnings,
    })
}

/// Why the course was not created.
#[derive(Debug, Error)]
pub enum BeginError {
    #[error("{0} is not empty; use an empty folder, or a new one")]
    NotEmpty(PathBuf),
    #[error("cannot write {0}")]
    Write(PathBuf, #[source] io::Error),
}

/// Writes a small course into `folder`. Creates the folder if it does not exist.
///
/// # Errors
/// If the folder is not empty, or cannot be written.
pub fn begin(folder: &Path) -> Result<(), BeginError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| BeginError::Write(path, error)
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    if fs::read_dir(folder).map_err(failed(folder))?.next().is_some() {
        return Err(BeginError::NotEmpty(folder.to_owned()));
    }
    for (name, bytes) in template() {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        fs::write(&path, bytes).map_err(failed(&path))?;
    }
    Ok(())
}
