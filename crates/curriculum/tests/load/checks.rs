//! Checks that can never be met, or that nothing fails.

use crate::{CHALLENGE, check, read, starter, write};
use std::fs;

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
    ] {
        check(CHALLENGE, line, look, &[&format!("{place}: {what}")]);
    }
    for fine in ["message = { from = \"client\", bytes = \"{{words}}\" }", "closed-cleanly = true"] {
        check(CHALLENGE, line, fine, &[]);
    }
    let returned = "returned = { is = [1, { a = \"b\" }] }";
    let what = "only a run in the page can show this, and the challenge is to be solved anywhere";
    let todo = "Say `place = \"browser\"`, or look for something on the wire.";
    check(CHALLENGE, line, returned, &[&format!("{place}: `returned`: {what}. {todo}")]);
}

#[test]
fn what_can_never_be_met_or_never_fails() {
    let line = "connected = { at-least = 1 }";
    let more = "the newest connection there is one, ";
    for (look, what) in [
        ("connected = { at-least = 2 }", format!("of {more}and this asks for more. Say `counts = \"all\"`.")),
        ("connected = { at-most = 1 }", format!("of {more}so there are never more. Say `counts = \"all\"`.")),
        ("connected = { at-most = 0 }", "1 is more than 0. The first is the least, the second the most.".to_owned()),
        ("connected = { at-least = 0 }", "nothing fails this. Ask for 1 at least.".to_owned()),
        (
            "backoff = { waits = 4, base-ms = 200 }",
            "between the newest connection and itself there is no wait. Say `counts = \"all\"`.".to_owned(),
        ),
        (
            "message = { from = \"client\", at-least = 3, at-most = 2 }",
            "3 is more than 2. The first is the least, the second the most.".to_owned(),
        ),
        ("message = { from = \"client\", at-least = 0 }", "nothing fails this. Ask for 1 at least.".to_owned()),
        (
            "message = { from = \"client\", kind = \"binary\", is = \"a\" }",
            "only a text has `is`, `is-hex` and fields of JSON. Say `kind = \"text\"`, or ask for `bytes`.".to_owned(),
        ),
        (
            "beats = { times = 0, apart-ms = [1, 2] }",
            "between fewer than two beats there is no rhythm. Ask for more.".to_owned(),
        ),
        (
            "close-frame = { from = \"client\", code = 1006 }",
            "1006 never stands in a close frame. There are 1000 to 1003, 1007 to 1014, and 3000 to 4999.".to_owned(),
        ),
        (
            "close-frame = { from = \"server\", code = 7 }",
            "7 never stands in a close frame. There are 1000 to 1003, 1007 to 1014, and 3000 to 4999.".to_owned(),
        ),
        ("in-flight = { at-least = 0 }", "nothing fails this. Ask for 1 at least.".to_owned()),
    ] {
        let kind = look.split(' ').next().unwrap();
        check(CHALLENGE, line, look, &[&format!("challenges/first-echo/challenge.md:19: `{kind}`: {what}")]);
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
            "challenges/first-echo/challenge.md:19: `pasted`: no line of a console says `name-not-resolvd`. Did you mean `name-not-resolved`?"
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
