//! Rules: what the relay intercepts on the connections of a session. No waiting, no I/O.
//!
//! | module | what it does |
//! |---|---|
//! | `session_rules` | the rules of a session; connections notice a change with one load |
//! | `rule_set` | checks and compiles a list of rules; has their limits |
//! | `scope` | whether a rule can act on a connection |
//! | `replacement` | the new content of a message |
//! | `interceptor` | [`Interceptor`]: decides about each message of a connection |
//! | `waiting` | the messages that wait |
//! | `decision` | what observers decide about a held message |
//! | `handshake` | the same for opening handshakes: what rules do with one, and what they record |
//! | `records` | what all of this records |
//!
//! Whether a rule applies to a message is up to `conditions`.

mod decision;
mod handshake;
mod interceptor;
mod records;
mod replacement;
mod rule_set;
mod scope;
mod session_rules;
mod waiting;

pub(crate) use handshake::{
    HandshakeRule, HandshakeVerdict, HandshakeWait, PassingHandshake, judge as judge_handshake,
};
pub(crate) use interceptor::{Interceptor, Outcome};
pub(crate) use rule_set::{MAX_JSON as MAX_RULES_JSON, RuleError};
pub(crate) use scope::Scope;
pub(crate) use session_rules::{PreparedRules, SessionRules};
