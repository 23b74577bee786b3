//! The commands `framescope course` and `framescope receipt`.

use super::folder;
use std::path::Path;
use std::process::{Command, Output, Stdio};

pub(super) fn framescope(arguments: &[&str], stdin: impl AsRef<[u8]>) -> (i32, String, String) {
    use std::io::Write;
    let mut child = Command::new(env!("CARGO_BIN_EXE_framescope"))
        .args(arguments)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Writing fails if the program ends without reading its input.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_ref());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_new_course_has_no_problems() {
    let folder = folder();
    let (code, out, _) = framescope(&["course", "new", text(&folder)], "");
    assert_eq!(code, 0);
    assert!(out.contains(&format!("framescope serve --course {}", folder.display())), "{out}");
    let (code, out, _) = framescope(&["course", "check", text(&folder)], "");
    let expect = format!(
        "{}: no problems found in 1 lesson with 11 pieces, 1 challenge, 2 terms and 0 images\n",
        folder.display()
    );
    assert_eq!((code, out), (0, expect));
    let (code, _, err) = framescope(&["course", "new", text(&folder)], "");
    assert_eq!(code, 1);
    assert!(err.contains("is not empty; use an empty folder"), "{err}");
}

#[test]
fn a_warning_is_printed_and_the_course_can_still_be_served() {
    let folder = folder();
    framescope(&["course", "new", text(&folder)], "");
    let lesson = folder.join("lessons/hello.md");
    let long = "text = \"The client, because otherwise a hostile page could fool a proxy\"";
    let told = std::fs::read_to_string(&lesson).unwrap().replace("text = \"The client\"", long);
    std::fs::write(&lesson, told).unwrap();
    let (code, out, _) = framescope(&["course", "check", text(&folder)], "");
    let lines: Vec<_> = out.lines().collect();
    assert_eq!((code, lines.len()), (0, 2), "{out}");
    assert!(lines[0].starts_with("warning: lessons/hello.md:74: the right option has 63 characters"), "{out}");
    assert!(lines[1].contains("no problems found"), "{out}");
}

#[test]
fn each_problem_is_printed_on_its_own_line() {
    let folder = folder();
    framescope(&["course", "new", text(&folder)], "");
    let challenge = folder.join("challenges/first-echo/challenge.md");
    let broken = std::fs::read_to_string(&challenge).unwrap().replace("deflate=off", "deflate=of\"\nvia = \"old-prxy");
    std::fs::write(&challenge, broken).unwrap();
    let (code, out, err) = framescope(&["course", "check", text(&folder)], "");
    let lines: Vec<_> = out.lines().collect();
    assert_eq!((code, err.as_str(), lines.len()), (1, "", 2), "{out}");
    assert!(
        lines[0].starts_with("challenges/first-echo/challenge.md:7: the lab rejects these settings: `deflate` takes")
    );
    assert!(lines[1].starts_with("challenges/first-echo/challenge.md:8: the lab rejects this middlebox:"), "{out}");
}

#[test]
fn unreadable_receipts_and_keys_are_errors() {
    let (code, out, _) = framescope(&["receipt", "verify"], "nothing");
    assert_eq!(code, 1);
    assert!(out.starts_with("bad: This text contains no receipt"), "{out}");
    let (code, _, err) = framescope(&["receipt", "verify", "nowhere.txt"], "");
    assert_eq!(code, 1);
    assert!(err.contains("cannot read nowhere.txt"), "{err}");
    let (code, _, err) = framescope(&["receipt", "key", "Cargo.toml"], "");
    assert_eq!(code, 1);
    assert!(err.contains("contains no private key"), "{err}");
}

/// The output contains text from receipts. That text must not control the terminal.
#[test]
fn control_characters_are_escaped() {
    for (text, says) in [
        ("framescope receipt 3\u{1b}[1A\u{1b}[2Kvalid: all\n".to_owned(), "bad: This version does not support"),
        ("framescope receipt 3\rvalid: all".to_owned(), "bad: This version does not support"),
        (format!("framescope receipt {}\n", "9".repeat(100_000)), "bad: This version does not support"),
        ("framescope receipt 1\ncourse: a\u{1b}[2J\n".to_owned(), "bad: "),
        ("framescope receipt 1\ncourse: \u{202E}a\n".to_owned(), "bad: "),
    ] {
        let (code, out) = verify(&text, None);
        assert_eq!((code, out.lines().count()), (1, 1), "{out:?}");
        assert!(out.starts_with(says) && out.len() < 200, "{out:?}");
        let odd = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202A}'..='\u{202E}');
        assert!(!out.contains(odd), "{out:?}");
    }
}

#[test]
fn a_missing_folder_is_reported_once() {
    let (code, out, _) = framescope(&["course", "check", "Cargo.toml"], "");
    assert_eq!((code, out.lines().count()), (1, 1), "{out}");
    assert!(out.contains("the folder Cargo.toml cannot be read"), "{out}");
}

pub(super) fn verify(text: impl AsRef<[u8]>, key: Option<&str>) -> (i32, String) {
    let key = key.map_or(Vec::new(), |key| vec!["--key", key]);
    verify_with(&key, text)
}

pub(super) fn verify_with(arguments: &[&str], text: impl AsRef<[u8]>) -> (i32, String) {
    let (code, out, _) = framescope(&[&["receipt", "verify"], arguments].concat(), text);
    (code, out)
}

pub(super) fn public_key(file: &Path) -> String {
    let (code, out, err) = framescope(&["receipt", "key", text(file)], "");
    assert_eq!(code, 0, "{err}");
    out.trim().to_owned()
}
