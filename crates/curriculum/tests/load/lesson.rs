//! Lessons and their blocks.

use crate::{LESSON, check, check_one};

#[test]
fn a_lessons_frame_and_prose() {
    check(
        LESSON,
        "+++\ntitle",
        "title",
        &[
            "lessons/hello.md:1: it has no front matter. Begin it with a line `+++`, fields such as `title = \"…\"`, and another line `+++`.",
        ],
    );
    check(
        LESSON,
        "minutes = 5",
        "minutes = 0",
        &["lessons/hello.md:4: `minutes` is a number from 1 to 600. Put it right."],
    );
    check(LESSON, "minutes = 5\n", "", &["lessons/hello.md:2: the front matter has no `minutes`. Add `minutes = 1`."]);
    check(
        LESSON,
        "## Prose",
        "# Prose",
        &["lessons/hello.md:7: the first level of headings is the title’s own. Begin it with `##`."],
    );
    check(
        LESSON,
        "## Blocks",
        "## Blocks {#first-run}",
        &["lessons/hello.md:22: the id `first-run` stands in this lesson twice. Choose another one."],
    );
    check(
        LESSON,
        "(#what-is-echoed)",
        "(#what-is-ecoed)",
        &[
            "lessons/hello.md:9: the link to #what-is-ecoed names a heading or piece `what-is-ecoed` that there is not in the lesson hello. Did you mean `what-is-echoed`?",
        ],
    );
    check(
        LESSON,
        "(/challenges/first-echo)",
        "(/challenges/frist-echo)",
        &[
            "lessons/hello.md:9: the link to /challenges/frist-echo names a challenge `frist-echo` that there is not. Did you mean `first-echo`?",
        ],
    );
    check(
        LESSON,
        "(/challenges/first-echo)",
        "(/course/hello#nowhere)",
        &[
            "lessons/hello.md:9: the link to /course/hello#nowhere names a heading or piece `nowhere` that there is not in the lesson hello. Put it right, or take it out.",
        ],
    );
    check(
        LESSON,
        "(/challenges/first-echo)",
        "(hello.md)",
        &[
            "lessons/hello.md:9: the link to hello.md leads to nothing here. Lessons are at `/course/ID`, challenges at `/challenges/ID`, pictures at `assets/NAME`.",
        ],
    );
    check(
        LESSON,
        "This is Markdown",
        "![a](assets/b.png) ![b](https://b.example/b.png)",
        &[
            "lessons/hello.md:9: the picture https://b.example/b.png is on another server, and the page shows none from there. Put it into `assets/`.",
            "lessons/hello.md:9: the link to assets/b.png names a picture `b.png` that there is not. Put it right, or take it out.",
        ],
    );
}

