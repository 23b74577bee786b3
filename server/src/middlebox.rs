//! The available middleboxes and their syntax: `idle-cut,after=5s`.

use crate::args::units;
use observation::command::DropBy;
use observation::route::{MiddleboxOffer, MiddleboxSetting};
use std::ops::RangeInclusive;
use std::time::Duration;
use thiserror::Error;

/// What a middlebox does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Removes the hop-by-hop headers, as HTTP/1.1 requires of every proxy, and does not support upgrades.
    OldProxy,
    /// Ends both connections after this much time without traffic.
    IdleCut { after: Duration, by: DropBy },
    /// Holds data from the server until it has `size` bytes, or `wait` is over.
    Buffer { size: usize, wait: Duration },
    /// Forwards `rate` bytes per second, each delayed by `latency`.
    Slow { rate: u64, latency: Duration },
    /// Resets both connections after this many bytes from the server.
    Reset { after: u64 },
    /// Forwards the request as its own, as a reverse proxy does.
    Rewrite,
}

/// Why a middlebox is refused. The message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum BoxError {
    #[error("there is no middlebox `{found}`{meant}; available: {names}", meant = meant(.found), names = names())]
    Unknown { found: String },
    #[error("the middlebox `{name}` has no setting `{found}`; {some}", some = settings_of(.name))]
    Setting { name: &'static str, found: String },
    #[error("`{setting}` of `{name}` takes {takes}, not `{found}`")]
    Value { name: &'static str, setting: &'static str, takes: String, found: String },
    #[error("`{setting}` of `{name}` appears twice; write it once")]
    Repeated { name: &'static str, setting: &'static str },
}

/// Checks a middlebox as it appears in a URL behind `/via/`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(text: &str) -> Result<(), String> {
    Middlebox::parse(text).map(drop).map_err(|error| error.to_string())
}

struct Entry {
    name: &'static str,
    title: &'static str,
    explanation: &'static str,
    settings: &'static [(&'static str, &'static str, &'static str)],
}

/// In the order of their ports in front of TLS.
const ENTRIES: [Entry; 6] = [
    Entry {
        name: "old-proxy",
        title: "An old proxy",
        explanation: "It removes `Upgrade` and `Connection`, which apply to one connection only, and supports no other \
                      protocol. The server sees a plain GET and answers 426, so the browser fails the connection. In front \
                      of TLS it can remove nothing.",
        settings: &[],
    },
    Entry {
        name: "idle-cut",
        title: "A proxy with an idle timeout",
        explanation: "After a while without traffic, it ends both TCP connections without a close frame. Many proxies do this \
                      after 60 seconds. A heartbeat at a shorter interval keeps the connection open.",
        settings: &[
            ("after", "The idle timeout, from 100ms to 60s", "6s"),
            ("by", "How it ends them: `fin` ends TCP normally, `reset` aborts it", "fin"),
        ],
    },
    Entry {
        name: "buffer",
        title: "A buffering proxy",
        explanation: "It holds data from the server until it has enough or a timeout passes. Small frames arrive late, and \
                      many arrive at once.",
        settings: &[
            ("size", "How much is enough, from 16 to 64KiB", "4KiB"),
            ("wait", "The timeout, from 100ms to 10s", "3s"),
        ],
    },
    Entry {
        name: "slow",
        title: "A slow connection",
        explanation: "It limits the rate and adds latency, in both directions. Traffic above that rate is delayed.",
        settings: &[
            ("rate", "Bytes per second, from 100 to 1MiB", "2KiB"),
            ("latency", "The added latency, from 1ms to 5s", "200ms"),
        ],
    },
    Entry {
        name: "reset",
        title: "A proxy that resets the connection",
        explanation: "After a number of bytes from the server, it resets both TCP connections, even inside a message. The \
                      browser may receive only part of a message, and JavaScript gets only 1006.",
        settings: &[(
            "after",
            "The number of bytes after the handshake, from 1 to 1MiB. In front of TLS it counts every byte, and the default is 4KiB",
            "20",
        )],
    },
    Entry {
        name: "rewrite",
        title: "A reverse proxy",
        explanation: "It forwards the request as its own: with another `Host`, with `X-Forwarded-For` and `X-Forwarded-Proto` \
                      for the client, and with `Via`. Frames pass unchanged.",
        settings: &[],
    },
];

