//! The questions of a lesson, and what gives their answers away.

use crate::{LESSON, check, check_one, read, starter, write};
use curriculum::course::Block;
use curriculum::load::{LabRules, Source, load, visible_length};
use std::fs;

#[test]
fn a_block_with_one_wrong_line() {
    check(
        LESSON,
        "text = \"HTTP/1.1 200 OK\"\nwrong = true\n",
        "text = \"HTTP/1.1 200 OK\"\n",
        &["lessons/hello.md:139: exactly one line must be wrong. Add `wrong = true` to one of them."],
    );
    check(
        LESSON,
        "text = \"Upgrade: websocket\"\n",
        "text = \"Upgrade: websocket\"\nwrong = true\n",
        &["lessons/hello.md:139: exactly one line must be wrong. Add `wrong = true` to one of them."],
    );
    check(
        LESSON,
        "text = \"Upgrade: websocket\"\nwhy",
        "text = \"Upgrade:\\nwebsocket\"\nwyh",
        &[
            "lessons/hello.md:147: this line has no `why`. Add `why = \"…\"`.",
            "lessons/hello.md:148: this line contains a line break. Write each line as its own `[[lines]]`.",
            "lessons/hello.md:149: this line has an unknown field `wyh`. Did you mean `why`?",
        ],
    );
    check_one(
        LESSON,
        "[[lines]]",
        "[[line]]",
        "lessons/hello.md:142: this wrong-line has an unknown field `line`. Did you mean `lines`?",
    );
}

#[test]
fn a_line_is_plain_text() {
    let folder = starter();
    let text = fs::read_to_string(folder.join(LESSON)).unwrap();
    write(&folder, LESSON, text.replace("Upgrade: websocket\"\nwhy", "**a** <b> {{x}}\"\nwhy"));
    let loaded = read(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let lines = loaded.lessons["hello"].blocks.iter().find_map(|block| match block {
        Block::WrongLine(block) => Some(&block.lines),
        _ => None,
    });
    assert_eq!(lines.unwrap()[1].text, "**a** <b> {{x}}");
}

#[test]
fn items_to_put_in_order() {
    check(
        LESSON,
        "text = \"Messages\"",
        "text = \"The handshake\"",
        &[
            "lessons/hello.md:165: another item has the same text, so nobody can tell which comes first. Change one of the two.",
        ],
    );
    check(
        LESSON,
        "[[items]]\ntext = \"Messages\"\nwhy = \"Both sides send frames.\"\n",
        "",
        &["lessons/hello.md:157: there are 2 items to put in order. Write 3 to 10 `[[items]]`, in the right order."],
    );
    check(
        LESSON,
        "text = \"Messages\"",
        "text = \"* Messages\"",
        &[
            "lessons/hello.md:165: this text must be one paragraph without lists, code blocks or headings. Write it as one paragraph.",
        ],
    );
}

#[test]
fn a_prediction_is_about_what_the_run_shows() {
    let at = |what: &str| format!("lessons/hello.md:131: {what}");
    let seen = "{ run = 1, closed-cleanly = true }";
    for (with, says) in [
        ("{ run = 2, closed-cleanly = true }", "`run` must be a whole number from 1 to 1, not 2. Change the value."),
        ("{ run = 1 }", "this item of `seen` has no condition. Add one, for example `connected = {}`."),
        (
            "{ closed-cleanly = true, connected = {} }",
            "this item of `seen` has more than one condition: `closed-cleanly` and `connected`. Write a separate item of `seen` for each.",
        ),
        (
            "{ message = { from = \"client\", at-most = 0 } }",
            "`message`: this is true before the run. Describe something that the run brings about.",
        ),
        (
            "{ returned = { is = 7 } }",
            "`returned`: a run of a lesson cannot show this. Use a condition on the wire, or `event`.",
        ),
        (
            "{ message = { from = \"client\", is = \"{{word}}\" } }",
            "`message`: a lesson has no values for placeholders. Write the text itself.",
        ),
        (
            "{ event = { name = \"open\", code = 1000 } }",
            "`event`: only the `close` event has `code` and `was-clean`. Use `name = \"close\"`, or remove them.",
        ),
    ] {
        check(LESSON, seen, with, &[&at(says)]);
    }
    check(
        LESSON,
        "code = 1005 } }, { run = 1, closed-cleanly = true }]",
        "code = 1000 } }]",
        &[
            "lessons/hello.md:128: another outcome has the same conditions. Change the conditions, or merge the two outcomes.",
        ],
    );
    let folder = starter();
    let text = fs::read_to_string(folder.join(LESSON)).unwrap();
    let without: String =
        text.lines().filter(|line| !line.starts_with("seen = ")).map(|line| format!("{line}\n")).collect();
    write(&folder, LESSON, without);
    let problems = read(&folder).unwrap_err();
    fs::remove_dir_all(&folder).unwrap();
    let expect = "lessons/hello.md:120: no outcome of this prediction can come true. Add `seen = [{ event = { name = \"close\" } }]`, or other conditions, to an outcome.";
    assert_eq!(problems, [expect]);
}

#[test]
fn an_option_that_gives_itself_away_is_a_warning() {
    let folder = starter();
    let text = fs::read_to_string(folder.join(LESSON)).unwrap();
    write(
        &folder,
        LESSON,
        text.replace(
            "text = \"The client\"",
            "text = \"The client, because otherwise a hostile page could fool a proxy\"",
        ),
    );
    let warnings = read(&folder).unwrap().warnings;
    fs::remove_dir_all(&folder).unwrap();
    let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "lessons/hello.md:74: the right option has 63 characters, many more than the others. Readers pick the longest option when they guess. Shorten it, or move a part to `why`."
        ]
    );
    let folder = starter();
    assert!(read(&folder).unwrap().warnings.is_empty());
    fs::remove_dir_all(&folder).unwrap();
}

/// Readers who guess pick the longest option, or the odd one out.
#[test]
fn the_length_of_an_option_says_nothing_about_whether_it_is_right() {
    let lab = LabRules { query: &|_| Ok(()), via: &|_| Ok(()) };
    let loaded = load(&Source::Embedded, &lab).unwrap();
    assert_eq!(loaded.warnings, []);
    let blocks = loaded.lessons.values().flat_map(|lesson| lesson.blocks.iter().map(move |block| (&lesson.id, block)));
    let (mut count, mut fair, mut longest, mut shortest) = (0, 0.0, Vec::new(), Vec::new());
    for (lesson, block) in blocks {
        let Block::Quiz(quiz) = block else { continue };
        let lengths = |right: bool| {
            quiz.options.iter().filter(move |option| option.right == right).map(|option| visible_length(&option.text))
        };
        count += 1;
        fair += lengths(true).count() as f64 / quiz.options.len() as f64;
        let name = format!("{lesson}#{}", quiz.id);
        if lengths(true).max() > lengths(false).max() {
            longest.push(name.clone());
        }
        if lengths(true).min() < lengths(false).min() {
            shortest.push(name);
        }
    }
    assert!(count > 20, "{count} quizzes");
    assert!(longest.len() as f64 <= fair, "longest in {} of {count}, fair are {fair:.1}: {longest:#?}", longest.len());
    assert!(
        shortest.len() as f64 <= fair,
        "shortest in {} of {count}, fair are {fair:.1}: {shortest:#?}",
        shortest.len()
    );
}
