//! Renders Markdown to safe HTML: headings get ids, code gets classes for highlighting, and the result is sanitized.

use super::highlight::{self, escaped};
use super::sanitize::sanitize;
use super::slug::slug;
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use toml_fields::{Problems, Text};

/// Where the relay serves the files of `assets/`.
pub(super) const ASSETS: &str = "/api/course/assets/";

/// The start of a link to a term. Its id follows.
pub(super) const GLOSSARY: &str = "/course/glossary#";

/// The most levels of nested blocks and inline elements.
const MAX_DEPTH: usize = 32;

/// A link or image whose target has to exist.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) file: String,
    pub(super) line: usize,
    /// The lesson that contains it.
    pub(super) lesson: Option<String>,
    pub(super) to: String,
}

/// The texts of one file.
pub(super) struct Markdown<'a> {
    pub(super) file: &'a str,
    pub(super) lesson: Option<&'a str>,
    pub(super) problems: &'a Problems,
    pub(super) links: &'a RefCell<Vec<Link>>,
    /// All ids so far, including those of blocks.
    pub(super) ids: RefCell<BTreeSet<String>>,
    /// The ids of all terms that the texts link to.
    pub(super) terms: RefCell<BTreeSet<String>>,
    /// The next number for a repeated heading, by its id without a number.
    numbers: RefCell<HashMap<String, u32>>,
}

pub(super) type Events<'t> = Vec<(Event<'t>, Range<usize>)>;

impl<'a> Markdown<'a> {
    pub(super) fn new(
        file: &'a str,
        lesson: Option<&'a str>,
        problems: &'a Problems,
        links: &'a RefCell<Vec<Link>>,
    ) -> Self {
        let (ids, terms, numbers) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self { file, lesson, problems, links, ids, terms, numbers }
    }

