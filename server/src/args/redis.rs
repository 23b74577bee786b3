//! The flags of a relay that shares its sessions with others.

use super::units::{bytes, duration, duration_or_zero};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// The shortest lease.
const MIN_LEASE: Duration = Duration::from_millis(500);

/// Sharing sessions with other relays.
#[derive(Args, Clone, Debug)]
pub struct RedisOptions {
    /// The Redis or Valkey through which several relays share their sessions, such as redis://127.0.0.1:6379,
    /// rediss://user:password@redis.example or redis+unix:///run/redis.sock; requires --receipt-key. Without it, sessions are in this
    /// relay's memory
    #[arg(long, env = "FRAMESCOPE_REDIS", value_name = "URL", hide_env_values = true)]
    pub redis: Option<String>,

    /// More certificate authorities for rediss, a PEM file
    #[arg(long, env = "FRAMESCOPE_REDIS_CA", value_name = "FILE", requires = "redis")]
    pub redis_ca: Option<PathBuf>,

    /// How long to wait for Redis at the start
    #[arg(long, env = "FRAMESCOPE_REDIS_WAIT", value_name = "TIME", default_value = "0s", value_parser = duration_or_zero)]
    pub redis_wait: Duration,

    /// The first part of all keys in Redis, so that several sites can use one
    #[arg(long, env = "FRAMESCOPE_REDIS_PREFIX", value_name = "NAME", default_value = "framescope", value_parser = prefix)]
    pub redis_prefix: String,

    /// Memory for what Redis has not taken yet, of all sessions together; beyond it, and beyond 256 KiB or four times --payload-cap of
    /// a session, the oldest observations are dropped
    #[arg(long, env = "FRAMESCOPE_REDIS_OUTBOX", value_name = "SIZE", default_value = "64MiB", value_parser = bytes)]
    pub redis_outbox: u64,

    /// How long Redis may hear nothing of a relay before the others take it for lost and close its connections in the logs; at least
    /// 500ms, the same on all relays
    #[arg(long, env = "FRAMESCOPE_REDIS_LEASE", value_name = "TIME", default_value = "5s", value_parser = lease)]
    pub redis_lease: Duration,
}

fn lease(text: &str) -> Result<Duration, String> {
    let lease = duration(text)?;
    if lease < MIN_LEASE { Err("a lease is at least 500ms".to_owned()) } else { Ok(lease) }
}

fn prefix(text: &str) -> Result<String, String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let fits = (1..=64).contains(&text.len()) && text.chars().all(is_plain);
    fits.then(|| text.to_owned())
        .ok_or_else(|| "expected 1 to 64 letters, digits, hyphens, dots and underscores".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_and_a_prefix_have_limits() {
        assert_eq!(lease("500ms"), Ok(MIN_LEASE));
        assert!(lease("499ms").is_err() && lease("soon").is_err());
        assert_eq!(prefix("site-1.a_b"), Ok("site-1.a_b".to_owned()));
        for text in ["", "a:b", "{a}", "a b", &"x".repeat(65)] {
            assert!(prefix(text).is_err(), "{text}");
        }
    }
}
