//! Observes a session of the lab, as the page does, and discards the observations.

use crate::opening::open_with;
use anyhow::{Context, Result};
use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

pub(crate) const SUBPROTOCOL: &str = "framescope.observe.v1";

/// Reads in its own thread, on the core of the thread that starts it.
pub struct Observer {
    stream: TcpStream,
    read: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Observer {
    /// Starts observing `session`.
    ///
    /// # Errors
    /// If the server does not upgrade.
    pub fn start(address: SocketAddr, session: &str) -> Result<Self> {
        let stream = open_with(address, &format!("/api/sessions/{session}/observe"), SUBPROTOCOL)?;
        // The feed is silent while the lab is. The thread ends with the connection.
        stream.set_read_timeout(None)?;
        let read = Arc::new(AtomicU64::new(0));
        let (mut source, counter) = (stream.try_clone().context("sharing the observer's socket")?, Arc::clone(&read));
        let thread = std::thread::spawn(move || {
            let mut bytes = vec![0; 256 << 10];
            while let Ok(read @ 1..) = source.read(&mut bytes) {
                counter.fetch_add(read as u64, Ordering::Relaxed);
            }
        });
        Ok(Self { stream, read, thread: Some(thread) })
    }

    /// How many bytes the observer received; `None` after the feed has ended.
    #[must_use]
    pub fn read(&self) -> Option<u64> {
        let running = self.thread.as_ref().is_some_and(|thread| !thread.is_finished());
        running.then(|| self.read.load(Ordering::Relaxed))
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
