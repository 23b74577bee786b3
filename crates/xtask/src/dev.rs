//! `cargo xtask serve --dev`: page and relay rebuilt and restarted as their files change.
use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::{Duration, SystemTime},
};

use anyhow::{Result, bail};
use notify::{RecursiveMode, Watcher};

use crate::{child::Running, page, project::Project, tools::Tools};

/// Where the page under work goes, so that `dist/` keeps the released one.
const PAGE: &str = "dist-dev";

/// What the relay is built from. Trunk watches the page's files, as Trunk.toml says.
const RELAY_SOURCES: [&str; 3] = ["server", "crates", "Cargo.toml"];

/// An editor writes several files at once; a rebuild waits until it has been quiet this long.
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

/// The next event, several changes taken as one; `None` when nothing happened for a while.
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
        // Building reads every source, which must not count as a change to it.
        if !event.kind.is_access() && event.paths.iter().any(|path| is_source(path)) {
            let _ = events.send(Event::Changed);
        }
    })?;
    for source in RELAY_SOURCES {
        watcher.watch(&project.path(source), RecursiveMode::Recursive)?;
    }
    Ok(watcher)
}

/// Editors' temporary files are not.
fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with(['.', '#']) && !name.ends_with('~')
}

struct Relay<'a> {
    project: &'a Project,
    args: &'a [String],
    running: Option<Running>,
    /// When the binary that runs was built.
    built: Option<SystemTime>,
}

impl Relay<'_> {
    /// Builds, and restarts if that gave another binary. A build that fails leaves the old one running.
    fn rebuild(&mut self) -> Result<()> {
        if self.project.host_cargo("build").args(["--package", "framescope"]).run().is_err() {
            println!("The relay does not build; the next change to its files tries again.");
            return Ok(());
        }
        let binary: PathBuf = self.project.relay("debug");
        let built = binary.metadata()?.modified()?;
        if self.built == Some(built) && self.running.is_some() {
            return Ok(());
        }
        // The old one must let go of its port first.
        self.running = None;
        let mut command = std::process::Command::new(&binary);
        command.args(["serve", "--page", PAGE]).args(self.args).current_dir(&self.project.root);
        self.running = Some(Running::start("the relay", command)?);
        self.built = Some(built);
        Ok(())
    }

    fn report_end(&mut self) {
        if let Some(end) = self.running.as_mut().and_then(Running::ended) {
            println!("{end}; the next change to its files starts it again.");
            self.running = None;
        }
    }
}
