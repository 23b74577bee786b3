//! The servers to compare, and how to start them.

use crate::folder::Folder;
use crate::observer::Observer;
use crate::opening::post;
use crate::server::{Server, wait_for};
use anyhow::{Context, Result};
use clap::ValueEnum;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Contestant {
    /// The relay's /echo
    Echo,
    /// The relay's lab without observers
    Lab,
    /// The relay's lab with one observer
    LabObserved,
    /// An echo server on axum's `ws`
    Axum,
    /// An echo server on axum's `ws` with a read buffer of 16 KiB instead of 128 KiB
    AxumSmallBuffer,
    /// An echo server on fastwebsockets
    Fastwebsockets,
    /// An echo server on tokio-websockets
    TokioWebsockets,
    /// nginx as a proxy in front of the relay's /echo
    Nginx,
    /// The relay as a proxy in front of the relay's /echo; it records both sides and has no observers
    Relayed,
}

/// Where the binaries are.
#[derive(Clone, Debug)]
pub struct Programs {
    pub relay: PathBuf,
    pub peer: PathBuf,
    /// `None` if nginx was not found.
    pub nginx: Option<PathBuf>,
    /// This binary. A child process of it starts nginx.
    pub bench: PathBuf,
}

/// A contestant that is running.
pub struct Running {
    // Fields are dropped in this order: the observer disconnects before the server ends.
    pub observer: Option<Observer>,
    pub server: Server,
    /// The server behind a proxy.
    pub upstream: Option<Server>,
    /// The path of its WebSockets.
    pub path: String,
    /// The folder with its files.
    pub folder: Option<Folder>,
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

    /// The proxies. They forward to an echo server.
    pub const PROXIES: [Self; 2] = [Self::Nginx, Self::Relayed];

    /// Whether this is an echo server other than the relay.
    #[must_use]
    pub fn is_peer(self) -> bool {
        Self::ALL.contains(&self) && !matches!(self, Self::Echo | Self::Lab | Self::LabObserved)
    }

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Echo => "Framescope `/echo`",
            Self::Lab => "Framescope lab, no observers",
            Self::LabObserved => "Framescope lab, one observer",
            Self::Axum => "axum `ws`",
            Self::AxumSmallBuffer => "axum `ws`, 16 KiB read buffer",
            Self::Fastwebsockets => "fastwebsockets",
            Self::TokioWebsockets => "tokio-websockets",
            Self::Nginx => "nginx",
            Self::Relayed => "Framescope `/relay`, both sides recorded",
        }
    }

    /// Starts it on `cores`. If it is a proxy, the server behind it runs on `other_cores`. Only the relay gets `relay_flags`.
    ///
    /// # Errors
    /// If it does not start.
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

    /// Starts a proxy in front of `upstream`.
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
        let folder = Folder::new("nginx");
        let arguments = ["nginx", "--upstream", &address, "--folder"].map(OsString::from);
        let arguments: Vec<_> = arguments
            .into_iter()
            .chain([folder.0.clone().into_os_string(), "--program".into(), program.clone().into_os_string()])
            .collect();
        let server = Server::start(&programs.bench, &arguments, cores)?;
        wait_for(server.address())?;
        Ok(Running { observer: None, server, upstream: Some(upstream), path: "/echo".to_owned(), folder: Some(folder) })
    }
}

/// Starts the relay with these flags of `serve`, besides those that let it take many connections.
pub(crate) fn relay(programs: &Programs, cores: &[usize], flags: &[&str]) -> Result<Server> {
    let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
    // Enough connections for the memory measurement, and no pings, because the observer does not answer them.
    arguments.extend(["--max-connections", "100000", "--session-connections", "100000", "--observer-ping", "1h"]);
    arguments.extend(flags);
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    Server::start(&programs.relay, &arguments, cores)
}

/// Creates a session in the lab and returns its name.
pub(crate) fn session(server: &Server) -> Result<String> {
    let body = post(server.address(), "/api/sessions")?;
    let body: serde_json::Value = serde_json::from_str(&body).context("reading the relay's JSON")?;
    let name = body.get("id").and_then(|id| id.as_str());
    Ok(name.context("the relay's response has no session `id`")?.to_owned())
}
