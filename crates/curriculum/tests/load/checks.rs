//! Checks that can never be met or never fail.

use crate::{CHALLENGE, check, read, starter, write};
use std::fs;

#[test]
fn impossible_values_are_refused() {
    let line = "connected = { at-least = 1 }";
    let place = "challenges/first-echo/challenge.md:20";
    for (look, what) in [
        (
            "connected = { at-least = 2, at-most = 1 }",
            "`connected`: the minimum 2 is larger than the maximum 1. Put the smaller number first.",
        ),
        (
            "beats = { times = 3, apart-ms = [9, 8] }",
            "`beats`: the minimum 9 is larger than the maximum 8. Put the smaller number first.",
        ),
        (
            "close-frame = { from = \"client\", waited-ms = [9, 8] }",
            "`close-frame`: the minimum 9 is larger than the maximum 8. Put the smaller number first.",
        ),
        (
            "message = { from = \"client\", bytes = \"0\" }",
            "`message`: `0` is not valid hex. Write two hex digits for each byte, for example `00ff`.",
        ),
    ] {
        check(CHALLENGE, line, look, &[&format!("{place}: {what}")]);
    }
    for fine in ["message = { from = \"client\", bytes = \"{{words}}\" }", "closed-cleanly = true"] {
        check(CHALLENGE, line, fine, &[]);
    }
    let returned = "returned = { is = [1, { a = \"b\" }] }";
    let what = "only a run in the page can show this, but the challenge has `place = \"anywhere\"`";
    let todo = "Use `place = \"browser\"`, or check something on the wire.";
    check(CHALLENGE, line, returned, &[&format!("{place}: `returned`: {what}. {todo}")]);
}

#[test]
fn checks_that_can_never_be_met_or_never_fail_are_refused() {
    let line = "connected = { at-least = 1 }";
    for (look, what) in [
        ("connected = { at-least = 2 }", "only the newest connection counts, but this check needs more than one. Use `counts = \"all\"`.".to_owned()),
        ("connected = { at-most = 1 }", "only the newest connection counts, so `at-most` has no effect. Use `counts = \"all\"`.".to_owned()),
        ("connected = { at-most = 0 }", "the minimum 1 is larger than the maximum 0. Put the smaller number first.".to_owned()),
        ("connected = { at-least = 0 }", "this check can never fail. Require at least 1.".to_owned()),
        (
            "backoff = { waits = 4, base-ms = 200 }",
            "this measures the wait between connections, but only the newest connection counts. Use `counts = \"all\"`.".to_owned(),
        ),
        (
            "message = { from = \"client\", at-least = 3, at-most = 2 }",
            "the minimum 3 is larger than the maximum 2. Put the smaller number first.".to_owned(),
        ),
        ("message = { from = \"client\", at-least = 0 }", "this check can never fail. Require at least 1.".to_owned()),
        (
            "message = { from = \"client\", kind = \"binary\", is = \"a\" }",
            "`is`, `is-hex` and JSON fields match text messages only. Use `kind = \"text\"`, or `bytes` for binary data.".to_owned(),
        ),
        (
            "beats = { times = 0, apart-ms = [1, 2] }",
            "an interval needs at least two messages. Use `times = 2` or more.".to_owned(),
        ),
        (
            "close-frame = { from = \"client\", code = 1006 }",
            "1006 is never sent in a close frame. Use 1000 to 1003, 1007 to 1014, or 3000 to 4999.".to_owned(),
        ),
        (
            "close-frame = { from = \"server\", code = 7 }",
            "7 is never sent in a close frame. Use 1000 to 1003, 1007 to 1014, or 3000 to 4999.".to_owned(),
        ),
        ("in-flight = { at-least = 0 }", "this check can never fail. Require at least 1.".to_owned()),
    ] {
        let kind = look.split(' ').next().unwrap();
        check(CHALLENGE, line, look, &[&format!("challenges/first-echo/challenge.md:20: `{kind}`: {what}")]);
    }
    for fine in ["message = { from = \"client\", at-most = 0 }", "close-frame = { from = \"server\", code = 1005 }"] {
        check(CHALLENGE, line, fine, &[]);
    }
    for (look, fine) in [
        ("connected = { at-least = 2, at-most = 2 }", true),
        ("backoff = { waits = 16, base-ms = 1 }", true),
        ("backoff = { waits = 17, base-ms = 1 }", false),
        ("backoff = { waits = 0, base-ms = 1 }", false),
        ("backoff = { waits = 4, base-ms = 0 }", false),
    ] {
        assert_eq!(
            problems_with(&[("counts = \"last\"", "counts = \"all\""), (line, look)]).is_empty(),
            fine,
            "{look}"
        );
    }
    let browser = ("place = \"anywhere\"", "place = \"browser\"");
    assert_eq!(
        problems_with(&[browser, (line, "pasted = { says = [\"name-not-resolvd\"] }")]),
        [
            "challenges/first-echo/challenge.md:20: `pasted`: `name-not-resolvd` is not a meaning of a console message. Did you mean `name-not-resolved`?"
        ]
    );
    for (look, fine) in [
        ("event = { name = \"close\", code = 1006 }", true),
        ("event = { name = \"error\", code = 1006 }", false),
        ("event = { name = \"open\", was-clean = true }", false),
        ("shown = { at-least = 0 }", false),
        ("returned = { is = [1, { a = \"b\" }] }", true),
    ] {
        assert_eq!(problems_with(&[browser, (line, look)]).is_empty(), fine, "{look}");
    }
}

