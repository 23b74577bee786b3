//! Who is compared, and how each is started.

use crate::observer::Observer;
use crate::opening::post;
use crate::server::Server;
use anyhow::{Context, Result};
use clap::ValueEnum;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Contestant {
    /// The relay's /echo
    Echo,
    /// The relay's lab, with nobody watching
    Lab,
    /// The relay's lab, with one observer
    LabObserved,
    /// An echo server on axum's `ws`
    Axum,
    /// The same with a read buffer of 16 KiB instead of 128 KiB
    AxumSmallBuffer,
    /// An echo server on fastwebsockets
    Fastwebsockets,
    /// An echo server on tokio-websockets
    TokioWebsockets,
}

/// Where the binaries are.
#[derive(Clone, Debug)]
pub struct Programs {
    pub relay: PathBuf,
    pub peer: PathBuf,
}

/// A contestant that is up.
pub struct Running {
    // The order is that of their ends: the observer leaves before the server goes.
    pub observer: Option<Observer>,
    pub server: Server,
    /// Where its WebSockets are.
    pub path: String,
}

impl Contestant {
    pub const ALL: [Self; 7] = [
        Self::Echo,
        Self::Lab,
        Self::LabObserved,
        Self::Axum,
        Self::AxumSmallBuffer,
        Self::Fastwebsockets,
        Self::TokioWebsockets,
    ];

    /// Whether it is another server than the relay.
    #[must_use]
    pub fn is_peer(self) -> bool {
        !matches!(self, Self::Echo | Self::Lab | Self::LabObserved)
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Echo => "Framescope `/echo`",
            Self::Lab => "Framescope lab, nobody watching",
            Self::LabObserved => "Framescope lab, one observer",
            Self::Axum => "axum `ws`",
            Self::AxumSmallBuffer => "axum `ws`, 16 KiB read buffer",
            Self::Fastwebsockets => "fastwebsockets",
            Self::TokioWebsockets => "tokio-websockets",
        }
    }

    /// Starts it on `cores`. `relay_flags` are for the relay alone.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(self, programs: &Programs, cores: &[usize], relay_flags: &[&str]) -> Result<Running> {
        const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0"];
        if self.is_peer() {
            let name = self.to_possible_value().map(|value| value.get_name().to_owned());
            let arguments: Vec<OsString> = name.into_iter().chain(LISTEN.map(String::from)).map(Into::into).collect();
            let server = Server::start(&programs.peer, &arguments, cores)?;
            return Ok(Running { observer: None, server, path: "/".to_owned() });
        }
        let mut arguments = vec!["serve"];
        arguments.extend(LISTEN);
        // Room for the memory test, and no ping that the observer would have to answer.
        arguments.extend(["--max-connections", "100000", "--session-connections", "100000", "--observer-ping", "1h"]);
        arguments.extend(relay_flags);
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let server = Server::start(&programs.relay, &arguments, cores)?;
        if self == Self::Echo {
            return Ok(Running { observer: None, server, path: "/echo".to_owned() });
        }
        let session = session(&server)?;
        let observer = match self {
            Self::LabObserved => Some(Observer::start(server.address(), &session)?),
            _ => None,
        };
        Ok(Running { observer, server, path: format!("/lab/{session}") })
    }
}

/// Begins a session in the lab; returns its name.
fn session(server: &Server) -> Result<String> {
    let body = post(server.address(), "/api/sessions")?;
    let body: serde_json::Value = serde_json::from_str(&body).context("reading the relay's JSON")?;
    let name = body.get("id").and_then(|id| id.as_str());
    Ok(name.context("the relay's answer names no session")?.to_owned())
}
