//! A Redis server for one measurement: it keeps nothing on disk, and ends on drop.

use super::Setup;
use crate::folder::Folder;
use crate::server::{Server, wait_for};
use anyhow::{Context, Result, ensure};
use redis::{Client, Connection, cmd};
use std::collections::HashMap;
use std::convert::Infallible;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Redis {
    connection: Connection,
    pub server: Server,
    folder: Folder,
}

/// What the logs of all sessions take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logs {
    /// Entries of all streams.
    pub entries: u64,
    /// Observations in them.
    pub observations: u64,
    /// Observations between the first and the last entry that no relay could send in time.
    pub dropped: u64,
    /// The memory of the streams and of what Redis knows of the sessions besides, in bytes.
    pub memory: u64,
}

impl Redis {
    /// Starts it on `cores`.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(setup: &Setup, cores: &[usize]) -> Result<Self> {
        let folder = Folder::new("redis");
        let arguments = ["redis", "--folder"].map(OsString::from).into_iter();
        let folder_and_program = [folder.0.clone().into(), "--program".into(), setup.redis.clone().into()];
        let arguments: Vec<OsString> = arguments.chain(folder_and_program).collect();
        let server = Server::start(&setup.programs.bench, &arguments, cores)?;
        wait_for(server.address())?;
        let client = Client::open(format!("redis://{}", server.address()))?;
        let connection = client.get_connection().context("connecting to Redis")?;
        Ok(Self { connection, server, folder })
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.server.address())
    }

    /// A file in its folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    /// What the logs of all sessions take now.
    ///
    /// # Errors
    /// If Redis does not answer, or has none.
    pub fn logs(&mut self) -> Result<Logs> {
        const STREAMS: &str = "framescope:l:";
        let keys: Vec<String> = cmd("KEYS").arg(format!("{STREAMS}*")).query(&mut self.connection)?;
        ensure!(!keys.is_empty(), "Redis has no log, so the relay did not record");
        let mut logs = Logs::default();
        for key in keys {
            let session = key.replace(STREAMS, "framescope:s:");
            for key in [&key, &session] {
                let bytes: Option<u64> =
                    cmd("MEMORY").arg("USAGE").arg(key).arg("SAMPLES").arg(0).query(&mut self.connection)?;
                logs.memory += bytes.unwrap_or_default();
            }
            let entries: Vec<(String, HashMap<String, Vec<u8>>)> =
                cmd("XRANGE").arg(&key).arg("-").arg("+").query(&mut self.connection)?;
            logs.count(entries.iter().filter_map(|(id, fields)| Some((id.as_str(), fields.get("n")?.as_slice()))))?;
        }
        Ok(logs)
    }
}

impl Logs {
    /// Counts the entries of one stream, each an id and how many observations it has.
    fn count<'e>(&mut self, entries: impl Iterator<Item = (&'e str, &'e [u8])>) -> Result<()> {
        let mut next = None;
        for (id, count) in entries {
            let first = id.split_once('-').and_then(|(first, _)| first.parse::<u64>().ok());
            let count = std::str::from_utf8(count).ok().and_then(|count| count.parse::<u64>().ok());
            let (first, count) = first.zip(count).with_context(|| format!("{id} is not an entry of a log"))?;
            self.entries += 1;
            // An entry without observations, for a challenge that was passed, has the number before it.
            if count > 0 {
                self.observations += count;
                self.dropped += first - next.unwrap_or(first).min(first);
                next = Some(first + count);
            }
        }
        Ok(())
    }
}

/// Turns this process into Redis, with its files in `folder`. Like the other servers, it first prints the address that it will
/// listen on.
///
/// # Errors
/// Always, if it returns.
pub fn become_redis(program: &Path, folder: &Path) -> Result<Infallible> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    // Port 0 would turn TCP off, so this takes a port that was free a moment ago.
    let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "Redis listens on {listen}")?;
    stdout.flush()?;
    let mut command = Command::new(program);
    command.args(["--bind", "127.0.0.1", "--port", &listen.port().to_string(), "--loglevel", "warning"]);
    command.args(["--save", "", "--appendonly", "no", "--maxmemory", "2gb"]).arg("--dir").arg(folder);
    Err(command.exec()).with_context(|| format!("running {}", program.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_missing_between_entries_were_dropped() {
        let mut logs = Logs::default();
        logs.count([("5-0", &b"2"[..]), ("6-1", b"0"), ("7-0", b"3"), ("14-0", b"1")].into_iter()).unwrap();
        logs.count([("1-0", &b"1"[..])].into_iter()).unwrap();
        assert_eq!(logs, Logs { entries: 5, observations: 7, dropped: 4, memory: 0 });
        assert!(logs.count([("x", &b"1"[..])].into_iter()).is_err());
    }
}
