//! What rules and scripts ask of messages. No waiting, no I/O.
//!
//! | module | what it does |
//! |---|---|
//! | `unit` | what they look at: a message, or a control frame |
//! | `condition`, `pattern` | whether it is one that they ask for |
//! | `conversation` | what is known of its connection, to decode it |
//! | `template` | texts with values of a message |

pub(crate) mod condition;
pub(crate) mod conversation;
pub(crate) mod pattern;
pub(crate) mod template;
pub(crate) mod unit;

pub(crate) use condition::Condition;
pub(crate) use conversation::Conversation;
pub(crate) use template::Template;
pub(crate) use unit::Unit;
