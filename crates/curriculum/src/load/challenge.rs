//! The folder of a challenge: its task, its checks, and the files with code.

use super::condition::{self, fault};
use super::course::Outline;
use super::lesson::FrontMatter;
use super::markdown::Markdown;
use super::placeholders::{PlaceholderCheck, samples};
use super::{ID, Loader, Wrong, is_id};
use crate::challenge::{Challenge, Counts, Place, Solution, Summary};
use crate::check::Check;
use crate::values::{self, ValueSpec, Values};
use std::collections::{BTreeMap, BTreeSet};
use toml_fields::{Fields, Lines, Text, did_you_mean};

/// A challenge, and the parts that the page does not get with it.
pub(super) struct LoadedChallenge {
    pub(super) challenge: Challenge,
    pub(super) solution: Solution,
    pub(super) wrong: Vec<Wrong>,
}

/// The default time limit of a run, in milliseconds.
const LIMIT_MS: u32 = 5000;
/// The default of how long a challenge takes, for each level.
const MINUTES_OF_LEVEL: u16 = 5;
/// The most values in a challenge, and the most choices for a value.
const MAX_VALUES: usize = 32;
const MAX_CHOICES: usize = 100;

impl Loader<'_> {
    pub(super) fn challenge(&self, id: &str, outline: &Outline) -> Option<LoadedChallenge> {
        let folder = format!("challenges/{id}");
        let file = &format!("{folder}/challenge.md");
        let code = |name: &str, fix| self.required(&format!("{folder}/{name}"), fix);
        let starter = code("starter.js", "Write the JavaScript that the learner starts with.");
        let solved = code("solution.js", "Write JavaScript that passes all checks.");
        let why = code("solution.md", "Explain the solution in it.");
        let html_file = self.text(&format!("{folder}/page.html"));
        let text = self.required(
            file,
            "`course.toml` lists this challenge. Write the file, or remove the id from `challenges`.",
        )?;
        let front_matter = FrontMatter::read(file, &text, self.problems)?;
        let mut front = front_matter.fields(file, self.problems)?;
        let markdown_of = |file| Markdown::new(file, None, self.problems, &self.links);
        let markdown = markdown_of(file);

        let (title, summary) = (front.text("title"), front.text("summary"));
        for text in [&title, &summary] {
            if values::has_placeholder(&text.value) {
                let what = "the list of challenges shows this text, but has no values";
                front.problem_at(text.line, what, "Remove the placeholder.");
            }
        }
        let level = u8::try_from(front.required("level", 1..=5)).unwrap_or(1);
        let minutes = front.number("minutes", 1..=600).and_then(|minutes| u16::try_from(minutes).ok());
        let minutes = minutes.unwrap_or(MINUTES_OF_LEVEL * u16::from(level));
        if !front.has("place") {
            front.problem("the front matter has no `place`", "Add `place = \"anywhere\"` or `place = \"browser\"`.");
        }
        let place = front.one_of("place").unwrap_or(Place::Anywhere);
        let query = front.optional("query").unwrap_or_default();
        let via = front.optional("via");
        let (script, script_line) = front.json("script").unzip();
        let counts = front.one_of("counts").unwrap_or_default();
        let conceal = front.flag("conceal");
        let limit_ms = front.number("limit-ms", 100..=120_000).unwrap_or(LIMIT_MS);
        let lesson = front.optional("lesson");
        if let Some(lesson) = &lesson {
            outline.lesson_of(file, lesson, self.problems);
        }
        let hints: Vec<_> = front.texts("hints").into_iter().map(|hint| (markdown.blocks(&hint), hint)).collect();
        let (value_specs, names) = self.value_specs(&mut front);
        let (checks, ids) = self.checks(&mut front, counts, place);
        let wrong = self.wrong(&folder, &mut front, &ids);
        front.finish();

        let line_of = |offset| front_matter.line_of(offset);
        let task = markdown.html(markdown.parse(front_matter.body, line_of), line_of);
        if task.trim().is_empty() {
            let fix = "Write the task after the front matter.";
            self.problems.add(file, Some(front_matter.line), "the task is empty", fix);
        }
        self.unknown_files(&folder);
        let why_file = format!("{folder}/solution.md");
        let why = why.map(|value| Text { value, line: 1 });
        let why = why.map(|text| (markdown_of(&why_file).blocks(&text), text));
        let summary = Summary { id: id.to_owned(), title: title.value, summary: summary.value, level, minutes, place };
        let challenge = Challenge {
            summary,
            task,
            query: query.value.clone(),
            via: via.as_ref().map(|via| via.value.clone()),
            script,
            value_specs,
            counts,
            conceal,
            limit_ms,
            checks,
            hints: hints.iter().map(|(html, _)| html.clone()).collect(),
            starter: starter.clone().unwrap_or_default(),
            html_file,
            lesson: lesson.map(|lesson| lesson.value),
        };
        let dialogue = challenge.script.as_ref().map(serde_json::Value::to_string).unwrap_or_default();
        let address = [query.value.as_str(), via.as_ref().map_or("", |via| &via.value), &dialogue];
        let settings_line = script_line.unwrap_or(query.line);
        let placeholders_check =
            PlaceholderCheck { names, samples: samples(&challenge, &address), problems: self.problems };
        placeholders_check.check(file, &text, false);
        placeholders_check.check_rendered(file, front_matter.body, &challenge.task, line_of);
        for (html, hint) in &hints {
            placeholders_check.check_rendered(file, &hint.value, html, |_| hint.line);
        }
        if let Some((html, Text { value, .. })) = &why {
            placeholders_check.check(&why_file, value, false);
            self.hidden_value(&why_file, &challenge, value);
            placeholders_check.check_rendered(&why_file, value, html, |at| Lines::of(value, 1).at(at));
        }
        self.concealment(file, &challenge, front_matter.line);
        for name in ["starter.js", "solution.js", "page.html"] {
            let file = format!("{folder}/{name}");
            if let Some(text) = self.text(&file) {
                placeholders_check.check(&file, &text, true);
                self.hidden_value(&file, &challenge, &text);
            }
        }
        for values in &placeholders_check.samples {
            self.sample(file, &challenge, values, settings_line, via.as_ref());
        }
        starter?;
        Some(LoadedChallenge { challenge, solution: Solution { code: solved?, why: why?.0 }, wrong })
    }

    /// The page shows this text, but does not know hidden values.
    fn hidden_value(&self, file: &str, challenge: &Challenge, text: &str) {
        let open = challenge.open_names();
        let is_hidden = |name: &str| challenge.value_specs.contains_key(name) && !open.contains(name);
        let mut lines = (1..).zip(text.lines());
        let named = lines.find_map(|(line, text)| Some((line, values::names(text).find(|name| is_hidden(name))?)));
        if let Some((line, name)) = named {
            let what = format!("this names `{name}`, which learners have to find out");
            let fix = "Leave a place where the learner writes it, or name the value in the task.";
            self.problems.add(file, Some(line), what, fix);
        }
    }

    /// A check that only the relay can decide needs faults that nobody is told of.
    fn concealment(&self, file: &str, challenge: &Challenge, line: usize) {
        let names = challenge.checks.iter().any(|check| check.condition.needs_relay());
        if names && !challenge.conceal {
            let fix = "Add `conceal = true`.";
            self.problems.add(file, Some(line), "a check asks for the names of faults, but the page shows them", fix);
        }
        if names && challenge.drawn_faults().count() < 2 {
            let fix = "Let the lab draw one: `query = \"fault=rsv1|masked\"`.";
            self.problems.add(file, Some(line), "a check asks for the names of faults, but the faults never vary", fix);
        }
    }

    /// How values are made, and the names of all values, including those with a problem.
    fn value_specs(&self, front: &mut Fields<'_>) -> (BTreeMap<String, ValueSpec>, BTreeSet<String>) {
        let (mut specs, mut names) = (BTreeMap::new(), BTreeSet::new());
        let Some(mut table) = front.table("given", "`given`") else { return (specs, names) };
        let all = table.remaining();
        if all.len() > MAX_VALUES {
            table.problem(format!("`given` has more than {MAX_VALUES} values"), "Remove some.");
        }
        for name in all.into_iter().take(MAX_VALUES) {
            if !is_id(&name.value) {
                table.problem_at(name.line, format!("`{}` is not a valid name for a value", name.value), ID);
            }
            names.insert(name.value.clone());
            let Some(value) = table.as_type::<ValueSpec>(&name.value) else { continue };
            if let Some((what, fix)) = value_fault(&value) {
                table.problem_at(name.line, format!("`{}`: {what}", name.value), fix);
            }
            if !matches!(&value, ValueSpec::OneOf { values } if values.len() > MAX_CHOICES) {
                specs.insert(name.value, value);
            }
        }
        for (name, value) in &specs {
            if let ValueSpec::Frame { text } = value
                && (!names.contains(text) || matches!(specs.get(text), Some(ValueSpec::Frame { .. })))
            {
                let what = format!("the frame `{name}` contains `{text}`, which is not a value with words");
                table.problem(what, format!("Add `[given.{text}]` with `kind = \"words\"`."));
            }
        }
        (specs, names)
    }

    /// The checks, and the ids of all checks, including those with a problem.
    fn checks(&self, front: &mut Fields<'_>, counts: Counts, place: Place) -> (Vec<Check>, BTreeSet<String>) {
        let (mut checks, mut ids) = (Vec::new(), BTreeSet::new());
        let tables = front.tables("checks", "this check");
        if tables.is_empty() {
            front.problem("there are no checks, so every attempt would pass", "Add at least one `[[checks]]`.");
        }
        for mut table in tables {
            let (id, wants) = (table.text("id"), table.text("wants").value);
            if !id.value.is_empty() && !is_id(&id.value) {
                table.problem_at(id.line, format!("`{}` is not a valid id", id.value), ID);
            }
            if !ids.insert(id.value.clone()) {
                table.problem_at(id.line, format!("another check has the id `{}`", id.value), "Choose a different id.");
            }
            if let Some((condition, name)) = condition::read(&mut table, "check") {
                if let Some((what, fix)) = fault(&condition, counts, place) {
                    table.problem_at(name.line, format!("`{}`: {what}", name.value), fix);
                }
                checks.push(Check { id: id.value, wants, condition });
            }
        }
        (checks, ids)
    }

    fn wrong(&self, folder: &str, front: &mut Fields<'_>, checks: &BTreeSet<String>) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let tables = front.tables("wrong", "this wrong attempt");
        if tables.is_empty() {
            let fix = "Add `[[wrong]]` with `file`, `fails` and `says`, to prove that the check can fail.";
            front.problem("there is no wrong attempt", fix);
        }
        let mut named = BTreeSet::new();
        for mut table in tables {
            let (file, fails, says) = (table.text("file"), table.text("fails"), table.optional("says"));
            if !fails.value.is_empty() && !checks.contains(&fails.value) {
                let known = checks.iter().map(String::as_str);
                let fix = did_you_mean(&fails.value, known)
                    .unwrap_or_else(|| "Use the id of a check in this challenge.".to_owned());
                table.problem_at(fails.line, format!("there is no check `{}`", fails.value), fix);
            }
            if !file.value.is_empty() && !is_wrong(&file.value) {
                table.problem_at(
                    file.line,
                    format!("`{}` is not a valid name for a wrong attempt", file.value),
                    "Name it `wrong-NAME.js`.",
                );
            }
            table.finish();
            named.insert(file.value.clone());
            if let Some(code) =
                self.required(&format!("{folder}/{}", file.value), "Write the attempt, or remove its `[[wrong]]`.")
            {
                wrong.push(Wrong { file: file.value, code, fails: fails.value, says: says.map(|says| says.value) });
            }
        }
        for file in self.files_in(folder).filter(|file| is_wrong(file)) {
            if !named.contains(file) {
                let name = format!("{folder}/{file}");
                self.problems.add(
                    &name,
                    None,
                    "no `[[wrong]]` in `challenge.md` names this file",
                    "Add one with the check that it fails.",
                );
            }
        }
        wrong
    }

    /// Checks the settings with the lab, filled in with values that a session could get.
    fn sample(&self, file: &str, challenge: &Challenge, values: &Values, line: usize, via: Option<&Text>) {
        if let Err(what) = (self.lab.query)(&challenge.settings(values)) {
            let what = format!("the lab rejects these settings: {what}");
            self.problems.add(file, Some(line), what, "See `/api/behaviours` for the settings it accepts.");
        }
        if let Some((via, Err(what))) = via.map(|via| (via, (self.lab.via)(&values::fill(&via.value, values)))) {
            let what = format!("the lab rejects this middlebox: {what}");
            self.problems.add(file, Some(via.line), what, "See `/api/routes` for the available ones.");
        }
    }

    /// Reports files that are not used.
    fn unknown_files(&self, folder: &str) {
        const KNOWN: [&str; 5] = ["challenge.md", "starter.js", "solution.js", "solution.md", "page.html"];
        for file in self.files_in(folder).filter(|file| !KNOWN.contains(file) && !is_wrong(file)) {
            let fix = did_you_mean(file, KNOWN).unwrap_or_else(|| "Remove it.".to_owned());
            self.problems.add(&format!("{folder}/{file}"), None, "this file is not used", fix);
        }
    }

    fn files_in(&self, folder: &str) -> impl Iterator<Item = &str> {
        let prefix = format!("{folder}/");
        self.files.keys().filter_map(move |name| name.strip_prefix(&prefix))
    }
}

