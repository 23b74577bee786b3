//! The memory of an idle connection: a server's resident memory with thousands of them, minus its memory without them.

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

/// Connections that are opened and closed before the first reading. After that, memory that a server allocates only once does
/// not count as memory of its connections.
const WARM_UP: usize = 100;
/// The message that each connection echoes, in bytes.
const PAYLOAD: usize = 20;
/// The number of messages in flight at once.
const AT_ONCE: usize = 64;
/// A server is quiet if it uses less CPU time than this between two readings.
const QUIET: Duration = Duration::from_millis(1);
const BETWEEN_READINGS: Duration = Duration::from_millis(100);

/// Makes the relay's log so small that it hardly counts.
const RELAY_FLAGS: [&str; 2] = ["--log-bytes", "64KiB"];

/// The contestants whose connections differ in memory.
pub const CONTESTANTS: [Contestant; 6] = [
    Contestant::Echo,
    Contestant::Lab,
    Contestant::Axum,
    Contestant::AxumSmallBuffer,
    Contestant::Fastwebsockets,
    Contestant::TokioWebsockets,
];

/// The bytes that each of `connections` idle connections adds to the server, after it has echoed one small message on each.
///
/// # Errors
/// If the server does not start, does not accept all connections, or does not become idle.
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
            ensure!(reply == batch.reply, "the server's reply differs from the message that was sent");
        }
    }
    Ok(())
}

fn wait_until_quiet(server: &Server) -> Result<()> {
    let deadline = Instant::now() + TIMEOUT;
    let mut used = server.cpu_time()?;
    loop {
        std::thread::sleep(BETWEEN_READINGS);
        let now = server.cpu_time()?;
        if now.saturating_sub(used) < QUIET {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the server did not become idle within {TIMEOUT:?}");
        used = now;
    }
}
