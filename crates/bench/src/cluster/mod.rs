//! Relays that share their sessions through Redis, compared with a relay that has its sessions in memory.
//!
//! | module | content |
//! |---|---|
//! | [`redis`] | a Redis server for one measurement, and what its logs take |
//! | [`echo`] | the CPU time of a message that is recorded through Redis |
//! | [`probes`] | how long an observation takes from the wire to the observers |
//! | [`feed`] | finds the probes in what an observer receives |
//! | [`busy`] | traffic in other sessions meanwhile |
//! | [`latency`] | the probes in one session and in many, with few and with many observers |
//! | [`stored`] | the memory and the CPU time of Redis for an observation |
//! | [`tables`] | all figures as Markdown, and their targets |

pub mod busy;
pub mod echo;
pub mod feed;
pub mod latency;
pub mod probes;
pub mod redis;
pub mod stored;
pub mod tables;

use self::redis::Redis;
use crate::contestant::{Programs, relay};
use crate::server::Server;
use anyhow::Result;
use std::path::PathBuf;

/// What all measurements need.
#[derive(Clone, Debug)]
pub struct Setup {
    pub programs: Programs,
    pub redis: PathBuf,
    pub cores: Vec<usize>,
}

/// Where relays have their sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    /// In the memory of the only relay.
    Memory,
    /// In Redis, shared by so many relays.
    Redis { relays: usize },
}

/// Relays of one site that are running.
pub struct Site {
    // Fields are dropped in this order: the relays end before Redis.
    pub relays: Vec<Server>,
    /// `None` if the sessions are in memory.
    pub redis: Option<Redis>,
}

impl Site {
    /// Starts the relays on `relay_cores` and Redis on `redis_cores`.
    ///
    /// # Errors
    /// If one of them does not start.
    pub fn start(setup: &Setup, store: Store, relay_cores: &[usize], redis_cores: &[usize]) -> Result<Self> {
        const FLAGS: [&str; 2] = ["--session-observers", "100000"];
        let Store::Redis { relays } = store else {
            return Ok(Self { relays: vec![relay(&setup.programs, relay_cores, &FLAGS)?], redis: None });
        };
        let redis = Redis::start(setup, redis_cores)?;
        let (url, key) = (redis.url(), redis.file("receipt-key.pem"));
        let key = key.to_string_lossy();
        let flags = [&FLAGS[..], &["--redis", &url, "--receipt-key", &key]].concat();
        let relays = (0..relays).map(|_| relay(&setup.programs, relay_cores, &flags)).collect::<Result<_>>()?;
        Ok(Self { relays, redis: Some(redis) })
    }
}
