//! The format of the stored progress, which is also that of a progress file.

use curriculum::grade::Golf;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const VERSION: u32 = 1;

/// The largest file to import, in bytes.
pub(super) const MAX_FILE: usize = 1 << 20;
/// The limits of a file: characters of a note and of a name, and how many of each kind.
pub(super) const MAX_NOTE: usize = 8_000;
const MAX_NAME: usize = 200;
const MAX_COURSES: usize = 20;
const MAX_ENTRIES: usize = 2_000;
const MAX_POINTS: usize = 50;

/// The progress in all courses, as stored in the browser and in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) version: u32,
    /// Decides the order of shuffled options. It is drawn once for each browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<u32>,
    /// By course name.
    pub(super) course: BTreeMap<String, CourseProgress>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct CourseProgress {
    /// The pieces that are done, as `lesson#piece`.
    pub(super) pieces: BTreeMap<String, Done>,
    /// The passed challenges, each with the best attempt.
    pub(super) challenges: BTreeMap<String, Passed>,
    /// The reader's answers, by `lesson#piece`.
    pub(super) notes: BTreeMap<String, String>,
    /// The points of the model answer that the reader's answer covers, counted from 0, by `lesson#piece`.
    pub(super) points: BTreeMap<String, BTreeSet<u32>>,
    /// Where the reader left off, as `lesson` or `lesson#piece`.
    pub(super) last: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) done: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Passed {
    pub(super) golf: Golf,
}

impl CourseProgress {
    pub(super) fn add(&mut self, other: Self) {
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

    pub(super) fn pass(&mut self, id: String, golf: Golf) {
        let best = self.challenges.entry(id).or_insert(Passed { golf });
        if golf.bytes < best.golf.bytes {
            best.golf = golf;
        }
    }
}

pub(super) fn to_json(stored: &Stored) -> String {
    // Plain data always becomes JSON.
    serde_json::to_string(stored).unwrap_or_default()
}

/// Parses a progress file.
pub(super) fn parse(text: &str) -> Result<Stored, String> {
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
