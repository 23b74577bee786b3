//! The middleboxes there are, and how one is asked for: `idle-cut,after=5s`.

use crate::args::units;
use observation::command::DropBy;
use observation::route::{MiddleboxOffer, MiddleboxSetting};
use std::ops::RangeInclusive;
use std::time::Duration;
use thiserror::Error;

/// What a middlebox does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Drops the headers that are of one connection, as HTTP/1.1 has every proxy do, and knows of no upgrade.
    OldProxy,
    /// Cuts both lines when nothing has travelled for so long.
    IdleCut { after: Duration, by: DropBy },
    /// Holds back what comes from the server until there are `size` bytes, or `wait` is over.
    Buffer { size: usize, wait: Duration },
    /// Passes on `rate` bytes in a second, each `latency` late.
    Slow { rate: u64, latency: Duration },
    /// Resets both lines once so many bytes have come from the server.
    Reset { after: u64 },
    /// Passes the request on as its own, as a reverse proxy does.
    Rewrite,
}

/// Why no middlebox can be had. Its text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum BoxError {
    #[error("there is no middlebox `{found}`{meant}; there are {names}", meant = meant(.found), names = names())]
    Unknown { found: String },
    #[error("the middlebox `{name}` has no setting `{found}`; {some}", some = settings_of(.name))]
    Setting { name: &'static str, found: String },
    #[error("`{setting}` of `{name}` takes {takes}, and this is `{found}`")]
    Value { name: &'static str, setting: &'static str, takes: String, found: String },
    #[error("`{setting}` of `{name}` stands there twice; say it once")]
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

/// In the order in which they get their ports in front of TLS.
const ENTRIES: [Entry; 6] = [
    Entry {
        name: "old-proxy",
        title: "An old proxy",
        explanation: "It drops `Upgrade` and `Connection`, for they are about one connection, and it knows of no other \
                      protocol. The server sees a plain GET and answers 426, and the browser fails. In front of TLS there \
                      is nothing that it could drop.",
        settings: &[],
    },
    Entry {
        name: "idle-cut",
        title: "A box that cuts silent lines",
        explanation: "When nothing has travelled for a while it drops both lines without a word, as many do after sixty \
                      seconds. A heartbeat that is faster keeps the connection alive.",
        settings: &[
            ("after", "The silence after which it cuts, from 100ms to 60s", "6s"),
            ("by", "How: `fin`, in good order as far as TCP is concerned, or `reset`", "fin"),
        ],
    },
    Entry {
        name: "buffer",
        title: "A buffering proxy",
        explanation: "It holds back what the server sends until there is enough of it, or a time is over: small frames come \
                      late, and many at once.",
        settings: &[
            ("size", "How much is enough, from 16 to 64KiB", "4KiB"),
            ("wait", "How long it waits for that, from 100ms to 10s", "3s"),
        ],
    },
    Entry {
        name: "slow",
        title: "A slow line",
        explanation: "So many bytes in a second, each late by the latency, both ways. Who sends more is slowed down.",
        settings: &[
            ("rate", "Bytes in a second, from 100 to 1MiB", "2KiB"),
            ("latency", "How late each is, from 1ms to 5s", "200ms"),
        ],
    },
    Entry {
        name: "reset",
        title: "A box that resets in the middle",
        explanation: "Once so many bytes have come from the server, it resets both lines, in the middle of whatever that is: \
                      the browser has half a message, and is told nothing but 1006.",
        settings: &[(
            "after",
            "So many bytes behind the handshake, from 1 to 1MiB; in front of TLS of all that it sees, and 4KiB",
            "20",
        )],
    },
    Entry {
        name: "rewrite",
        title: "A reverse proxy",
        explanation: "It passes the request on as its own: another `Host`, `X-Forwarded-For` and `X-Forwarded-Proto` for the \
                      client it came from, and a `Via`. Frames go through as they are.",
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
    /// Each of them as it is without settings.
    pub(crate) fn all() -> impl ExactSizeIterator<Item = Self> {
        ENTRIES.iter().map(|entry| Self { name: entry.name, kind: Kind::of(entry.name) })
    }

    /// The same in front of TLS, where bytes are counted that are of no message.
    pub(crate) fn in_front_of_tls(mut self) -> Self {
        if let Kind::Reset { after } = &mut self.kind {
            *after = 4 << 10;
        }
        self
    }

    /// Reads `name,setting=value…`.
    ///
    /// # Errors
    /// For the first thing that there is not, or is malformed.
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
    /// With what holds if nothing is said.
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

    /// Or what the setting takes.
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

/// What was found goes into a sentence, and a visitor may write anything.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The name that it is most like, if it is.
fn meant(found: &str) -> String {
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(name, found);
    let best = ENTRIES.iter().map(|entry| entry.name).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    best.filter(|best| likeness(best) > 0.6).map(|best| format!(", but `{best}`")).unwrap_or_default()
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

/// All of them in words, `tunnel_port` being where each stands in front of TLS.
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
        check("", "there are `old-proxy`, `idle-cut`");
        check("proxy", "no middlebox `proxy`; there are");
        check("idlecut", "no middlebox `idlecut`, but `idle-cut`; there are");
        check(&"x".repeat(1000), "there are");
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
