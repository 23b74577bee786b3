//! index.html for this relay. The build makes it for the root of a host, so a relay below a path changes it.

use super::csp;
use super::paths::is_embedded;
use crate::args::Config;
use crate::base_path::BasePath;
use crate::embed::{self, EmbedOrigin, oembed};
use crate::listen::Arrival;
use crate::origin::asked_host;
use axum::extract::Request;
use axum::http::HeaderValue;

/// The element from which the page learns its path. Without it, the page is at the root.
const BASE: &str = "framescope-base";
/// The element from which the page learns which sites may embed it. Without it, none may.
const EMBED: &str = "framescope-embed";

/// What the page of this relay depends on.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) base: BasePath,
    embeds: Vec<EmbedOrigin>,
}

impl Site {
    pub(super) fn new(config: &Config) -> Self {
        Self { base: config.base_path.clone(), embeds: config.embed_origin.clone() }
    }

    /// Whether index.html is as it was built.
    pub(super) fn is_as_built(&self) -> bool {
        self.base.is_root() && self.embeds.is_empty()
    }

    /// index.html for all of this site's pages.
    pub(super) fn html(&self, built: &str) -> String {
        let mut head = String::new();
        if !self.base.is_root() {
            head += &format!("<meta name={BASE} content=\"{}\">", self.base);
        }
        if !self.embeds.is_empty() {
            head += &format!("<meta name={EMBED} content=\"{}\">", embed::list(&self.embeds));
        }
        with_head(&moved(built, &self.base), &head)
    }

    /// The element for the head of one page by which other sites find out how to embed it; `None` if it has none.
    pub(super) fn discovery(&self, request: &Request) -> Option<String> {
        if self.embeds.is_empty() {
            return None;
        }
        oembed::discovery(&self.base, request.uri().path(), &origin(request)?)
    }

    /// The policies of index.html, by whether it is embedded.
    pub(super) fn policies(&self, html: &str) -> Policies {
        let ancestors = format!("'self' {}", embed::list(&self.embeds));
        Policies { alone: csp::policy(html, csp::ALONE), embedded: csp::policy(html, ancestors.trim_end()) }
    }

    /// The policy of the frame that runs a reader's code.
    pub(super) fn sandbox(&self, query: Option<&str>) -> HeaderValue {
        csp::sandbox(query, !self.embeds.is_empty())
    }
}

pub(super) struct Policies {
    alone: HeaderValue,
    embedded: HeaderValue,
}

impl Policies {
    /// The policy for the page at `path`.
    pub(super) fn at(&self, path: &str) -> &HeaderValue {
        if is_embedded(path) { &self.embedded } else { &self.alone }
    }
}

/// The origin at which the client found this page.
fn origin(request: &Request) -> Option<String> {
    let route = &request.extensions().get::<Arrival>()?.route;
    let host = asked_host(request.headers(), request.uri(), route)?;
    Some(format!("{}://{host}", if route.is_secure() { "https" } else { "http" }))
}

/// Moves all absolute paths: in attributes, with or without quotes, and in the imports of inline scripts.
fn moved(html: &str, base: &BasePath) -> String {
    if base.is_root() {
        return html.to_owned();
    }
    let mut out = String::with_capacity(html.len() + 256);
    let mut before = ' ';
    let mut chars = html.chars().peekable();
    while let Some(char) = chars.next() {
        // `//host` is another host, and `/>` the end of a tag.
        if char == '/' && matches!(before, '=' | '"' | '\'') && !matches!(chars.peek(), Some('/' | '>')) {
            out.push_str(base.prefix());
        }
        out.push(char);
        before = char;
    }
    out
}

/// Adds `elements` to the head.
pub(super) fn with_head(html: &str, elements: &str) -> String {
    html.replacen("</head>", &format!("{elements}</head>"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(base: &str, embeds: &[&str]) -> Site {
        let embeds = embeds.iter().map(|origin| origin.parse().unwrap()).collect();
        Site { base: base.parse().unwrap(), embeds }
    }

    #[test]
    fn a_page_below_a_path_names_its_files_there() {
        let released =
            "<head><link rel=stylesheet href=/p-0.css><script src=\"/p.js\"></script></head><br class=\"x\"/>";
        assert_eq!(
            site("/a/b", &[]).html(released),
            "<head><link rel=stylesheet href=/a/b/p-0.css><script src=\"/a/b/p.js\"></script>\
             <meta name=framescope-base content=\"/a/b/\"></head><br class=\"x\"/>"
        );
        let quick =
            "<script>import init from '/p.js'; init('/p.wasm'); // a/b\n</script><a href=\"//h/x\">1 / 2</a></head>";
        assert_eq!(
            moved(quick, &"/a/b".parse().unwrap()),
            "<script>import init from '/a/b/p.js'; init('/a/b/p.wasm'); // a/b\n</script><a href=\"//h/x\">1 / 2</a></head>"
        );
        assert_eq!(site("/", &[]).html(released), released);
    }

    #[test]
    fn a_page_that_may_be_embedded_knows_where() {
        let site = site("/", &["https://lms.example", "http://localhost:8000"]);
        assert_eq!(
            site.html("<head></head>"),
            "<head><meta name=framescope-embed content=\"https://lms.example http://localhost:8000\"></head>"
        );
        let policies = site.policies("");
        let ancestors =
            |path| policies.at(path).to_str().unwrap().rsplit_once("frame-ancestors ").unwrap().1.to_owned();
        assert_eq!(ancestors("/embed/playground"), "'self' https://lms.example http://localhost:8000");
        assert_eq!(ancestors("/course/x"), "'none'");
    }
}
