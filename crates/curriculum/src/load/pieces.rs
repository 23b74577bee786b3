//! Reads the blocks of a lesson from TOML, except the questions.

use super::Loader;
use super::markdown::Markdown;
use crate::challenge::Challenge;
use crate::course::{ChallengeLink, Close, Live, Run, Send, Widget};
use std::collections::BTreeMap;
use toml_fields::{Fields, Item, Text, did_you_mean};

/// The most messages of a run, and the longest time between them in milliseconds.
const MAX_SENDS: usize = 200;
const MAX_APART_MS: u32 = 60_000;

impl Loader<'_> {
    pub(super) fn live(&self, markdown: &Markdown<'_>, id: String, fields: &mut Fields<'_>) -> Live {
        let title = fields.text("title").value;
        let show = fields.one_of("show").unwrap_or_default();
        let simple = fields.flag("simple");
        let look = fields.optional("look").map(|text| markdown.blocks(&text));
        let mut runs = Vec::new();
        if fields.has("runs") {
            for mut run in fields.tables("runs", "this run") {
                let title = run.optional("title").map(|text| text.value);
                runs.push(Run { title, ..self.run(&mut run) });
                run.finish();
            }
            if !(1..=2).contains(&runs.len()) {
                let what = format!("there are {} runs", runs.len());
                fields.problem(what, "Write one, or two to show side by side.");
            }
        } else {
            runs.push(self.run(fields));
        }
        let predict = fields.table("predict", "this prediction");
        let predict = predict.map(|table| self.prediction(markdown, table, runs.len()));
        Live { id, title, runs, show, simple, look, predict }
    }

    /// A run without its title.
    fn run(&self, fields: &mut Fields<'_>) -> Run {
        let scheme = fields.one_of("scheme").unwrap_or_default();
        let via = fields.optional("via");
        let query = fields.optional("query").unwrap_or_default();
        self.check_with_lab(fields, via.as_ref(), &query);
        let send = self.sends(fields);
        let apart_ms = fields.number("apart-ms", 0..=MAX_APART_MS).unwrap_or(0);
        let close = fields.table("close", "this close").map(|mut close| {
            let line = close.line();
            let code = close.number("code", 0..=4999).and_then(|code| u16::try_from(code).ok());
            let reason = close.optional("reason").unwrap_or_default().value;
            close.finish();
            if code.is_some_and(|code| code != 1000 && code < 3000) {
                fields.problem_at(
                    line,
                    "a browser can only close with code 1000 or 3000 to 4999",
                    "Use one of these codes.",
                );
            }
            if reason.len() > 123 {
                fields.problem_at(line, "the reason is longer than 123 bytes", "Make it shorter.");
            }
            if code.is_none() && !reason.is_empty() {
                fields.problem_at(line, "a reason needs a code", "Add `code = 1000`.");
            }
            Close { code, reason }
        });
        let subprotocols = fields.texts("subprotocols").into_iter().map(|text| text.value).collect();
        Run {
            title: None,
            scheme,
            via: via.map(|via| via.value),
            query: query.value,
            subprotocols,
            send,
            apart_ms,
            close,
        }
    }

    fn check_with_lab(&self, fields: &Fields<'_>, via: Option<&Text>, query: &Text) {
        if let Err(what) = (self.lab.query)(&query.value) {
            fields.problem_at(
                query.line,
                format!("the lab rejects this query: {what}"),
                "See `/api/behaviours` for the settings it accepts.",
            );
        }
        if let Some((via, Err(what))) = via.map(|via| (via, (self.lab.via)(&via.value))) {
            fields.problem_at(
                via.line,
                format!("the lab rejects this middlebox: {what}"),
                "See `/api/routes` for the available ones.",
            );
        }
    }

    fn sends(&self, fields: &mut Fields<'_>) -> Vec<Send> {
        const FORMS: &str = "Write a string, or `{ bytes = \"00ff\" }`.";
        let items = fields.items("send");
        if items.len() > MAX_SENDS {
            fields.problem(format!("`send` lists more than {MAX_SENDS} messages"), "Remove some.");
        }
        let sends = items.into_iter().filter_map(|item| match item {
            Item::Text(text) => Some(Send::Text(text.value)),
            Item::Table(mut table) => {
                let bytes = table.text("bytes");
                table.finish();
                let digits: String = bytes.value.split_whitespace().collect();
                if hex::decode(&digits).is_err() {
                    let what = "these bytes are not valid hex";
                    fields.problem_at(bytes.line, what, "Write two hex digits for each byte, for example `00ff`.");
                }
                Some(Send::Bytes(digits.to_ascii_lowercase()))
            }
            Item::Other(line) => {
                fields.problem_at(line, "this is not a message", FORMS);
                None
            }
        });
        sends.collect()
    }

    pub(super) fn widget(&self, id: String, fields: &mut Fields<'_>) -> Option<Widget> {
        let title = fields.text("title").value;
        if !fields.has("what") {
            fields.problem("this widget has no `what`", "Add `what = \"frame-bits\"`, or another widget.");
        }
        let what = fields.one_of("what");
        let text = fields.optional("text").map(|text| text.value);
        Some(Widget { id, title, what: what?, text })
    }

    pub(super) fn challenge_link(
        &self,
        id: &Text,
        fields: &Fields<'_>,
        challenges: &BTreeMap<String, Challenge>,
    ) -> Option<ChallengeLink> {
        let Some(challenge) = challenges.get(&id.value) else {
            // If the challenge exists but has problems, those are already reported.
            if !id.value.is_empty() && !self.files.contains_key(&format!("challenges/{}/challenge.md", id.value)) {
                let near = did_you_mean(&id.value, challenges.keys().map(String::as_str));
                let fix = near.unwrap_or_else(|| "Use an id that `course.toml` lists.".to_owned());
                fields.problem_at(id.line, format!("there is no challenge `{}`", id.value), fix);
            }
            return None;
        };
        let (title, summary) = (challenge.summary.title.clone(), challenge.summary.summary.clone());
        Some(ChallengeLink { id: id.value.clone(), title, summary })
    }
}
