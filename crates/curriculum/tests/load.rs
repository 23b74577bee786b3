//! The course of this repository, and courses with something wrong in them.
#![cfg(feature = "load")]
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use curriculum::load::{Lab, Loaded, Problem, Source, load, template};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

fn read(folder: &Path) -> Result<Loaded, Vec<String>> {
    let one_of = |known: &'static [&'static str]| {
        move |text: &str| if known.contains(&text) { Ok(()) } else { Err(format!("`{text}` is none")) }
    };
    let (query, via) = (one_of(&["", "deflate=off", "deflate=off&fragments=2"]), one_of(&["old-proxy"]));
    let loaded = load(&Source::Folder(folder.to_owned()), &Lab { query: &query, via: &via });
    loaded.map_err(|problems| problems.iter().map(Problem::to_string).collect())
}

/// The starter for authors, in a folder of its own.
fn starter() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("course-{}-{number}", std::process::id()));
    for (name, bytes) in template() {
        write(&folder, name, bytes);
    }
    folder
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

const COURSE: &str = "course.toml";
const LESSON: &str = "lessons/hello.md";
const CHALLENGE: &str = "challenges/first-echo/challenge.md";

/// What is wrong once `from` has become `to` in a file of the starter.
#[track_caller]
fn check(file: &str, from: &str, to: &str, expect: &[&str]) {
    let folder = starter();
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.contains(from), "{file} has {from:?}");
    write(&folder, file, text.replacen(from, to, 1));
    let problems = read(&folder).err().unwrap_or_default();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(problems, expect, "{from:?} → {to:?}");
}

