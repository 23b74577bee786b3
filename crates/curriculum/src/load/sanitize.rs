//! Removes everything from HTML that could run, load or look like a part of the page.

use super::highlight;
use super::slug::slug;
use ammonia::Builder;
use std::borrow::Cow;
use std::sync::OnceLock;

/// The schemes of links to other sites.
pub(super) const SCHEMES: [&str; 5] = ["http", "https", "mailto", "ws", "wss"];

/// Keeps only tags and attributes that are needed to read and style the text.
pub(super) fn sanitize(html: &str) -> String {
    static SANITIZER: OnceLock<Builder<'static>> = OnceLock::new();
    let sanitizer = SANITIZER.get_or_init(|| {
        let mut sanitizer = Builder::default();
        sanitizer
            .rm_tags(["area", "map", "nav", "header", "footer", "aside", "center"])
            .add_tag_attributes("code", ["class"])
            .add_tag_attributes("pre", ["class"])
            .add_tag_attributes("span", ["class"])
            .url_schemes(SCHEMES.into())
            .attribute_filter(kept);
        for heading in ["h1", "h2", "h3", "h4", "h5", "h6"] {
            sanitizer.add_tag_attributes(heading, ["id"]);
        }
        sanitizer
    });
    // The Content-Security-Policy forbids inline styles.
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
    without_rel_on_own_links(&sanitizer.clean(&html).to_string())
}

fn kept<'v>(_: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    match attribute {
        "class" => {
            let ours = |class: &&str| class.starts_with(highlight::PREFIX) || class.starts_with("language-");
            let classes: Vec<_> = value.split_ascii_whitespace().filter(ours).collect();
            (!classes.is_empty()).then(|| classes.join(" ").into())
        }
        "id" => (slug(value) == value).then_some(value.into()),
        // Browsers ignore it, and its target is not checked.
        "cite" => None,
        // Placeholders are not filled in URLs.
        "href" | "src" if value.contains("{{") => None,
        _ => Some(value.into()),
    }
}

/// Removes `rel` from links to this site: it is for links to other sites.
fn without_rel_on_own_links(html: &str) -> String {
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
