//! Highlights code: HTML with classes, for the languages that lessons on WebSockets use.

use std::sync::OnceLock;
use syntect::html::{ClassStyle, ClassedHTMLGenerator};
use syntect::parsing::{SyntaxReference, SyntaxSet};

/// The prefix of all classes.
pub(super) const PREFIX: &str = "hl-";

/// The file extension that syntect uses, by the name after the fence.
const LANGUAGES: [(&str, &str); 14] = [
    ("js", "js"),
    ("javascript", "js"),
    ("json", "json"),
    ("python", "py"),
    ("py", "py"),
    ("html", "html"),
    ("css", "css"),
    ("rust", "rs"),
    ("rs", "rs"),
    ("bash", "sh"),
    ("sh", "sh"),
    ("shell", "sh"),
    ("yaml", "yaml"),
    ("yml", "yaml"),
];

/// The content of a `<code>`. Code in an unknown language is not highlighted.
pub(super) fn html(code: &str, language: &str) -> String {
    if language == "http" {
        return http(code);
    }
    let ending = LANGUAGES.iter().find(|(name, _)| *name == language).map(|(_, ending)| *ending);
    let highlighted =
        ending.and_then(|ending| syntaxes().find_syntax_by_extension(ending)).and_then(|syntax| with(syntax, code));
    highlighted.unwrap_or_else(|| escaped(code))
}

fn with(syntax: &SyntaxReference, code: &str) -> Option<String> {
    let style = ClassStyle::SpacedPrefixed { prefix: PREFIX };
    let mut generator = ClassedHTMLGenerator::new_with_class_style(syntax, syntaxes(), style);
    for line in code.split_inclusive('\n') {
        generator.parse_html_for_line_which_includes_newline(line).ok()?;
    }
    Some(generator.finalize())
}

fn syntaxes() -> &'static SyntaxSet {
    static SYNTAXES: OnceLock<SyntaxSet> = OnceLock::new();
    SYNTAXES.get_or_init(SyntaxSet::load_defaults_newlines)
}

/// Requests, responses and header lines. RFC 9112.
fn http(code: &str) -> String {
    let mut html = String::new();
    let mut in_body = false;
    for line in code.split_inclusive('\n') {
        let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
        let words: Vec<_> = text.splitn(3, ' ').collect();
        match words[..] {
            [method, target, version] if version.starts_with("HTTP/") => {
                in_body = false;
                let parts = [("keyword", method), ("string", target), ("constant", version)];
                html.push_str(&parts.map(|(class, text)| span(class, text)).join(" "));
            }
            [version, status, ..] if version.starts_with("HTTP/") => {
                in_body = false;
                html.push_str(&format!("{} {}", span("constant", version), span("keyword", status)));
                if let Some(reason) = words.get(2) {
                    html.push_str(&format!(" {}", span("string", reason)));
                }
            }
            _ if in_body => html.push_str(&escaped(text)),
            _ => match text.split_once(':') {
                Some((name, value)) if !name.is_empty() && !name.contains(' ') => {
                    html.push_str(&format!("{}:{}", span("entity", name), span("string", value)));
                }
                _ => html.push_str(&escaped(text)),
            },
        }
        // The headers end at the empty line.
        in_body |= text.trim().is_empty() && !html.is_empty();
        html.push_str(end);
    }
    html
}

fn span(class: &str, text: &str) -> String {
    format!("<span class=\"{PREFIX}{class}\">{}</span>", escaped(text))
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_its_parts() {
        let html = http("GET /lab HTTP/1.1\nHost: a\n\n<b>: c\n");
        assert_eq!(
            html,
            "<span class=\"hl-keyword\">GET</span> <span class=\"hl-string\">/lab</span> \
             <span class=\"hl-constant\">HTTP/1.1</span>\n<span class=\"hl-entity\">Host</span>:\
             <span class=\"hl-string\"> a</span>\n\n&lt;b&gt;: c\n"
        );
        assert!(
            http("HTTP/1.1 101 Switching Protocols").starts_with("<span class=\"hl-constant\">HTTP/1.1</span> <span")
        );
    }

    #[test]
    fn every_language_is_one_that_syntect_knows() {
        for (name, ending) in LANGUAGES {
            assert!(syntaxes().find_syntax_by_extension(ending).is_some(), "{name}");
        }
        assert_eq!(html("a < b", "klingon"), "a &lt; b");
        assert!(html("const a = 1;\n", "js").contains("class=\"hl-"));
    }
}
