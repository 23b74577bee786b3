//! Attacks on what is expensive for the relay: exports, gradings, its log, and the descriptors of its process.

use super::{Attack, at_once};
use crate::client::{connect, frame, handshake, http, open, session};
use crate::outcome::{Outcome, Tally};
use crate::target::Target;
use anyhow::Result;
use futures_util::FutureExt;
use rlimit::Resource;
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

pub(super) fn all() -> Vec<Attack> {
    vec![
        Attack {
            name: "exports and gradings at once",
            load: "16 sessions with 10,000 frames each; 64 clients export them and have attempts graded",
            flags: &[],
            run: |target, until| work(target, until).boxed(),
        },
        Attack {
            name: "log flooding",
            load: "64 clients send what a log could have a line about: broken heads, unknown sessions, wrong hosts",
            flags: &[],
            run: |target, until| log(target, until).boxed(),
        },
        Attack {
            name: "descriptors run out",
            load: "the process may open 8 more files; 100 connections arrive; then the limit is raised again",
            flags: &[],
            run: |target, until| descriptors(target, until).boxed(),
        },
    ]
}

async fn work(target: Target, until: Instant) -> Result<Outcome> {
    let mut sessions = Vec::new();
    for number in 0..16 {
        let from = crate::client::attacker(number);
        let id = session(from, &target).await?;
        let mut lab = open(from, target.http, &format!("/lab/{id}"), "").await?;
        let batch = frame(0x81, &[b'x'; 100]).repeat(500);
        let mut echo = vec![0; 102 * 500];
        for _ in 0..10 {
            lab.write_all(&batch).await?;
            lab.read_exact(&mut echo).await?;
        }
        sessions.push(id);
    }
    let tally = at_once(&target, 64, until, move |target: Target, from: Ipv4Addr| {
        let id = sessions[usize::from(from.octets()[3]) % sessions.len()].clone();
        async move {
            let export = format!("/api/sessions/{id}/export.har");
            let (status, _) = http(from, target.http, "GET", &export, "").await?;
            let body = r#"{"challenge":"fragments","since":0,"only_report":true}"#;
            let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let grade = format!("/api/sessions/{id}/receipts");
            let (graded, _) = http(from, target.http, "POST", &grade, &more).await?;
            Ok(format!("export {status} and grading {graded}"))
        }
    });
    Ok(Outcome::good(tally.await.words()))
}

async fn log(target: Target, until: Instant) -> Result<Outcome> {
    let before = target.logged.load(Ordering::Relaxed);
    let tally = at_once(&target, 64, until, async |target: Target, from| {
        for request in
            ["GET / HTTP/1.1\r\nbroken\r\n\r\n", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "\x16\x03\x01 no TLS"]
        {
            let mut stream = connect(from, target.http).await?;
            stream.write_all(request.as_bytes()).await?;
            let _ = stream.shutdown().await;
            let _ = stream.read(&mut [0; 4096]).await;
        }
        let mut lab = connect(from, target.http).await?;
        lab.write_all(handshake(target.http, "/lab/aaaaaaaaaaaaaaaaaaaaaaaaaa", "").as_bytes()).await?;
        let _ = lab.read(&mut [0; 4096]).await;
        Ok("round of four requests".to_owned())
    });
    let words = tally.await.words();
    let logged = target.logged.load(Ordering::Relaxed) - before;
    let words = format!("{words}; the log grew by {logged} bytes");
    Ok(Outcome { words, is_good: logged < 64 << 10 })
}

async fn descriptors(target: Target, until: Instant) -> Result<Outcome> {
    let (before, lines) = (target.descriptors()?, target.logged.load(Ordering::Relaxed));
    let mut limit = (0, 0);
    rlimit::prlimit(target.pid, Resource::NOFILE, None, Some((&mut limit.0, &mut limit.1)))?;
    rlimit::prlimit(target.pid, Resource::NOFILE, Some((before + 8, limit.1)), None)?;
    let tally = Tally::default();
    let mut waiting = Vec::new();
    for number in 0..100 {
        let mut stream = connect(crate::client::attacker(number), target.http).await?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
        waiting.push(stream);
    }
    sleep_until(until).await;
    rlimit::prlimit(target.pid, Resource::NOFILE, Some(limit), None)?;
    for mut stream in waiting {
        let mut answer = [0; 12];
        let read = tokio::time::timeout(std::time::Duration::from_secs(10), stream.read_exact(&mut answer)).await;
        let served = matches!(read, Ok(Ok(_))) && answer == *b"HTTP/1.1 200";
        tally.add(if served { "served, most after the outage" } else { "not served" });
    }
    let logged = target.logged.load(Ordering::Relaxed) - lines;
    let words = format!("{}; {logged} bytes in the log", tally.words());
    Ok(Outcome { words, is_good: tally.count("not served") == 0 })
}
