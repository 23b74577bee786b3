//! `glossary.toml`, and the links from lessons to its terms.

use crate::{GLOSSARY, LESSON, check, check_file, read, starter, write};
use curriculum::course::{Block, Lesson};
use curriculum::load::{LabRules, Source, load};
use std::fs;
use std::path::Path;

#[test]
fn glossary_toml() {
    check(
        GLOSSARY,
        "term = \"echo server\"\nid = \"echo\"",
        "term = \"echo server\"\nid = \"toml\"",
        &["glossary.toml:10: another term has the id `toml`. Choose a different id."],
    );
    check(
        GLOSSARY,
        "also = [\"echo servers\"]",
        "also = [\"Toml\"]",
        &["glossary.toml:11: the term `Toml` is listed twice. Remove one of them."],
    );
    check(
        GLOSSARY,
        "id = \"echo\"",
        "id = \"An echo\"",
        &[
            "glossary.toml:10: `An echo` is not a valid id. Use lowercase letters, digits and hyphens, for example `first-echo`.",
        ],
    );
    check(
        GLOSSARY,
        "short = \"A server",
        "shrt = \"A server",
        &[
            "glossary.toml:8: this term has no `short`. Add `short = \"…\"`.",
            "glossary.toml:12: this term has an unknown field `shrt`. Did you mean `short`?",
        ],
    );
    check(
        GLOSSARY,
        "short = \"A server",
        "short = \"[A](/course/hello) server",
        &["glossary.toml:12: `short` contains a link. Put the link into `more`."],
    );
    check(
        GLOSSARY,
        "lesson = \"hello\"",
        "lesson = \"hello#what-is-sent\"",
        &[
            "glossary.toml:13: the link /course/hello#what-is-sent points to a heading or block `what-is-sent` that does not exist in the lesson hello. Correct or remove it.",
        ],
    );
    check_file(
        GLOSSARY,
        b"",
        &["glossary.toml:1: the glossary has no terms. Add `[[terms]]` with `term` and `short`, or remove the file."],
    );
    let many: String = (0..201).map(|n| format!("[[terms]]\nterm = \"t{n}\"\nshort = \"x\"\n")).collect();
    check_file(GLOSSARY, many.as_bytes(), &["glossary.toml:601: there are more than 200 terms. Remove some."]);
}

#[test]
fn a_link_to_an_unknown_term_is_refused() {
    check(
        LESSON,
        "This is Markdown",
        "[TOML](/course/glossary#tomll)",
        &[
            "lessons/hello.md:9: the link /course/glossary#tomll points to a term `tomll` that does not exist. Did you mean `toml`?",
        ],
    );
    let folder = starter();
    fs::remove_file(folder.join(GLOSSARY)).unwrap();
    let loaded = read(&folder).unwrap();
    assert!(!loaded.course.glossary && loaded.glossary.is_none() && loaded.lessons["hello"].terms.is_empty());
    let text = fs::read_to_string(folder.join(LESSON)).unwrap();
    write(&folder, LESSON, text.replace("This is Markdown", "[TOML](/course/glossary#toml)"));
    let problems = read(&folder).unwrap_err();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("points to a lesson `glossary` that does not exist"), "{problems:?}");
}

#[test]
fn a_lesson_cannot_have_the_address_of_the_glossary() {
    let folder = starter();
    let text = fs::read_to_string(folder.join("course.toml")).unwrap();
    write(&folder, "course.toml", text.replace("lessons = [\"hello\"]", "lessons = [\"hello\", \"glossary\"]"));
    write(&folder, "lessons/glossary.md", "+++\ntitle = \"a\"\nsummary = \"b\"\nminutes = 1\n+++\nc\n");
    let problems = read(&folder).unwrap_err();
    assert_eq!(problems, ["course.toml:18: the lesson `glossary` has the address of the glossary. Rename the lesson."]);
    fs::remove_file(folder.join(GLOSSARY)).unwrap();
    assert!(read(&folder).is_ok());
    fs::remove_dir_all(&folder).unwrap();
}

