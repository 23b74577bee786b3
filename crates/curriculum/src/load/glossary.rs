//! `glossary.toml`: the terms of a course, and where a lesson uses each for the first time.

use super::markdown::{Events, GLOSSARY, Markdown};
use super::slug::slug;
use super::{ID, Loader, is_id};
use crate::glossary::{Definition, Glossary, Term};
use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml_fields::{Text, Toml};

pub(super) const FILE: &str = "glossary.toml";

/// The most terms of a course, and the most forms of a term.
const MAX_TERMS: usize = 200;
const MAX_FORMS: usize = 10;

/// All terms, and the words that a lesson links to them.
pub(super) struct Terms {
    /// In alphabetical order.
    terms: Vec<Term>,
    /// Each with the id of its term, by the lowercase of its first character, the longest first.
    forms: BTreeMap<char, Vec<(String, String)>>,
}

impl Loader<'_> {
    /// The glossary; `None` if the course has none, or its file is not valid TOML.
    pub(super) fn glossary(&self) -> Option<Terms> {
        if !self.files.contains_key(FILE) {
            return None;
        }
        let text = self.text(FILE)?;
        let mut fields = Toml::new(FILE, 1, &text, self.problems).fields("the glossary")?;
        let tables = fields.tables("terms", "this term");
        fields.finish();
        let add = |line, what: String, fix: &str| self.problems.add(FILE, Some(line), what, fix);
        if tables.is_empty() {
            add(
                1,
                "the glossary has no terms".to_owned(),
                "Add `[[terms]]` with `term` and `short`, or remove the file.",
            );
        }
        if let Some(past) = tables.get(MAX_TERMS) {
            add(past.line(), format!("there are more than {MAX_TERMS} terms"), "Remove some.");
        }
        let (mut terms, mut forms) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
        let (mut ids, mut known) = (BTreeSet::new(), BTreeSet::new());
        let markdown = Markdown::new(FILE, None, self.problems, &self.links);
        for mut table in tables.into_iter().take(MAX_TERMS) {
            let term = table.text("term");
            let id = table.optional("id").unwrap_or_else(|| Text { value: slug(&term.value), line: term.line });
            let also = table.texts("also");
            let short = table.text("short");
            let more = table.optional("more");
            let lesson = table.optional("lesson");
            table.finish();
            if !is_id(&id.value) {
                add(id.line, format!("`{}` is not a valid id", id.value), ID);
            } else if !ids.insert(id.value.clone()) {
                add(id.line, format!("another term has the id `{}`", id.value), "Choose a different id.");
            }
            markdown.ids.borrow_mut().insert(id.value.clone());
            if also.len() >= MAX_FORMS {
                add(term.line, format!("`also` lists more than {} forms", MAX_FORMS - 1), "Remove some.");
            }
            for form in std::iter::once(&term).chain(&also).take(MAX_FORMS) {
                let Some(first) = form.value.chars().next() else { continue };
                if !known.insert(form.value.to_lowercase()) {
                    let what = format!("the term `{}` is listed twice", form.value);
                    add(form.line, what, "Remove one of them.");
                }
                forms.entry(first_lowercase(first)).or_default().push((form.value.clone(), id.value.clone()));
            }
            let html = markdown.inline(&short);
            if html.contains("<a ") {
                add(short.line, "`short` contains a link".to_owned(), "Put the link into `more`.");
            }
            if let Some(lesson) = &lesson {
                markdown.record_link(&format!("/course/{}", lesson.value), lesson.line);
            }
            terms.push(Term {
                definition: Definition { id: id.value, term: term.value, short: html },
                more: more.map(|more| markdown.blocks(&more)),
                lesson: lesson.map(|lesson| lesson.value),
            });
        }
        terms.sort_by_key(|term| term.definition.term.to_lowercase());
        for forms in forms.values_mut() {
            forms.sort_by_key(|(form, _)| Reverse(form.len()));
        }
        Some(Terms { terms, forms })
    }
}

