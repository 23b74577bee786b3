//! Lessons and their blocks.

use crate::{LESSON, check, check_one};

#[test]
fn a_lessons_frame_and_prose() {
    check(
        LESSON,
        "+++\ntitle",
        "title",
        &[
            "lessons/hello.md:1: the file has no front matter. Start it with a line `+++`, then fields such as `title = \"…\"`, then another line `+++`.",
        ],
    );
    check(
        LESSON,
        "minutes = 5",
        "minutes = 0",
        &["lessons/hello.md:4: `minutes` must be a whole number from 1 to 600, not 0. Change the value."],
    );
    check(LESSON, "minutes = 5\n", "", &["lessons/hello.md:2: the front matter has no `minutes`. Add `minutes = 1`."]);
    check(
        LESSON,
        "## Prose",
        "# Prose",
        &["lessons/hello.md:7: only the title may be a first-level heading. Start the heading with `##`."],
    );
    check(
        LESSON,
        "## Blocks",
        "## Blocks {#first-run}",
        &["lessons/hello.md:22: the id `first-run` is used twice in this lesson. Choose a different id."],
    );
    check(
        LESSON,
        "(#what-is-echoed)",
        "(#what-is-ecoed)",
        &[
            "lessons/hello.md:9: the link #what-is-ecoed points to a heading or block `what-is-ecoed` that does not exist in the lesson hello. Did you mean `what-is-echoed`?",
        ],
    );
    check(
        LESSON,
        "(/challenges/first-echo)",
        "(/challenges/frist-echo)",
        &[
            "lessons/hello.md:9: the link /challenges/frist-echo points to a challenge `frist-echo` that does not exist. Did you mean `first-echo`?",
        ],
    );
    check(
        LESSON,
        "(/challenges/first-echo)",
        "(/course/hello#nowhere)",
        &[
            "lessons/hello.md:9: the link /course/hello#nowhere points to a heading or block `nowhere` that does not exist in the lesson hello. Correct or remove it.",
        ],
    );
    check(
        LESSON,
        "(/challenges/first-echo)",
        "(hello.md)",
        &[
            "lessons/hello.md:9: the link hello.md does not lead anywhere in this course. Lessons are at `/course/ID`, challenges at `/challenges/ID` and images at `assets/NAME`.",
        ],
    );
    check(
        LESSON,
        "This is Markdown",
        "![a](assets/b.png) ![b](https://b.example/b.png)",
        &[
            "lessons/hello.md:9: the image https://b.example/b.png is on another server, and the page does not load images from other servers. Put it into `assets/`.",
            "lessons/hello.md:9: the link assets/b.png points to an image `b.png` that does not exist. Correct or remove it.",
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
            "lessons/hello.md:31: the lab rejects this query: `deflate=offf` is none. See `/api/behaviours` for the settings it accepts.",
            "lessons/hello.md:32: these bytes are not valid hex. Write two hex digits for each byte, for example `00ff`.",
            "lessons/hello.md:32: this is not a message. Write a string, or `{ bytes = \"00ff\" }`.",
        ],
    );
    check(
        LESSON,
        "send = [\"Hello\", { bytes",
        "via = \"old-prxy\"\nsend = [\"Hello\", { byte",
        &[
            "lessons/hello.md:32: the lab rejects this middlebox: `old-prxy` is none. See `/api/routes` for the available ones.",
            "lessons/hello.md:33: this item of `send` has no `bytes`. Add `bytes = \"…\"`.",
            "lessons/hello.md:33: this item of `send` has an unknown field `byte`. Did you mean `bytes`?",
        ],
    );
    check(
        LESSON,
        "apart-ms = 200",
        "apart_ms = 200",
        &["lessons/hello.md:33: this live has an unknown field `apart_ms`. Did you mean `apart-ms`?"],
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
        &["lessons/hello.md:34: a browser can only close with code 1000 or 3000 to 4999. Use one of these codes."],
    );
    check(
        LESSON,
        "[[runs]]\ntitle = \"Whole\"",
        "[[runs]]\n[[runs]]\ntitle = \"Whole\"",
        &["lessons/hello.md:40: there are 3 runs. Write one, or two to show side by side."],
    );
    check(
        LESSON,
        "title = \"In fragments\"",
        "titel = \"In fragments\"",
        &["lessons/hello.md:49: this run has an unknown field `titel`. Did you mean `title`?"],
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
        &["lessons/hello.md:69: this slip is also listed in `answers`. Remove it from one of the two."],
    );
    check(
        LESSON,
        "right = true",
        "right = false",
        &["lessons/hello.md:74: no option of this quiz is marked as right. Add `right = true` to one of them."],
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
            "lessons/hello.md:78: this text must be one paragraph without lists, code blocks or headings. Write it as one paragraph.",
        ],
    );
    check(
        LESSON,
        "[demo]\n",
        "[demos]\n",
        &[
            "lessons/hello.md:88: this interview has no `[demo]`. Add one with the fields of a live block, except `id`.",
            "lessons/hello.md:93: this interview has an unknown field `demos`. Did you mean `demo`?",
        ],
    );
    check(
        LESSON,
        "points = [",
        "#points = [",
        &["lessons/hello.md:88: this interview has no `points`. List what a good answer contains."],
    );
    check(
        LESSON,
        "id = \"how-large\"",
        "id = \"bits\"",
        &["lessons/hello.md:100: the id `bits` is used twice in this lesson. Choose a different id."],
    );
    check(
        LESSON,
        "id = \"how-large\"",
        "id = \"How large\"",
        &[
            "lessons/hello.md:100: `How large` is not a valid id. Use lowercase letters, digits and hyphens, for example `first-echo`.",
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
        &["lessons/hello.md:101: missing opening quote, expected `\"`. Use valid TOML (see toml.io)."],
    );
}

#[test]
fn link_targets_are_checked() {
    let at = |what: &str| format!("lessons/hello.md:9: {what}");
    let nobody =
        "uses a scheme that is not allowed. The allowed schemes are `http`, `https`, `mailto`, `ws` and `wss`.";
    for to in ["javascript:x", "ftp://x", "data:text/html,x", "about:blank"] {
        check(LESSON, "This is Markdown", &format!("[a]({to})"), &[&at(&format!("the link {to} {nobody}"))]);
    }
    check(LESSON, "This is Markdown", "[a](HTTPS://x) [b](ws://x) [c](mailto:a@b.example) [d](//x)", &[]);
    for (html, tag, todo) in [
        ("<a href=/nowhere>x</a>", "a", "Write `[text](address)`."),
        ("<IMG src=assets/nothing.png>", "img", "Write `![what it shows](assets/NAME)`."),
        ("<h2 id=blocks>x</h2>", "h2", "Write `## A heading`."),
    ] {
        let expect = at(&format!("the HTML tag `<{tag}>` is not allowed. {todo}"));
        check(LESSON, "This is Markdown", &format!("x {html}"), &[&expect]);
    }
    check(LESSON, "This is Markdown", "<abbr title=x>a</abbr> 1 < a 2", &[]);
}

#[test]
fn deep_nesting_is_refused() {
    let key = ["a"; 30].join(".");
    check(
        LESSON,
        "minutes = 5",
        &format!("{key} = 5"),
        &["lessons/hello.md:4: this key has more than 20 dots. Use fewer."],
    );
    check_one(
        LESSON,
        "This is Markdown",
        &format!("{}x", "> ".repeat(40)),
        "lessons/hello.md:9: there are more than 32 levels of nested blocks. Use fewer levels of lists and quotes.",
    );
}
