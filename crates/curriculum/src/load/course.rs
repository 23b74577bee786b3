//! `course.toml`, and the files in the folders of a course.

use super::{Asset, ID, Loader, MAX_OF_EACH, glossary, is_id};
use crate::challenge::Challenge;
use crate::course::{Block, Course, Lesson, LessonSummary, Objective, Part};
use std::collections::{BTreeMap, BTreeSet};
use toml_fields::{Fields, Problems, Text, Toml, did_you_mean};

pub(super) const FILE: &str = "course.toml";

/// The content of `course.toml`.
pub(super) struct Outline {
    id: Text,
    title: Text,
    summary: Text,
    language: Text,
    objectives: Vec<(Text, Text)>,
    parts: Vec<Part>,
    /// In their order.
    pub(super) lessons: Vec<Text>,
    pub(super) challenges: Vec<Text>,
}

impl Loader<'_> {
    pub(super) fn outline(&self) -> Option<Outline> {
        let text = self.required(FILE, "Run `framescope course new DIR` to create a course.")?;
        let mut fields = Toml::new(FILE, 1, &text, self.problems).fields("the course")?;
        let objectives = fields.tables("objectives", "this objective").into_iter().map(|mut objective| {
            let read = (objective.text("text"), objective.text("lesson"));
            objective.finish();
            read
        });
        let objectives = objectives.collect();
        let (parts, lessons) = self.parts(&mut fields);
        let outline = Outline {
            id: fields.text("id"),
            title: fields.text("title"),
            summary: fields.text("summary"),
            language: fields.optional("language").unwrap_or_else(|| Text { value: "en".to_owned(), line: 1 }),
            objectives,
            parts,
            lessons,
            challenges: self.valid_ids(fields.texts("challenges"), "challenge"),
        };
        fields.finish();
        if !outline.id.value.is_empty() && !is_id(&outline.id.value) {
            self.problems.add(FILE, Some(outline.id.line), format!("`{}` is not a valid id", outline.id.value), ID);
        }
        let language = &outline.language;
        let is_tag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if !language.value.split('-').all(is_tag) {
            let what = format!("`{}` is not a language tag", language.value);
            self.problems.add(FILE, Some(language.line), what, "Use a BCP 47 tag, for example `en` or `de-AT`.");
        }
        Some(outline)
    }

    /// The parts, and the ids of all lessons. A course without parts has a plain list of lessons.
    fn parts(&self, fields: &mut Fields<'_>) -> (Vec<Part>, Vec<Text>) {
        let plain = fields.texts("lessons");
        let mut all = Vec::new();
        let parts = fields.tables("parts", "this part").into_iter().map(|mut part| {
            let (title, summary, lessons) = (part.text("title"), part.text("summary"), part.texts("lessons"));
            if lessons.is_empty() {
                part.problem("this part has no lessons", "Add `lessons = [\"…\"]`, or remove the part.");
            }
            part.finish();
            let ids = lessons.iter().map(|id| id.value.clone()).collect();
            all.extend(lessons);
            Part { title: title.value, summary: summary.value, lessons: ids }
        });
        let parts: Vec<_> = parts.collect();
        if let (Some(first), false) = (plain.first(), parts.is_empty()) {
            let what = "the course has both `lessons` and `[[parts]]`";
            self.problems.add(FILE, Some(first.line), what, "List all lessons in the parts, and remove this list.");
        }
        let lessons = if parts.is_empty() { plain } else { all };
        (parts, self.valid_ids(lessons, "lesson"))
    }

    /// The valid ids of a list, each once.
    fn valid_ids(&self, ids: Vec<Text>, what: &str) -> Vec<Text> {
        let mut seen = BTreeSet::new();
        if let Some(past) = ids.get(MAX_OF_EACH) {
            let (what, fix) = (format!("there are more than {MAX_OF_EACH} {what}s"), "Split the course in two.");
            self.problems.add(FILE, Some(past.line), what, fix);
        }
        let mut is_good = |id: &Text| {
            let add = |what: String, fix| self.problems.add(FILE, Some(id.line), what, fix);
            if !is_id(&id.value) {
                add(format!("`{}` is not a valid {what} id", id.value), ID);
                return false;
            }
            if what == "lesson" && id.value == "glossary" && self.files.contains_key(glossary::FILE) {
                add("the lesson `glossary` has the address of the glossary".to_owned(), "Rename the lesson.");
            }
            let first = seen.insert(id.value.clone());
            if !first {
                add(format!("the {what} `{}` is listed twice", id.value), "Remove one of them.");
            }
            first
        };
        ids.into_iter().take(MAX_OF_EACH).filter(|id| is_good(id)).collect()
    }

    /// Reports files that the course does not list: most likely a name is misspelled.
    pub(super) fn unlisted(&self, outline: &Outline) {
        let has = |list: &[Text], id: &str| list.iter().any(|text| text.value == id);
        let mut said = BTreeSet::new();
        for name in self.files.keys() {
            let (folder, rest) = name.split_once('/').unwrap_or(("", name));
            match folder {
                "lessons" => match rest.strip_suffix(".md") {
                    Some(id) if has(&outline.lessons, id) => {}
                    Some(id) => {
                        let fix = format!("Add \"{id}\" to `lessons`, or remove the file.");
                        self.problems.add(name, None, "`course.toml` does not list this lesson", fix);
                    }
                    None => self.problems.add(name, None, "this is not a lesson", "Name lessons `lessons/ID.md`."),
                },
                "challenges" => match rest.split_once('/') {
                    Some((id, _)) if has(&outline.challenges, id) => {}
                    Some((id, _)) if said.insert(id) => {
                        let (name, fix) = (
                            format!("challenges/{id}"),
                            format!("Add \"{id}\" to `challenges`, or remove the folder."),
                        );
                        self.problems.add(&name, None, "`course.toml` does not list this challenge", fix);
                    }
                    Some(_) => {}
                    None => self.problems.add(
                        name,
                        None,
                        "this is not a challenge",
                        "Put each challenge into its own folder.",
                    ),
                },
                _ => {}
            }
        }
    }

    pub(super) fn assets(&self) -> BTreeMap<String, Asset> {
        let mut assets = BTreeMap::new();
        for (name, bytes) in self.files.iter().filter_map(|(name, bytes)| Some((name.strip_prefix("assets/")?, bytes)))
        {
            let file = format!("assets/{name}");
            let media_type = match name.rsplit_once('.').map(|(_, ending)| ending) {
                Some("png") => "image/png",
                Some("jpg" | "jpeg") => "image/jpeg",
                Some("gif") => "image/gif",
                Some("webp") => "image/webp",
                Some("avif") => "image/avif",
                _ => {
                    self.problems.add(&file, None, "this is not an image", "Use png, jpg, gif, webp or avif.");
                    continue;
                }
            };
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
                self.problems.add(
                    &file,
                    None,
                    "this name cannot be part of a URL",
                    "Use only letters, digits, `-`, `_` and `.`, and no folders.",
                );
                continue;
            }
            assets.insert(name.to_owned(), Asset { media_type, bytes: bytes.clone() });
        }
        assets
    }
}

