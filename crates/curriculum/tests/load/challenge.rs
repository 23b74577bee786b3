//! `challenge.md`, and what lies beside it.

use crate::{CHALLENGE, check, check_one, read, starter, write};
use std::fs;

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
            "challenges/first-echo/challenge.md:6: the lab does not take this query: `deflate=maple+thunder` is none. `/api/behaviours` lists what it takes.",
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
            "challenges/first-echo/challenge.md:24: unknown field `knd`, expected one of `from`, `kind`, `is`, `is-hex`, `bytes`, `json`, `image`, `length`, `distinct`, `ascending`, `at-least`, `at-most`. Did you mean `kind`?",
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

#[test]
fn every_value_that_the_lab_may_get_is_tried() {
    let given = |query: &str, kind: &str| {
        let text = format!("query = \"deflate={query}\"\n[given.what]\n{kind}\n");
        move |from: &str| text.replace("FROM", from)
    };
    let (place, todo) = ("challenges/first-echo/challenge.md:6", "`/api/behaviours` lists what it takes.");
    let none = |query: &str| format!("{place}: the lab does not take this query: `deflate={query}` is none. {todo}");
    let one_of = given("{{what}}", "kind = \"one-of\"\nvalues = [\"off\", \"FROM\"]");
    check_front(&one_of("off"), &[]);
    check_front(&one_of("of"), &[&none("of")]);
    let number = given("off&fragments={{what}}", "kind = \"number\"\nfrom = 2\nto = FROM");
    check_front(&number("2"), &[]);
    check_front(&number("4"), &[&none("off&fragments=4")]);
}

/// What is wrong with this query and more in the front matter; tables come behind all else.
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
    // A number between the two is tried too, and of those nobody knows which.
    let problems: Vec<_> = problems.iter().filter(|problem| !problem.contains("fragments=3")).collect();
    assert_eq!(problems, expect);
}

#[test]
fn what_can_be_chosen_is_harmless() {
    let place = "challenges/first-echo/challenge.md:12";
    let what =
        "values have letters, digits, spaces, `-`, `_` and `.` only: they go into HTML, code and URLs. Put it right.";
    for value in ["javascript:x", "a'", "<b>", "a&b", "`", "a/b", "{{words}}"] {
        let to = format!("kind = \"one-of\"\nvalues = [\"a b-c_d.é1\", \"{value}\"]");
        check(CHALLENGE, "kind = \"words\"\ncount = 2", &to, &[&format!("{place}: `words`: {what}")]);
    }
}

#[test]
fn there_are_only_so_many_values() {
    let place = "challenges/first-echo/challenge.md";
    let given: String = (0..40).map(|number| format!("[given.a{number}]\nkind = \"key\"\n")).collect();
    let many = format!("{place}:12: more than 32 values are given. Give fewer.");
    check_one(CHALLENGE, "[given.words]", &format!("{given}[given.words]"), &many);
    let choices = format!("kind = \"one-of\"\nvalues = {:?}", ["a"; 101]);
    let much = format!("{place}:12: `words`: `values` are 1 to 100. Put it right.");
    check(CHALLENGE, "kind = \"words\"\ncount = 2", &choices, &[&much]);
}

#[test]
fn what_is_said_of_a_solution_has_its_values() {
    let file = "challenges/first-echo/solution.md";
    check(file, "Before", "`{{words}}`: before", &[]);
    let unknown = format!("{file}:1: `{{{{word}}}}`: there is no given value `word`. Did you mean `words`?");
    check(file, "Before", "`{{word}}`: before", &[&unknown]);
    let lost = "is lost where this is rendered. Write it in prose or in `code`, not in an address, in HTML or in code that is coloured.";
    check(file, "Before", "\n\n```js\n{{words}}\n```\n", &[&format!("{file}:4: `{{{{words}}}}` {lost}")]);
}

#[test]
fn placeholders_can_be_filled_in_where_they_stand() {
    let at = |line: u32, what: &str| format!("challenges/first-echo/challenge.md:{line}: {what}");
    let form = |form: &str| {
        format!(
            "that cannot be worked out of these values. It is `{form}`: a KEY is of that kind, BYTES are hex, and four of them mask a frame."
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
        check(CHALLENGE, "text `{{words}}`", &format!("text `{{{{{inside}}}}}`"), &[&at(31, &what)]);
    }
    let lost = "is lost where this is rendered. Write it in prose or in `code`, not in an address, in HTML or in code that is coloured.";
    let (words, length) = (format!("`{{{{words}}}}` {lost}"), format!("`{{{{length:words}}}}` {lost}"));
    check(CHALLENGE, "text `{{words}}`.", "text\n\n```js\na = {{words}};\n```\n", &[&at(34, &words)]);
    check(CHALLENGE, "text `{{words}}`.", "text\n\n```http\n{{length:words}}\n```\n", &[&at(34, &length)]);
    check(CHALLENGE, "text `{{words}}`.", "text\n\n```\n{{length:words}}\n```\n", &[]);
    let address = "an address has no given value in it. Write the value as text.";
    check(CHALLENGE, "text `{{words}}`", "[text](https://a.example/{{words}})", &[&at(31, address), &at(31, &words)]);
    let title = at(2, "this stands in a list of all, where nothing is given. Leave the value out.");
    check(CHALLENGE, "title = \"First", "title = \"{{words}} First", &[&title]);
    check(CHALLENGE, "`socket.send` takes", "<!-- {{words}} --> `socket.send` takes", &[&at(10, &words)]);
}
