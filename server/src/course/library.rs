//! Loads the course and caches it as it is sent.

use crate::{behaviour, middlebox};
use bytes::Bytes;
use curriculum::challenge::Challenge;
use curriculum::course::LessonSummary;
use curriculum::load::{Asset, LabRules, Loaded, Problem, Source, load};
use curriculum::values::ValueSecret;
use observation::SessionId;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::OnceCell;

/// A course that cannot be served. The message has a line for each problem.
#[derive(Debug, Error)]
#[error("the course in {} has problems; fix them, or omit --course\n{}", .0.display(), lines(.1))]
pub struct CourseError(PathBuf, Arc<[Problem]>);

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

/// Loads the course on first use and caches it as it is sent.
#[derive(Debug)]
pub(crate) struct CourseLibrary {
    source: Source,
    course: OnceCell<Result<Arc<Course>, Arc<[Problem]>>>,
}

/// The settings of a lab connection.
pub(crate) struct LabQuery {
    pub(crate) query: Option<String>,
    /// The challenge that conceals what they make the relay do.
    pub(crate) concealed_by: Option<Arc<str>>,
}

/// A course, with each response ready to send.
#[derive(Debug)]
pub(crate) struct Course {
    /// Identifies the course in receipts.
    pub(crate) id: String,
    pub(crate) challenges: BTreeMap<String, Challenge>,
    pub(crate) outline: CachedFile,
    /// The pieces of each lesson.
    pub(crate) summaries: BTreeMap<String, LessonSummary>,
    pub(crate) lessons: BTreeMap<String, CachedFile>,
    pub(crate) tasks: BTreeMap<String, CachedFile>,
    pub(crate) solutions: BTreeMap<String, CachedFile>,
    pub(crate) glossary: Option<CachedFile>,
    pub(crate) assets: BTreeMap<String, CachedFile>,
}

#[derive(Debug)]
pub(crate) struct CachedFile {
    pub(crate) media_type: &'static str,
    /// The entity tag, including its quotes.
    pub(crate) tag: String,
    pub(crate) bytes: Bytes,
}

impl CourseLibrary {
    pub(crate) fn embedded() -> Self {
        Self { source: Source::Embedded, course: OnceCell::new() }
    }

    /// Reads a folder immediately, so that its problems are known at start.
    pub(crate) async fn from_folder(folder: PathBuf) -> Result<Self, CourseError> {
        let library = Self { source: Source::Folder(folder.clone()), course: OnceCell::new() };
        match library.course().await {
            Ok(_) => Ok(library),
            Err(problems) => Err(CourseError(folder, problems)),
        }
    }

    /// The course. The first call reads it.
    ///
    /// # Errors
    /// The course's problems.
    pub(crate) async fn course(&self) -> Result<Arc<Course>, Arc<[Problem]>> {
        let source = self.source.clone();
        let read =
            || tokio::task::spawn_blocking(move || load_course(&source).map(|loaded| Arc::new(Course::new(loaded))));
        let course = self.course.get_or_init(async || match read().await {
            Ok(read) => read.map_err(Arc::from),
            Err(error) => Err(Arc::from([never_read(&error)])),
        });
        course.await.clone()
    }

    /// A hash of what relays that share sessions must have in common: the lessons and challenges.
    ///
    /// # Errors
    /// The course's problems.
    pub(crate) async fn fingerprint(&self) -> Result<String, CourseError> {
        let course = self.course().await.map_err(|problems| CourseError(PathBuf::new(), problems))?;
        let mut hash = Sha256::new();
        for (name, file) in course.lessons.iter().chain(&course.tasks).chain(&course.solutions) {
            hash.update(name);
            hash.update(&file.tag);
        }
        Ok(hex::encode(&hash.finalize()[..16]))
    }

    /// Resolves the query of a lab's URL. `challenge=NAME` stands for that challenge's settings in `session`, so that the URL does
    /// not reveal what the learner has to find out. Any other query is returned unchanged.
    pub(crate) async fn query(&self, query: Option<String>, session: &SessionId, secret: &ValueSecret) -> LabQuery {
        let Some(name) = query.as_deref().and_then(|query| query.strip_prefix("challenge=")) else {
            return LabQuery { query, concealed_by: None };
        };
        let course = self.course().await.ok();
        let challenge = course.as_ref().and_then(|course| course.challenges.get(name));
        let settings = challenge.map(|challenge| challenge.settings(&challenge.values(session, secret)));
        let concealed_by = challenge.filter(|challenge| challenge.conceal).map(|_| name.into());
        // The name of an unknown challenge is refused as an unknown setting.
        LabQuery { query: settings.or(query), concealed_by }
    }
}

/// Loads a course and checks its queries and middleboxes against this relay.
pub(super) fn load_course(source: &Source) -> Result<Loaded, Vec<Problem>> {
    load(source, &LabRules { query: &behaviour::check_query, via: &middlebox::check })
}

fn never_read(error: &tokio::task::JoinError) -> Problem {
    let (what, fix) = (format!("reading the course failed: {error}"), "This is a bug in the relay.".to_owned());
    Problem { file: "course.toml".to_owned(), line: None, what, fix }
}

impl Course {
    fn new(loaded: Loaded) -> Self {
        let Loaded { course, lessons, challenges, solutions, glossary, assets, wrong: _, warnings: _ } = loaded;
        Self {
            outline: CachedFile::json(&course),
            lessons: lessons.iter().map(|(id, lesson)| (id.clone(), CachedFile::json(lesson))).collect(),
            tasks: challenges.iter().map(|(id, challenge)| (id.clone(), CachedFile::json(challenge))).collect(),
            solutions: solutions.iter().map(|(id, solution)| (id.clone(), CachedFile::json(solution))).collect(),
            glossary: glossary.as_ref().map(CachedFile::json),
            assets: assets.into_iter().map(|(name, asset)| (name, CachedFile::asset(asset))).collect(),
            summaries: course.lessons.into_iter().map(|lesson| (lesson.id.clone(), lesson)).collect(),
            id: course.id,
            challenges,
        }
    }
}

impl CachedFile {
    fn json(value: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(value).expect("plain data becomes JSON");
        Self::new("application/json", bytes)
    }

    fn asset(asset: Asset) -> Self {
        Self::new(asset.media_type, asset.bytes)
    }

    fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&bytes)[..12]));
        Self { media_type, tag, bytes: bytes.into() }
    }
}
