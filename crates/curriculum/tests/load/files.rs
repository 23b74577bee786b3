//! The files of a course.

use crate::{LESSON, check_file, read, starter, write};
use std::fs;
use std::path::Path;

#[test]
fn unknown_files_are_reported() {
    check_file(
        "lessons/other.md",
        b"",
        &["lessons/other.md: `course.toml` does not list this lesson. Add \"other\" to `lessons`, or remove the file."],
    );
    check_file("lessons/other.txt", b"", &["lessons/other.txt: this is not a lesson. Name lessons `lessons/ID.md`."]);
    check_file(
        "challenges/other/a",
        b"",
        &[
            "challenges/other: `course.toml` does not list this challenge. Add \"other\" to `challenges`, or remove the folder.",
        ],
    );
    check_file(
        "challenges/first-echo/solutoin.md",
        b"",
        &["challenges/first-echo/solutoin.md: this file is not used. Did you mean `solution.md`?"],
    );
    check_file(
        "challenges/first-echo/wrong-b.js",
        b"",
        &[
            "challenges/first-echo/wrong-b.js: no `[[wrong]]` in `challenge.md` names this file. Add one with the check that it fails.",
        ],
    );
    check_file("assets/a.svg", b"", &["assets/a.svg: this is not an image. Use png, jpg, gif, webp or avif."]);
    check_file(
        "assets/a/b.png",
        b"",
        &[
            "assets/a/b.png: this name cannot be part of a URL. Use only letters, digits, `-`, `_` and `.`, and no folders.",
        ],
    );
    for fine in ["README.md", "assets/a.png", ".git/x", "lessons/hello.md~"] {
        check_file(fine, b"x", &[]);
    }
}

#[test]
fn large_files_and_invalid_text_are_refused() {
    check_file(
        "challenges/first-echo/page.html",
        &vec![b'a'; (256 << 10) + 1],
        &["challenges/first-echo/page.html: the file has 262145 bytes; the limit is 262144. Make it smaller."],
    );
    check_file(
        "assets/a.png",
        &vec![0; (2 << 20) + 1],
        &["assets/a.png: the file has 2097153 bytes; the limit is 2097152. Make it smaller."],
    );
    check_file(
        "challenges/first-echo/solution.md",
        b"a\nb\xFF",
        &["challenges/first-echo/solution.md:2: the file is not valid UTF-8. Save it as UTF-8."],
    );
    let folder = starter();
    for number in 0..9 {
        write(&folder, &format!("assets/{number}.png"), vec![0; 2 << 20]);
    }
    let problems = read(&folder).unwrap_err();
    fs::remove_dir_all(&folder).unwrap();
    assert!(problems.iter().any(|problem| problem.contains("the course has more than 16 MiB")), "{problems:?}");
}

#[test]
fn a_missing_folder_is_one_problem() {
    let todo = "Run `framescope course new DIR` to create a course.";
    assert_eq!(
        read(Path::new("nowhere")).unwrap_err(),
        [format!("course.toml: the folder nowhere does not exist. {todo}")]
    );
    let problems = read(Path::new("Cargo.toml")).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("course.toml: the folder Cargo.toml cannot be read: "), "{problems:?}");
}

#[cfg(unix)]
#[test]
fn symbolic_links_out_of_the_folder_are_refused() {
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
    let out = "this symlink leads out of the course folder. Copy the file into the course folder instead.";
    assert!(has(&format!("lessons/out.md: {out}")) && has(&format!("assets: {out}")), "{problems:#?}");
    assert!(has(
        "lessons/dangling.md: this cannot be read, or links to something that does not exist. Fix or remove it."
    ));
    assert!(has(
        "lessons/in.md: `course.toml` does not list this lesson. Add \"in\" to `lessons`, or remove the file."
    ));
    assert!(problems.iter().any(|problem| problem.contains("folders are nested too deep")));
}
