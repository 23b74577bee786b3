//! A challenge's folder: what to do, what is looked for, and files of code.

use super::course::Outline;
use super::fields::{Fields, Text};
use super::lesson::Fronted;
use super::lines::Lines;
use super::look::fault;
use super::markdown::Markdown;
use super::placeholders::{Fillings, samples};
use super::problem::meant;
use super::{ID, Loader, Wrong, is_id};
use crate::challenge::{Challenge, Counts, Place, Solution, Summary};
use crate::check::Check;
use crate::given::{self, Given, Values};
use std::collections::{BTreeMap, BTreeSet};

/// A challenge with what the page does not get at once.
pub(super) struct ReadChallenge {
    pub(super) challenge: Challenge,
    pub(super) solution: Solution,
    pub(super) wrong: Vec<Wrong>,
}

/// How long a run may take, in milliseconds.
const LIMIT_MS: u32 = 5000;
/// Values that a challenge may give, and those that one may be chosen from.
const MAX_GIVEN: usize = 32;
const MAX_CHOICES: usize = 100;

impl Loader<'_> {
    pub(super) fn challenge(&self, id: &str, outline: &Outline) -> Option<ReadChallenge> {
        let folder = format!("challenges/{id}");
        let file = &format!("{folder}/challenge.md");
        let code = |name: &str, todo| self.needed(&format!("{folder}/{name}"), todo);
        let starter = code("starter.js", "It is the JavaScript that a learner begins with.");
        let solved = code("solution.js", "It is JavaScript that meets all checks.");
        let why = code("solution.md", "It says what is behind the solution.");
        let html_file = self.text(&format!("{folder}/page.html"));
        let text = self.needed(file, "The course lists this challenge: write it, or take it out of `challenges`.")?;
        let fronted = Fronted::read(file, &text, self.problems)?;
        let mut front = fronted.fields(file, self.problems)?;
        let markdown_of = |file| Markdown::new(file, None, self.problems, &self.links);
        let markdown = markdown_of(file);

        let (title, summary) = (front.text("title"), front.text("summary"));
        for text in [&title, &summary] {
            if given::has_placeholder(&text.value) {
                let what = "this stands in a list of all, where nothing is given";
                front.problem_at(text.line, what, "Leave the value out.");
            }
        }
        let level = u8::try_from(front.needed("level", 1..=5)).unwrap_or(1);
        if !front.has("place") {
            front.problem("the front matter has no `place`", "Add `place = \"anywhere\"`, or \"browser\".");
        }
        let place = front.one_of("place").unwrap_or(Place::Anywhere);
        let query = front.maybe("query").unwrap_or_default();
        let via = front.maybe("via");
        let counts = front.one_of("counts").unwrap_or_default();
        let limit_ms = front.number("limit-ms", 100..=120_000).unwrap_or(LIMIT_MS);
        let lesson = front.maybe("lesson");
        if let Some(lesson) = &lesson {
            outline.lesson_of(file, lesson, self.problems);
        }
        let hints: Vec<_> = front.texts("hints").into_iter().map(|hint| (markdown.blocks(&hint), hint)).collect();
        let (given, names) = self.given(&mut front);
        let (checks, ids) = self.checks(&mut front, counts, place);
        let wrong = self.wrong(&folder, &mut front, &ids);
        front.finish();

        let line_of = |offset| fronted.line_of(offset);
        let task = markdown.html(markdown.parse(fronted.body, line_of), line_of);
        if task.trim().is_empty() {
            let todo = "Write it behind the front matter.";
            self.problems.add(file, Some(fronted.line), "it does not say what to do", todo);
        }
        self.strangers(&folder);
        let why_file = format!("{folder}/solution.md");
        let why = why.map(|value| Text { value, line: 1 });
        let why = why.map(|text| (markdown_of(&why_file).blocks(&text), text));
        let summary = Summary { id: id.to_owned(), title: title.value, summary: summary.value, level, place };
        let challenge = Challenge {
            summary,
            task,
            query: query.value.clone(),
            via: via.as_ref().map(|via| via.value.clone()),
            given,
            counts,
            limit_ms,
            checks,
            hints: hints.iter().map(|(html, _)| html.clone()).collect(),
            starter: starter.clone().unwrap_or_default(),
            html_file,
            lesson: lesson.map(|lesson| lesson.value),
        };
        let address = [query.value.as_str(), via.as_ref().map_or("", |via| &via.value)];
        let fillings = Fillings { names, samples: samples(&challenge, &address), problems: self.problems };
        fillings.check(file, &text, false);
        fillings.check_rendered(file, fronted.body, &challenge.task, line_of);
        for (html, hint) in &hints {
            fillings.check_rendered(file, &hint.value, html, |_| hint.line);
        }
        if let Some((html, Text { value, .. })) = &why {
            fillings.check(&why_file, value, false);
            fillings.check_rendered(&why_file, value, html, |at| Lines::of(value, 1).at(at));
        }
        for name in ["starter.js", "solution.js", "page.html"] {
            let file = format!("{folder}/{name}");
            if let Some(text) = self.text(&file) {
                fillings.check(&file, &text, true);
            }
        }
        for values in &fillings.samples {
            self.sample(file, &challenge, values, &query, via.as_ref());
        }
        starter?;
        Some(ReadChallenge { challenge, solution: Solution { code: solved?, why: why?.0 }, wrong })
    }

    /// What is given, and all names of it: those too where something is wrong with how it is made.
    fn given(&self, front: &mut Fields<'_>) -> (BTreeMap<String, Given>, BTreeSet<String>) {
        let (mut given, mut names) = (BTreeMap::new(), BTreeSet::new());
        let Some(mut table) = front.table("given", "what is given") else { return (given, names) };
        let all = table.rest();
        if all.len() > MAX_GIVEN {
            table.problem(format!("more than {MAX_GIVEN} values are given"), "Give fewer.");
        }
        for name in all.into_iter().take(MAX_GIVEN) {
            if !is_id(&name.value) {
                table.problem_at(name.line, format!("`{}` is no name for a given value", name.value), ID);
            }
            names.insert(name.value.clone());
            let Some(value) = table.as_type::<Given>(&name.value) else { continue };
            let fault = match &value {
                Given::Number { from, to } if from > to => Some("`from` is larger than `to`"),
                Given::OneOf { values } if !(1..=MAX_CHOICES).contains(&values.len()) => Some("`values` are 1 to 100"),
                Given::Words { count: 0 } | Given::Bytes { count: 0 } => Some("`count` is 0"),
                Given::OneOf { values } if !values.iter().all(|value| is_harmless(value)) => {
                    Some("values have letters, digits, spaces, `-`, `_` and `.` only: they go into HTML, code and URLs")
                }
                _ => None,
            };
            if let Some(fault) = fault {
                table.problem_at(name.line, format!("`{}`: {fault}", name.value), "Put it right.");
            }
            if !matches!(&value, Given::OneOf { values } if values.len() > MAX_CHOICES) {
                given.insert(name.value, value);
            }
        }
        for (name, value) in &given {
            if let Given::Frame { text } = value
                && (!names.contains(text) || matches!(given.get(text), Some(Given::Frame { .. })))
            {
                let what = format!("the frame `{name}` is made of `{text}`, which is not among the given words");
                table.problem(what, "Give it, with `kind = \"words\"`.");
            }
        }
        (given, names)
    }

    /// The checks, and all their ids: those too where something is wrong with them.
    fn checks(&self, front: &mut Fields<'_>, counts: Counts, at: Place) -> (Vec<Check>, BTreeSet<String>) {
        let (mut checks, mut ids) = (Vec::new(), BTreeSet::new());
        let tables = front.tables("checks", "this check");
        if tables.is_empty() {
            front.problem("there are no checks, so everything would pass", "Add `[[checks]]`.");
        }
        for mut table in tables {
            let (id, wants) = (table.text("id"), table.text("wants").value);
            if !id.value.is_empty() && !is_id(&id.value) {
                table.problem_at(id.line, format!("`{}` is no id", id.value), ID);
            }
            if !ids.insert(id.value.clone()) {
                table.problem_at(id.line, format!("there is another check `{}`", id.value), "Choose another id.");
            }
            let kinds = table.rest();
            let mut looks =
                kinds.iter().filter_map(|kind| table.as_variant(&kind.value, "kind of check")).collect::<Vec<_>>();
            match (kinds.len(), looks.pop()) {
                (1, Some(look)) => {
                    if let Some((what, todo)) = fault(&look, counts, at) {
                        table.problem_at(kinds[0].line, format!("`{}`: {what}", kinds[0].value), todo);
                    }
                    checks.push(Check { id: id.value, wants, look });
                }
                (1, None) => {}
                (0, _) => {
                    table.problem("this check does not say what it looks for", "Add one, such as `connected = {}`.")
                }
                _ => {
                    let kinds: Vec<_> = kinds.iter().map(|kind| kind.value.as_str()).collect();
                    let what = format!("this check looks for several things: {}", super::fields::listed(&kinds));
                    table.problem(what, "Make a check of each.");
                }
            }
        }
        (checks, ids)
    }

    fn wrong(&self, folder: &str, front: &mut Fields<'_>, checks: &BTreeSet<String>) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let tables = front.tables("wrong", "this wrong attempt");
        if tables.is_empty() {
            let todo = "Add `[[wrong]]` with `file`, `fails` and `says`: a check that nothing fails may check nothing.";
            front.problem("there is no wrong attempt", todo);
        }
        let mut named = BTreeSet::new();
        for mut table in tables {
            let (file, fails, says) = (table.text("file"), table.text("fails"), table.maybe("says"));
            if !fails.value.is_empty() && !checks.contains(&fails.value) {
                let known = checks.iter().map(String::as_str);
                let todo = meant(&fails.value, known).unwrap_or_else(|| "Name one of this challenge’s.".to_owned());
                table.problem_at(fails.line, format!("there is no check `{}`", fails.value), todo);
            }
            if !file.value.is_empty() && !is_wrong(&file.value) {
                table.problem_at(
                    file.line,
                    format!("`{}` is no name of a wrong attempt", file.value),
                    "Call it `wrong-NAME.js`.",
                );
            }
            table.finish();
            named.insert(file.value.clone());
            if let Some(code) = self.needed(&format!("{folder}/{}", file.value), "A wrong attempt is JavaScript.") {
                wrong.push(Wrong { file: file.value, code, fails: fails.value, says: says.map(|says| says.value) });
            }
        }
        for file in self.inside(folder).filter(|file| is_wrong(file)) {
            if !named.contains(file) {
                let name = format!("{folder}/{file}");
                self.problems.add(&name, None, "no `[[wrong]]` names this attempt", "Add one, with what it fails.");
            }
        }
        wrong
    }

    /// Has the lab look at the settings, with values as a session might get them.
    fn sample(&self, file: &str, challenge: &Challenge, values: &Values, query: &Text, via: Option<&Text>) {
        if let Err(what) = (self.lab.query)(&given::settings(challenge, values)) {
            let what = format!("the lab does not take this query: {what}");
            self.problems.add(file, Some(query.line), what, "`/api/behaviours` lists what it takes.");
        }
        if let Some((via, Err(what))) = via.map(|via| (via, (self.lab.via)(&given::fill(&via.value, values)))) {
            let what = format!("there is no such middlebox: {what}");
            self.problems.add(file, Some(via.line), what, "`/api/ways` lists them.");
        }
    }

    /// Files that nobody reads.
    fn strangers(&self, folder: &str) {
        const KNOWN: [&str; 5] = ["challenge.md", "starter.js", "solution.js", "solution.md", "page.html"];
        for file in self.inside(folder).filter(|file| !KNOWN.contains(file) && !is_wrong(file)) {
            let todo = meant(file, KNOWN).unwrap_or_else(|| "Remove it.".to_owned());
            self.problems.add(&format!("{folder}/{file}"), None, "nobody reads this file", todo);
        }
    }

    fn inside(&self, folder: &str) -> impl Iterator<Item = &str> {
        let prefix = format!("{folder}/");
        self.files.keys().filter_map(move |name| name.strip_prefix(&prefix))
    }
}

/// Whether a value means nothing of its own wherever it is put.
fn is_harmless(value: &str) -> bool {
    value.chars().all(|c| c.is_alphanumeric() || " -_.".contains(c))
}

fn is_wrong(file: &str) -> bool {
    file.strip_prefix("wrong-").and_then(|rest| rest.strip_suffix(".js")).is_some_and(is_id)
}
