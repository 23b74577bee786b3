//! The reader's progress in the course. It is stored only in this browser.

use curriculum::grade::Golf;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The storage keys of the progress, and of progress that could not be read.
const KEY: &str = "framescope.progress.v1";
const UNREADABLE: &str = "framescope.progress.unreadable";
const VERSION: u32 = 1;

/// The largest file to import, in bytes.
pub const MAX_FILE: usize = 1 << 20;
/// The limits of a file: characters of a note and of a name, and how many of each kind.
const MAX_NOTE: usize = 8_000;
const MAX_NAME: usize = 200;
const MAX_COURSES: usize = 20;
const MAX_ENTRIES: usize = 2_000;
const MAX_POINTS: usize = 50;

/// The progress in all courses, as stored in the browser and in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    version: u32,
    /// By course name.
    course: BTreeMap<String, CourseProgress>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct CourseProgress {
    /// The pieces that are done, as `lesson#piece`.
    pieces: BTreeMap<String, Done>,
    /// The passed challenges, each with the best attempt.
    challenges: BTreeMap<String, Passed>,
    /// The reader's answers, by `lesson#piece`.
    notes: BTreeMap<String, String>,
    /// The points of the model answer that the reader's answer covers, counted from 0, by `lesson#piece`.
    points: BTreeMap<String, BTreeSet<u32>>,
    /// Where the reader left off, as `lesson` or `lesson#piece`.
    last: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    done: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Passed {
    golf: Golf,
}

impl CourseProgress {
    fn add(&mut self, other: Self) {
        self.pieces.extend(other.pieces);
        for (id, passed) in other.challenges {
            self.pass(id, passed.golf);
        }
        for (piece, note) in other.notes {
            self.notes.entry(piece).or_insert(note);
        }
        for (piece, points) in other.points {
            self.points.entry(piece).or_default().extend(points);
        }
        self.last = self.last.take().or(other.last);
    }

    fn pass(&mut self, id: String, golf: Golf) {
        let best = self.challenges.entry(id).or_insert(Passed { golf });
        if golf.bytes < best.golf.bytes {
            best.golf = golf;
        }
    }
}

/// The progress in one course.
#[derive(Clone, Copy)]
pub struct Progress {
    stored: RwSignal<Stored>,
    /// The name of the course; empty until it is known.
    course: RwSignal<String>,
    /// Why the stored progress could not be read.
    unread: StoredValue<Option<String>>,
    /// The same, or why new progress cannot be stored.
    problem: RwSignal<Option<String>>,
}

impl Progress {
    /// The progress that this view provides, or a new one read from the browser's storage.
    pub fn provided() -> Self {
        // A progress that an earlier view provided is disposed with that view.
        use_context().filter(|progress: &Self| !progress.stored.is_disposed()).unwrap_or_else(|| {
            let progress = Self::open();
            provide_context(progress);
            progress
        })
    }

    /// Reads the progress from the browser's storage.
    pub fn open() -> Self {
        let (stored, unread, problem) = match read_storage().map(|text| text.as_deref().map(parse)) {
            Ok(Some(Ok(stored))) => (stored, None, None),
            Ok(None) => (Stored::default(), None, None),
            Ok(Some(Err(why))) => {
                let words = back_up_unreadable(&why);
                (Stored::default(), Some(words.clone()), Some(words))
            }
            Err(why) => (Stored::default(), None, Some(why)),
        };
        let (course, unread) = (RwSignal::new(String::new()), StoredValue::new(unread));
        Self { stored: RwSignal::new(stored), course, unread, problem: RwSignal::new(problem) }
    }

    /// Sets the current course.
    pub fn enter(&self, course: &str) {
        // The view may be gone.
        if self.course.try_with_untracked(|known| known != course) == Some(true) {
            self.course.set(course.to_owned());
        }
    }

    /// Why progress is not stored; `None` if it is.
    pub fn problem(&self) -> Option<String> {
        self.problem.get()
    }

    pub fn piece_done(&self, lesson: &str, piece: &str) -> bool {
        self.read(|of| of.pieces.contains_key(&format!("{lesson}#{piece}")))
    }

    pub fn mark_done(&self, lesson: &str, piece: &str) {
        let name = format!("{lesson}#{piece}");
        if self.untracked(|of| !of.pieces.contains_key(&name)) {
            self.write(|of| {
                of.pieces.insert(name, Done { done: true });
            });
        }
    }

    pub fn challenge_passed(&self, id: &str) -> bool {
        self.read(|of| of.challenges.contains_key(id))
    }

    /// The best attempt at a challenge: the one with the fewest bytes.
    pub fn best(&self, id: &str) -> Option<Golf> {
        self.read(|of| of.challenges.get(id).map(|passed| passed.golf))
    }

    pub fn pass_challenge(&self, id: &str, golf: Golf) {
        self.write(|of| of.pass(id.to_owned(), golf));
    }

    /// The reader's answer to a question.
    pub fn note(&self, lesson: &str, piece: &str) -> String {
        self.untracked(|of| of.notes.get(&format!("{lesson}#{piece}")).cloned().unwrap_or_default())
    }

    pub fn write_note(&self, lesson: &str, piece: &str, text: &str) {
        let (name, text): (_, String) = (format!("{lesson}#{piece}"), text.chars().take(MAX_NOTE).collect());
        self.write(|of| {
            if text.is_empty() {
                of.notes.remove(&name)
            } else {
                of.notes.insert(name, text)
            };
        });
    }

    /// Whether the reader ticked this point of the model answer.
    pub fn has_point(&self, lesson: &str, piece: &str, point: u32) -> bool {
        self.untracked(|of| of.points.get(&format!("{lesson}#{piece}")).is_some_and(|points| points.contains(&point)))
    }

    pub fn tick_point(&self, lesson: &str, piece: &str, point: u32, has: bool) {
        self.write(|of| {
            let points = of.points.entry(format!("{lesson}#{piece}")).or_default();
            if has {
                points.insert(point)
            } else {
                points.remove(&point)
            };
        });
    }

    /// Where the reader left off: `lesson` or `lesson#piece`.
    pub fn last(&self) -> Option<String> {
        self.read(|of| of.last.clone())
    }

    /// Stores where the reader is. Opening the same lesson again keeps the piece.
    pub fn set_place(&self, lesson: &str, piece: Option<&str>) {
        let place = piece.map_or_else(|| lesson.to_owned(), |piece| format!("{lesson}#{piece}"));
        let known = |last: &str| last == place || (piece.is_none() && last.split('#').next() == Some(lesson));
        if !self.untracked(|of| of.last.as_deref().is_some_and(known)) {
            self.write(|of| of.last = Some(place));
        }
    }

    /// Whether there is progress that a reset would delete.
    pub fn has_begun(&self) -> bool {
        self.read(|of| !(of.pieces.is_empty() && of.challenges.is_empty() && of.notes.is_empty()))
    }

    /// Deletes the progress in this course.
    pub fn reset(&self) {
        self.write(|of| *of = CourseProgress::default());
    }

    /// The progress in all courses, as the text of a file.
    pub fn export(&self) -> String {
        let stored = self.stored.get_untracked();
        // Plain data always becomes JSON.
        serde_json::to_string_pretty(&Stored { version: VERSION, ..stored }).unwrap_or_default()
    }

    /// Adds the progress from a file. If both have an answer to a question, the current one stays.
    ///
    /// # Errors
    /// Why the file cannot be imported. Nothing changes then.
    pub fn import(&self, text: &str) -> Result<(), String> {
        let new = parse(text)?;
        let Some(mut stored) = self.now() else { return Ok(()) };
        for (course, of) in new.course {
            stored.course.entry(course).or_default().add(of);
        }
        // The sum must stay within the limits, or it could not be read again.
        parse(&to_json(&stored)).map_err(|why| format!("combined with your current progress, {why}"))?;
        self.store(stored);
        Ok(())
    }

    fn read<T>(&self, read: impl FnOnce(&CourseProgress) -> T) -> T {
        self.course.with(|course| self.stored.with(|stored| of(stored, course, read)))
    }

    fn untracked<T>(&self, read: impl FnOnce(&CourseProgress) -> T) -> T {
        self.course.with_untracked(|course| self.stored.with_untracked(|stored| of(stored, course, read)))
    }

    fn write(&self, change: impl FnOnce(&mut CourseProgress)) {
        let course = self.course.get_untracked();
        self.change(|stored| change(stored.course.entry(course).or_default()));
    }

    fn change(&self, change: impl FnOnce(&mut Stored)) {
        if let Some(mut stored) = self.now() {
            change(&mut stored);
            self.store(stored);
        }
    }

    /// The current progress, including changes by other tabs. `None` if the view is gone.
    fn now(&self) -> Option<Stored> {
        let own = self.stored.try_get_untracked()?;
        // If storage failed the last time, use the progress in memory.
        let in_step = self.problem.with_untracked(|problem| self.unread.with_value(|unread| problem == unread));
        let stored = read_storage().ok().flatten().filter(|_| in_step);
        Some(stored.and_then(|text| parse(&text).ok()).unwrap_or(own))
    }

    fn store(&self, mut stored: Stored) {
        stored.version = VERSION;
        let problem = store(&stored).err().or_else(|| self.unread.get_value());
        self.stored.set(stored);
        if self.problem.with_untracked(|known| *known != problem) {
            self.problem.set(problem);
        }
    }
}

fn of<T>(stored: &Stored, course: &str, read: impl FnOnce(&CourseProgress) -> T) -> T {
    match stored.course.get(course) {
        Some(of) => read(of),
        None => read(&CourseProgress::default()),
    }
}

/// The stored text; `None` if there is none.
fn read_storage() -> Result<Option<String>, String> {
    storage()?.get_item(KEY).map_err(|_| REFUSED.to_owned())
}

/// Copies unreadable progress to another key, because the next change overwrites it. Returns the message for the reader.
fn back_up_unreadable(why: &str) -> String {
    let text = || storage().ok()?.get_item(KEY).ok().flatten();
    let back_up = || storage().ok()?.set_item(UNREADABLE, &text()?).ok();
    let place = match back_up() {
        Some(()) => format!("A copy is in this browser’s storage under {UNREADABLE}, and you start with no progress."),
        None => "Your next progress overwrites it.".to_owned(),
    };
    format!("The stored progress cannot be read: {why} {place}")
}

fn to_json(stored: &Stored) -> String {
    // Plain data always becomes JSON.
    serde_json::to_string(stored).unwrap_or_default()
}

fn store(stored: &Stored) -> Result<(), String> {
    storage()?.set_item(KEY, &to_json(stored)).map_err(|_| {
        "This browser has no space left to store your progress. Export it, or delete data of other sites in the browser."
            .into()
    })
}

const REFUSED: &str = "This browser does not store data for this page, so your progress is lost when you leave. Allow storage for this \
     address, or export your progress before you leave.";

fn storage() -> Result<web_sys::Storage, String> {
    window().local_storage().ok().flatten().ok_or_else(|| REFUSED.to_owned())
}

/// Parses a progress file.
fn parse(text: &str) -> Result<Stored, String> {
    if text.len() > MAX_FILE {
        return Err(format!("it has {} bytes; the limit is {MAX_FILE}.", text.len()));
    }
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let not_progress = |_| "it is not a Framescope progress file. Choose a file that you exported here.".to_owned();
    let Versioned { version } = serde_json::from_str(text).map_err(not_progress)?;
    if version != VERSION {
        return Err(format!("it has version {version}; this page reads version {VERSION}."));
    }
    let stored: Stored = serde_json::from_str(text).map_err(|error| format!("it is damaged: {error}."))?;
    let names = |of: &CourseProgress| {
        let pieces = of.pieces.keys().chain(of.challenges.keys()).chain(of.notes.keys()).chain(of.points.keys());
        pieces.chain(&of.last).all(|name| name.chars().count() <= MAX_NAME)
    };
    let sizes = |of: &CourseProgress| {
        [of.pieces.len(), of.challenges.len(), of.notes.len(), of.points.len()]
            .into_iter()
            .all(|count| count <= MAX_ENTRIES)
            && of.points.values().all(|points| points.len() <= MAX_POINTS)
            && of.notes.values().all(|note| note.chars().count() <= MAX_NOTE)
    };
    let fits = stored.course.len() <= MAX_COURSES
        && stored.course.iter().all(|(name, of)| name.chars().count() <= MAX_NAME && names(of) && sizes(of));
    if fits { Ok(stored) } else { Err("its entries exceed the limits of a course.".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"version":1,"course":{"websockets":{
        "pieces":{"frames#bits":{"done":true}},
        "challenges":{"ping":{"golf":{"connections":1,"frames":2,"bytes":30}}},
        "notes":{"frames#ask":"A frame is …"},"last":"frames#bits"}}}"#;

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let stored = parse(FILE).expect("a file");
        let of = &stored.course["websockets"];
        assert_eq!(of.challenges["ping"].golf.bytes, 30);
        assert_eq!(of.last.as_deref(), Some("frames#bits"));
        assert_eq!(parse(&serde_json::to_string(&stored).expect("JSON")), Ok(stored));
        assert!(parse(r#"{"version":1,"course":{"a":{}}}"#).is_ok());
    }

    #[test]
    fn a_file_is_added_to_what_there_is() {
        let mut of = parse(FILE).expect("a file").course.remove("websockets").expect("the course");
        let other = r#"{"version":1,"course":{"websockets":{
            "pieces":{"close#codes":{"done":true}},
            "challenges":{"ping":{"golf":{"connections":1,"frames":1,"bytes":20}}},
            "notes":{"frames#ask":"Another","close#ask":"New"},"points":{"frames#ask":[1]},"last":"close"}}}"#;
        of.add(parse(other).expect("a file").course.remove("websockets").expect("the course"));
        assert_eq!(of.pieces.len(), 2);
        assert_eq!(of.challenges["ping"].golf.bytes, 20);
        assert_eq!(of.notes["frames#ask"], "A frame is …");
        assert_eq!(of.notes["close#ask"], "New");
        assert!(of.points["frames#ask"].contains(&1));
        assert_eq!(of.last.as_deref(), Some("frames#bits"));
    }

    #[test]
    fn other_files_are_refused_with_a_reason() {
        let says = |text: &str| parse(text).expect_err("refused");
        assert!(says("{").contains("not a Framescope progress file"));
        assert!(says(r#"{"course":{}}"#).contains("not a Framescope progress file"));
        assert!(says(r#"{"version":2,"course":{}}"#).contains("version 2"));
        assert!(says(r#"{"version":1,"course":{"a":{"pieces":7}}}"#).contains("damaged"));
        assert!(says(&" ".repeat(MAX_FILE + 1)).contains("bytes"));
        let long = FILE.replace("A frame is …", &"x".repeat(MAX_NOTE + 1));
        assert!(says(&long).contains("exceed the limits"));
        assert!(says(&FILE.replace("frames#ask", &"x".repeat(MAX_NAME + 1))).contains("exceed the limits"));
    }
}
