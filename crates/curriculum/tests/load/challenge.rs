//! `challenge.md`, and the files beside it.

use crate::{CHALLENGE, check, check_one, read, starter, write};
use std::fs;

#[test]
fn a_challenge() {
    check(
        CHALLENGE,
        "level = 1",
        "level = 6",
        &["challenges/first-echo/challenge.md:4: `level` must be a whole number from 1 to 5, not 6. Change the value."],
    );
    check(
        CHALLENGE,
        "place = \"anywhere\"",
        "place = \"nowhere\"",
        &[
            "challenges/first-echo/challenge.md:6: `place`: unknown value `nowhere`, expected `anywhere` or `browser`. Did you mean `anywhere`?",
        ],
    );
    check(
        CHALLENGE,
        "counts = \"last\"",
        "counts = \"lst\"",
        &[
            "challenges/first-echo/challenge.md:8: `counts`: unknown value `lst`, expected one of `last`, `all`, `session`. Did you mean `last`?",
        ],
    );
    check(
        CHALLENGE,
        "lesson = \"hello\"",
        "lesson = \"helo\"",
        &["challenges/first-echo/challenge.md:10: there is no lesson `helo`. Did you mean `hello`?"],
    );
    check(
        CHALLENGE,
        "query = \"deflate=off\"",
        "query = \"deflate={{words}}\"",
        &[
            "challenges/first-echo/challenge.md:7: the lab rejects these settings: `deflate=maple+thunder` is none. See `/api/behaviours` for the settings it accepts.",
        ],
    );
    check(
        CHALLENGE,
        "kind = \"words\"",
        "kind = \"word\"",
        &[
            "challenges/first-echo/challenge.md:14: `words`: unknown value `word`, expected one of `key`, `number`, `one-of`, `words`, `bytes`, `frame`, `frames`. Did you mean `words`?",
        ],
    );
    check(
        CHALLENGE,
        "count = 2",
        "count = 0",
        &["challenges/first-echo/challenge.md:13: `words`: `count` is 0. Use 1 or more."],
    );
    check(
        CHALLENGE,
        "count = 2",
        "cuont = 2",
        &[
            "challenges/first-echo/challenge.md:13: `words`: unknown field `cuont`, expected `count`. Did you mean `count`?",
        ],
    );
    check(
        CHALLENGE,
        "text `{{words}}`",
        "text `{{word}}` and `{{acept:words}}`",
        &[
            "challenges/first-echo/challenge.md:32: `{{word}}`: there is no value named `word`. Did you mean `words`?",
            "challenges/first-echo/challenge.md:32: `{{acept:words}}`: there is no function `acept`. Did you mean `accept`?",
        ],
    );
    check(
        CHALLENGE,
        "id = \"sent\"",
        "id = \"connected\"",
        &[
            "challenges/first-echo/challenge.md:23: another check has the id `connected`. Choose a different id.",
            "challenges/first-echo/challenge.md:29: there is no check `sent`. Use the id of a check in this challenge.",
        ],
    );
    check(
        CHALLENGE,
        "message = {",
        "mesage = {",
        &[
            "challenges/first-echo/challenge.md:25: unknown kind of check `mesage`, expected one of `connected`, `subprotocol`, `message`, `close-frame`, `closed-cleanly`, `beats`, `backoff`, `in-flight`, `lasted`, `after`, `acknowledged`, `inner`, `frames`, `answers`, `named`, `tried`, `event`, `returned`, `pasted`, `shown`, `buffered`, `read`. Did you mean `message`?",
        ],
    );
    check(
        CHALLENGE,
        "kind = \"text\"",
        "kind = \"txt\"",
        &[
            "challenges/first-echo/challenge.md:25: unknown value `txt`, expected `text` or `binary`. Did you mean `text`?",
        ],
    );
    check(
        CHALLENGE,
        "kind = \"text\"",
        "knd = \"text\"",
        &[
            "challenges/first-echo/challenge.md:25: unknown field `knd`, expected one of `from`, `kind`, `is`, `is-hex`, `bytes`, `json`, `image`, `length`, `distinct`, `ascending`, `at-least`, `at-most`, `on-each`. Did you mean `kind`?",
        ],
    );
    check(
        CHALLENGE,
        "connected = { at-least = 1 }",
        "",
        &["challenges/first-echo/challenge.md:17: this check has no condition. Add one, for example `connected = {}`."],
    );
    check(
        CHALLENGE,
        "connected = { at-least = 1 }",
        "connected = {}\nlasted = { at-least-ms = 7 }",
        &[
            "challenges/first-echo/challenge.md:17: this check has more than one condition: `connected` and `lasted`. Write a separate check for each.",
        ],
    );
    check(
        CHALLENGE,
        "fails = \"sent\"",
        "fails = \"snet\"",
        &["challenges/first-echo/challenge.md:29: there is no check `snet`. Did you mean `sent`?"],
    );
    check(
        CHALLENGE,
        "file = \"wrong-greeting.js\"",
        "file = \"wrong-other.js\"",
        &[
            "challenges/first-echo/wrong-greeting.js: no `[[wrong]]` in `challenge.md` names this file. Add one with the check that it fails.",
            "challenges/first-echo/wrong-other.js: this file is missing. Write the attempt, or remove its `[[wrong]]`.",
        ],
    );
    check(
        CHALLENGE,
        "[[wrong]]\nfile = \"wrong-greeting.js\"\nfails = \"sent\"\n",
        "",
        &[
            "challenges/first-echo/challenge.md:2: there is no wrong attempt. Add `[[wrong]]` with `file`, `fails` and `says`, to prove that the check can fail.",
            "challenges/first-echo/wrong-greeting.js: no `[[wrong]]` in `challenge.md` names this file. Add one with the check that it fails.",
        ],
    );
}

