//! Rules: what the relay intercepts on the connections of a session. No waiting, no I/O.
//!
//! | module | what it does |
//! |---|---|
//! | `session_rules` | the rules of a session; connections notice a change with one load |
//! | `rule_set` | checks and compiles a list of rules; has their limits |
//! | `condition`, `pattern` | whether a rule applies |
//! | `replacement` | the new content of a message |
//! | `unit` | what rules look at: a message, or a control frame |
//! | `interceptor` | [`Interceptor`]: decides about each message of a connection |
//! | `waiting` | the messages that wait |
//! | `decision` | what observers decide about a held message |
//! | `records` | what all of this records |

mod condition;
mod decision;
mod interceptor;
mod pattern;
mod records;
mod replacement;
mod rule_set;
mod session_rules;
mod unit;
mod waiting;

pub(crate) use condition::Scope;
pub(crate) use interceptor::{Interceptor, Outcome};
pub(crate) use rule_set::{MAX_JSON as MAX_RULES_JSON, RuleError};
pub(crate) use session_rules::SessionRules;
pub(crate) use unit::{MAX_CONTENT, Unit};
