//! A contestant's process: starts on its cores, is measured from outside, and ends on drop.

use crate::{TIMEOUT, cores};
use anyhow::{Context, Result, bail, ensure};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a server may take to start. A relay that shares sessions reads its course first, which takes long on a busy machine.
const START: Duration = Duration::from_secs(60);

pub struct Server {
    process: Process,
    /// Stays open, because a server must not fail when it prints.
    _stdout: BufReader<ChildStdout>,
    address: SocketAddr,
    cpu: ClockId,
}

impl Server {
    /// Starts `program` on `cores` and waits for the line that ends with its address.
    ///
    /// # Errors
    /// If the server ends, or prints nothing for a long time.
    pub fn start(program: &Path, arguments: &[OsString], cores: &[usize]) -> Result<Self> {
        ensure!(program.is_file(), "{} does not exist. Build it first.", program.display());
        // The child process runs this binary first, which sets what the server inherits. See `become_server`.
        let mut command = Command::new(std::env::current_exe().context("finding this binary")?);
        command.arg("launch").args(cores.iter().map(|core| format!("--core={core}")));
        command.arg("--").arg(program).args(arguments);
        command.env("FRAMESCOPE_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process(command.spawn().with_context(|| format!("starting {}", program.display()))?);
        let stdout = process.0.stdout.take().context("its standard output is piped")?;
        let (line, stdout) = first_line(stdout).with_context(|| format!("starting {}", program.display()))?;
        let address = address(&line).with_context(|| format!("{} said: {line}", program.display()))?;
        let pid = Pid::from_raw(process.0.id().cast_signed());
        let cpu = clock_getcpuclockid(pid).context("finding the server's CPU clock")?;
        Ok(Self { process, _stdout: stdout, address, cpu })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CPU time of all its threads so far, in user space and in the kernel. It includes threads that have ended.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn cpu_time(&self) -> Result<Duration> {
        Ok(clock_gettime(self.cpu).context("the server has ended")?.into())
    }

    /// How long its threads were ready to run while another process had the core. Zero if the kernel does not count this.
    #[must_use]
    pub fn waited(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.0.id())).into_iter().flatten().flatten();
        let waits = tasks.filter_map(|task| waited(&fs::read_to_string(task.path().join("schedstat")).ok()?));
        Duration::from_nanos(waits.sum())
    }

    /// How many descriptors it has open.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn descriptors(&self) -> Result<u64> {
        let open = fs::read_dir(format!("/proc/{}/fd", self.process.0.id())).context("the server has ended")?;
        Ok(open.count() as u64)
    }

    /// Its resident memory, in bytes.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn resident(&self) -> Result<u64> {
        let folder = format!("/proc/{}", self.process.0.id());
        // The kernel adds up the first value page by page. The second one is off by several pages per core.
        let rollup = fs::read_to_string(format!("{folder}/smaps_rollup")).ok();
        let exact = rollup.and_then(|text| kilobytes(&text, "Rss:"));
        let kilobytes = match exact {
            Some(kilobytes) => kilobytes,
            None => {
                let status = fs::read_to_string(format!("{folder}/status")).context("the server has ended")?;
                kilobytes(&status, "VmRSS:").context("the kernel does not say how much memory the server has")?
            }
        };
        Ok(kilobytes * 1024)
    }
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Turns this process into the server. The server inherits its cores, and it ends when the benchmark ends for any reason.
///
/// # Errors
/// Always, if it returns.
pub fn become_server(cores: &[usize], program: &OsStr, arguments: &[OsString]) -> Result<Infallible> {
    cores::pin(cores)?;
    set_pdeathsig(Signal::SIGKILL).context("tying the server to the benchmark")?;
    Err(Command::new(program).args(arguments).exec()).with_context(|| format!("running {}", program.display()))
}

/// Waits until a server listens on this address.
///
/// # Errors
/// If no server listens there for a long time.
pub fn wait_for(address: SocketAddr) -> Result<()> {
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        if begun.elapsed() > TIMEOUT {
            bail!("no server is listening on {address}");
        }
        std::thread::yield_now();
    }
    Ok(())
}

/// Reads in a thread, because a read has no time limit. The thread ends when the server's process ends.
fn first_line(stdout: ChildStdout) -> Result<(String, BufReader<ChildStdout>)> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stdout, mut line) = (BufReader::new(stdout), String::new());
        let read = stdout.read_line(&mut line);
        let _ = sender.send(read.map(|_| (line, stdout)));
    });
    Ok(receiver.recv_timeout(START).context("the server did not print its address")??)
}

/// Reads the address at the end of `listening on http://127.0.0.1:4321`.
fn address(line: &str) -> Option<SocketAddr> {
    let last = line.split_whitespace().last()?;
    last.strip_prefix("http://").unwrap_or(last).parse().ok()
}

/// The number in a line such as `VmRSS:      1776 kB`.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// The second number of a `schedstat`, in nanoseconds.
fn waited(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_at_the_end_of_the_line() {
        let expected = Some(SocketAddr::from(([127, 0, 0, 1], 4321)));
        assert_eq!(address("Framescope is listening on http://127.0.0.1:4321\n"), expected);
        assert_eq!(address("listening on 127.0.0.1:4321\n"), expected);
        assert_eq!(address(""), None);
    }

    #[test]
    fn the_waiting_time_is_the_second_number() {
        assert_eq!(waited("395171395 568507 103\n"), Some(568_507));
        assert_eq!(waited(""), None);
    }

    #[test]
    fn memory_is_read_from_its_own_line() {
        let text = "VmPeak:\t   16564 kB\nVmRSS:\t   13604 kB\nRssAnon:\t    6884 kB\n";
        assert_eq!(kilobytes(text, "VmRSS:"), Some(13_604));
        assert_eq!(kilobytes(text, "Rss:"), None);
    }
}
