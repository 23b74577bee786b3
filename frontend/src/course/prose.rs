//! The text between the pieces. The relay sends it as sanitized HTML; this module adds links to its headings.

use crate::ui::rendered::reachable;

/// A heading that can be linked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) id: String,
    /// Without markup.
    pub(super) text: String,
    /// 2 for `h2`.
    pub(super) level: u8,
}

/// The headings with an id, in order.
pub(super) fn headings(html: &str) -> Vec<Heading> {
    let mut found = Vec::new();
    each(html, |heading, _| found.push(heading));
    found
}

/// The same HTML with scrollable parts that the keyboard can reach, and a link after each heading.
pub(super) fn with_anchors(html: &str) -> String {
    let html = &reachable(html);
    let mut out = String::with_capacity(html.len() + 256);
    let mut copied = 0;
    each(html, |Heading { id, text, .. }, end| {
        out.push_str(&html[copied..end]);
        let words = text.replace('"', "&quot;");
        out.push_str(&format!(" <a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to “{words}”\">#</a>"));
        copied = end;
    });
    out.push_str(&html[copied..]);
    out
}

/// Calls `take` with each heading that has an id, and where its content ends.
fn each(html: &str, mut take: impl FnMut(Heading, usize)) {
    let mut at = 0;
    while let Some(found) = html[at..].find("<h") {
        let tag = at + found;
        at = tag + 2;
        let Some(level) = html[at..].chars().next().and_then(|digit| digit.to_digit(10)) else { continue };
        let close = format!("</h{level}>");
        let (Some(open_end), Some(end)) = (html[tag..].find('>'), html[tag..].find(&close)) else { continue };
        let (open, end) = (&html[tag..tag + open_end], tag + end);
        let id = open.split_once("id=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(id, _)| id);
        let (Some(id), true) = (id, tag + open_end < end) else { continue };
        let text = plain(&html[tag + open_end + 1..end]);
        take(Heading { id: id.to_owned(), text, level: level as u8 }, end);
        at = end;
    }
}

/// HTML without its tags, and with the most common entities decoded.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    for (entity, c) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
        text = text.replace(entity, c);
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_found_and_linked() {
        let html =
            "<p>a</p><h2 id=\"mask\">The <code>mask</code> &amp; you</h2><p>b</p><h3>none</h3><h3 id=\"x\">y</h3>";
        let heading = |id: &str, text: &str, level| Heading { id: id.into(), text: text.into(), level };
        assert_eq!(headings(html), [heading("mask", "The mask & you", 2), heading("x", "y", 3)]);
        let linked = with_anchors(html);
        assert!(linked.contains(
            "&amp; you <a class=\"anchor\" href=\"#mask\" aria-label=\"Link to “The mask & you”\">#</a></h2>"
        ));
        assert_eq!(linked.matches("anchor").count(), 2);
        assert_eq!(with_anchors("<h2 id=\"a\">never closed"), "<h2 id=\"a\">never closed");
    }
}
