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
            "course.toml:18: `Hello` is not a valid lesson id. Use lowercase letters, digits and hyphens, for example `first-echo`.",
            "course.toml:18: the lesson `hello` is listed twice. Remove one of them.",
            "lessons/helo.md: this file is missing. `course.toml` lists this lesson. Write the file, or remove the id from `lessons`.",
        ],
    );
    check(
        COURSE,
        "lesson = \"hello\"",
        "lesson = \"helo\"",
        &["course.toml:23: there is no lesson `helo`. Did you mean `hello`?"],
    );
    check(
        COURSE,
        "text = \"Say",
        "txt = \"Say",
        &[
            "course.toml:21: this objective has no `text`. Add `text = \"…\"`.",
            "course.toml:22: this objective has an unknown field `txt`. Did you mean `text`?",
        ],
    );
}

#[test]
fn parts() {
    check(
        COURSE,
        "lessons = [\"hello\"]",
        "lessons = []",
        &[
            "challenges/first-echo/challenge.md:10: there is no lesson `hello`. Use an id that `course.toml` lists.",
            "course.toml:15: this part has no lessons. Add `lessons = [\"…\"]`, or remove the part.",
            "course.toml:23: there is no lesson `hello`. Use an id that `course.toml` lists.",
            "glossary.toml:13: the link /course/hello points to a lesson `hello` that does not exist. Correct or remove it.",
            "lessons/hello.md: `course.toml` does not list this lesson. Add \"hello\" to `lessons`, or remove the file.",
        ],
    );
    check(
        COURSE,
        "summary = \"A message, and its echo.\"",
        "sumary = \"A message\"",
        &[
            "course.toml:15: this part has no `summary`. Add `summary = \"…\"`.",
            "course.toml:17: this part has an unknown field `sumary`. Did you mean `summary`?",
        ],
    );
    check(
        COURSE,
        "[[objectives]]",
        "[[parts]]\ntitle = \"More\"\nsummary = \"The same\"\nlessons = [\"hello\"]\n\n[[objectives]]",
        &["course.toml:24: the lesson `hello` is listed twice. Remove one of them."],
    );
    check(
        COURSE,
        "language = \"en\"",
        "lessons = [\"hello\"]",
        &[
            "course.toml:8: the course has both `lessons` and `[[parts]]`. List all lessons in the parts, and remove this list.",
        ],
    );
    let folder = starter();
    let loaded = read(&folder).unwrap();
    let part = &loaded.course.parts[0];
    assert_eq!((part.title.as_str(), part.lessons.as_slice()), ("First steps", ["hello".to_owned()].as_slice()));
    assert_eq!(loaded.course.part_of("hello"), Some((0, part)));
    // The list of a course without parts.
    let text = fs::read_to_string(folder.join(COURSE)).unwrap();
    let (start, rest) = text.split_once("[[parts]]").unwrap();
    let (_, end) = rest.split_once("\n\n").unwrap();
    write(&folder, COURSE, format!("{start}lessons = [\"hello\"]\n{end}"));
    let plain = read(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!((plain.course.parts.len(), &plain.course.lessons), (0, &loaded.course.lessons));
}

#[test]
fn a_lesson_and_a_challenge_say_how_long_they_take() {
    let folder = starter();
    let minutes = |folder: &std::path::Path| {
        let course = read(folder).unwrap().course;
        let lesson = &course.lessons[0];
        let challenges = course.challenges_of(lesson).map(|challenge| challenge.minutes).collect::<Vec<_>>();
        (lesson.minutes, challenges)
    };
    assert_eq!(minutes(&folder), (5, vec![3]));
    let text = fs::read_to_string(folder.join(CHALLENGE)).unwrap();
    write(&folder, CHALLENGE, text.replace("level = 1\nminutes = 3", "level = 2"));
    assert_eq!(minutes(&folder), (5, vec![10]));
    fs::remove_dir_all(&folder).unwrap();
    check(
        CHALLENGE,
        "minutes = 3",
        "minutes = 0",
        &[
            "challenges/first-echo/challenge.md:5: `minutes` must be a whole number from 1 to 600, not 0. Change the value.",
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
    assert_eq!(problems.len(), 20, "{problems:#?}");
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
        "predict-the-close",
        "wrong-status",
        "a-connection",
    ];
    assert_eq!(pieces, expect);
}

/// The list of challenges follows the lessons, so that it begins with the easiest.
#[test]
fn the_challenges_of_this_repository_are_in_the_order_of_its_lessons() {
    let lab = LabRules { query: &|_| Ok(()), via: &|_| Ok(()) };
    let course = load(&Source::Embedded, &lab).unwrap().course;
    let listed: Vec<_> = course.challenges.iter().map(|challenge| &challenge.id).collect();
    let lessons = course.lessons.iter().flat_map(|lesson| course.challenges_of(lesson));
    assert_eq!(listed, lessons.map(|challenge| &challenge.id).collect::<Vec<_>>());
    assert_eq!(listed[0], "first-echo");
}

#[test]
fn the_course_of_this_repository_has_no_problems() {
    // The server's tests check queries and middleboxes.
    let lab = LabRules { query: &|_| Ok(()), via: &|_| Ok(()) };
    if let Err(problems) = load(&Source::Embedded, &lab) {
        panic!("{}", problems.iter().map(|problem| format!("{problem}\n")).collect::<String>());
    }
}
