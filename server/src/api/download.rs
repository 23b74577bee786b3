//! A file that a task makes as fast as its client reads it.
//!
//! The task, not the body, has the timers: hyper polls a body only when the client reads, so a limit in the body would not
//! apply to a client that does not.

use crate::shutdown::Shutdown;
use crate::slots::Slot;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::unfold;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// The longest time for one file.
const LONGEST: Duration = Duration::from_secs(300);

/// Makes a file part by part.
pub(super) trait Parts: Send + 'static {
    /// The next part; `None` after the last one.
    fn next(&mut self) -> impl Future<Output = Option<Bytes>> + Send;
}

/// The body of a response with this file. If the client does not take a part within `patience`, or the slot is needed for
/// others, it ends with an error, so that the client sees that the file is incomplete.
pub(super) fn body(parts: impl Parts, slot: Slot, patience: Duration, shutdown: &Shutdown) -> Body {
    // `None` is the end of a complete file.
    let (sender, receiver) = mpsc::channel::<Option<Bytes>>(1);
    shutdown.spawn(send(parts, slot, patience, sender));
    Body::from_stream(unfold(Some(receiver), async |receiver| {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Some(part)) => Some((Ok(part), Some(receiver))),
            Some(None) => None,
            None => Some((Err(io::Error::from(io::ErrorKind::TimedOut)), None)),
        }
    }))
}

async fn send(mut parts: impl Parts, slot: Slot, patience: Duration, client: mpsc::Sender<Option<Bytes>>) {
    let longest = Instant::now() + LONGEST;
    loop {
        let part = parts.next().await;
        let last = part.is_none();
        let until = longest.min(Instant::now() + patience);
        let sent = slot.while_waiting(timeout_at(until, client.send(part))).await;
        if last || !matches!(sent, Some(Ok(Ok(())))) {
            return;
        }
    }
}