fn problems_with(changes: &[(&str, &str)]) -> Vec<String> {
    let folder = starter();
    let text = fs::read_to_string(folder.join(CHALLENGE)).unwrap();
    write(&folder, CHALLENGE, changes.iter().fold(text, |text, (from, to)| text.replace(from, to)));
    let problems = read(&folder).err().unwrap_or_default();
    fs::remove_dir_all(&folder).unwrap();
    problems
}

#[test]
fn names_of_faults_are_asked_for_only_if_nobody_is_told_them() {
    let named = ("connected = { at-least = 1 }", "named = { points = 3 }");
    let says = |changes: &[(&str, &str)]| problems_with(changes).join("\n");
    assert!(says(&[named]).contains(
        "`named`: each attempt is one connection, and names the fault of the one before. Use `counts = \"session\"`."
    ));
    let counts = ("counts = \"last\"", "counts = \"session\"");
    let shown = says(&[named, counts]);
    assert!(
        shown.contains("a check asks for the names of faults, but the page shows them. Add `conceal = true`."),
        "{shown}"
    );
    let query = ("query = \"deflate=off\"", "conceal = true\nquery = \"fault=rsv1\"");
    let same = says(&[named, counts, query]);
    assert!(same.contains("the faults never vary. Let the lab draw one"), "{same}");
    assert!(!same.contains("but the page shows them"), "{same}");
}

#[test]
fn what_a_check_asks_of_the_server_has_a_known_name() {
    let line = "connected = { at-least = 1 }";
    check(CHALLENGE, line, "message = { from = \"client\", is = \"{{got:text}}\" }", &[]);
    check(
        CHALLENGE,
        line,
        "message = { from = \"client\", is = \"{{got:txt}}\" }",
        &[
            "challenges/first-echo/challenge.md:20: `{{got:txt}}`: the server sends nothing named `txt`. Did you mean `text`?",
        ],
    );
    for (look, what) in [
        ("in-flight = {}", "this check can never fail. Require at least 1."),
        ("in-flight = { at-most = 0 }", "a message is in flight until it is answered. Use `at-most = 1` or more."),
        (
            "answers = { id = \"a\", take = \"b\", into = \"c\", times = 0 }",
            "this check can never fail. Require at least 1.",
        ),
    ] {
        let kind = look.split(' ').next().unwrap();
        check(CHALLENGE, line, look, &[&format!("challenges/first-echo/challenge.md:20: `{kind}`: {what}")]);
    }
}
