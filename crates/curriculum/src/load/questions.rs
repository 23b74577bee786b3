//! Reads the questions of a lesson from TOML.

use super::Loader;
use super::lengths::{telling_length, visible_length};
use super::markdown::Markdown;
use crate::course::{Choice, Exercise, Faq, Interview, Item, Line, Order, Quiz, Slip, WrongLine};
use std::collections::BTreeSet;
use toml_fields::{Fields, Text};

/// The most lines of a block in which one is wrong.
const MAX_LINES: usize = 30;
/// How many items can be put in order.
const MIN_ITEMS: usize = 3;
const MAX_ITEMS: usize = 10;

impl Loader<'_> {
    pub(super) fn exercise(&self, markdown: &Markdown<'_>, id: String, fields: &mut Fields<'_>) -> Exercise {
        let ask = markdown.blocks(&fields.text("ask"));
        let answers: Vec<_> = fields.texts("answers").into_iter().map(|text| text.value).collect();
        if answers.is_empty() || answers.iter().any(|answer| answer.trim().is_empty()) {
            fields.problem("this exercise has no answer, or an empty one", "Add `answers = [\"…\"]`.");
        }
        let hint = fields.optional("hint").map(|hint| markdown.blocks(&hint));
        let why = markdown.blocks(&fields.text("why"));
        let slips = fields.tables("slips", "this slip").into_iter().map(|mut slip| {
            let (answer, says) = (slip.text("answer"), markdown.blocks(&slip.text("says")));
            if answers.iter().any(|right| right.trim().eq_ignore_ascii_case(answer.value.trim())) {
                slip.problem_at(answer.line, "this slip is also listed in `answers`", "Remove it from one of the two.");
            }
            slip.finish();
            Slip { answer: answer.value, says }
        });
        let slips = slips.collect();
        Exercise { id, ask, answers, hint, why, slips }
    }

    pub(super) fn quiz(&self, markdown: &Markdown<'_>, id: String, fields: &mut Fields<'_>) -> Quiz {
        let ask = markdown.blocks(&fields.text("ask"));
        let options = fields.tables("options", "this option").into_iter().map(|mut option| {
            let text = markdown.inline(&option.text("text"));
            let right = option.flag("right");
            let why = markdown.blocks(&option.text("why"));
            option.finish();
            Choice { text, right, why }
        });
        let options: Vec<_> = options.collect();
        if options.len() < 2 {
            fields.problem("this quiz has fewer than two options", "Add `[[options]]` with `text` and `why`.");
        } else if !options.iter().any(|option| option.right) {
            fields.problem("no option of this quiz is marked as right", "Add `right = true` to one of them.");
        }
        let lengths: Vec<_> = options.iter().map(|option| (option.right, visible_length(&option.text))).collect();
        if let Some(length) = telling_length(&lengths) {
            let what = format!("the right option has {length} characters, many more than the others");
            fields
                .warning(what, "Readers pick the longest option when they guess. Shorten it, or move a part to `why`.");
        }
        Quiz { id, ask, options }
    }

    pub(super) fn wrong_line(&self, markdown: &Markdown<'_>, id: String, fields: &mut Fields<'_>) -> WrongLine {
        let ask = markdown.blocks(&fields.text("ask"));
        let lines = fields.tables("lines", "this line").into_iter().map(|mut line| {
            let (text, wrong) = (line.text("text"), line.flag("wrong"));
            if text.value.contains('\n') {
                line.problem_at(
                    text.line,
                    "this line contains a line break",
                    "Write each line as its own `[[lines]]`.",
                );
            }
            let why = markdown.blocks(&line.text("why"));
            line.finish();
            Line { text: text.value, wrong, why }
        });
        let lines: Vec<_> = lines.collect();
        if !(2..=MAX_LINES).contains(&lines.len()) {
            let what = format!("this block has {}", count(lines.len(), "line"));
            fields.problem(what, format!("Write 2 to {MAX_LINES} `[[lines]]`, each with `text` and `why`."));
        } else if lines.iter().filter(|line| line.wrong).count() != 1 {
            fields.problem("exactly one line must be wrong", "Add `wrong = true` to one of them.");
        }
        WrongLine { id, ask, lines }
    }

    pub(super) fn order(&self, markdown: &Markdown<'_>, id: String, fields: &mut Fields<'_>) -> Order {
        let ask = markdown.blocks(&fields.text("ask"));
        let mut known = BTreeSet::new();
        let items = fields.tables("items", "this item").into_iter().map(|mut item| {
            let (text, why) = (item.text("text"), markdown.blocks(&item.text("why")));
            let html = markdown.inline(&text);
            item.finish();
            if !html.is_empty() && !known.insert(html.clone()) {
                let what = "another item has the same text, so nobody can tell which comes first";
                fields.problem_at(text.line, what, "Change one of the two.");
            }
            Item { text: html, why }
        });
        let items: Vec<_> = items.collect();
        if !(MIN_ITEMS..=MAX_ITEMS).contains(&items.len()) {
            let what = format!("there are {} to put in order", count(items.len(), "item"));
            fields.problem(what, format!("Write {MIN_ITEMS} to {MAX_ITEMS} `[[items]]`, in the right order."));
        }
        Order { id, ask, items }
    }

    pub(super) fn interview(&self, markdown: &Markdown<'_>, id: String, fields: &mut Fields<'_>) -> Option<Interview> {
        let ask = markdown.blocks(&fields.text("ask"));
        let answer = markdown.blocks(&fields.text("answer"));
        let points: Vec<_> = fields.texts("points").iter().map(|point| markdown.inline(point)).collect();
        if points.is_empty() {
            fields.problem("this interview has no `points`", "List what a good answer contains.");
        }
        let Some(mut demo) = fields.table("demo", "this demo") else {
            fields.problem("this interview has no `[demo]`", "Add one with the fields of a live block, except `id`.");
            return None;
        };
        let demo_id = Text { value: format!("{id}-demo"), line: demo.line() };
        if !id.is_empty() {
            self.piece_id(markdown, &demo_id);
        }
        let live = self.live(markdown, demo_id.value, &mut demo);
        demo.finish();
        Some(Interview { id, ask, answer, points, demo: live })
    }

    pub(super) fn faq(&self, markdown: &Markdown<'_>, id: String, fields: &mut Fields<'_>) -> Faq {
        let ask = markdown.inline(&fields.text("ask"));
        Faq { id, ask, answer: markdown.blocks(&fields.text("answer")) }
    }
}

/// Such as `1 line` or `3 lines`.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
