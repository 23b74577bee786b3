//! What a visitor does: makes a session, watches it, connects in many ways, and leaves.

use crate::client::{Client, http};
use crate::tally::Tally;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use wire::opcode::Opcode;

pub(crate) const OBSERVE: &str = "framescope.observe.v1";

/// What a connection of a visitor does.
#[derive(Clone, Copy)]
enum Visit {
    /// Messages of all sizes are echoed.
    Echo { query: &'static str, route: &'static str },
    /// The server ends the connection after this many messages, or after a time.
    Ends { query: &'static str, messages: u32 },
    /// The server breaks a rule, and the client goes.
    Fault { query: &'static str },
    /// The client goes without a word.
    Leaves,
    /// The client breaks a rule.
    BreaksARule,
    /// The relay refuses the handshake.
    Refused,
}

const VISITS: [Visit; 14] = [
    Visit::Echo { query: "deflate=off", route: "" },
    Visit::Echo { query: "", route: "" },
    Visit::Echo { query: "fragments=3&fragment-pings", route: "" },
    Visit::Echo { query: "delay=20ms", route: "" },
    Visit::Echo { query: "push-every=50ms&ping-every=100ms", route: "" },
    Visit::Echo { query: "deflate=off", route: "/via/slow,rate=1MiB,latency=1ms" },
    Visit::Echo { query: "deflate=off", route: "/via/idle-cut,after=5s" },
    Visit::Ends { query: "drop-after=100ms", messages: 1 },
    Visit::Ends { query: "idle=200ms&idle-end=reset", messages: 1 },
    Visit::Ends { query: "close-after=2", messages: 2 },
    Visit::Fault { query: "fault=rsv1" },
    Visit::Leaves,
    Visit::BreaksARule,
    Visit::Refused,
];

/// Visits until `end`. Each session lasts for a handful of connections, so sessions come and go.
pub(crate) async fn visits(address: SocketAddr, tally: Rc<Tally>, end: Instant) {
    while Instant::now() < end {
        match visit(address, &tally, end).await {
            Ok(()) => tally.sessions.set(tally.sessions.get() + 1),
            Err(error) => {
                tally.failed(&error);
                // A refusal for lack of capacity is a visitor's problem too, but must not become a flood.
                sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

async fn visit(address: SocketAddr, tally: &Rc<Tally>, end: Instant) -> Result<()> {
    let session = session(address).await?;
    let observer = Client::open(address, &format!("/api/sessions/{session}/observe"), Some(OBSERVE)).await?;
    let observed = Rc::clone(tally);
    let observer = tokio::task::spawn_local(observer.drain(move |bytes| {
        observed.observed.set(observed.observed.get() + bytes);
    }));
    for _ in 0..fastrand::u32(3..9) {
        if Instant::now() >= end {
            break;
        }
        connect(address, &session, VISITS[fastrand::usize(..VISITS.len())]).await?;
        tally.connections.set(tally.connections.get() + 1);
        sleep(Duration::from_millis(fastrand::u64(10..400))).await;
    }
    if fastrand::u32(..8) == 0 {
        http(address, "GET", &format!("/api/sessions/{session}/export.json")).await?;
    }
    observer.abort();
    Ok(())
}

/// Makes a session; gives its name.
pub(crate) async fn session(address: SocketAddr) -> Result<String> {
    let made: serde_json::Value = serde_json::from_str(&http(address, "POST", "/api/sessions").await?)?;
    Ok(made["id"].as_str().context("the relay made a session without a name")?.to_owned())
}

async fn connect(address: SocketAddr, session: &str, visit: Visit) -> Result<()> {
    let path = |route: &str, query: &str| format!("{route}/lab/{session}?{query}");
    match visit {
        Visit::Echo { query, route } => {
            let mut client = Client::open(address, &path(route, query), None).await?;
            for _ in 0..fastrand::u32(1..20) {
                let length = 1 << fastrand::u32(0..14);
                client.send(Opcode::Binary, &vec![b'x'; length]).await?;
                client.message().await?.context("the relay ended an echo")?;
                sleep(Duration::from_millis(fastrand::u64(0..60))).await;
            }
            client.close().await
        }
        Visit::Ends { query, messages } => {
            let mut client = Client::open(address, &path("", query), None).await?;
            for _ in 0..messages {
                client.send(Opcode::Text, b"hello").await?;
            }
            while client.message().await?.is_some() {}
            Ok(())
        }
        Visit::Fault { query } => {
            let mut client = Client::open(address, &path("", query), None).await?;
            client.send(Opcode::Text, b"hello").await?;
            client.message().await?.context("the server ended the connection in place of its fault")?;
            Ok(())
        }
        Visit::Leaves => {
            let mut client = Client::open(address, &path("", "deflate=off"), None).await?;
            client.send(Opcode::Text, b"bye").await
        }
        Visit::BreaksARule => {
            let mut client = Client::open(address, &path("", "deflate=off"), None).await?;
            client.send(Opcode::from_nibble(0x3), b"reserved").await?;
            while client.message().await?.is_some() {}
            Ok(())
        }
        Visit::Refused => match Client::open(address, &path("", "no-such-setting"), None).await {
            Ok(_) => anyhow::bail!("the relay accepted an unknown setting"),
            Err(_) => Ok(()),
        },
    }
}
