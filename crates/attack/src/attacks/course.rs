//! Course folders of somebody who wants to read or to use up more than a course may.

use super::Attack;
use crate::outcome::{Outcome, Tally};
use crate::target::{Folder, Target};
use anyhow::{Context, Result};
use futures_util::FutureExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

/// A change to a valid folder that must be refused.
type Spoil = fn(&Path) -> std::io::Result<()>;

const SECRET: &str = "root:x:0:0:";

pub(super) fn all() -> Vec<Attack> {
    vec![Attack {
        name: "hostile course folders",
        load: "links out of the folder, paths with `..`, a file of 64 MiB, binary files, raw HTML with scripts",
        flags: &[],
        run: |target, _: Instant| folders(target).boxed(),
    }]
}

async fn folders(target: Target) -> Result<Outcome> {
    let tally = Tally::default();
    let relay = std::fs::read_link(format!("/proc/{}/exe", target.pid))?;
    let spoils: [(&str, Spoil); 6] = [
        ("a lesson that is a link out of the folder", |folder| {
            let lesson = first(&folder.join("lessons"))?;
            std::fs::remove_file(&lesson)?;
            std::os::unix::fs::symlink("/etc/passwd", lesson)
        }),
        ("course.toml that is a link out of the folder", |folder| {
            std::fs::remove_file(folder.join("course.toml"))?;
            std::os::unix::fs::symlink("/etc/passwd", folder.join("course.toml"))
        }),
        ("a path with ..", |folder| {
            replace(&folder.join("course.toml"), "lessons = [", "lessons = [\"../../../etc/passwd\", ")
        }),
        ("a huge file", |folder| {
            let lesson = first(&folder.join("lessons"))?;
            std::fs::write(lesson, vec![b'#'; 64 << 20])
        }),
        ("a binary file", |folder| std::fs::write(first(&folder.join("lessons"))?, [0xFF; 4096])),
        ("raw HTML with a script", |folder| {
            let lesson = first(&folder.join("lessons"))?;
            let text = std::fs::read_to_string(&lesson)?;
            std::fs::write(
                lesson,
                text + "\n<script>alert(1)</script>\n<img src=x onerror=alert(1)>\n[x](javascript:alert(1))\n",
            )
        }),
    ];
    for (what, spoil) in spoils {
        let (_parent, folder) = new_course(&relay).await?;
        spoil(&folder).with_context(|| format!("cannot prepare {what}"))?;
        let check = Command::new(&relay).args(["course", "check"]).arg(&folder).kill_on_drop(true).output();
        let output =
            timeout(Duration::from_secs(20), check).await.with_context(|| format!("{what}: the check hangs"))??;
        let printed = [output.stdout, output.stderr].concat();
        let leaked = String::from_utf8_lossy(&printed).contains(SECRET);
        tally.add(if output.status.success() || leaked { format!("let in: {what}") } else { "refused".to_owned() });
    }
    Ok(Outcome { words: tally.words(), is_good: tally.count("refused") == 6 })
}

/// A small valid course.
async fn new_course(relay: &Path) -> Result<(Folder, PathBuf)> {
    let parent = Folder::new()?;
    let folder = parent.0.join("course");
    let made = Command::new(relay).args(["course", "new"]).arg(&folder).output().await?;
    anyhow::ensure!(made.status.success(), "cannot create a course: {}", String::from_utf8_lossy(&made.stderr));
    Ok((parent, folder))
}

/// The first file in `folder`.
fn first(folder: &Path) -> std::io::Result<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder)?.filter_map(|file| Some(file.ok()?.path())).filter(|path| path.is_file()).collect();
    files.sort();
    files.into_iter().next().ok_or_else(|| std::io::ErrorKind::NotFound.into())
}

fn replace(file: &Path, from: &str, to: &str) -> std::io::Result<()> {
    let text = std::fs::read_to_string(file)?;
    std::fs::write(file, text.replace(from, to))
}
