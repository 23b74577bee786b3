//! Markdown into HTML that may stand in the page: headings get ids, code gets classes, and whatever else an author or a
//! library has put there is cleaned.

use super::fields::Text;
use super::highlight::{self, escaped};
use super::problem::Problems;
use ammonia::Builder;
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

/// Where the relay has what lies in `assets/`.
pub(super) const ASSETS: &str = "/api/course/assets/";

/// Something to follow, which has to lead somewhere.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) file: String,
    pub(super) line: usize,
    /// The lesson that it stands in.
    pub(super) lesson: Option<String>,
    pub(super) to: String,
}

/// The texts of one file.
pub(super) struct Markdown<'a> {
    pub(super) file: &'a str,
    pub(super) lesson: Option<&'a str>,
    pub(super) problems: &'a Problems,
    pub(super) links: &'a RefCell<Vec<Link>>,
    /// All ids so far, those of pieces too.
    pub(super) ids: RefCell<BTreeSet<String>>,
}

pub(super) type Events<'t> = Vec<(Event<'t>, Range<usize>)>;

pub(super) fn parse(text: &str) -> Events<'_> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_HEADING_ATTRIBUTES;
    Parser::new_ext(text, options).into_offset_iter().collect()
}

impl Markdown<'_> {
    /// A text of its own, of as many paragraphs as it likes.
    pub(super) fn blocks(&self, text: &Text) -> String {
        self.html(parse(&text.value), |_| text.line)
    }

    /// A text that stands in a line: no more than a paragraph, and without its tags.
    pub(super) fn inline(&self, text: &Text) -> String {
        let mut events = parse(&text.value);
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
            let what =
                "this text stands in a line, and so has a single paragraph and no lists, code blocks or headings";
            self.problems.add(self.file, Some(text.line), what, "Make it one.");
        }
        self.html(events, |_| text.line)
    }

    /// Renders events; `line_of` says in which line of the file an offset is.
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
                        self.problems.add(
                            self.file,
                            Some(line),
                            "the first level of headings is the title’s own",
                            "Begin it with `##`.",
                        );
                    }
                    let id = self.heading_id(id.as_deref(), &inner, line);
                    let tag = Tag::Heading { level, id: Some(id.into()), classes: Vec::new(), attrs: Vec::new() };
                    out.push(Event::Start(tag));
                    out.extend(inner.into_iter().map(|(event, at)| self.led(event, line_of(at.start))));
                    out.push(Event::End(TagEnd::Heading(level)));
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let inner =
                        events.by_ref().take_while(|(event, _)| !matches!(event, Event::End(TagEnd::CodeBlock)));
                    let code = text_of(inner.map(|(event, _)| event));
                    out.push(Event::Html(code_block(&kind, &code).into()));
                }
                event => out.push(self.led(event, line)),
            }
        }
        let mut rendered = String::new();
        html::push_html(&mut rendered, out.into_iter());
        clean(&rendered)
    }

    /// Notes where a link or picture leads.
    fn led<'t>(&self, event: Event<'t>, line: usize) -> Event<'t> {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                self.note(&dest_url, line);
                Event::Start(Tag::Link { link_type, dest_url: moved(dest_url), title, id })
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                if dest_url.contains("://") || dest_url.starts_with("//") {
                    let what =
                        format!("the picture {dest_url} is on another server, and the page shows none from there");
                    self.problems.add(self.file, Some(line), what, "Put it into `assets/`.");
                }
                self.note(&dest_url, line);
                Event::Start(Tag::Image { link_type, dest_url: moved(dest_url), title, id })
            }
            event => event,
        }
    }

    fn note(&self, to: &str, line: usize) {
        let (file, lesson) = (self.file.to_owned(), self.lesson.map(str::to_owned));
        self.links.borrow_mut().push(Link { file, line, lesson, to: to.to_owned() });
    }

    fn heading_id(&self, wanted: Option<&str>, inner: &[(Event<'_>, Range<usize>)], line: usize) -> String {
        let mut ids = self.ids.borrow_mut();
        if let Some(wanted) = wanted {
            if slug(wanted) != wanted {
                self.problems.add(
                    self.file,
                    Some(line),
                    format!("`{wanted}` is no id"),
                    "It has lower-case letters, digits and hyphens.",
                );
            } else if !ids.insert(wanted.to_owned()) {
                self.problems.add(
                    self.file,
                    Some(line),
                    format!("the id `{wanted}` stands in this lesson twice"),
                    "Choose another one.",
                );
            }
            return slug(wanted);
        }
        let slug = slug(&text_of(inner.iter().map(|(event, _)| event.clone())));
        let numbered = (2..).map(|number| format!("{slug}-{number}"));
        let id = std::iter::once(slug.clone()).chain(numbered).find(|id| !ids.contains(id)).unwrap_or_default();
        ids.insert(id.clone());
        id
    }
}

fn is_inline(tag: &TagEnd) -> bool {
    matches!(tag, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image)
}

fn text_of<'t>(events: impl Iterator<Item = Event<'t>>) -> String {
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

/// `assets/…` is where authors see their pictures.
fn moved(to: CowStr<'_>) -> CowStr<'_> {
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

/// Lower-case letters and digits, parted by hyphens.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') && (c.is_whitespace() || c == '-' || c == '_' || c == '/') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "section".to_owned() } else { slug.to_owned() }
}

/// What is left is what the page's style and a reader need; nothing in it runs, loads or looks like a part of the page.
fn clean(html: &str) -> String {
    static CLEANER: OnceLock<Builder<'static>> = OnceLock::new();
    let cleaner = CLEANER.get_or_init(|| {
        let mut cleaner = Builder::default();
        cleaner
            .rm_tags(["area", "map", "nav", "header", "footer", "aside", "center"])
            .add_tag_attributes("code", ["class"])
            .add_tag_attributes("pre", ["class"])
            .add_tag_attributes("span", ["class"])
            .url_schemes(["http", "https", "mailto", "ws", "wss"].into())
            .attribute_filter(kept);
        for heading in ["h1", "h2", "h3", "h4", "h5", "h6"] {
            cleaner.add_tag_attributes(heading, ["id"]);
        }
        cleaner
    });
    // The page takes no inline styles.
    let mut html = Cow::Borrowed(html);
    for cell in ["td", "th"] {
        for side in ["left", "center", "right"] {
            let (style, align) =
                (format!("<{cell} style=\"text-align: {side}\">"), format!("<{cell} align=\"{side}\">"));
            if html.contains(&style) {
                html = html.replace(&style, &align).into();
            }
        }
    }
    without_rel_inside(&cleaner.clean(&html).to_string())
}

fn kept<'v>(_: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    match attribute {
        "class" => {
            let ours = |class: &&str| class.starts_with(highlight::PREFIX) || class.starts_with("language-");
            let classes: Vec<_> = value.split_ascii_whitespace().filter(ours).collect();
            (!classes.is_empty()).then(|| classes.join(" ").into())
        }
        "id" => (slug(value) == value).then_some(value.into()),
        _ => Some(value.into()),
    }
}

