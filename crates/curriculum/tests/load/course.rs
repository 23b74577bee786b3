//! `course.toml`, and a course as a whole.

use crate::{CHALLENGE, COURSE, LESSON, check, read, starter, write};
use curriculum::load::{LabRules, Source, load, template};
use std::fs;

#[test]
fn course_toml() {
    check(
        COURSE,
        "id = \"my-course\"",
        "id = \"My Course\"",
        &[
            "course.toml:5: `My Course` is not a valid id. Use lowercase letters, digits and hyphens, for example `first-echo`.",
        ],
    );
    check(
        COURSE,
        "id = \"my-course\"",
        "idd = \"my-course\"",
        &[
            "course.toml:1: the course has no `id`. Add `id = \"…\"`.",
            "course.toml:5: the course has an unknown field `idd`. Did you mean `id`?",
        ],
    );
    check(
        COURSE,
        "title = \"My course\"",
        "title = 7",
        &["course.toml:6: `title` must be a string, not a number. Change the value."],
    );
    check(
        COURSE,
        "title = \"My course\"",
        "title = \"My course",
        &["course.toml:6: invalid basic string, expected `\"`. Use valid TOML (see toml.io)."],
    );
    check(
        COURSE,
        "language = \"en\"",
        "language = \"en_GB\"",
        &["course.toml:8: `en_GB` is not a language tag. Use a BCP 47 tag, for example `en` or `de-AT`."],
    );
    check(
        COURSE,
        "lessons = [\"hello\"]",
        "lessons = [\"hello\", \"Hello\", \"hello\", \"helo\"]",
        &[
            "course.toml:11: `Hello` is not a valid lesson id. Use lowercase letters, digits and hyphens, for example `first-echo`.",
            "course.toml:11: the lesson `hello` is listed twice. Remove one of them.",
            "lessons/helo.md: this file is missing. `course.toml` lists this lesson. Write the file, or remove the id from `lessons`.",
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
            "course.toml:16: this objective has an unknown field `txt`. Did you mean `text`?",
        ],
    );
}

#[test]
fn all_problems_are_listed_in_order() {
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
fn a_course_survives_json() {
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
fn the_course_of_this_repository_has_no_problems() {
    // The server's tests check queries and middleboxes.
    let lab = LabRules { query: &|_| Ok(()), via: &|_| Ok(()) };
    if let Err(problems) = load(&Source::Embedded, &lab) {
        panic!("{}", problems.iter().map(|problem| format!("{problem}\n")).collect::<String>());
    }
}