impl Terms {
    pub(super) fn ids(&self) -> BTreeSet<String> {
        self.terms.iter().map(|term| term.definition.id.clone()).collect()
    }

    /// The definitions of the terms with these ids.
    pub(super) fn definitions(&self, ids: &BTreeSet<String>) -> Vec<Definition> {
        let definitions = self.terms.iter().map(|term| &term.definition);
        definitions.filter(|definition| ids.contains(&definition.id)).cloned().collect()
    }

    pub(super) fn into_glossary(self) -> Glossary {
        Glossary { terms: self.terms }
    }

    /// Links the first use of each term that is not in `linked` yet. Headings, links, code and images stay as they are.
    pub(super) fn link<'t>(&self, events: Events<'t>, linked: &mut BTreeSet<String>) -> Events<'t> {
        let (mut out, mut closed) = (Events::new(), 0_usize);
        for (event, at) in events {
            match event {
                Event::Start(Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::Image { .. } | Tag::TableHead) => {
                    closed += 1
                }
                Event::End(TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::Image | TagEnd::TableHead) => closed -= 1,
                Event::Start(Tag::Link { ref dest_url, .. }) => {
                    linked.extend(dest_url.strip_prefix(GLOSSARY).map(str::to_owned));
                    closed += 1;
                }
                Event::End(TagEnd::Link) => closed -= 1,
                Event::Text(text) if closed == 0 => {
                    let parts = self.split(text, linked).into_iter();
                    out.extend(parts.map(|event| (event, at.clone())));
                    continue;
                }
                _ => {}
            }
            out.push((event, at));
        }
        out
    }

    /// A text, with links at the first uses of terms in it.
    fn split<'t>(&self, text: CowStr<'t>, linked: &mut BTreeSet<String>) -> Vec<Event<'t>> {
        let part = |range: Range<usize>| Event::Text(text[range].to_owned().into());
        let (mut out, mut done, mut in_word) = (Vec::new(), 0, false);
        for (at, c) in text.char_indices() {
            let starts = !in_word && at >= done;
            in_word = continues_word(c);
            if !starts {
                continue;
            }
            let Some((form, id)) = self.form_at(&text[at..], c, linked) else { continue };
            let to = format!("{GLOSSARY}{id}").into();
            let link = Tag::Link { link_type: LinkType::Inline, dest_url: to, title: "".into(), id: "".into() };
            let end = at + form.len();
            out.extend([part(done..at), Event::Start(link), part(at..end), Event::End(TagEnd::Link)]);
            linked.insert(id.clone());
            done = end;
        }
        if out.is_empty() {
            return vec![Event::Text(text)];
        }
        out.push(part(done..text.len()));
        out
    }

    /// The longest form of a term at the start of `text`, which begins with `c`, and the id of the term.
    fn form_at(&self, text: &str, c: char, linked: &BTreeSet<String>) -> Option<&(String, String)> {
        let is_whole = |form: &str| !text[form.len()..].starts_with(continues_word);
        let forms = self.forms.get(&first_lowercase(c))?.iter();
        forms.filter(|(_, id)| !linked.contains(id)).find(|(form, _)| is_form(text, form) && is_whole(form))
    }
}

/// Whether `text` starts with `form`. A form that begins with a lowercase letter can begin a sentence too.
fn is_form(text: &str, form: &str) -> bool {
    let rest_of = |text: &'_ str| text.char_indices().nth(1).map_or(text.len(), |(at, _)| at);
    let (Some(start), Some(of_text), Some(of_form)) =
        (text.get(..form.len()), text.chars().next(), form.chars().next())
    else {
        return false;
    };
    start == form
        || of_form.is_lowercase()
            && first_lowercase(of_text) == of_form
            && start[rest_of(start)..] == form[rest_of(form)..]
}

fn first_lowercase(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn continues_word(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}
