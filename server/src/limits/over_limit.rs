//! A limit per address was reached: what to tell the client and the operator.

use super::kinds::{Counted, Rated};
use crate::args::rate::PerTime;
use crate::client::LimitKey;
use std::time::Duration;
use thiserror::Error;

/// The text is embedded in other sentences, so it has no capital and no full stop.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "there are too many {what} from your network address ({client}): the limit is {allowed} for everyone at that address; {}, or ask \
     the operator of this relay to raise {flag}", self.when()
)]
pub(crate) struct OverLimit {
    client: LimitKey,
    /// What there is too much of.
    what: &'static str,
    /// How much is allowed.
    allowed: String,
    flag: &'static str,
    wait: Duration,
}

impl OverLimit {
    pub(super) fn at_once(client: LimitKey, counted: Counted, most: usize, wait: Duration) -> Self {
        let (what, flag) = match counted {
            Counted::Connections => ("open connections", "--client-connections"),
            Counted::Observers => ("observers", "--client-observers"),
        };
        Self { client, what, allowed: format!("{most} at once"), flag, wait }
    }

    pub(super) fn in_a_time(client: LimitKey, rated: Rated, rate: PerTime, wait: Duration) -> Self {
        let (what, flag) = match rated {
            Rated::Sessions => ("new sessions", "--client-session-rate"),
            Rated::Handshakes => ("handshakes", "--client-handshakes"),
            Rated::Commands => ("commands", "--client-commands"),
            Rated::Receipts => ("attempts to grade", "--client-receipts"),
            Rated::Exports => ("exports", "--client-exports"),
        };
        Self { client, what, allowed: rate.to_string(), flag, wait }
    }

    /// Too many sessions exist.
    pub(crate) fn sessions(client: LimitKey, most: usize) -> Self {
        let (what, flag) = ("sessions", "--client-sessions");
        Self { client, what, allowed: format!("{most} at once"), flag, wait: Duration::from_secs(60) }
    }

    /// When to try again, in whole seconds. RFC 9110 §10.2.3.
    pub(crate) fn retry_after(&self) -> u64 {
        self.wait.as_secs() + u64::from(self.wait.subsec_nanos() > 0)
    }

    /// The name of the limit, for the log.
    pub(super) fn name(&self) -> &'static str {
        self.flag.trim_start_matches('-')
    }

    pub(super) fn client(&self) -> LimitKey {
        self.client
    }

    fn when(&self) -> String {
        let seconds = self.retry_after();
        format!("try again in {seconds} {}", if seconds == 1 { "second" } else { "seconds" })
    }
}