    /// Parses a text. Returns nothing and adds a problem if blocks are nested too deep.
    pub(super) fn parse<'t>(&self, text: &'t str, line_of: impl Fn(usize) -> usize) -> Events<'t> {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_HEADING_ATTRIBUTES;
        let (mut events, mut depth) = (Vec::new(), 0_usize);
        for (event, at) in Parser::new_ext(text, options).into_offset_iter() {
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                _ => {}
            }
            if depth > MAX_DEPTH {
                let what = format!("there are more than {MAX_DEPTH} levels of nested blocks");
                self.problem(line_of(at.start), what, "Use fewer levels of lists and quotes.");
                return Vec::new();
            }
            events.push((event, at));
        }
        events
    }

    fn problem(&self, line: usize, what: impl Into<String>, fix: &str) {
        self.problems.add(self.file, Some(line), what, fix);
    }

    /// Renders a text of any number of paragraphs.
    pub(super) fn blocks(&self, text: &Text) -> String {
        self.html(self.parse(&text.value, |_| text.line), |_| text.line)
    }

    /// Renders a text of one paragraph, without the tags of the paragraph.
    pub(super) fn inline(&self, text: &Text) -> String {
        let mut events = self.parse(&text.value, |_| text.line);
        let inner = |event: &Event<'_>| match event {
            Event::Start(tag) => is_inline(&tag.to_end()),
            Event::End(tag) => is_inline(tag),
            Event::Rule | Event::Html(_) => false,
            _ => true,
        };
        let is_paragraph = |at: Option<&(Event<'_>, _)>, tag: &Event<'_>| at.is_some_and(|(event, _)| event == tag);
        if is_paragraph(events.first(), &Event::Start(Tag::Paragraph))
            && is_paragraph(events.last(), &Event::End(TagEnd::Paragraph))
        {
            events.pop();
            events.remove(0);
        }
        if !events.iter().all(|(event, _)| inner(event)) {
            let what = "this text must be one paragraph without lists, code blocks or headings";
            self.problem(text.line, what, "Write it as one paragraph.");
        }
        self.html(events, |_| text.line)
    }

    /// Renders events. `line_of` maps an offset to a line of the file.
    pub(super) fn html<'t>(
        &self,
        events: impl IntoIterator<Item = (Event<'t>, Range<usize>)>,
        line_of: impl Fn(usize) -> usize,
    ) -> String {
        let mut out = Vec::new();
        let mut events = events.into_iter();
        while let Some((event, at)) = events.next() {
            let line = line_of(at.start);
            match event {
                Event::Start(Tag::Heading { level, id, .. }) => {
                    let inner: Vec<_> = events
                        .by_ref()
                        .take_while(|(event, _)| !matches!(event, Event::End(TagEnd::Heading(_))))
                        .collect();
                    if level == HeadingLevel::H1 {
                        self.problem(
                            line,
                            "only the title may be a first-level heading",
                            "Start the heading with `##`.",
                        );
                    }
                    let id = self.heading_id(id.as_deref(), &inner, line);
                    let tag = Tag::Heading { level, id: Some(id.into()), classes: Vec::new(), attrs: Vec::new() };
                    out.push(Event::Start(tag));
                    out.extend(inner.into_iter().map(|(event, at)| self.check_target(event, line_of(at.start))));
                    out.push(Event::End(TagEnd::Heading(level)));
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let inner =
                        events.by_ref().take_while(|(event, _)| !matches!(event, Event::End(TagEnd::CodeBlock)));
                    let code = plain_text(inner.map(|(event, _)| event));
                    out.push(Event::Html(code_block(&kind, &code).into()));
                }
                event => out.push(self.check_target(event, line)),
            }
        }
        let mut rendered = String::new();
        html::push_html(&mut rendered, out.into_iter());
        let clean = sanitize(&rendered);
        if self.lesson.is_some() { with_definitions(&clean) } else { clean }
    }

    /// Records the target of a link or image, and reports HTML whose target would not be checked.
    fn check_target<'t>(&self, event: Event<'t>, line: usize) -> Event<'t> {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                self.record_link(&dest_url, line);
                Event::Start(Tag::Link { link_type, dest_url: asset_url(dest_url), title, id })
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                if dest_url.contains("://") || dest_url.starts_with("//") {
                    let what = format!(
                        "the image {dest_url} is on another server, and the page does not load images from other servers"
                    );
                    self.problem(line, what, "Put it into `assets/`.");
                }
                self.record_link(&dest_url, line);
                Event::Start(Tag::Image { link_type, dest_url: asset_url(dest_url), title, id })
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                for (tag, fix) in MARKDOWN_ONLY {
                    if has_tag(&html, tag) {
                        self.problem(line, format!("the HTML tag `<{tag}>` is not allowed"), fix);
                    }
                }
                Event::InlineHtml(html)
            }
            event => event,
        }
    }

    pub(super) fn record_link(&self, to: &str, line: usize) {
        if to.contains("{{") {
            self.problem(line, "a URL cannot contain a placeholder", "Write the value as text.");
        }
        self.terms.borrow_mut().extend(to.strip_prefix(GLOSSARY).map(str::to_owned));
        let (file, lesson) = (self.file.to_owned(), self.lesson.map(str::to_owned));
        self.links.borrow_mut().push(Link { file, line, lesson, to: to.to_owned() });
    }

    fn heading_id(&self, wanted: Option<&str>, inner: &[(Event<'_>, Range<usize>)], line: usize) -> String {
        let mut ids = self.ids.borrow_mut();
        if let Some(wanted) = wanted {
            if slug(wanted) != wanted {
                self.problem(
                    line,
                    format!("`{wanted}` is not a valid id"),
                    "Use lowercase letters, digits and hyphens.",
                );
            } else if !ids.insert(wanted.to_owned()) {
                self.problem(line, format!("the id `{wanted}` is used twice in this lesson"), "Choose a different id.");
            }
            return slug(wanted);
        }
        let slug = slug(&plain_text(inner.iter().map(|(event, _)| event.clone())));
        if ids.insert(slug.clone()) {
            return slug;
        }
        let mut numbers = self.numbers.borrow_mut();
        let number = numbers.entry(slug.clone()).or_insert(2);
        loop {
            let id = format!("{slug}-{number}");
            *number += 1;
            if ids.insert(id.clone()) {
                return id;
            }
        }
    }
}

/// HTML tags that must be written in Markdown instead, so that their links and ids are checked.
const MARKDOWN_ONLY: [(&str, &str); 8] = [
    ("a", "Write `[text](address)`."),
    ("img", "Write `![what it shows](assets/NAME)`."),
    ("h1", HEADING),
    ("h2", HEADING),
    ("h3", HEADING),
    ("h4", HEADING),
    ("h5", HEADING),
    ("h6", HEADING),
];
const HEADING: &str = "Write `## A heading`.";

/// Points from each link to a term to the definition, which the page puts into the lesson.
fn with_definitions(html: &str) -> String {
    let start = format!("<a href=\"{GLOSSARY}");
    let mut parts = html.split(&start);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let id = part.split('"').next().unwrap_or_default();
        out.push_str(&format!("<a class=\"term\" aria-describedby=\"definition-{id}\" href=\"{GLOSSARY}{part}"));
    }
    out
}

fn has_tag(html: &str, tag: &str) -> bool {
    html.split('<').skip(1).any(|rest| {
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
        name.eq_ignore_ascii_case(tag)
    })
}

fn is_inline(tag: &TagEnd) -> bool {
    matches!(tag, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image)
}

