//! The files of a course, whatever is in them.

use crate::{LESSON, check_file, read, starter, write};
use std::fs;
use std::path::Path;

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
}

#[test]
fn what_is_no_folder_is_named_once() {
    let todo = "`framescope course new DIR` makes one to begin with.";
    assert_eq!(read(Path::new("nowhere")).unwrap_err(), [format!("course.toml: there is no folder nowhere. {todo}")]);
    let problems = read(Path::new("Cargo.toml")).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("course.toml: Cargo.toml is no folder that can be read: "), "{problems:?}");
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
