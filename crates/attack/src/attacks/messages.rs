//! Attacks with frames and messages: memory, processor time and egress.

use super::{Attack, at_once};
use crate::client::{frame, open, session};
use crate::outcome::Outcome;
use crate::target::Target;
use anyhow::Result;
use flate2::{Compress, Compression, FlushCompress};
use futures_util::FutureExt;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

pub(super) fn all() -> Vec<Attack> {
    vec![
        Attack {
            name: "unread observers",
            load: "4 sessions with 16 observers each that read nothing, while a client floods the session",
            flags: &["--write-timeout", "3s"],
            run: |target, until| observers(target, until, false).boxed(),
        },
        Attack {
            name: "busy observers",
            load: "the same with observers that read",
            flags: &[],
            run: |target, until| observers(target, until, true).boxed(),
        },
        Attack {
            name: "unread echoes",
            load: "200 clients send and read nothing",
            flags: &["--write-timeout", "3s"],
            run: |target, until| unread(target, until).boxed(),
        },
        Attack {
            name: "endless fragments",
            load: "64 clients send a text message in fragments that never ends",
            flags: &[],
            run: |target, until| fragments(target, until).boxed(),
        },
        Attack {
            name: "deflate bombs",
            load: "64 clients send 16 KiB that inflate to 16 MiB, again and again",
            flags: &[],
            run: |target, until| bombs(target, until).boxed(),
        },
        Attack {
            name: "timed writes",
            load: "1,000 connections that send nothing, with `push-every=20ms&drip=1ms`",
            flags: &[],
            run: |target, until| drips(target, until).boxed(),
        },
    ]
}

/// Sends `what` again and again until the relay ends the connection, and reads meanwhile if told so.
async fn pump(stream: TcpStream, what: &[u8], reads: bool) -> Result<String> {
    let (mut reading, mut writing) = stream.into_split();
    let sending = async { while writing.write_all(what).await.is_ok() {} };
    let ended = async {
        let mut nothing = vec![0; 64 << 10];
        while reads && matches!(reading.read(&mut nothing).await, Ok(1..)) {}
        if !reads {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = sending => Ok("connection ended by the relay".to_owned()),
        () = ended => Ok("connection ended by the relay".to_owned()),
    }
}

async fn observers(target: Target, until: Instant, read: bool) -> Result<Outcome> {
    let mut sessions = Vec::new();
    for number in 0..4 {
        let from = crate::client::attacker(number);
        sessions.push((from, session(from, &target).await?));
    }
    let watched = sessions.clone();
    let flooding = at_once(&target, 4, until, move |target: Target, from| {
        let id = sessions.iter().find(|(of, _)| *of == from).map(|(_, id)| id.clone()).unwrap_or_default();
        async move {
            let lab = open(from, target.http, &format!("/lab/{id}"), "").await?;
            pump(lab, &frame(0x82, &[7; 1000]).repeat(16), true).await
        }
    });
    let observing = at_once(&target, 64, until, move |target: Target, from: Ipv4Addr| {
        let at = usize::from(from.octets()[3]) % watched.len();
        let path = format!("/api/sessions/{}/observe", watched[at].1);
        async move {
            let mut feed = open(from, target.http, &path, "").await?;
            let mut part = vec![0; 256 << 10];
            if !read {
                std::future::pending::<()>().await;
            }
            while feed.read(&mut part).await? > 0 {}
            Ok("dropped by the relay".to_owned())
        }
    });
    let (flooding, observing) = tokio::join!(flooding, observing);
    Ok(Outcome::good(format!("clients: {}; observers: {}", flooding.words(), observing.words())))
}

async fn unread(target: Target, until: Instant) -> Result<Outcome> {
    let tally = at_once(&target, 200, until, async |target: Target, from| {
        let stream = open(from, target.http, "/echo", "").await?;
        pump(stream, &frame(0x82, &vec![7; 64 << 10]), false).await
    });
    Ok(Outcome::good(tally.await.words()))
}

async fn fragments(target: Target, until: Instant) -> Result<Outcome> {
    let tally = at_once(&target, 64, until, async |target: Target, from| {
        let id = session(from, &target).await?;
        let mut stream = open(from, target.http, &format!("/lab/{id}?delay=1s"), "").await?;
        stream.write_all(&frame(0x01, b"x")).await?;
        pump(stream, &frame(0x00, &vec![b'x'; 16 << 10]), true).await
    });
    Ok(Outcome::good(tally.await.words()))
}

async fn bombs(target: Target, until: Instant) -> Result<Outcome> {
    let mut bomb = Vec::with_capacity(64 << 10);
    let zeros = vec![0; (16 << 20) - 1];
    let mut deflater = Compress::new(Compression::best(), false);
    deflater.compress_vec(&zeros, &mut bomb, FlushCompress::Sync)?;
    // RFC 7692 §7.2.1: without the last four bytes.
    bomb.truncate(bomb.len() - 4);
    let message = frame(0xC2, &bomb);
    let tally = at_once(&target, 64, until, move |target: Target, from| {
        let message = message.clone();
        async move {
            let stream = open(from, target.http, "/echo", DEFLATE).await?;
            pump(stream, &message, true).await
        }
    });
    Ok(Outcome::good(tally.await.words()))
}

async fn drips(target: Target, until: Instant) -> Result<Outcome> {
    let tally = at_once(&target, 1000, until, async |target: Target, from| {
        let mut stream = open(from, target.http, "/echo?push-every=20ms&push=x&drip=1ms", "").await?;
        let mut part = [0; 4096];
        while stream.read(&mut part).await? > 0 {}
        Ok("connection ended by the relay".to_owned())
    });
    Ok(Outcome::good(tally.await.words()))
}
