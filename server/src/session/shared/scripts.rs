//! The Lua scripts, each one atomic step in Redis. They are loaded once per connection and called by hash.

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, pipe};

/// Begins every script.
const SETTLE: &str = include_str!("lua/settle.lua");

macro_rules! scripts {
    ($($name:ident => $file:literal: $words:literal,)*) => {
        /// One of the scripts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Script {
            $(#[doc = $words] $name,)*
        }

        const SOURCES: &[&str] = &[$(include_str!($file),)*];
    };
}

scripts! {
    Join => "lua/join.lua": "A relay joins the site.",
    Beat => "lua/beat.lua": "A relay is still there.",
    Leave => "lua/leave.lua": "A relay leaves.",
    Reap => "lua/reap.lua": "Closes the connections of a lost relay in a session.",
    Create => "lua/create.lua": "Creates a session.",
    Attach => "lua/attach.lua": "Finds a session.",
    Keep => "lua/keep.lua": "A relay uses a session.",
    Restore => "lua/restore.lua": "Brings back a session that Redis has lost.",
    Count => "lua/count.lua": "Counts connections or turns.",
    Enter => "lua/enter.lua": "Somebody enters a session.",
    Present => "lua/present.lua": "Somebody has left.",
    Ship => "lua/ship.lua": "Appends a batch of records.",
    Send => "lua/send.lua": "Sends a command to the relay that has a connection.",
    Rules => "lua/rules.lua": "Sets the rules of a session.",
    Answer => "lua/answer.lua": "Sends a message to a relay.",
    End => "lua/end.lua": "Ends a session for all relays.",
    Remove => "lua/remove.lua": "Removes a session that has ended.",
}

/// The hashes of the scripts, in the order of [`Script`].
#[derive(Debug)]
pub(super) struct Loaded(Vec<String>);

impl Loaded {
    /// Loads all scripts, in one step: Redis may be far away.
    pub(super) async fn load(redis: &mut MultiplexedConnection) -> RedisResult<Self> {
        let mut all = pipe();
        for source in SOURCES {
            all.cmd("SCRIPT").arg("LOAD").arg(format!("{SETTLE}{source}"));
        }
        Ok(Self(all.query_async(redis).await?))
    }

    pub(super) fn hash(&self, script: Script) -> &str {
        &self.0[script as usize]
    }
}