#[test]
fn every_value_in_a_query_is_checked() {
    let given = |query: &str, kind: &str| {
        let text = format!("query = \"deflate={query}\"\n[given.what]\n{kind}\n");
        move |from: &str| text.replace("FROM", from)
    };
    let (place, todo) = ("challenges/first-echo/challenge.md:7", "See `/api/behaviours` for the settings it accepts.");
    let none = |query: &str| format!("{place}: the lab rejects these settings: `deflate={query}` is none. {todo}");
    let one_of = given("{{what}}", "kind = \"one-of\"\nvalues = [\"off\", \"FROM\"]");
    check_front(&one_of("off"), &[]);
    check_front(&one_of("of"), &[&none("of")]);
    let number = given("off&fragments={{what}}", "kind = \"number\"\nfrom = 2\nto = FROM");
    check_front(&number("2"), &[]);
    check_front(&number("4"), &[&none("off&fragments=4")]);
}

/// The problems with this query and table in the front matter. The table comes last.
#[track_caller]
fn check_front(text: &str, expect: &[&str]) {
    let (query, table) = text.split_once('\n').unwrap();
    let folder = starter();
    let file = fs::read_to_string(folder.join(CHALLENGE)).unwrap();
    let file =
        file.replace("query = \"deflate=off\"", query).replace("[given.words]", &format!("{table}\n[given.words]"));
    write(&folder, CHALLENGE, file);
    let problems = read(&folder).err().unwrap_or_default();
    fs::remove_dir_all(&folder).unwrap();
    // The first sample may be any number in the range.
    let problems: Vec<_> = problems.iter().filter(|problem| !problem.contains("fragments=3")).collect();
    assert_eq!(problems, expect);
}

#[test]
fn choices_contain_only_safe_characters() {
    let place = "challenges/first-echo/challenge.md:13";
    let fix = "Use only letters, digits, spaces, `-`, `_` and `.`, because values go into HTML, code and URLs.";
    for value in ["javascript:x", "a'", "<b>", "a&b", "`", "a/b", "{{words}}"] {
        let to = format!("kind = \"one-of\"\nvalues = [\"a b-c_d.é1\", \"{value}\"]");
        check(
            CHALLENGE,
            "kind = \"words\"\ncount = 2",
            &to,
            &[&format!("{place}: `words`: the value `{value}` has a character that is not allowed. {fix}")],
        );
    }
}