#[test]
fn course_toml() {
    check(
        COURSE,
        "id = \"my-course\"",
        "id = \"My Course\"",
        &[
            "course.toml:5: `My Course` is no id. An id has lower-case letters, digits and hyphens, such as `first-echo`.",
        ],
    );
    check(
        COURSE,
        "id = \"my-course\"",
        "idd = \"my-course\"",
        &[
            "course.toml:1: the course has no `id`. Add `id = \"…\"`.",
            "course.toml:5: the course has a field `idd` that nobody knows. Did you mean `id`?",
        ],
    );
    check(
        COURSE,
        "title = \"My course\"",
        "title = 7",
        &["course.toml:6: `title` is a text, and this is a number. Put it right."],
    );
    check(
        COURSE,
        "title = \"My course\"",
        "title = \"My course",
        &["course.toml:6: invalid basic string, expected `\"`. It has to be TOML, which toml.io describes."],
    );
    check(
        COURSE,
        "language = \"en\"",
        "language = \"en_GB\"",
        &["course.toml:8: `en_GB` is no language tag. Write one such as `en` or `de-AT`."],
    );
    check(
        COURSE,
        "lessons = [\"hello\"]",
        "lessons = [\"hello\", \"Hello\", \"hello\", \"helo\"]",
        &[
            "course.toml:11: `Hello` is no id of a lesson. An id has lower-case letters, digits and hyphens, such as `first-echo`.",
            "course.toml:11: the lesson `hello` is listed twice. List it once.",
            "lessons/helo.md: there is no such file. The course lists this lesson: write it, or take it out of `lessons`.",
        ],
    );
    check(
        COURSE,
        "lesson = \"hello\"",
        "lesson = \"helo\"",
        &["course.toml:17: there is no lesson `helo`. Did you mean `hello`?"],
    );
    check(
        COURSE,
        "text = \"Say",
        "txt = \"Say",
        &[
            "course.toml:15: this objective has no `text`. Add `text = \"…\"`.",
            "course.toml:16: this objective has a field `txt` that nobody knows. Did you mean `text`?",
        ],
    );
}

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
fn a_challenge() {
    check(
        CHALLENGE,
        "level = 1",
        "level = 6",
        &["challenges/first-echo/challenge.md:4: `level` is a number from 1 to 5. Put it right."],
    );
    check(
        CHALLENGE,
        "place = \"anywhere\"",
        "place = \"nowhere\"",
        &[
            "challenges/first-echo/challenge.md:5: `place`: unknown value `nowhere`, expected `anywhere` or `browser`. Did you mean `anywhere`?",
        ],
    );
    check(
        CHALLENGE,
        "counts = \"last\"",
        "counts = \"lst\"",
        &[
            "challenges/first-echo/challenge.md:7: `counts`: unknown value `lst`, expected `last` or `all`. Did you mean `last`?",
        ],
    );
    check(
        CHALLENGE,
        "lesson = \"hello\"",
        "lesson = \"helo\"",
        &["challenges/first-echo/challenge.md:9: there is no lesson `helo`. Did you mean `hello`?"],
    );
    check(
        CHALLENGE,
        "query = \"deflate=off\"",
        "query = \"deflate={{words}}\"",
        &[
            "challenges/first-echo/challenge.md:6: the lab does not take this query: `deflate=maple thunder` is none. `/api/behaviours` lists what it takes.",
        ],
    );
    check(
        CHALLENGE,
        "kind = \"words\"",
        "kind = \"word\"",
        &[
            "challenges/first-echo/challenge.md:13: `words`: unknown value `word`, expected one of `key`, `number`, `one-of`, `words`, `bytes`, `frame`. Did you mean `words`?",
        ],
    );
    check(
        CHALLENGE,
        "count = 2",
        "count = 0",
        &["challenges/first-echo/challenge.md:12: `words`: `count` is 0. Put it right."],
    );
    check(
        CHALLENGE,
        "count = 2",
        "cuont = 2",
        &[
            "challenges/first-echo/challenge.md:12: `words`: unknown field `cuont`, expected `count`. Did you mean `count`?",
        ],
    );
    check(
        CHALLENGE,
        "text `{{words}}`",
        "text `{{word}}` and `{{acept:words}}`",
        &[
            "challenges/first-echo/challenge.md:31: `{{word}}`: there is no given value `word`. Did you mean `words`?",
            "challenges/first-echo/challenge.md:31: `{{acept:words}}`: nobody knows how to work out `acept`. Did you mean `accept`?",
        ],
    );
    check(
        CHALLENGE,
        "id = \"sent\"",
        "id = \"connected\"",
        &[
            "challenges/first-echo/challenge.md:22: there is another check `connected`. Choose another id.",
            "challenges/first-echo/challenge.md:28: there is no check `sent`. Name one of this challenge’s.",
        ],
    );
    check(
        CHALLENGE,
        "message = {",
        "mesage = {",
        &[
            "challenges/first-echo/challenge.md:24: unknown kind of check `mesage`, expected one of `connected`, `subprotocol`, `message`, `close-frame`, `closed-cleanly`, `beats`, `backoff`, `in-flight`, `lasted`, `tried`, `event`, `returned`, `pasted`, `shown`, `buffered`. Did you mean `message`?",
        ],
    );
    check(
        CHALLENGE,
        "kind = \"text\"",
        "kind = \"txt\"",
        &[
            "challenges/first-echo/challenge.md:24: unknown value `txt`, expected `text` or `binary`. Did you mean `text`?",
        ],
    );
    check(
        CHALLENGE,
        "kind = \"text\"",
        "knd = \"text\"",
        &[
            "challenges/first-echo/challenge.md:24: unknown field `knd`, expected one of `from`, `kind`, `is`, `is-hex`, `bytes`, `json`, `image`, `length`, `distinct`, `at-least`, `at-most`. Did you mean `kind`?",
        ],
    );
    check(
        CHALLENGE,
        "connected = { at-least = 1 }",
        "",
        &[
            "challenges/first-echo/challenge.md:16: this check does not say what it looks for. Add one, such as `connected = {}`.",
        ],
    );
    check(
        CHALLENGE,
        "connected = { at-least = 1 }",
        "connected = {}\nlasted = { at-least-ms = 7 }",
        &[
            "challenges/first-echo/challenge.md:16: this check looks for several things: `connected` and `lasted`. Make a check of each.",
        ],
    );
    check(
        CHALLENGE,
        "fails = \"sent\"",
        "fails = \"snet\"",
        &["challenges/first-echo/challenge.md:28: there is no check `snet`. Did you mean `sent`?"],
    );
    check(
        CHALLENGE,
        "file = \"wrong-greeting.js\"",
        "file = \"wrong-other.js\"",
        &[
            "challenges/first-echo/wrong-greeting.js: no `[[wrong]]` names this attempt. Add one, with what it fails.",
            "challenges/first-echo/wrong-other.js: there is no such file. A wrong attempt is JavaScript.",
        ],
    );
    check(
        CHALLENGE,
        "[[wrong]]\nfile = \"wrong-greeting.js\"\nfails = \"sent\"\n",
        "",
        &[
            "challenges/first-echo/challenge.md:2: there is no wrong attempt. Add `[[wrong]]` with `file`, `fails` and `says`: a check that nothing fails may check nothing.",
            "challenges/first-echo/wrong-greeting.js: no `[[wrong]]` names this attempt. Add one, with what it fails.",
        ],
    );
}

