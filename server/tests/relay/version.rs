//! `--version`, and how a build finds its commit.

#[path = "../../build/commit.rs"]
mod commit;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn the_version_names_the_build() {
    let output = Command::new(env!("CARGO_BIN_EXE_framescope")).arg("--version").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rest =
        text.strip_prefix(concat!("framescope ", env!("CARGO_PKG_VERSION"), " (")).unwrap_or_else(|| panic!("{text}"));
    assert!(rest == "development build)\n" || rest.starts_with("commit "), "{text}");
}

/// A folder with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("commit-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir_all(&root).unwrap();
    root
}

#[test]
fn the_commit_is_read_from_the_files_of_a_repository() {
    #[track_caller]
    fn check(name: &str, files: &[(&str, &str)], expect: Option<&str>, depends_on: usize) {
        let root = folder(name, files);
        assert_eq!(commit::commit(&root.join("copy")).as_deref(), expect, "{name}");
        assert_eq!(commit::files(&root.join("copy")).len(), depends_on, "{name}");
        fs::remove_dir_all(root).unwrap();
    }
    let (hash, head) = (format!("{HASH}\n"), "ref: refs/heads/a/b\n");
    let packed = format!(
        "# pack-refs with: peeled\n{} refs/heads/x/refs/heads/a/b\n{HASH} refs/heads/a/b\n^{HASH}\n",
        "f".repeat(40)
    );
    let short = Some("0123456789ab");
    check("none", &[("copy/file", "")], None, 0);
    check("detached", &[("copy/.git/HEAD", &hash)], short, 1);
    check("branch", &[("copy/.git/HEAD", head), ("copy/.git/refs/heads/a/b", &hash)], short, 2);
    check("packed", &[("copy/.git/HEAD", head), ("copy/.git/packed-refs", &packed)], short, 2);
    check("unborn", &[("copy/.git/HEAD", head)], None, 1);
    check("no-hash", &[("copy/.git/HEAD", "something else\n")], None, 1);
    let worktree = [
        ("copy/.git", "gitdir: ../main/.git/worktrees/copy\n"),
        ("main/.git/worktrees/copy/HEAD", head),
        ("main/.git/worktrees/copy/commondir", "../..\n"),
        ("main/.git/refs/heads/a/b", &hash),
        ("main/.git/packed-refs", "# empty\n"),
    ];
    check("worktree", &worktree, short, 3);
}
