//! What an author types: `framescope course check DIR` and `framescope course new DIR`.

use super::loaded;
use curriculum::load::{Problem, Source, template};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};
use thiserror::Error;

/// What there is in a course without problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    pub lessons: usize,
    pub pieces: usize,
    pub challenges: usize,
    pub assets: usize,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lessons, pieces, challenges, assets } = self;
        write!(f, "no problems: {lessons} lessons with {pieces} pieces, {challenges} challenges, {assets} pictures")
    }
}

/// Reads the course in `folder`.
///
/// # Errors
/// When anything is wrong with it: all that is.
pub fn check(folder: &Path) -> Result<Checked, Vec<Problem>> {
    let loaded = loaded(&Source::Folder(folder.to_owned()))?;
    Ok(Checked {
        lessons: loaded.lessons.len(),
        pieces: loaded.course.lessons.iter().map(|lesson| lesson.pieces.len()).sum(),
        challenges: loaded.challenges.len(),
        assets: loaded.assets.len(),
    })
}

/// Why no course was written. Its text says what to do.
#[derive(Debug, Error)]
pub enum BeginError {
    #[error("{0} is not empty; name a folder that is, or that is not there yet")]
    NotEmpty(PathBuf),
    #[error("cannot write {0}")]
    Write(PathBuf, #[source] io::Error),
}

/// Writes a small course into `folder`, which is made if it is not there.
///
/// # Errors
/// When there is something in the folder already, or it cannot be written.
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