/// What is wrong once a file is there with these bytes.
#[track_caller]
fn check_file(name: &str, bytes: &[u8], expect: &[&str]) {
    let folder = starter();
    write(&folder, name, bytes);
    let problems = read(&folder).err().unwrap_or_default();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(problems, expect, "{name}");
}

#[test]
fn what_the_type_of_a_check_does_not_say() {
    let line = "connected = { at-least = 1 }";
    let place = "challenges/first-echo/challenge.md:19";
    for (look, what) in [
        (
            "connected = { at-least = 2, at-most = 1 }",
            "`connected`: 2 is more than 1. The first is the least, the second the most.",
        ),
        (
            "beats = { times = 3, apart-ms = [9, 8] }",
            "`beats`: 9 is more than 8. The first is the least, the second the most.",
        ),
        (
            "close-frame = { from = \"client\", waited-ms = [9, 8] }",
            "`close-frame`: 9 is more than 8. The first is the least, the second the most.",
        ),
        (
            "message = { from = \"client\", bytes = \"0\" }",
            "`message`: `0` is no hex. Write two digits for each byte, such as `00ff`.",
        ),
        (
            "pasted = { says = [\"name-not-resolvd\"] }",
            "`pasted`: no line of a console says `name-not-resolvd`. Did you mean `name-not-resolved`?",
        ),
    ] {
        check(CHALLENGE, line, look, &[&format!("{place}: {what}")]);
    }
    for fine in [
        "message = { from = \"client\", bytes = \"{{frame:words:words}}\" }",
        "closed-cleanly = true",
        "returned = { is = [1, { a = \"b\" }] }",
    ] {
        check(CHALLENGE, line, fine, &[]);
    }
}