impl Outline {
    /// Checks that the lesson exists.
    pub(super) fn lesson_of(&self, file: &str, lesson: &Text, problems: &Problems) {
        let names = || self.lessons.iter().map(|id| id.value.as_str());
        if !lesson.value.is_empty() && !names().any(|name| name == lesson.value) {
            let fix = did_you_mean(&lesson.value, names())
                .unwrap_or_else(|| "Use an id that `course.toml` lists.".to_owned());
            problems.add(file, Some(lesson.line), format!("there is no lesson `{}`", lesson.value), fix);
        }
    }

    /// Combines the outline with the lessons and challenges.
    pub(super) fn course(
        self,
        problems: &Problems,
        lessons: &BTreeMap<String, Lesson>,
        challenges: &BTreeMap<String, Challenge>,
        glossary: bool,
    ) -> Course {
        for (_, lesson) in &self.objectives {
            self.lesson_of(FILE, lesson, problems);
        }
        let objectives = self.objectives.iter();
        let summaries = self.lessons.iter().filter_map(|id| lessons.get(&id.value));
        Course {
            objectives: objectives
                .map(|(text, lesson)| Objective { text: text.value.clone(), lesson: lesson.value.clone() })
                .collect(),
            parts: self.parts,
            lessons: summaries.map(summary).collect(),
            challenges: self
                .challenges
                .iter()
                .filter_map(|id| Some(challenges.get(&id.value)?.summary.clone()))
                .collect(),
            id: self.id.value,
            title: self.title.value,
            summary: self.summary.value,
            language: self.language.value,
            glossary,
        }
    }
}

fn summary(lesson: &Lesson) -> LessonSummary {
    let Lesson { id, title, summary, minutes, blocks, terms: _ } = lesson.clone();
    LessonSummary { id, title, summary, minutes, pieces: blocks.iter().filter_map(Block::piece).collect() }
}