#[test]
fn the_blocks_of_a_lesson() {
    check(
        LESSON,
        "query = \"deflate=off\"\nsend = [\"Hello\", { bytes = \"00ff\" }]",
        "query = \"deflate=offf\"\nsend = [\"Hello\", { bytes = \"00f\" }, 7]",
        &[
            "lessons/hello.md:31: the lab does not take this query: `deflate=offf` is none. `/api/behaviours` lists what it takes.",
            "lessons/hello.md:32: these bytes are no hex. Write two digits for each byte, such as `00ff`.",
            "lessons/hello.md:32: this cannot be sent. Write a text, or `{ bytes = \"00ff\" }`.",
        ],
    );
    check(
        LESSON,
        "send = [\"Hello\", { bytes",
        "via = \"old-prxy\"\nsend = [\"Hello\", { byte",
        &[
            "lessons/hello.md:32: there is no such middlebox: `old-prxy` is none. `/api/ways` lists them.",
            "lessons/hello.md:33: this item of `send` has no `bytes`. Add `bytes = \"…\"`.",
            "lessons/hello.md:33: this item of `send` has a field `byte` that nobody knows. Did you mean `bytes`?",
        ],
    );
    check(
        LESSON,
        "apart-ms = 200",
        "apart_ms = 200",
        &["lessons/hello.md:33: this live has a field `apart_ms` that nobody knows. Did you mean `apart-ms`?"],
    );
    check(
        LESSON,
        "show = \"frame\"",
        "show = \"farme\"",
        &[
            "lessons/hello.md:29: `show`: unknown value `farme`, expected one of `sequence`, `request`, `response`, `accept`, `frame`, `unmasking`, `path`, `ending`, `lifecycle`. Did you mean `frame`?",
        ],
    );
    check(
        LESSON,
        "code = 1000, reason",
        "code = 1006, reason",
        &["lessons/hello.md:34: a browser closes with 1000 or 3000 to 4999 only. Use one of those."],
    );
    check(
        LESSON,
        "[[runs]]\ntitle = \"Whole\"",
        "[[runs]]\n[[runs]]\ntitle = \"Whole\"",
        &["lessons/hello.md:40: there are 3 runs. Write one, or two to be put side by side."],
    );
    check(
        LESSON,
        "title = \"In pieces\"",
        "titel = \"In pieces\"",
        &["lessons/hello.md:49: this run has a field `titel` that nobody knows. Did you mean `title`?"],
    );
    check(
        LESSON,
        "what = \"frame-bits\"",
        "what = \"frame-bit\"",
        &[
            "lessons/hello.md:57: `what`: unknown value `frame-bit`, expected one of `handshake-steps`, `frame-bits`, `masking`, `lifecycle`, `image`. Did you mean `frame-bits`?",
        ],
    );
    check(
        LESSON,
        "answers = [\"Hello\"]",
        "answers = []",
        &["lessons/hello.md:62: this exercise has no answer, or an empty one. Add `answers = [\"…\"]`."],
    );
    check(
        LESSON,
        "answer = \"Hallo\"",
        "answer = \"hello \"",
        &["lessons/hello.md:69: this slip is among the answers. Take it out of one of them."],
    );
    check(
        LESSON,
        "right = true",
        "right = false",
        &["lessons/hello.md:74: no option of this quiz is right. Add `right = true` to one of them."],
    );
    check(
        LESSON,
        "why = \"A server never masks.\"",
        "",
        &["lessons/hello.md:82: this option has no `why`. Add `why = \"…\"`."],
    );
    check(
        LESSON,
        "text = \"The client\"",
        "text = \"* The client\"",
        &[
            "lessons/hello.md:78: this text stands in a line, and so has a single paragraph and no lists, code blocks or headings. Make it one.",
        ],
    );
    check(
        LESSON,
        "[demo]\n",
        "[demos]\n",
        &[
            "lessons/hello.md:88: this interview has no `[demo]`. Add one, with the fields of a live block but `id`.",
            "lessons/hello.md:93: this interview has a field `demos` that nobody knows. Did you mean `demo`?",
        ],
    );
    check(
        LESSON,
        "points = [",
        "#points = [",
        &["lessons/hello.md:88: this interview has no `points`. Say what a good answer has."],
    );
    check(
        LESSON,
        "id = \"how-large\"",
        "id = \"bits\"",
        &["lessons/hello.md:100: the id `bits` stands in this lesson twice. Choose another one."],
    );
    check(
        LESSON,
        "id = \"how-large\"",
        "id = \"How large\"",
        &[
            "lessons/hello.md:100: `How large` is no id. An id has lower-case letters, digits and hyphens, such as `first-echo`.",
        ],
    );
    check(LESSON, "id = \"how-large\"", "", &["lessons/hello.md:100: this faq has no `id`. Add `id = \"…\"`."]);
    check(
        LESSON,
        "```challenge\nid = \"first-echo\"",
        "```challenge\nid = \"first-ecoh\"",
        &["lessons/hello.md:106: there is no challenge `first-ecoh`. Did you mean `first-echo`?"],
    );
    check(
        LESSON,
        "ask = \"How large may",
        "ask = How large may",
        &["lessons/hello.md:101: missing opening quote, expected `\"`. It has to be TOML, which toml.io describes."],
    );
}

#[test]
fn where_links_lead() {
    let at = |what: &str| format!("lessons/hello.md:9: {what}");
    let nobody = "leads where the page takes nobody. Links are `http`, `https`, `mailto`, `ws` and `wss`.";
    for to in ["javascript:x", "ftp://x", "data:text/html,x", "about:blank"] {
        check(LESSON, "This is Markdown", &format!("[a]({to})"), &[&at(&format!("the link to {to} {nobody}"))]);
    }
    check(LESSON, "This is Markdown", "[a](HTTPS://x) [b](ws://x) [c](mailto:a@b.example) [d](//x)", &[]);
    for (html, tag, todo) in [
        ("<a href=/nowhere>x</a>", "a", "Write `[text](address)`."),
        ("<IMG src=assets/nothing.png>", "img", "Write `![what it shows](assets/NAME)`."),
        ("<h2 id=blocks>x</h2>", "h2", "Write `## A heading`."),
    ] {
        let expect = at(&format!("nobody checks the `<{tag}>` of this HTML. {todo}"));
        check(LESSON, "This is Markdown", &format!("x {html}"), &[&expect]);
    }
    check(LESSON, "This is Markdown", "<abbr title=x>a</abbr> 1 < a 2", &[]);
}

#[test]
fn what_lies_too_deep_is_refused() {
    let key = ["a"; 30].join(".");
    check(
        LESSON,
        "minutes = 5",
        &format!("{key} = 5"),
        &["lessons/hello.md:4: this key has more than 20 dots. Put it right."],
    );
    check_one(
        LESSON,
        "This is Markdown",
        &format!("{}x", "> ".repeat(40)),
        "lessons/hello.md:9: there are more than 32 blocks within each other. Put fewer lists and quotes into each other.",
    );
}
