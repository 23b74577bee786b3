//! How far the reader of a course has come. It is kept in this browser and nowhere else.

use curriculum::grade::Golf;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where the browser keeps it, and what of it could not be read.
const KEY: &str = "framescope.progress.v1";
const ASIDE: &str = "framescope.progress.unreadable";
const VERSION: u32 = 1;

/// The largest file that is taken in, in bytes.
pub const MAX_FILE: usize = 1 << 20;
/// The most of anything, in characters or in number, that a file may hold of one kind.
const MAX_NOTE: usize = 8_000;
const MAX_NAME: usize = 200;
const MAX_COURSES: usize = 20;
const MAX_ENTRIES: usize = 2_000;
const MAX_POINTS: usize = 50;

/// All that is kept, as it stands in the browser's storage and in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    version: u32,
    /// By the courses' names.
    course: BTreeMap<String, OfCourse>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct OfCourse {
    /// Those that are done, as `lesson#piece`.
    pieces: BTreeMap<String, Done>,
    /// Those that are passed, with the best try.
    challenges: BTreeMap<String, Passed>,
    /// What the reader wrote, as `lesson#piece`.
    notes: BTreeMap<String, String>,
    /// Which points of a model answer theirs has, counted from 0, as `lesson#piece`.
    points: BTreeMap<String, BTreeSet<u32>>,
    /// Where they were last, as `lesson` or `lesson#piece`.
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

impl OfCourse {
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
    kept: RwSignal<Kept>,
    /// The course's name, once it is known.
    course: RwSignal<String>,
    /// What was kept and cannot be read, in words.
    unread: StoredValue<Option<String>>,
    /// That, or why what is done now will not be found again.
    trouble: RwSignal<Option<String>>,
}

impl Progress {
    /// The one of this view, read from the browser's storage where there is none yet.
    pub fn provided() -> Self {
        // One that was provided where now another view is drawn has gone with the view before.
        use_context().filter(|progress: &Self| !progress.kept.is_disposed()).unwrap_or_else(|| {
            let progress = Self::open();
            provide_context(progress);
            progress
        })
    }

    /// Reads what the browser has kept.
    pub fn open() -> Self {
        let (kept, unread, trouble) = match stored().map(|text| text.as_deref().map(parse)) {
            Ok(Some(Ok(kept))) => (kept, None, None),
            Ok(None) => (Kept::default(), None, None),
            Ok(Some(Err(why))) => {
                let words = put_aside(&why);
                (Kept::default(), Some(words.clone()), Some(words))
            }
            Err(why) => (Kept::default(), None, Some(why)),
        };
        let (course, unread) = (RwSignal::new(String::new()), StoredValue::new(unread));
        Self { kept: RwSignal::new(kept), course, unread, trouble: RwSignal::new(trouble) }
    }

    /// Says which course it is that is read.
    pub fn enter(&self, course: &str) {
        // The view that it was asked for may be gone.
        if self.course.try_with_untracked(|known| known != course) == Some(true) {
            self.course.set(course.to_owned());
        }
    }

    /// Why nothing is kept; `None` as long as it is.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.get()
    }

    pub fn piece_done(&self, lesson: &str, piece: &str) -> bool {
        self.read(|of| of.pieces.contains_key(&format!("{lesson}#{piece}")))
    }

    pub fn do_piece(&self, lesson: &str, piece: &str) {
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

    /// The best try at a challenge: of fewest bytes.
    pub fn best(&self, id: &str) -> Option<Golf> {
        self.read(|of| of.challenges.get(id).map(|passed| passed.golf))
    }

    pub fn pass_challenge(&self, id: &str, golf: Golf) {
        self.write(|of| of.pass(id.to_owned(), golf));
    }

    /// What the reader wrote at a piece.
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

    /// Whether the reader's answer has this point of the model's.
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

    /// Where the reader was last: a lesson's name, or `lesson#piece`.
    pub fn last(&self) -> Option<String> {
        self.read(|of| of.last.clone())
    }

    /// Notes where the reader is. Where they were in the same lesson stays when it is opened again.
    pub fn be_at(&self, lesson: &str, piece: Option<&str>) {
        let place = piece.map_or_else(|| lesson.to_owned(), |piece| format!("{lesson}#{piece}"));
        let known = |last: &str| last == place || (piece.is_none() && last.split('#').next() == Some(lesson));
        if !self.untracked(|of| of.last.as_deref().is_some_and(known)) {
            self.write(|of| of.last = Some(place));
        }
    }

    /// Whether there is anything to lose.
    pub fn has_begun(&self) -> bool {
        self.read(|of| !(of.pieces.is_empty() && of.challenges.is_empty() && of.notes.is_empty()))
    }

    /// Forgets all of this course.
    pub fn start_afresh(&self) {
        self.write(|of| *of = OfCourse::default());
    }

    /// All courses, as a file.
    pub fn export(&self) -> String {
        let kept = self.kept.get_untracked();
        // Plain data always becomes JSON.
        serde_json::to_string_pretty(&Kept { version: VERSION, ..kept }).unwrap_or_default()
    }

    /// Takes in a file on top of what there is; where both have a note, the one that is here stays.
    ///
    /// # Errors
    /// Why it is not taken. Then nothing has changed.
    pub fn import(&self, text: &str) -> Result<(), String> {
        let new = parse(text)?;
        let Some(mut kept) = self.now() else { return Ok(()) };
        for (course, of) in new.course {
            kept.course.entry(course).or_default().add(of);
        }
        // What is too much together could not be read again.
        parse(&written(&kept)).map_err(|why| format!("together with what is here already, {why}"))?;
        self.keep(kept);
        Ok(())
    }

    fn read<T>(&self, read: impl FnOnce(&OfCourse) -> T) -> T {
        self.course.with(|course| self.kept.with(|kept| of(kept, course, read)))
    }

    fn untracked<T>(&self, read: impl FnOnce(&OfCourse) -> T) -> T {
        self.course.with_untracked(|course| self.kept.with_untracked(|kept| of(kept, course, read)))
    }

    fn write(&self, change: impl FnOnce(&mut OfCourse)) {
        let course = self.course.get_untracked();
        self.change(|kept| change(kept.course.entry(course).or_default()));
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) {
        if let Some(mut kept) = self.now() {
            change(&mut kept);
            self.keep(kept);
        }
    }

    /// What is kept, with what another tab has kept meanwhile. `None` once the view is gone.
    fn now(&self) -> Option<Kept> {
        let own = self.kept.try_get_untracked()?;
        // Where storage was of no use the last time there is still this page's own memory.
        let in_step = self.trouble.with_untracked(|trouble| self.unread.with_value(|unread| trouble == unread));
        let stored = stored().ok().flatten().filter(|_| in_step);
        Some(stored.and_then(|text| parse(&text).ok()).unwrap_or(own))
    }

    fn keep(&self, mut kept: Kept) {
        kept.version = VERSION;
        let trouble = keep(&kept).err().or_else(|| self.unread.get_value());
        self.kept.set(kept);
        if self.trouble.with_untracked(|known| *known != trouble) {
            self.trouble.set(trouble);
        }
    }
}

fn of<T>(kept: &Kept, course: &str, read: impl FnOnce(&OfCourse) -> T) -> T {
    match kept.course.get(course) {
        Some(of) => read(of),
        None => read(&OfCourse::default()),
    }
}

/// The text that the browser has kept; `None` for nothing.
fn stored() -> Result<Option<String>, String> {
    storage()?.get_item(KEY).map_err(|_| REFUSED.to_owned())
}

/// Keeps what cannot be read under another name, since what is done next replaces it; says so.
fn put_aside(why: &str) -> String {
    let stored = || storage().ok()?.get_item(KEY).ok().flatten();
    let aside = || storage().ok()?.set_item(ASIDE, &stored()?).ok();
    let place = match aside() {
        Some(()) => format!("It is kept aside in this browser’s storage as {ASIDE}, and you begin anew."),
        None => "What you do now replaces it.".to_owned(),
    };
    format!("The progress that this browser kept cannot be read: {why} {place}")
}

fn written(kept: &Kept) -> String {
    // Plain data always becomes JSON.
    serde_json::to_string(kept).unwrap_or_default()
}

fn keep(kept: &Kept) -> Result<(), String> {
    storage()?.set_item(KEY, &written(kept)).map_err(|_| {
        "This browser has no room left for your progress. Export it, or have the browser forget other pages’ data."
            .into()
    })
}

const REFUSED: &str = "This browser keeps nothing for this page, so your progress is gone when you leave. Allow it to store data for this \
     address, or export your progress before you go.";

fn storage() -> Result<web_sys::Storage, String> {
    window().local_storage().ok().flatten().ok_or_else(|| REFUSED.to_owned())
}

/// Reads a file with progress.
fn parse(text: &str) -> Result<Kept, String> {
    if text.len() > MAX_FILE {
        return Err(format!("it has {} bytes, and {MAX_FILE} are the most that progress can take.", text.len()));
    }
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let no_progress = |_| "it is no progress of this page: choose a file that was exported here.".to_owned();
    let Versioned { version } = serde_json::from_str(text).map_err(no_progress)?;
    if version != VERSION {
        return Err(format!("it is of version {version}, and this page reads version {VERSION}."));
    }
    let kept: Kept = serde_json::from_str(text).map_err(|error| format!("it is damaged: {error}."))?;
    let names = |of: &OfCourse| {
        let pieces = of.pieces.keys().chain(of.challenges.keys()).chain(of.notes.keys()).chain(of.points.keys());
        pieces.chain(&of.last).all(|name| name.chars().count() <= MAX_NAME)
    };
    let sizes = |of: &OfCourse| {
        [of.pieces.len(), of.challenges.len(), of.notes.len(), of.points.len()]
            .into_iter()
            .all(|count| count <= MAX_ENTRIES)
            && of.points.values().all(|points| points.len() <= MAX_POINTS)
            && of.notes.values().all(|note| note.chars().count() <= MAX_NOTE)
    };
    let fits = kept.course.len() <= MAX_COURSES
        && kept.course.iter().all(|(name, of)| name.chars().count() <= MAX_NAME && names(of) && sizes(of));
    if fits { Ok(kept) } else { Err("it holds more, or longer things, than any course has.".into()) }
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
        let kept = parse(FILE).expect("a file");
        let of = &kept.course["websockets"];
        assert_eq!(of.challenges["ping"].golf.bytes, 30);
        assert_eq!(of.last.as_deref(), Some("frames#bits"));
        assert_eq!(parse(&serde_json::to_string(&kept).expect("JSON")), Ok(kept));
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
    fn what_is_no_progress_is_told() {
        let says = |text: &str| parse(text).expect_err("refused");
        assert!(says("{").contains("no progress"));
        assert!(says(r#"{"course":{}}"#).contains("no progress"));
        assert!(says(r#"{"version":2,"course":{}}"#).contains("version 2"));
        assert!(says(r#"{"version":1,"course":{"a":{"pieces":7}}}"#).contains("damaged"));
        assert!(says(&" ".repeat(MAX_FILE + 1)).contains("bytes"));
        let long = FILE.replace("A frame is …", &"x".repeat(MAX_NOTE + 1));
        assert!(says(&long).contains("longer things"));
        assert!(says(&FILE.replace("frames#ask", &"x".repeat(MAX_NAME + 1))).contains("longer things"));
    }
}