/// A link that stays on this site is no link to someone else.
fn without_rel_inside(html: &str) -> String {
    const REL: &str = " rel=\"noopener noreferrer\"";
    let mut out = String::with_capacity(html.len());
    for (number, part) in html.split("<a ").enumerate() {
        if number > 0 {
            out.push_str("<a ");
        }
        let stays =
            ["href=\"/", "href=\"#"].iter().any(|inside| part.starts_with(inside)) && !part.starts_with("href=\"//");
        match part.split_once('>') {
            Some((tag, rest)) if number > 0 && stays => {
                out.push_str(&tag.replacen(REL, "", 1));
                out.push('>');
                out.push_str(rest);
            }
            _ => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let (problems, links) = (Problems::default(), RefCell::default());
        let markdown =
            Markdown { file: "a.md", lesson: None, problems: &problems, links: &links, ids: RefCell::default() };
        assert_eq!(markdown.blocks(&Text { value: text.to_owned(), line: 1 }).trim_end(), expect, "{text}");
        assert_eq!(problems.into_sorted(), []);
    }

    #[test]
    fn what_runs_or_loads_is_gone() {
        check("<script>alert(1)</script>", "");
        check("a <img src=x onerror=alert(1)> b", "<p>a <img src=\"x\"> b</p>");
        check("[a](javascript:alert(1))", "<p><a rel=\"noopener noreferrer\">a</a></p>");
        check("<a href='java&#115;cript:alert(1)'>a</a>", "<p><a rel=\"noopener noreferrer\">a</a></p>");
        check("[a](data:text/html,x)", "<p><a rel=\"noopener noreferrer\">a</a></p>");
        check("<iframe src=/></iframe><p style='x' id=main class=big>a</p>", "<p>a</p>");
        check("<svg onload=alert(1)><style>*{}</style></svg>", "<p></p>");
        check("<span class='hl-x dialog'>a</span>", "<p><span class=\"hl-x\">a</span></p>");
        check("<form action=/><button>a</button></form>", "a");
    }

    #[test]
    fn links_to_others_say_so() {
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
    fn code_has_classes_where_its_language_is_known() {
        check("```klingon\na<b\n```", "<pre><code class=\"language-klingon\">a&lt;b\n</code></pre>");
        check("```\"><script>\nx\n```", "<pre><code class=\"language-&quot;&gt;&lt;script&gt;\">x\n</code></pre>");
        check("    x", "<pre><code>x</code></pre>");
        check(
            "|a|\n|-:|\n|b|",
            "<table><thead><tr><th align=\"right\">a</th></tr></thead><tbody>\n<tr><td align=\"right\">b</td></tr>\n</tbody></table>",
        );
    }
}