/// The table of checks in `docs/course-authors.md` is whole: serde names all that there are.
#[test]
fn the_documentation_has_every_name_that_may_be_written() {
    let documentation = include_str!("../../../docs/course-authors.md");
    let folder = starter();
    for (file, from, row) in [
        (CHALLENGE, "message =", true),
        (CHALLENGE, "kind = \"words", true),
        (LESSON, "what = \"frame-bits", false),
        (LESSON, "title = \"Whole\"", false),
    ] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        let name = from.trim_end_matches(" =").rsplit('"').next().unwrap().to_owned();
        let odd = match from.starts_with("title") {
            true => text.replace(from, "scheme = \"?\""),
            false => text.replace(from, &from.replace(&name, "odd")),
        };
        write(&folder, file, odd);
        let problems = read(&folder).unwrap_err();
        write(&folder, file, text);
        let problem = problems.iter().find(|problem| problem.contains("expected one of")).unwrap();
        let names = problem.split("expected one of").nth(1).unwrap().split('`').skip(1).step_by(2);
        let wanted: Vec<_> =
            names.map(|name| if row { format!("\n| `{name}` |") } else { format!("`{name}`") }).collect();
        assert!(wanted.len() > 2);
        for name in wanted {
            assert!(documentation.contains(&name), "{name:?} of {problem}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    for (name, _) in curriculum::console::NAMES {
        assert!(documentation.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn files_that_do_not_belong() {
    check_file(
        "lessons/other.md",
        b"",
        &["lessons/other.md: the course does not list this lesson. Add \"other\" to `lessons`, or remove the file."],
    );
    check_file("lessons/other.txt", b"", &["lessons/other.txt: it is no lesson. Lessons are `lessons/ID.md`."]);
    check_file(
        "challenges/other/a",
        b"",
        &[
            "challenges/other: the course does not list this challenge. Add \"other\" to `challenges`, or remove the folder.",
        ],
    );
    check_file(
        "challenges/first-echo/solutoin.md",
        b"",
        &["challenges/first-echo/solutoin.md: nobody reads this file. Did you mean `solution.md`?"],
    );
    check_file(
        "challenges/first-echo/wrong-b.js",
        b"",
        &["challenges/first-echo/wrong-b.js: no `[[wrong]]` names this attempt. Add one, with what it fails."],
    );
    check_file("assets/a.svg", b"", &["assets/a.svg: it is no picture. There may be png, jpg, gif, webp and avif."]);
    check_file(
        "assets/a/b.png",
        b"",
        &[
            "assets/a/b.png: its name does not go into an address. Use letters, digits, `-`, `_` and `.` only, and no folders.",
        ],
    );
    for fine in ["README.md", "assets/a.png", ".git/x", "lessons/hello.md~"] {
        check_file(fine, b"x", &[]);
    }
}

#[test]
fn files_that_are_too_large_or_no_text() {
    check_file(
        "challenges/first-echo/page.html",
        &vec![b'a'; (256 << 10) + 1],
        &["challenges/first-echo/page.html: it has 262145 bytes, and may have 262144. Make it smaller."],
    );
    check_file(
        "assets/a.png",
        &vec![0; (2 << 20) + 1],
        &["assets/a.png: it has 2097153 bytes, and may have 2097152. Make it smaller."],
    );
    check_file(
        "challenges/first-echo/solution.md",
        b"a\nb\xFF",
        &["challenges/first-echo/solution.md:2: it is no UTF-8. Save it as UTF-8."],
    );
    let folder = starter();
    for number in 0..9 {
        write(&folder, &format!("assets/{number}.png"), vec![0; 2 << 20]);
    }
    let problems = read(&folder).unwrap_err();
    fs::remove_dir_all(&folder).unwrap();
    assert!(problems.iter().any(|problem| problem.contains("the course is over 16 MiB")), "{problems:?}");
    assert_eq!(read(Path::new("nowhere")).unwrap_err().len(), 2);
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_are_refused() {
    use std::os::unix::fs::symlink;
    let (folder, other) = (starter(), starter());
    symlink(other.join(LESSON), folder.join("lessons/out.md")).unwrap();
    symlink(&other, folder.join("assets")).unwrap();
    symlink("hello.md", folder.join("lessons/in.md")).unwrap();
    symlink("nothing", folder.join("lessons/dangling.md")).unwrap();
    symlink("..", folder.join("lessons/round")).unwrap();
    let problems = read(&folder).unwrap_err();
    for folder in [folder, other] {
        fs::remove_dir_all(folder).unwrap();
    }
    let has = |what: &str| problems.iter().any(|problem| problem == what);
    let out = "it is a link that leads out of the course's folder. Put the file itself there.";
    assert!(has(&format!("lessons/out.md: {out}")) && has(&format!("assets: {out}")), "{problems:#?}");
    assert!(has("lessons/dangling.md: it leads to nothing that can be read. Remove it, or put it right."));
    assert!(has("lessons/in.md: the course does not list this lesson. Add \"in\" to `lessons`, or remove the file."));
    assert!(problems.iter().any(|problem| problem.contains("too many folders within folders")));
}

#[test]
fn all_that_is_wrong_is_said_at_once_in_order() {
    let folder = starter();
    for name in [COURSE, LESSON, CHALLENGE] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        write(&folder, name, text.replace("title =", "titel ="));
    }
    let problems = read(&folder).unwrap_err();
    fs::remove_dir_all(&folder).unwrap();
    let places: Vec<_> = problems.iter().map(|problem| problem.split(": ").next().unwrap()).collect();
    let mut sorted = places.clone();
    sorted.sort_by_key(|place| {
        let (file, line) = place.split_once(':').unwrap_or((place, "0"));
        (file.to_owned(), line.parse::<usize>().unwrap())
    });
    assert_eq!(places, sorted);
    assert_eq!(problems.len(), 16, "{problems:#?}");
}

#[test]
fn line_ends_and_a_byte_order_mark_do_not_matter() {
    let folder = starter();
    let expect = read(&folder).unwrap();
    for (name, bytes) in template() {
        let text = std::str::from_utf8(bytes).unwrap().replace('\n', "\r\n");
        write(&folder, name, format!("\u{FEFF}{text}"));
    }
    let loaded = read(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!((loaded.course, loaded.lessons), (expect.course, expect.lessons));
    assert_eq!(loaded.challenges, expect.challenges);
}

#[test]
fn what_is_read_becomes_json_and_comes_back() {
    let folder = starter();
    write(&folder, "assets/a.webp", b"RIFF");
    let loaded = read(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(loaded.assets["a.webp"].media_type, "image/webp");
    assert_eq!(loaded.wrong["first-echo"][0].fails, "sent");
    let challenge = &loaded.challenges["first-echo"];
    let json = serde_json::to_string(challenge).unwrap();
    assert_eq!(serde_json::from_str::<curriculum::challenge::Challenge>(&json).unwrap(), *challenge);
    let lesson = &loaded.lessons["hello"];
    let json = serde_json::to_string(lesson).unwrap();
    assert_eq!(serde_json::from_str::<curriculum::course::Lesson>(&json).unwrap(), *lesson);
    let pieces: Vec<_> = loaded.course.lessons[0].pieces.iter().map(|piece| piece.id.as_str()).collect();
    let expect = [
        "first-run",
        "whole-or-in-pieces",
        "bits",
        "what-is-echoed",
        "who-masks",
        "why-echo",
        "how-large",
        "first-echo",
    ];
    assert_eq!(pieces, expect);
}

#[test]
fn markdown_in_fields_is_cleaned_too() {
    let folder = starter();
    let text = fs::read_to_string(folder.join(LESSON)).unwrap();
    let evil = "<img src=x onerror=alert(1)><script>alert(2)</script>[a](javascript:alert(3))";
    let text =
        text.replace("why = \"", &format!("why = \"{evil}")).replace("text = \"The", &format!("text = \"{evil}The"));
    write(&folder, LESSON, text.replace("## Blocks", evil));
    let challenge = fs::read_to_string(folder.join(CHALLENGE)).unwrap();
    write(&folder, CHALLENGE, challenge.replace("hints = [\"", &format!("hints = [\"{evil}")) + evil);
    let loaded = read(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let html = serde_json::to_string(&(&loaded.lessons, &loaded.challenges)).unwrap();
    for gone in ["alert", "onerror", "script>", "javascript:"] {
        assert!(!html.contains(gone), "{gone} in {html}");
    }
    assert_eq!(html.matches("<img src=\\\"x\\\">").count(), 8);
}

#[test]
fn the_course_of_this_repository_has_no_problems() {
    // What the lab knows is checked where the lab is.
    let lab = Lab { query: &|_| Ok(()), via: &|_| Ok(()) };
    if let Err(problems) = load(&Source::Embedded, &lab) {
        panic!("{}", problems.iter().map(|problem| format!("{problem}\n")).collect::<String>());
    }
}
