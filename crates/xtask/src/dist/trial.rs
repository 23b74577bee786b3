//! Installs the package into a folder of its own, runs what the service would run, and removes everything again. The machine itself
//! stays as it is.
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use xshell::cmd;

use crate::{page, project::Project};

const UNIT: &str = "lib/systemd/system/framescope.service";

pub(super) fn run(project: &Project, package: &Path) -> Result<()> {
    let shell = &project.shell;
    if !cmd!(shell, "id -u").quiet().read().is_ok_and(|id| id == "0") {
        println!("dist: the package was not tried out, because dpkg needs root for that");
        return Ok(());
    }
    let temporary = shell.create_temp_dir()?;
    let root = temporary.path();
    fs::create_dir_all(root.join("var/lib/dpkg/info"))?;
    fs::create_dir_all(root.join("var/lib/dpkg/updates"))?;
    for list in ["status", "available"] {
        fs::write(root.join("var/lib/dpkg").join(list), "")?;
    }
    let dpkg = ["--root", &root.to_string_lossy(), "--force-script-chrootless", "--no-triggers"].map(str::to_owned);
    let dpkg = &dpkg;
    cmd!(shell, "dpkg {dpkg...} --install {package}").quiet().ignore_stdout().run()?;
    check_unit(project, root)?;
    serve(root)?;
    cmd!(shell, "dpkg {dpkg...} --purge framescope").quiet().ignore_stdout().run()?;
    let left: Vec<_> = page::files(root)?.into_iter().filter(|file| !file.starts_with("var/lib/dpkg")).collect();
    ensure!(left.is_empty(), "after a purge, the package leaves {left:?}");
    println!("dist: the package was installed, started, stopped and purged in a folder of its own");
    Ok(())
}

/// The highest exposure that systemd's own check may find, of 100.
const EXPOSURE: &str = "25";

/// Has systemd judge the unit, where it can.
fn check_unit(project: &Project, root: &Path) -> Result<()> {
    let shell = &project.shell;
    if cmd!(shell, "systemd-analyze --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        println!("dist: systemd-analyze is not there, so the unit was not checked");
        return Ok(());
    }
    let unit = root.join(UNIT);
    let security = cmd!(shell, "systemd-analyze security --offline=true --no-pager --threshold={EXPOSURE} {unit}");
    let report = security.quiet().ignore_stderr().read().context("systemd-analyze finds the service too exposed")?;
    let total = report.lines().rev().find(|line| line.contains("exposure level")).unwrap_or_default();
    println!("dist: {}", total.trim_start_matches(|first: char| !first.is_ascii_alphabetic()));
    Ok(())
}

/// Starts what the unit starts, with its settings, asks for the page, and stops it as systemd does.
fn serve(root: &Path) -> Result<()> {
    let unit = fs::read_to_string(root.join(UNIT))?;
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).context("the unit has no ExecStart")?;
    let (program, arguments) = line.split_once(' ').unwrap_or((line, ""));
    let settings = fs::read_to_string(root.join("etc/framescope/framescope.env"))?;
    let settings = settings.lines().filter_map(|line| line.split_once('=')).filter(|(name, _)| !name.starts_with('#'));
    let state = root.join("var/lib/framescope");
    fs::create_dir_all(&state)?;
    let mut child = Command::new(root.join(program.trim_start_matches('/')))
        .args(arguments.split_whitespace())
        .envs(settings.map(|(name, value)| (name, value.replace("/var/lib/framescope", &state.to_string_lossy()))))
        // Free ports, so that this disturbs nothing.
        .env("FRAMESCOPE_LISTEN", "127.0.0.1:0")
        .env("FRAMESCOPE_ADMIN_LISTEN", "127.0.0.1:0")
        .current_dir(&state)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let tried = ask(&mut child);
    if tried.is_err() {
        let _ = child.kill();
    }
    let status = child.wait()?;
    tried?;
    ensure!(status.success(), "the installed relay ended with {status}");
    ensure!(state.join("receipts.pem").is_file(), "the installed relay did not keep its key for receipts");
    Ok(())
}

fn ask(child: &mut Child) -> Result<()> {
    let lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
    let mut addresses = lines.map_while(Result::ok).filter_map(|line| Some(line.split_once("http://")?.1.to_owned()));
    let (Some(visitors), Some(admin)) = (addresses.next(), addresses.next()) else {
        bail!("the installed relay did not say where it listens");
    };
    for (address, path, expected) in
        [(&visitors, "/", "<title>"), (&admin, "/readyz", "ready"), (&admin, "/metrics", "framescope_")]
    {
        let mut stream = TcpStream::connect(address.as_str())?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        ensure!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(expected), "{path} answered {answer}");
    }
    kill(Pid::from_raw(child.id().try_into()?), Signal::SIGTERM)?;
    Ok(())
}
