//! What an idle connection holds: a server's resident memory with thousands of them open, less that with none.

use crate::TIMEOUT;
use crate::batch::Batch;
use crate::contestant::Contestant;
use crate::measure::Setup;
use crate::opening::open_many;
use crate::server::Server;
use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Opened and closed before the first look, so that what a server holds once is not taken for its connections'.
const WARM_UP: usize = 100;
/// The message that each connection echoes, in bytes.
const PAYLOAD: usize = 20;
/// So many messages are under way at once.
const AT_ONCE: usize = 64;
/// A server is quiet when it uses less than this much CPU time from one look to the next.
const QUIET: Duration = Duration::from_millis(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The relay's flags here: a log so small and full so early that it does not count.
const RELAY_FLAGS: [&str; 2] = ["--log-bytes", "64KiB"];

/// The contestants that differ in what a connection holds.
pub const CONTESTANTS: [Contestant; 6] = [
    Contestant::Echo,
    Contestant::Lab,
    Contestant::Axum,
    Contestant::AxumSmallBuffer,
    Contestant::Fastwebsockets,
    Contestant::TokioWebsockets,
];

/// Bytes that each of `connections` connections adds to the server, once it has echoed one small message and is idle.
///
/// # Errors
/// When the server does not come up, does not take them all, or never comes to rest.
pub fn per_connection(contestant: Contestant, connections: usize, setup: &Setup) -> Result<f64> {
    let running = contestant.start(&setup.programs, &[setup.server_core], &[], &RELAY_FLAGS)?;
    let open = |count| -> Result<Vec<TcpStream>> {
        let mut streams = open_many(running.server.address(), &running.path, count)?;
        echo(&mut streams)?;
        Ok(streams)
    };
    drop(open(WARM_UP)?);
    wait_until_quiet(&running.server)?;
    let before = running.server.resident()?;
    let streams = open(connections)?;
    wait_until_quiet(&running.server)?;
    let after = running.server.resident()?;
    drop(streams);
    Ok((after as f64 - before as f64) / connections as f64)
}

fn echo(streams: &mut [TcpStream]) -> Result<()> {
    let batch = Batch::new(PAYLOAD, 1, 0);
    let mut reply = vec![0; batch.reply.len()];
    for some in streams.chunks_mut(AT_ONCE) {
        for stream in &mut *some {
            stream.write_all(&batch.request).context("sending")?;
        }
        for stream in some {
            stream.read_exact(&mut reply).context("receiving")?;
            ensure!(reply == batch.reply, "what came back is not what was sent");
        }
    }
    Ok(())
}

fn wait_until_quiet(server: &Server) -> Result<()> {
    let deadline = Instant::now() + TIMEOUT;
    let mut used = server.cpu_time()?;
    loop {
        std::thread::sleep(BETWEEN_LOOKS);
        let now = server.cpu_time()?;
        if now.saturating_sub(used) < QUIET {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the server does not come to rest");
        used = now;
    }
}