#[test]
fn values_and_choices_are_limited() {
    let place = "challenges/first-echo/challenge.md";
    let given: String = (0..40).map(|number| format!("[given.a{number}]\nkind = \"key\"\n")).collect();
    let many = format!("{place}:13: `given` has more than 32 values. Remove some.");
    check_one(CHALLENGE, "[given.words]", &format!("{given}[given.words]"), &many);
    let choices = format!("kind = \"one-of\"\nvalues = {:?}", ["a"; 101]);
    let much = format!("{place}:13: `words`: `values` has 101 items. Use 1 to 100 items.");
    check(CHALLENGE, "kind = \"words\"\ncount = 2", &choices, &[&much]);
}

#[test]
fn placeholders_in_a_solution_are_checked() {
    let file = "challenges/first-echo/solution.md";
    check(file, "Before", "`{{words}}`: before", &[]);
    let unknown = format!("{file}:1: `{{{{word}}}}`: there is no value named `word`. Did you mean `words`?");
    check(file, "Before", "`{{word}}`: before", &[&unknown]);
    let lost = "is lost when the text is rendered. Use it in prose or in `code`, not in a URL, in HTML or in highlighted code.";
    check(file, "Before", "\n\n```js\n{{words}}\n```\n", &[&format!("{file}:4: `{{{{words}}}}` {lost}")]);
}

#[test]
fn a_solution_cannot_name_what_learners_have_to_find_out() {
    let folder = starter();
    let solution = "challenges/first-echo/solution.md";
    let challenge = fs::read_to_string(folder.join(CHALLENGE)).unwrap();
    let with_secret = challenge.replace("[given.words]", "[given.secret]\nkind = \"key\"\n\n[given.words]");
    write(&folder, CHALLENGE, with_secret.clone());
    write(&folder, solution, "{{words}}\n{{accept:secret}}");
    let hidden = "this names `secret`, which learners have to find out. Leave a place where the learner writes it, or name the value in the task.";
    assert_eq!(read(&folder).err().unwrap(), [format!("{solution}:2: {hidden}")]);
    write(&folder, CHALLENGE, format!("{with_secret}\n{{{{secret}}}}"));
    assert!(read(&folder).is_ok());
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn placeholders_must_have_a_value_and_survive_rendering() {
    let at = |line: u32, what: &str| format!("challenges/first-echo/challenge.md:{line}: {what}");
    let form = |form: &str| {
        format!(
            "this cannot be computed from these values. Write `{form}`: KEY must be a `key`, BYTES must be hex, and a frame needs 4 BYTES."
        )
    };
    for (inside, derived) in [
        ("accept:words", "{{accept:KEY}}"),
        ("accept:words:words", "{{accept:KEY}}"),
        ("sum:words", "{{sum:BYTES}}"),
        ("frame:words", "{{frame:TEXT:BYTES}}"),
        ("frame:words:words", "{{frame:TEXT:BYTES}}"),
    ] {
        let what = format!("`{{{{{inside}}}}}`: {}", form(derived));
        check(CHALLENGE, "text `{{words}}`", &format!("text `{{{{{inside}}}}}`"), &[&at(32, &what)]);
    }
    let lost = "is lost when the text is rendered. Use it in prose or in `code`, not in a URL, in HTML or in highlighted code.";
    let (words, length) = (format!("`{{{{words}}}}` {lost}"), format!("`{{{{length:words}}}}` {lost}"));
    check(CHALLENGE, "text `{{words}}`.", "text\n\n```js\na = {{words}};\n```\n", &[&at(35, &words)]);
    check(CHALLENGE, "text `{{words}}`.", "text\n\n```http\n{{length:words}}\n```\n", &[&at(35, &length)]);
    check(CHALLENGE, "text `{{words}}`.", "text\n\n```\n{{length:words}}\n```\n", &[]);
    let address = "a URL cannot contain a placeholder. Write the value as text.";
    check(CHALLENGE, "text `{{words}}`", "[text](https://a.example/{{words}})", &[&at(32, address), &at(32, &words)]);
    let title = at(2, "the list of challenges shows this text, but has no values. Remove the placeholder.");
    check(CHALLENGE, "title = \"First", "title = \"{{words}} First", &[&title]);
    check(CHALLENGE, "`socket.send` takes", "<!-- {{words}} --> `socket.send` takes", &[&at(11, &words)]);
}
