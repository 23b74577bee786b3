//! Where this site is on its host. A relay below a path writes the path into index.html; without it, the site is at the root.

use leptos::prelude::{document, window};
use std::sync::OnceLock;

/// Without a slash at the end: empty, or `/framescope`.
pub fn base() -> &'static str {
    static BASE: OnceLock<String> = OnceLock::new();
    // Unit tests on the host have no document.
    let base = || if cfg!(target_arch = "wasm32") { meta("framescope-base") } else { None };
    BASE.get_or_init(|| base().unwrap_or_default().trim_end_matches('/').to_owned())
}

/// The path of `own`, a path of this site such as `/course`, on the host.
pub fn path(own: &str) -> String {
    format!("{}{own}", base())
}

/// The opposite: `/course` for a path on the host; `None` if it is not of this site.
pub fn own(path: &str) -> Option<&str> {
    path.strip_prefix(base()).filter(|own| own.starts_with('/'))
}

/// Whether this page shows one piece of the site, for pages of other sites. Its links to the site open in a new tab.
pub fn is_embedded() -> bool {
    window().location().pathname().is_ok_and(|path| own(&path).is_some_and(|own| own.starts_with("/embed/")))
}

/// The origins of the sites that may embed pieces of this one.
pub fn embedding_sites() -> Vec<String> {
    let sites = meta("framescope-embed").unwrap_or_default();
    sites.split_whitespace().map(str::to_owned).collect()
}

/// What the relay or the build wrote into `<meta name=…>`.
pub fn meta(name: &str) -> Option<String> {
    let meta = document().query_selector(&format!("meta[name={name}]")).ok()??;
    meta.get_attribute("content")
}

/// The relay's HTML, whose links and images are paths of this site, for the place where this site is.
pub fn html(html: &str) -> String {
    moved(html, base())
}

/// Moves what links and images name below `base`. The HTML is sanitized: every `<` begins a tag, and values are in double quotes.
fn moved(html: &str, base: &str) -> String {
    let mut out = String::with_capacity(html.len());
    for (index, part) in html.split('<').enumerate() {
        if index > 0 {
            out.push('<');
        }
        let (tag, text) = part.split_at(part.find('>').unwrap_or(part.len()));
        let attribute = match tag.split(' ').next().filter(|_| index > 0) {
            Some("a") => Some(" href=\""),
            Some("img") => Some(" src=\""),
            _ => None,
        };
        let parts = attribute.and_then(|attribute| Some((attribute, tag.split_once(attribute)?)));
        match parts.filter(|(_, (_, path))| path.starts_with('/') && !path.starts_with("//")) {
            Some((attribute, (before, path))) => out.push_str(&format!("{before}{attribute}{base}{path}{text}")),
            None => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn links_and_images_of_the_course_are_moved() {
        #[track_caller]
        fn check(html: &str, expect: &str) {
            assert_eq!((moved(html, "/b").as_str(), moved(html, "").as_str()), (expect, html));
        }
        check(
            "<p><a class=\"term\" href=\"/course/x#y\">a</a></p>",
            "<p><a class=\"term\" href=\"/b/course/x#y\">a</a></p>",
        );
        check("<img src=\"/api/x.png\" alt=\"a\">", "<img src=\"/b/api/x.png\" alt=\"a\">");
        check("<a href=\"#x\">a</a>", "<a href=\"#x\">a</a>");
        check(
            "<a href=\"//h/x\">a</a><a href=\"https://h/\">b</a>",
            "<a href=\"//h/x\">a</a><a href=\"https://h/\">b</a>",
        );
        check(" href=\"/x\" &lt;a href=\"/x\"&gt;", " href=\"/x\" &lt;a href=\"/x\"&gt;");
        check("<abbr title=\"a\"> href=\"/x\"</abbr>", "<abbr title=\"a\"> href=\"/x\"</abbr>");
    }
}