/// The prose of a lesson with this text, in the starter.
fn prose(text: &str) -> (String, Lesson) {
    let folder = starter();
    let front = "+++\ntitle = \"a\"\nsummary = \"b\"\nminutes = 1\n+++\n";
    write(&folder, LESSON, format!("{front}{text}"));
    let loaded = read(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let lesson = loaded.lessons["hello"].clone();
    let html = lesson.blocks.iter().filter_map(|block| match block {
        Block::Prose { html } => Some(html.trim_end()),
        _ => None,
    });
    (html.collect::<Vec<_>>().join("\n"), lesson)
}

fn term(id: &str, word: &str) -> String {
    format!("<a class=\"term\" aria-describedby=\"definition-{id}\" href=\"/course/glossary#{id}\">{word}</a>")
}

#[test]
fn the_first_use_of_a_term_is_linked() {
    let toml = term("toml", "TOML");
    for (text, expect) in [
        ("TOML and TOML", format!("<p>{toml} and TOML</p>")),
        ("a *TOML*.\n\nTOML", format!("<p>a <em>{toml}</em>.</p>\n<p>TOML</p>")),
        ("toml, TOMLs, TOML-ish, x_TOML, TOML’s", format!("<p>toml, TOMLs, TOML-ish, x_TOML, {toml}’s</p>")),
        ("Echo servers, echo server", format!("<p>{}, echo server</p>", term("echo", "Echo servers"))),
        ("Echo Server ECHO SERVER", "<p>Echo Server ECHO SERVER</p>".to_owned()),
        ("`TOML` [TOML](/course) TOML", format!("<p><code>TOML</code> <a href=\"/course\">TOML</a> {toml}</p>")),
        ("## TOML\n\nTOML", format!("<h2 id=\"toml\">TOML</h2>\n<p>{toml}</p>")),
        ("éTOML TOMLé É TOML", format!("<p>éTOML TOMLé É {toml}</p>")),
        ("[The format](/course/glossary#toml), TOML", format!("<p>{}, TOML</p>", term("toml", "The format"))),
        (
            "x\n\n```faq\nid = \"q\"\nask = \"TOML?\"\nanswer = \"TOML\"\n```\n\nTOML",
            format!("<p>x</p>\n<p>{toml}</p>"),
        ),
    ] {
        assert_eq!(prose(text).0, expect, "{text}");
    }
}

#[test]
fn a_lesson_has_the_definitions_of_its_terms() {
    let terms = |text: &str| prose(text).1.terms.into_iter().map(|term| term.id).collect::<Vec<_>>();
    assert_eq!(terms("nothing"), [""; 0]);
    assert_eq!(terms("TOML and an echo server"), ["echo", "toml"]);
    assert_eq!(terms("```faq\nid = \"q\"\nask = \"a\"\nanswer = \"[b](/course/glossary#echo)\"\n```"), ["echo"]);
    let definition = &prose("TOML").1.terms[0];
    assert_eq!(
        definition.short,
        "A format for settings, with lines such as <code>title = \"Hello\"</code>.\n".trim_end()
    );
}

#[test]
fn definitions_are_cleaned() {
    let folder = starter();
    let text = fs::read_to_string(folder.join(GLOSSARY)).unwrap();
    let evil = "<b onclick=alert(1) class=term>b</b><script>alert(2)</script>";
    write(
        &folder,
        GLOSSARY,
        text.replace("short = \"", &format!("short = \"{evil}")).replace("more = \"", &format!("more = \"{evil}")),
    );
    let loaded = read(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let json = serde_json::to_string(&(&loaded.glossary, &loaded.lessons["hello"].terms)).unwrap();
    assert_eq!(json.matches("<b>b</b>").count(), 4, "{json}");
    assert!(!json.contains("alert"), "{json}");
}

#[test]
fn the_course_of_this_repository_uses_each_of_its_terms() {
    let lab = LabRules { query: &|_| Ok(()), via: &|_| Ok(()) };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("course");
    let loaded = load(&Source::Folder(folder), &lab).unwrap();
    let used = |id: &str| loaded.lessons.values().any(|lesson| lesson.terms.iter().any(|term| term.id == id));
    let terms = loaded.glossary.unwrap().terms.into_iter().map(|term| term.definition);
    let unused: Vec<_> = terms.filter(|term| !used(&term.id)).map(|term| term.term).collect();
    assert_eq!(unused, [""; 0]);
}