const AFTER: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);
const WAIT: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(10);
const LATENCY: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(5);
const SIZE: RangeInclusive<u64> = 16..=64 << 10;
const RATE: RangeInclusive<u64> = 100..=1 << 20;
const RESET_AFTER: RangeInclusive<u64> = 1..=1 << 20;

/// A middlebox with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Middlebox {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

impl Middlebox {
    /// Each middlebox with its default settings.
    pub(crate) fn all() -> impl ExactSizeIterator<Item = Self> {
        ENTRIES.iter().map(|entry| Self { name: entry.name, kind: Kind::of(entry.name) })
    }

    /// The same middlebox in front of TLS, where the counted bytes do not belong to messages.
    pub(crate) fn in_front_of_tls(mut self) -> Self {
        if let Kind::Reset { after } = &mut self.kind {
            *after = 4 << 10;
        }
        self
    }

    /// Parses `name,setting=value…`.
    ///
    /// # Errors
    /// The first unknown or malformed part.
    pub(crate) fn parse(text: &str) -> Result<Self, BoxError> {
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or_default();
        let entry = ENTRIES.iter().find(|entry| entry.name == name);
        let entry = entry.ok_or_else(|| BoxError::Unknown { found: shortened(name) })?;
        let mut this = Self { name: entry.name, kind: Kind::of(entry.name) };
        let mut seen = Vec::new();
        for part in parts {
            let (found, value) = part.split_once('=').unwrap_or((part, ""));
            let known = entry.settings.iter().find(|(name, ..)| *name == found);
            let (setting, ..) = known.ok_or_else(|| BoxError::Setting { name: entry.name, found: shortened(found) })?;
            if seen.contains(setting) {
                return Err(BoxError::Repeated { name: entry.name, setting });
            }
            seen.push(*setting);
            this.kind.set(setting, value).map_err(|takes| BoxError::Value {
                name: entry.name,
                setting,
                takes,
                found: shortened(value),
            })?;
        }
        Ok(this)
    }
}

impl Kind {
    /// The default settings.
    fn of(name: &str) -> Self {
        match name {
            "idle-cut" => Self::IdleCut { after: Duration::from_secs(6), by: DropBy::Fin },
            "buffer" => Self::Buffer { size: 4 << 10, wait: Duration::from_secs(3) },
            "slow" => Self::Slow { rate: 2 << 10, latency: Duration::from_millis(200) },
            "reset" => Self::Reset { after: 20 },
            "rewrite" => Self::Rewrite,
            _ => Self::OldProxy,
        }
    }

    /// Returns what the setting takes if the value is invalid.
    fn set(&mut self, setting: &str, value: &str) -> Result<(), String> {
        match (self, setting) {
            (Self::IdleCut { after, .. }, "after") => *after = time(value, AFTER)?,
            (Self::IdleCut { by, .. }, _) => {
                *by = match value {
                    "fin" => DropBy::Fin,
                    "reset" => DropBy::Reset,
                    _ => return Err("`fin` or `reset`".to_owned()),
                }
            }
            (Self::Buffer { size, .. }, "size") => *size = usize::try_from(number(value, SIZE)?).unwrap_or(usize::MAX),
            (Self::Buffer { wait, .. }, _) => *wait = time(value, WAIT)?,
            (Self::Slow { rate, .. }, "rate") => *rate = number(value, RATE)?,
            (Self::Slow { latency, .. }, _) => *latency = time(value, LATENCY)?,
            (Self::Reset { after }, _) => *after = number(value, RESET_AFTER)?,
            (Self::OldProxy | Self::Rewrite, _) => {}
        }
        Ok(())
    }
}

fn time(value: &str, range: RangeInclusive<Duration>) -> Result<Duration, String> {
    let takes = || format!("a time from {:?} to {:?}, such as 500ms or 5s", range.start(), range.end());
    units::duration(value).ok().filter(|time| range.contains(time)).ok_or_else(takes)
}

fn number(value: &str, range: RangeInclusive<u64>) -> Result<u64, String> {
    let takes = || format!("a size from {} to {} bytes, such as 1000 or 2KiB", range.start(), range.end());
    units::bytes(value).ok().filter(|bytes| range.contains(bytes)).ok_or_else(takes)
}

