//! Many connections that stay: idle lab connections, visitors with an observer each, or observers of one busy session.

use crate::client::Client;
use crate::tally::Tally;
use crate::visitor::{OBSERVE, session};
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::{JoinSet, spawn_local};
use tokio::time::{Instant, sleep, sleep_until};
use wire::opcode::Opcode;

/// How many handshakes are under way at the same time.
const AT_ONCE: u32 = 64;

/// Opens `count` of what `open` opens, a bounded number at a time.
async fn open_all<T: 'static, F: Future<Output = Result<T>> + 'static>(
    count: u32,
    tally: &Tally,
    open: impl Fn(u32) -> F,
) -> Result<Vec<T>> {
    let (mut opened, mut opening) = (Vec::new(), JoinSet::new());
    let mut take = |done: Option<Result<Result<T>, _>>| {
        let done: Result<T> = done.context("nothing is under way")?.context("a task failed")?;
        opened.push(done?);
        tally.connections.set(tally.connections.get() + 1);
        anyhow::Ok(())
    };
    for number in 0..count {
        if opening.len() >= AT_ONCE as usize {
            take(opening.join_next().await)?;
        }
        opening.spawn_local(open(number));
    }
    while !opening.is_empty() {
        take(opening.join_next().await)?;
    }
    Ok(opened)
}

/// `count` idle lab connections, in sessions of 16.
pub(crate) async fn connections(address: SocketAddr, count: u32, tally: &Tally, end: Instant) -> Result<()> {
    let mut sessions = Vec::new();
    for _ in 0..count.div_ceil(16) {
        sessions.push(session(address).await?);
    }
    let open = |number: u32| {
        let path = format!("/lab/{}?deflate=off", sessions[number as usize / 16]);
        async move { Client::open(address, &path, None).await }
    };
    let _open = open_all(count, tally, open).await?;
    sleep_until(end).await;
    Ok(())
}

/// `count` visitors, each with a session, an observer of it, and a connection that says something every few seconds.
pub(crate) async fn visitors(address: SocketAddr, count: u32, tally: &Rc<Tally>, end: Instant) -> Result<()> {
    let open = |_| async move {
        let session = session(address).await?;
        let observer = Client::open(address, &format!("/api/sessions/{session}/observe"), Some(OBSERVE)).await?;
        let client = Client::open(address, &format!("/lab/{session}?deflate=off"), None).await?;
        Ok((observer, client))
    };
    for (observer, mut client) in open_all(count, tally, open).await? {
        let (observed, failed) = (Rc::clone(tally), Rc::clone(tally));
        spawn_local(observer.drain(move |bytes| observed.observed.set(observed.observed.get() + bytes)));
        spawn_local(async move {
            while Instant::now() < end {
                sleep(Duration::from_millis(fastrand::u64(2_000..8_000))).await;
                let echoed = async {
                    client.send(Opcode::Text, b"hello").await?;
                    client.message().await?.context("the relay ended the connection of a visitor")
                };
                if let Err(error) = echoed.await {
                    return failed.failed(&error);
                }
            }
        });
    }
    sleep_until(end).await;
    Ok(())
}

/// One session that is busy, with `count` observers.
pub(crate) async fn observers(address: SocketAddr, count: u32, tally: &Rc<Tally>, end: Instant) -> Result<()> {
    let session = session(address).await?;
    let path = format!("/api/sessions/{session}/observe");
    let open = |_| {
        let path = path.clone();
        async move { Client::open(address, &path, Some(OBSERVE)).await }
    };
    for observer in open_all(count, tally, open).await? {
        let observed = Rc::clone(tally);
        spawn_local(observer.drain(move |bytes| observed.observed.set(observed.observed.get() + bytes)));
    }
    let mut client = Client::open(address, &format!("/lab/{session}?deflate=off"), None).await?;
    while Instant::now() < end {
        client.send(Opcode::Text, b"twenty messages a second").await?;
        client.message().await?.context("the relay ended the busy connection")?;
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
