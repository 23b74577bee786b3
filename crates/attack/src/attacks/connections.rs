//! Attacks on the number of sessions and connections, and on the patience of the relay.

use super::{Attack, at_once};
use crate::client::{Stream, connect, connect_tls, http, open, session};
use crate::outcome::Outcome;
use crate::target::Target;
use anyhow::Result;
use futures_util::FutureExt;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

pub(super) fn all() -> Vec<Attack> {
    vec![
        Attack {
            name: "session flood",
            load: "16 addresses create sessions and keep each with a refused request, as fast as they can",
            flags: &[],
            run: |target, until| sessions(target, until).boxed(),
        },
        Attack {
            name: "session flood with connections",
            load: "the same, and each session had a connection",
            flags: &[],
            run: |target, until| used_sessions(target, until).boxed(),
        },
        Attack {
            name: "idle connections",
            load: "2,000 WebSockets from 16 addresses that send nothing",
            flags: &[],
            run: |target, until| idle(target, until).boxed(),
        },
        Attack {
            name: "connection flood from one address",
            load: "one address opens WebSockets and keeps them, as fast as it can",
            flags: &[],
            run: |target, until| one_address(target, until).boxed(),
        },
        Attack {
            name: "slow heads",
            load: "400 clients send a byte of a request head each 100 ms",
            flags: &["--head-timeout", "2s"],
            run: |target, until| slow(target, until, "GET /lab/a HTTP/1.1\r\nX-Slow: ").boxed(),
        },
        Attack {
            name: "slow heads over TLS",
            load: "the same over TLS",
            flags: &["--head-timeout", "2s"],
            run: |target, until| slow_over_tls(target, until).boxed(),
        },
        Attack {
            name: "slow bodies",
            load: "400 clients announce a body and send a byte of it each 100 ms",
            flags: &[],
            run: |target, until| {
                slow(
                    target,
                    until,
                    "POST /api/receipts/verify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n",
                )
                .boxed()
            },
        },
        Attack {
            name: "silent TLS and HTTP/2",
            load: "400 clients send nothing after the TCP handshake, or nothing after TLS with HTTP/2",
            flags: &["--head-timeout", "2s"],
            run: |target, until| silent(target, until).boxed(),
        },
    ]
}

async fn sessions(target: Target, until: Instant) -> Result<Outcome> {
    let tally = at_once(&target, 64, until, async |target: Target, from: Ipv4Addr| {
        let id = session(from, &target).await?;
        http(from, target.http, "GET", &format!("/lab/{id}"), "").await?;
        Ok("session".to_owned())
    });
    Ok(Outcome::good(tally.await.words()))
}

async fn used_sessions(target: Target, until: Instant) -> Result<Outcome> {
    let tally = at_once(&target, 64, until, async |target: Target, from: Ipv4Addr| {
        let id = session(from, &target).await?;
        drop(open(from, target.http, &format!("/lab/{id}"), "").await?);
        Ok("session".to_owned())
    });
    Ok(Outcome::good(tally.await.words()))
}

/// Opens a WebSocket and waits for its end.
async fn hold(target: Target, from: Ipv4Addr) -> Result<String> {
    let mut stream = open(from, target.http, "/echo", "").await?;
    let _ = stream.read(&mut [0; 1]).await;
    Ok("closed by the relay".to_owned())
}

async fn idle(target: Target, until: Instant) -> Result<Outcome> {
    let tally = at_once(&target, 2000, until, hold).await;
    Ok(Outcome::good(tally.words()))
}

async fn one_address(target: Target, until: Instant) -> Result<Outcome> {
    let one = Ipv4Addr::new(127, 1, 0, 1);
    let tally = at_once(&target, 1500, until, move |target: Target, _| hold(target, one)).await;
    Ok(Outcome::good(tally.words()))
}

/// Sends `first`, and then a byte now and then until the relay ends the connection.
async fn trickle(mut stream: impl Stream, first: &str) -> Result<String> {
    stream.write_all(first.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        tokio::select! {
            read = stream.read_buf(&mut answer) => if read.is_err() || matches!(read, Ok(0)) || answer.len() > 12 {
                let text = String::from_utf8_lossy(&answer);
                return Ok(text.split(' ').nth(1).map_or_else(|| "connection ended".to_owned(), str::to_owned));
            },
            () = sleep(Duration::from_millis(100)) => stream.write_all(b"x").await?,
        }
    }
}

async fn slow(target: Target, until: Instant, first: &'static str) -> Result<Outcome> {
    let tally = at_once(&target, 400, until, move |target: Target, from| async move {
        trickle(connect(from, target.http).await?, first).await
    });
    Ok(Outcome::good(tally.await.words()))
}

async fn slow_over_tls(target: Target, until: Instant) -> Result<Outcome> {
    let tally = at_once(&target, 400, until, async |target: Target, from| {
        trickle(connect_tls(from, &target, &[b"http/1.1"]).await?, "GET /lab/a HTTP/1.1\r\nX-Slow: ").await
    });
    Ok(Outcome::good(tally.await.words()))
}

async fn silent(target: Target, until: Instant) -> Result<Outcome> {
    let tally = at_once(&target, 400, until, async |target: Target, from: Ipv4Addr| {
        let mut byte = [0; 1];
        if from.octets()[3].is_multiple_of(2) {
            let _ = connect(from, target.tls).await?.read(&mut byte).await;
            return Ok("ended before TLS".to_owned());
        }
        let _ = connect_tls(from, &target, &[b"h2"]).await?.read(&mut byte).await;
        Ok("ended before HTTP/2".to_owned())
    });
    Ok(Outcome::good(tally.await.words()))
}
