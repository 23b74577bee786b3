//! The commit of a working copy, read from its files, because a build machine may not have git.

use std::fs;
use std::path::{Path, PathBuf};

/// The files that tell which commit it is. They change with it.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    let Some(git) = git_folder(root) else { return Vec::new() };
    let mut files = vec![git.join("HEAD"), common(&git).join("packed-refs")];
    if let Some(reference) = branch(&git) {
        files.push(common(&git).join(reference));
    }
    files.retain(|file| file.is_file());
    files
}

/// The first digits of the commit's hash. `None` without a repository or a commit.
pub(crate) fn commit(root: &Path) -> Option<String> {
    let git = git_folder(root)?;
    let hash = match branch(&git) {
        None => fs::read_to_string(git.join("HEAD")).ok()?,
        Some(reference) => {
            fs::read_to_string(common(&git).join(&reference)).ok().or_else(|| packed(&git, &reference))?
        }
    };
    let hash = hash.trim();
    (hash.len() >= 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| hash[..12].to_owned())
}

/// The folder `.git`, or the one that a file of this name points to, as in a worktree.
fn git_folder(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(git).ok()?;
    Some(root.join(text.trim().strip_prefix("gitdir: ")?))
}

/// The folder with the branches, which all worktrees share.
fn common(git: &Path) -> PathBuf {
    fs::read_to_string(git.join("commondir")).map_or_else(|_| git.to_owned(), |path| git.join(path.trim()))
}

/// The current branch as `refs/heads/NAME`. `None` if HEAD is detached.
fn branch(git: &Path) -> Option<String> {
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    head.trim().strip_prefix("ref: ").map(str::to_owned)
}

fn packed(git: &Path, reference: &str) -> Option<String> {
    let packed = fs::read_to_string(common(git).join("packed-refs")).ok()?;
    packed.lines().find_map(|line| Some(line.strip_suffix(reference)?.strip_suffix(' ')?.to_owned()))
}
