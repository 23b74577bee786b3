//! HTML with nothing in it that runs, loads or looks like a part of the page.

use super::highlight;
use super::markdown::slug;
use ammonia::Builder;
use std::borrow::Cow;
use std::sync::OnceLock;

/// What a link may begin with, if it leads away.
pub(super) const SCHEMES: [&str; 5] = ["http", "https", "mailto", "ws", "wss"];

/// What is left is what the page's style and a reader need; nothing in it runs, loads or looks like a part of the page.
pub(super) fn clean(html: &str) -> String {
    static CLEANER: OnceLock<Builder<'static>> = OnceLock::new();
    let cleaner = CLEANER.get_or_init(|| {
        let mut cleaner = Builder::default();
        cleaner
            .rm_tags(["area", "map", "nav", "header", "footer", "aside", "center"])
            .add_tag_attributes("code", ["class"])
            .add_tag_attributes("pre", ["class"])
            .add_tag_attributes("span", ["class"])
            .url_schemes(SCHEMES.into())
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
        // No browser follows it, and nobody checks where it leads.
        "cite" => None,
        // Nothing is filled into an address.
        "href" | "src" if value.contains("{{") => None,
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
