//! The limit of open files, which every connection counts toward. It is compared with the configuration at start, because at the
//! limit a relay could accept nobody.

use rlimit::Resource;
use thiserror::Error;

/// How many files may be open besides the connections that have a place: listeners, lookups of names, files of the page and the
/// course, and attempts to reach several addresses of a server.
const OTHERS: u64 = 256;
/// With fewer connections, a relay is of no use: one visitor's browser opens that many.
const FEWEST: u64 = 16;

/// The message says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the system allows this process only {0} open files, but a relay needs at least {needed}; raise the limit with `ulimit -n 4096`, or \
     with LimitNOFILE in a systemd unit",
    needed = OTHERS + FEWEST
)]
pub struct TooFewDescriptors(u64);

/// Raises the limit if it is too low for `connections`. Returns how many connections fit.
pub(crate) fn fit(connections: usize) -> Result<usize, TooFewDescriptors> {
    let needed = (connections as u64).saturating_add(OTHERS);
    let Ok((soft, hard)) = Resource::NOFILE.get() else { return Ok(connections) };
    let allowed = match soft {
        enough if enough >= needed => return Ok(connections),
        soft => {
            let wanted = needed.min(hard);
            Resource::NOFILE.set(wanted, hard).map_or(soft, |()| wanted)
        }
    };
    if allowed >= needed {
        tracing::debug!(from = soft, to = allowed, "raised the limit of open files");
        return Ok(connections);
    }
    if allowed < OTHERS + FEWEST {
        return Err(TooFewDescriptors(allowed));
    }
    let fits = usize::try_from(allowed - OTHERS).unwrap_or(usize::MAX);
    tracing::warn!(
        "the system allows this process only {allowed} open files, too few for --max-connections {connections}; the relay accepts \
         {fits} connections at once; raise the limit with `ulimit -n {needed}`, or with LimitNOFILE in a systemd unit"
    );
    Ok(fits)
}