/// Shortens user input for an error message.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A suggestion for a misspelled name.
fn meant(found: &str) -> String {
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(name, found);
    let best = ENTRIES.iter().map(|entry| entry.name).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    best.filter(|best| likeness(best) > 0.6).map(|best| format!("; did you mean `{best}`?")).unwrap_or_default()
}

fn names() -> String {
    ENTRIES.map(|entry| format!("`{}`", entry.name)).join(", ")
}

fn settings_of(name: &str) -> String {
    let settings = ENTRIES.iter().find(|entry| entry.name == name).map_or(&[][..], |entry| entry.settings);
    match settings {
        [] => "it takes none".to_owned(),
        some => {
            let names: Vec<_> = some.iter().map(|(name, ..)| format!("`{name}`")).collect();
            format!("it takes {}", names.join(" and "))
        }
    }
}

/// Describes all middleboxes. `tunnel_port` returns the port of each one in front of TLS.
pub(crate) fn offers(tunnel_port: impl Fn(usize) -> Option<u16>) -> Vec<MiddleboxOffer> {
    let setting = |(name, explanation, default): &(&str, &str, &str)| MiddleboxSetting {
        name: (*name).to_owned(),
        explanation: (*explanation).to_owned(),
        default: (*default).to_owned(),
    };
    let offer = |(index, entry): (usize, &Entry)| MiddleboxOffer {
        name: entry.name.to_owned(),
        title: entry.title.to_owned(),
        explanation: entry.explanation.to_owned(),
        settings: entry.settings.iter().map(setting).collect(),
        tunnel_port: tunnel_port(index),
    };
    ENTRIES.iter().enumerate().map(offer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_default_in_words_is_the_one_that_holds() {
        for entry in &ENTRIES {
            let said: Vec<_> = entry.settings.iter().map(|(name, _, default)| format!(",{name}={default}")).collect();
            let with = Middlebox::parse(&format!("{}{}", entry.name, said.concat())).unwrap();
            assert_eq!(with, Middlebox::parse(entry.name).unwrap());
        }
    }

    #[test]
    fn settings_are_read() {
        #[track_caller]
        fn check(text: &str, expect: Kind) {
            assert_eq!(Middlebox::parse(text).unwrap().kind, expect);
        }
        let by = DropBy::Reset;
        check("idle-cut,after=500ms,by=reset", Kind::IdleCut { after: Duration::from_millis(500), by });
        check("buffer,wait=1s,size=16", Kind::Buffer { size: 16, wait: Duration::from_secs(1) });
        check("slow,rate=1MiB", Kind::Slow { rate: 1 << 20, latency: Duration::from_millis(200) });
        check("reset,after=1", Kind::Reset { after: 1 });
    }

    #[test]
    fn what_there_is_not_says_what_there_is() {
        #[track_caller]
        fn check(text: &str, says: &str) {
            let error = Middlebox::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        check("", "available: `old-proxy`, `idle-cut`");
        check("proxy", "no middlebox `proxy`; available:");
        check("idlecut", "no middlebox `idlecut`; did you mean `idle-cut`?; available:");
        check(&"x".repeat(1000), "available:");
        check("old-proxy,after=5s", "it takes none");
        check("idle-cut,afer=5s", "no setting `afer`; it takes `after` and `by`");
        check("idle-cut,after=5s,after=6s", "twice");
        for wrong in ["idle-cut,after=61s", "idle-cut,after=99ms", "idle-cut,after", "idle-cut,after=5"] {
            check(wrong, "takes a time from 100ms to 60s");
        }
        check("idle-cut,by=word", "`fin` or `reset`");
        for wrong in ["slow,rate=99", "slow,rate=2MiB", "slow,rate=-1", "slow,rate="] {
            check(wrong, "takes a size from 100 to 1048576 bytes");
        }
    }

    #[test]
    fn the_page_about_hops_has_all_of_it() {
        const PAGE: &str = include_str!("../../docs/hops.md");
        for offer in offers(|_| None) {
            let row = PAGE.lines().find(|line| line.starts_with(&format!("| `{}` |", offer.name))).unwrap();
            assert!(row.contains(&offer.title) && row.contains(&offer.explanation), "{row}");
            for MiddleboxSetting { name, explanation, default } in &offer.settings {
                assert!(row.contains(&format!("`{name}` ({default}): {explanation}")), "{name}: {row}");
            }
        }
    }
}
