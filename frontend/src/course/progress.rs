//! The reader's progress in the course. It is stored only in this browser.

use crate::course::stored::{CourseProgress, Done, MAX_NOTE, Stored, VERSION, parse, to_json};
use curriculum::grade::Golf;
use leptos::prelude::*;

/// The storage keys of the progress, and of progress that could not be read.
const KEY: &str = "framescope.progress.v1";
const UNREADABLE: &str = "framescope.progress.unreadable";

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

    /// Decides the order of shuffled options. It stays the same in this browser.
    pub fn seed(&self) -> u32 {
        if let Some(seed) = self.stored.with_untracked(|stored| stored.seed) {
            return seed;
        }
        let drawn = (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
        // Another tab may have drawn one.
        self.change(|stored| {
            stored.seed.get_or_insert(drawn);
        });
        self.stored.with_untracked(|stored| stored.seed).unwrap_or(drawn)
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
