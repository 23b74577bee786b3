//! Work for the later stages of `cargo xtask test` that starts with the first one, to keep all cores busy.
//!
//! A second xtask process installs tools and builds the page. Its output goes to a log file, because two builds in one
//! terminal are hard to read. A stage that comes to such a tool, or to the page, waits for the lock on it. If the work
//! failed, the stage does it again and shows the error.
use std::{
    fs::{self, File},
    io::{self, Read},
    process::{Command, Stdio},
    thread,
};

use anyhow::Result;

use crate::{child::Running, page, project::Project, stage::Stage, tools::Tools};

const LOG: &str = "target/ahead.log";

/// Starts the second process. It ends when the returned value is dropped, or when this process dies.
pub(crate) fn start(project: &Project, stages: &[Stage]) -> Result<Option<Running>> {
    let [_, later @ ..] = stages else { return Ok(None) };
    if later.is_empty() {
        return Ok(None);
    }
    fs::create_dir_all(project.path("target"))?;
    let log = File::create(project.path(LOG))?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("ahead").args(later.iter().map(|stage| stage.name()));
    command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
    println!("Tools and the page are built in the background; the output is in {LOG}");
    Running::start("the work in the background", command).map(Some)
}

/// What the second process does.
pub(crate) fn run(stages: &[Stage]) {
    thread::spawn(end_with_parent);
    thread::scope(|scope| {
        if stages.iter().any(|stage| stage.needs_page()) {
            scope.spawn(|| with_tools(page::prepare));
        }
        scope.spawn(|| {
            for stage in stages {
                with_tools(|_, tools| stage.install_tools(tools));
            }
        });
    });
}

fn with_tools(work: impl Fn(&Project, &Tools) -> Result<()>) {
    let done = Project::open().and_then(|project| work(&project, &Tools::new(&project)));
    if let Err(error) = done {
        eprintln!("error: {error:#}");
    }
}

/// The parent holds the other end of this process's input. When that closes, the parent is gone.
fn end_with_parent() {
    let _ = io::stdin().read_to_end(&mut Vec::new());
    // Everything that this process started is in its process group, and ends with it.
    #[cfg(unix)]
    let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(0), nix::sys::signal::Signal::SIGTERM);
    std::process::exit(1);
}
