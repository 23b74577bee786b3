//! Sessions that several relays share through Redis.
//!
//! | module | what it does |
//! |---|---|
//! | `join` | joins the site, and leaves it |
//! | `lease` | the link to Redis and this relay's lease; closes the connections of lost relays |
//! | `ship` | ships what was recorded here to Redis |
//! | `read` | reads what all relays have recorded, for the observers of this one |
//! | `inbox` | what arrives from other relays: commands, and sessions that ended |
//! | `session` | a session as this relay has it: an outbox, a tail of the common log, and the common rules |
//! | `site` | this relay's part in the site: its link, and the sessions that it has |
//! | `outbox`, `queue` | what waits for the shipment |
//! | `message`, `entries` | messages between relays, and entries of streams |
//! | `pack`, `keys` | the format of records, and what stands in Redis instead of names |
//! | `scripts` | the Lua scripts, each one atomic step |
//! | `link` | connections to Redis |
//!
//! The log of a session is a stream. The id of an entry begins with the number of its first observation. A script takes the next numbers
//! and appends in one step, so numbers ascend without holes whichever relay writes. What is missing between two entries is an
//! explicit gap: an outbox was full, or Redis has lost data. After such a loss, numbers leap to the next multiple of 2²⁰, and no
//! number is used twice.

mod entries;
mod inbox;
mod join;
mod keys;
mod lease;
mod link;
mod message;
mod outbox;
mod pack;
mod queue;
mod read;
mod scripts;
mod session;
mod ship;
mod site;

use crate::client::LimitKey;
pub(crate) use join::{SiteTasks, join};
use keys::Seal;
use observation::SessionId;
pub(crate) use session::SharedSite;
pub(in crate::session) use session::{Parts, SharedSession};
pub use site::SharedError;
pub(crate) use site::{Identity, SiteError};
use std::sync::Arc;
use std::time::Duration;

/// A session as Redis has it.
pub(in crate::session) struct Stored {
    name: Vec<u8>,
    began_us: u64,
    /// How long it has existed.
    pub(in crate::session) age: Duration,
    passed: String,
}

impl Stored {
    /// Creates a session in Redis.
    pub(in crate::session) async fn create(
        site: &SharedSite,
        id: &SessionId,
        watch_name: &SessionId,
        owner: LimitKey,
        most: Option<usize>,
    ) -> Result<Self, SiteError> {
        let sealed = Seal::new(watch_name).and_then(|seal| seal.seal(id.as_str().as_bytes()));
        let name = sealed.ok_or(SiteError::Unreachable)?;
        let began_us = site.create(watch_name, &name, &owner.to_string(), most).await?;
        Ok(Self { name, began_us, age: Duration::ZERO, passed: String::new() })
    }

    /// Finds a session in Redis by its watch-only name. Returns its full name too.
    pub(in crate::session) async fn find(
        site: &SharedSite,
        watch_name: &SessionId,
    ) -> Result<Option<(SessionId, Self)>, SiteError> {
        let Some((now_us, name, began_us, passed)) = site.attach(watch_name).await? else { return Ok(None) };
        let opened = Seal::new(watch_name).and_then(|seal| seal.open(&name));
        let Some(id) = opened.and_then(|name| SessionId::parse(std::str::from_utf8(&name).ok()?)) else {
            return Ok(None);
        };
        let age = Duration::from_micros(now_us.saturating_sub(began_us));
        Ok(Some((id, Self { name, began_us, age, passed })))
    }

    /// This relay's object for it. `None` if the system provides no random bits.
    pub(in crate::session) fn open(
        self,
        site: &Arc<SharedSite>,
        watch_name: &SessionId,
        parts: Parts,
    ) -> Option<Arc<SharedSession>> {
        SharedSession::new(site, watch_name, self.name, self.began_us, &self.passed, parts)
    }
}
