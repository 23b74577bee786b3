//! `cargo xtask serve --dev`: rebuilds the page and the relay, and restarts the relay, when their files change.
use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::{Duration, SystemTime},
};

use anyhow::{Result, bail};
use notify::{RecursiveMode, Watcher};

use crate::{child::Running, page, project::Project, tools::Tools};

/// The folder of the quick build. `dist/` keeps the released page.
const PAGE: &str = "dist-dev";

/// The sources of the relay. Trunk watches those of the page, which Trunk.toml lists.
const RELAY_SOURCES: [&str; 3] = ["server", "crates", "Cargo.toml"];

/// Editors write several files at once. A rebuild starts after this long without a change.
const QUIET: Duration = Duration::from_millis(200);

enum Event {
    Changed,
    Stop,
}

pub(crate) fn serve(project: &Project, relay_args: &[String]) -> Result<()> {
    let tools = Tools::new(project);
    page::build_quickly(project, &tools, PAGE)?;

    let (events_in, events) = channel();
    let stop = events_in.clone();
    ctrlc::set_handler(move || {
        let _ = stop.send(Event::Stop);
    })?;
    let _watcher = watch(project, events_in)?;

    let mut page = Running::start("trunk watch", page::watch(project, &tools, PAGE))?;
    let mut relay = Relay { project, args: relay_args, running: None, built: None };
    relay.rebuild()?;
    loop {
        match next(&events) {
            Some(Event::Stop) => return Ok(()),
            Some(Event::Changed) => relay.rebuild()?,
            None => {}
        }
        if let Some(end) = page.ended() {
            bail!("{end}");
        }
        relay.report_end();
    }
}

/// The next event, with several changes combined into one; `None` if nothing happens for a while.
fn next(events: &Receiver<Event>) -> Option<Event> {
    let first = events.recv_timeout(Duration::from_millis(500)).ok()?;
    loop {
        match events.recv_timeout(QUIET) {
            Ok(Event::Stop) => return Some(Event::Stop),
            Ok(Event::Changed) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Some(first),
        }
    }
}

fn watch(project: &Project, events: Sender<Event>) -> Result<impl Watcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        // A build reads every source. That is not a change.
        if !event.kind.is_access() && event.paths.iter().any(|path| is_source(path)) {
            let _ = events.send(Event::Changed);
        }
    })?;
    for source in RELAY_SOURCES {
        watcher.watch(&project.path(source), RecursiveMode::Recursive)?;
    }
    Ok(watcher)
}

/// Excludes the temporary files of editors.
fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with(['.', '#']) && !name.ends_with('~')
}

struct Relay<'a> {
    project: &'a Project,
    args: &'a [String],
    running: Option<Running>,
    /// The build time of the running binary.
    built: Option<SystemTime>,
}

impl Relay<'_> {
    /// Builds, and restarts if the binary changed. If the build fails, the old relay keeps running.
    fn rebuild(&mut self) -> Result<()> {
        if self.project.host_cargo("build").args(["--package", "framescope"]).run().is_err() {
            println!("The relay does not build. It is built again when one of its files changes.");
            return Ok(());
        }
        let binary: PathBuf = self.project.relay("debug");
        let built = binary.metadata()?.modified()?;
        if self.built == Some(built) && self.running.is_some() {
            return Ok(());
        }
        // The old relay must release its port first.
        self.running = None;
        let mut command = std::process::Command::new(&binary);
        command.args(["serve", "--page", PAGE]).args(self.args).current_dir(&self.project.root);
        self.running = Some(Running::start("the relay", command)?);
        self.built = Some(built);
        Ok(())
    }

    fn report_end(&mut self) {
        if let Some(end) = self.running.as_mut().and_then(Running::ended) {
            println!("{end}. It starts again when one of its files changes.");
            self.running = None;
        }
    }
}
