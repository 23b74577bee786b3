//! The servers to compare, and how to start them.

use crate::nginx;
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
    /// nginx as a proxy in front of the relay's /echo
    Nginx,
    /// The relay as a proxy in front of the same, both sides recorded, with nobody watching
    Relayed,
}

/// Where the binaries are.
#[derive(Clone, Debug)]
pub struct Programs {
    pub relay: PathBuf,
    pub peer: PathBuf,
    /// `None` where there is none.
    pub nginx: Option<PathBuf>,
    /// What becomes nginx.
    pub bench: PathBuf,
}

/// A contestant that is up.
pub struct Running {
    // The order is that of their ends: the observer leaves before the server goes.
    pub observer: Option<Observer>,
    pub server: Server,
    /// What a proxy stands in front of.
    pub upstream: Option<Server>,
    /// Where its WebSockets are.
    pub path: String,
    /// What its files are in.
    pub folder: Option<nginx::Folder>,
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

    /// Those that pass on what others echo.
    pub const PROXIES: [Self; 2] = [Self::Nginx, Self::Relayed];

    /// Whether it is another echo server than the relay.
    #[must_use]
    pub fn is_peer(self) -> bool {
        Self::ALL.contains(&self) && !matches!(self, Self::Echo | Self::Lab | Self::LabObserved)
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
            Self::Nginx => "nginx",
            Self::Relayed => "Framescope `/relay`, both sides recorded",
        }
    }

    /// Starts it on `cores`, and what it stands in front of on `other_cores`. `relay_flags` are for the relay alone.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(
        self,
        programs: &Programs,
        cores: &[usize],
        other_cores: &[usize],
        relay_flags: &[&str],
    ) -> Result<Running> {
        const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0"];
        if Self::PROXIES.contains(&self) {
            let upstream = Self::Echo.start(programs, other_cores, &[], relay_flags)?.server;
            return self.in_front_of(upstream, programs, cores, relay_flags);
        }
        if self.is_peer() {
            let name = self.to_possible_value().map(|value| value.get_name().to_owned());
            let arguments: Vec<OsString> = name.into_iter().chain(LISTEN.map(String::from)).map(Into::into).collect();
            let server = Server::start(&programs.peer, &arguments, cores)?;
            return Ok(Running { observer: None, server, upstream: None, path: "/".to_owned(), folder: None });
        }
        let server = relay(programs, cores, relay_flags)?;
        if self == Self::Echo {
            return Ok(Running { observer: None, server, upstream: None, path: "/echo".to_owned(), folder: None });
        }
        let session = session(&server)?;
        let observer = match self {
            Self::LabObserved => Some(Observer::start(server.address(), &session)?),
            _ => None,
        };
        Ok(Running { observer, server, upstream: None, path: format!("/lab/{session}"), folder: None })
    }

    /// The same of a proxy.
    fn in_front_of(
        self,
        upstream: Server,
        programs: &Programs,
        cores: &[usize],
        relay_flags: &[&str],
    ) -> Result<Running> {
        let address = upstream.address().to_string();
        if self == Self::Relayed {
            let target = format!("ws://{address}/echo");
            let flags = [relay_flags, &["--relay-to", &target]].concat();
            let server = relay(programs, cores, &flags)?;
            let path = format!("/relay/{}?to={target}", session(&server)?);
            return Ok(Running { observer: None, server, upstream: Some(upstream), path, folder: None });
        }
        let program = programs.nginx.as_ref().context("nginx was not found: set its location with --nginx")?;
        let folder = nginx::Folder::new();
        let arguments = ["nginx", "--upstream", &address, "--folder"].map(OsString::from);
        let arguments: Vec<_> = arguments
            .into_iter()
            .chain([folder.0.clone().into_os_string(), "--program".into(), program.clone().into_os_string()])
            .collect();
        let server = Server::start(&programs.bench, &arguments, cores)?;
        nginx::wait_for(server.address())?;
        Ok(Running { observer: None, server, upstream: Some(upstream), path: "/echo".to_owned(), folder: Some(folder) })
    }
}

fn relay(programs: &Programs, cores: &[usize], flags: &[&str]) -> Result<Server> {
    let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
    // Room for the memory test, and no ping that the observer would have to answer.
    arguments.extend(["--max-connections", "100000", "--session-connections", "100000", "--observer-ping", "1h"]);
    arguments.extend(flags);
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    Server::start(&programs.relay, &arguments, cores)
}

/// Begins a session in the lab; returns its name.
fn session(server: &Server) -> Result<String> {
    let body = post(server.address(), "/api/sessions")?;
    let body: serde_json::Value = serde_json::from_str(&body).context("reading the relay's JSON")?;
    let name = body.get("id").and_then(|id| id.as_str());
    Ok(name.context("the relay's answer names no session")?.to_owned())
}