/// What is wrong with how a value is made, and how to correct it.
fn value_fault(spec: &ValueSpec) -> Option<(String, &'static str)> {
    match spec {
        ValueSpec::Number { from, to } if from > to => {
            Some((format!("`from = {from}` is larger than `to = {to}`"), "Swap the two numbers."))
        }
        ValueSpec::Words { count: 0 } | ValueSpec::Bytes { count: 0 } | ValueSpec::Frames { count: 0 } => {
            Some(("`count` is 0".to_owned(), "Use 1 or more."))
        }
        ValueSpec::OneOf { values } if !(1..=MAX_CHOICES).contains(&values.len()) => {
            Some((format!("`values` has {} items", values.len()), "Use 1 to 100 items."))
        }
        ValueSpec::OneOf { values } => {
            let unsafe_text = values.iter().find(|value| !is_safe_text(value))?;
            let fix = "Use only letters, digits, spaces, `-`, `_` and `.`, because values go into HTML, code and URLs.";
            Some((format!("the value `{unsafe_text}` has a character that is not allowed"), fix))
        }
        _ => None,
    }
}

/// Whether a value has no special meaning in HTML, code or URLs.
fn is_safe_text(value: &str) -> bool {
    value.chars().all(|c| c.is_alphanumeric() || " -_.".contains(c))
}

fn is_wrong(file: &str) -> bool {
    file.strip_prefix("wrong-").and_then(|rest| rest.strip_suffix(".js")).is_some_and(is_id)
}