fn plain_text<'t>(events: impl Iterator<Item = Event<'t>>) -> String {
    let mut text = String::new();
    for event in events {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    text
}

/// The URL of a file that authors write as `assets/…`.
fn asset_url(to: CowStr<'_>) -> CowStr<'_> {
    match to.strip_prefix("assets/") {
        Some(name) => format!("{ASSETS}{name}").into(),
        None => to,
    }
}

fn code_block(kind: &CodeBlockKind<'_>, code: &str) -> String {
    let language = match kind {
        CodeBlockKind::Fenced(info) => info.split([' ', ',']).next().unwrap_or_default(),
        CodeBlockKind::Indented => "",
    };
    match language {
        "" => format!("<pre><code>{}</code></pre>\n", escaped(code)),
        language => {
            let class = escaped(language);
            format!("<pre><code class=\"language-{class}\">{}</code></pre>\n", highlight::html(code, language))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The HTML, and the problems.
    fn rendered(text: &str) -> (String, Vec<String>) {
        let (problems, links) = (Problems::default(), RefCell::default());
        let html = Markdown::new("a.md", None, &problems, &links).blocks(&Text { value: text.to_owned(), line: 1 });
        (html.trim_end().to_owned(), problems.into_sorted().0.iter().map(|problem| problem.what.clone()).collect())
    }

    fn check(text: &str, expect: &str) {
        assert_eq!(rendered(text), (expect.to_owned(), Vec::new()), "{text}");
    }

    #[test]
    fn html_that_runs_or_loads_is_removed() {
        check("<script>alert(1)</script>", "");
        check("[a](javascript:alert(1))", "<p><a rel=\"noopener noreferrer\">a</a></p>");
        check("[a](data:text/html,x)", "<p><a rel=\"noopener noreferrer\">a</a></p>");
        check("<iframe src=/></iframe><p style='x' id=main class=big>a</p>", "<p>a</p>");
        check("<svg onload=alert(1)><style>*{}</style></svg>", "<p></p>");
        check("<span class='hl-x dialog'>a</span>", "<p><span class=\"hl-x\">a</span></p>");
        check("<form action=/><button>a</button></form>", "a");
        check("<q cite='/x'>b</q>", "<p><q>b</q></p>");
    }

    #[test]
    fn html_that_markdown_can_write_is_refused() {
        for (text, expect, tag) in [
            ("a <img src=x onerror=alert(1)> b", "<p>a <img src=\"x\"> b</p>", "img"),
            ("<A href='java&#115;cript:alert(1)'>a</a>", "<p><a rel=\"noopener noreferrer\">a</a></p>", "a"),
            ("<h2 id=x>a</h2>", "<h2 id=\"x\">a</h2>", "h2"),
        ] {
            let (html, problems) = rendered(text);
            assert_eq!((html.as_str(), problems), (expect, vec![format!("the HTML tag `<{tag}>` is not allowed")]));
        }
        let in_address = vec!["a URL cannot contain a placeholder".to_owned()];
        for text in ["[a](/x{{b}})", "<https://a.example/{{b}}>", "![a]({{b}})"] {
            assert_eq!(rendered(text).1, in_address, "{text}");
        }
        check("<abbr title='x'>a</abbr>", "<p><abbr title=\"x\">a</abbr></p>");
    }

    #[test]
    fn blocks_that_are_nested_too_deep_are_refused() {
        assert_eq!(rendered(&format!("{}a", "> ".repeat(31))).1, Vec::<String>::new());
        let (html, problems) = rendered(&format!("{}a", "> ".repeat(1000)));
        assert_eq!((html.as_str(), problems.len()), ("", 1));
    }

    #[test]
    fn many_equal_headings_are_numbered_quickly() {
        let (html, problems) = rendered(&"## a\n\n".repeat(3000));
        assert!(html.ends_with("<h2 id=\"a-3000\">a</h2>") && problems.is_empty());
    }

    #[test]
    fn links_to_other_sites_have_rel() {
        check("[a](/course/b#c)", "<p><a href=\"/course/b#c\">a</a></p>");
        check("[a](/ \"x>y\")", "<p><a href=\"/\" title=\"x&gt;y\">a</a></p>");
        check("[a](//b)", "<p><a href=\"//b\" rel=\"noopener noreferrer\">a</a></p>");
        check(
            "<https://b.example>",
            "<p><a href=\"https://b.example\" rel=\"noopener noreferrer\">https://b.example</a></p>",
        );
        check("![a](assets/b.png)", "<p><img src=\"/api/course/assets/b.png\" alt=\"a\"></p>");
    }

    #[test]
    fn headings_have_ids() {
        check(
            "## A *b* `c`\n\n## A b c\n\n## Über\n\n## x {#y}",
            "<h2 id=\"a-b-c\">A <em>b</em> <code>c</code></h2>\n<h2 id=\"a-b-c-2\">A b c</h2>\n<h2 id=\"über\">Über</h2>\n<h2 id=\"y\">x</h2>",
        );
    }

    #[test]
    fn code_has_classes_if_its_language_is_known() {
        check("```klingon\na<b\n```", "<pre><code class=\"language-klingon\">a&lt;b\n</code></pre>");
        check("```\"><script>\nx\n```", "<pre><code class=\"language-&quot;&gt;&lt;script&gt;\">x\n</code></pre>");
        check("    x", "<pre><code>x</code></pre>");
        check(
            "|a|\n|-:|\n|b|",
            "<table><thead><tr><th align=\"right\">a</th></tr></thead><tbody>\n<tr><td align=\"right\">b</td></tr>\n</tbody></table>",
        );
    }
}
