//! The course of this repository, and courses with problems.
#![cfg(feature = "load")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod challenge;
mod checks;
mod course;
mod documentation;
mod files;
mod glossary;
mod lesson;
mod questions;
mod rendering;

use curriculum::load::{LabRules, Loaded, Problem, Source, load, template};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

fn read(folder: &Path) -> Result<Loaded, Vec<String>> {
    let one_of = |known: &'static [&'static str]| {
        move |text: &str| if known.contains(&text) { Ok(()) } else { Err(format!("`{text}` is none")) }
    };
    let (query, via) = (one_of(&["", "deflate=off", "deflate=off&fragments=2"]), one_of(&["old-proxy"]));
    let loaded = load(&Source::Folder(folder.to_owned()), &LabRules { query: &query, via: &via });
    loaded.map_err(|problems| problems.iter().map(Problem::to_string).collect())
}

/// The starter course for authors, in a new folder.
fn starter() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("course-{}-{number}", std::process::id()));
    for (name, bytes) in template() {
        write(&folder, name, bytes);
    }
    folder
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

const COURSE: &str = "course.toml";
const GLOSSARY: &str = "glossary.toml";
const LESSON: &str = "lessons/hello.md";
const CHALLENGE: &str = "challenges/first-echo/challenge.md";

/// The problems after replacing `from` with `to` in a file of the starter.
#[track_caller]
fn check(file: &str, from: &str, to: &str, expect: &[&str]) {
    let folder = starter();
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.contains(from), "{file} has {from:?}");
    write(&folder, file, text.replacen(from, to, 1));
    let problems = read(&folder).err().unwrap_or_default();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(problems, expect, "{from:?} → {to:?}");
}

/// The same, but only one of the problems has to be this one.
#[track_caller]
fn check_one(file: &str, from: &str, to: &str, expect: &str) {
    let folder = starter();
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.contains(from), "{file} has {from:?}");
    write(&folder, file, text.replacen(from, to, 1));
    let problems = read(&folder).err().unwrap_or_default();
    fs::remove_dir_all(&folder).unwrap();
    assert!(problems.iter().any(|problem| problem == expect), "{from:?} → {to:?}: {problems:#?}");
}

/// The problems after adding a file with these bytes.
#[track_caller]
fn check_file(name: &str, bytes: &[u8], expect: &[&str]) {
    let folder = starter();
    write(&folder, name, bytes);
    let problems = read(&folder).err().unwrap_or_default();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(problems, expect, "{name}");
}
