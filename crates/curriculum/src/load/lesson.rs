//! A lesson: front matter, prose, and blocks in fences.

use super::Loader;
use super::glossary::Terms;
use super::markdown::{Events, Markdown};
use crate::challenge::Challenge;
use crate::course::{Block, Lesson};
use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use std::collections::{BTreeMap, BTreeSet};
use toml_fields::{Fields, Lines, Problems, Text, Toml};

/// A file with front matter between lines of `+++`.
pub(super) struct FrontMatter<'t> {
    pub(super) front: &'t str,
    pub(super) body: &'t str,
    /// The line where the body starts.
    pub(super) line: usize,
    lines: Lines,
}

impl<'t> FrontMatter<'t> {
    /// Returns `None` and adds a problem if there is no front matter.
    pub(super) fn read(file: &str, text: &'t str, problems: &Problems) -> Option<Self> {
        let inside = text.strip_prefix("+++\n");
        let Some((front, body)) =
            inside.and_then(|rest| rest.split_once("\n+++\n").or_else(|| Some((rest.strip_suffix("\n+++")?, ""))))
        else {
            let fix = "Start it with a line `+++`, then fields such as `title = \"…\"`, then another line `+++`.";
            problems.add(file, Some(1), "the file has no front matter", fix);
            return None;
        };
        let line = 4 + front.matches('\n').count();
        Some(Self { front, body, line, lines: Lines::of(body, line) })
    }

    pub(super) fn fields<'a>(&self, file: &'a str, problems: &'a Problems) -> Option<Fields<'a>>
    where
        't: 'a,
    {
        Toml::new(file, 2, self.front, problems).fields("the front matter")
    }

    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.lines.at(offset)
    }
}

/// A part of a lesson.
enum Part<'t> {
    Prose(Events<'t>),
    Block { kind: &'static str, toml: String, line: usize },
}

/// The names of fences that are blocks, not code.
const BLOCK_KINDS: [&str; 9] =
    ["live", "widget", "exercise", "quiz", "wrong-line", "order", "interview", "faq", "challenge"];

impl Loader<'_> {
    /// The lesson, and all ids in it.
    pub(super) fn lesson(
        &self,
        id: &str,
        challenges: &BTreeMap<String, Challenge>,
        terms: Option<&Terms>,
    ) -> Option<(Lesson, BTreeSet<String>)> {
        let file = &format!("lessons/{id}.md");
        let text =
            self.required(file, "`course.toml` lists this lesson. Write the file, or remove the id from `lessons`.")?;
        let front_matter = FrontMatter::read(file, &text, self.problems)?;
        let mut front = front_matter.fields(file, self.problems)?;
        let (title, summary) = (front.text("title").value, front.text("summary").value);
        let minutes = u16::try_from(front.required("minutes", 1..=600)).unwrap_or(u16::MAX);
        front.finish();

        let markdown = Markdown::new(file, Some(id), self.problems, &self.links);
        // Blocks come first: if a heading has the same text as the id of a block, the heading gets a different id.
        let parts = parts(&markdown, &front_matter);
        let blocks: Vec<_> = parts
            .into_iter()
            .map(|part| match part {
                Part::Prose(events) => Err(events),
                Part::Block { kind, toml, line } => Ok(self.block(&markdown, kind, &toml, line, challenges)),
            })
            .collect();
        let mut linked = BTreeSet::new();
        let blocks = blocks.into_iter().filter_map(|block| match block {
            Ok(block) => block,
            Err(events) => {
                let events = match terms {
                    Some(terms) => terms.link(events, &mut linked),
                    None => events,
                };
                let html = markdown.html(events, |offset| front_matter.line_of(offset));
                (!html.trim().is_empty()).then_some(Block::Prose { html })
            }
        });
        let blocks: Vec<_> = blocks.collect();
        if blocks.is_empty() {
            self.problems.add(file, None, "this lesson is empty", "Add content after the front matter.");
        }
        let terms = terms.map(|terms| terms.definitions(&markdown.terms.borrow())).unwrap_or_default();
        Some((Lesson { id: id.to_owned(), title, summary, minutes, blocks, terms }, markdown.ids.into_inner()))
    }

    fn block(
        &self,
        markdown: &Markdown<'_>,
        kind: &'static str,
        toml: &str,
        line: usize,
        challenges: &BTreeMap<String, Challenge>,
    ) -> Option<Block> {
        let what = format!("this {kind}");
        let mut fields = Toml::new(markdown.file, line, toml, self.problems).fields(&what)?;
        let id = fields.text("id");
        self.piece_id(markdown, &id);
        let block = match kind {
            "live" => Some(Block::Live(self.live(markdown, id.value, &mut fields))),
            "widget" => self.widget(id.value, &mut fields).map(Block::Widget),
            "exercise" => Some(Block::Exercise(self.exercise(markdown, id.value, &mut fields))),
            "quiz" => Some(Block::Quiz(self.quiz(markdown, id.value, &mut fields))),
            "wrong-line" => Some(Block::WrongLine(self.wrong_line(markdown, id.value, &mut fields))),
            "order" => Some(Block::Order(self.order(markdown, id.value, &mut fields))),
            "interview" => self.interview(markdown, id.value, &mut fields).map(Block::Interview),
            "faq" => Some(Block::Faq(self.faq(markdown, id.value, &mut fields))),
            _ => self.challenge_link(&id, &fields, challenges).map(Block::Challenge),
        };
        fields.finish();
        block
    }

    pub(super) fn piece_id(&self, markdown: &Markdown<'_>, id: &Text) {
        let add = |what: String, fix| self.problems.add(markdown.file, Some(id.line), what, fix);
        if id.value.is_empty() {
            return;
        }
        if !super::is_id(&id.value) {
            add(format!("`{}` is not a valid id", id.value), super::ID);
        }
        if !markdown.ids.borrow_mut().insert(id.value.clone()) {
            add(format!("the id `{}` is used twice in this lesson", id.value), "Choose a different id.");
        }
    }
}

/// Splits a lesson at its blocks. Fences inside a list or quote are ordinary code.
fn parts<'t>(markdown: &Markdown<'_>, front_matter: &FrontMatter<'t>) -> Vec<Part<'t>> {
    let (mut parts, mut prose, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    let mut events = markdown.parse(front_matter.body, |offset| front_matter.line_of(offset)).into_iter();
    while let Some((event, at)) = events.next() {
        if depth == 0
            && let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = &event
            && let Some(kind) = BLOCK_KINDS.into_iter().find(|kind| info.split(' ').next() == Some(kind))
        {
            let inner = events.by_ref().take_while(|(event, _)| *event != Event::End(TagEnd::CodeBlock));
            let mut toml = String::new();
            let mut line = front_matter.line_of(at.start) + 1;
            for (number, (event, at)) in inner.enumerate() {
                if number == 0 {
                    line = front_matter.line_of(at.start);
                }
                if let Event::Text(text) = event {
                    toml.push_str(&text);
                }
            }
            parts.push(Part::Prose(std::mem::take(&mut prose)));
            parts.push(Part::Block { kind, toml, line });
            continue;
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
        prose.push((event, at));
    }
    parts.push(Part::Prose(prose));
    parts
}
