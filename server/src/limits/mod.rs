//! Limits for each client address, so that one client cannot use up what all share.
//!
//! | module | what it does |
//! |---|---|
//! | `table` | the addresses that were seen lately, in bounded memory |
//! | `client` | what the clients at one address use |
//! | `kinds` | what is limited |
//! | `bucket` | a rate |
//! | `over_limit` | a limit was reached: the text and the wait |
//! | `places` | open connections, of all clients and of each |
//! | `turns` | a rate that many share |
//! | `timed_writes` | how often all behaviors together may write because of the time |
//! | `pace` | the bytes of a connection, slowed down to a rate |

mod bucket;
mod client;
mod kinds;
mod over_limit;
mod pace;
mod places;
mod table;
mod timed_writes;
mod turns;

pub(crate) use bucket::Bucket;
pub(crate) use client::Client;
pub(crate) use kinds::{Counted, Rated};
pub(crate) use over_limit::OverLimit;
pub(crate) use pace::Pace;
pub(crate) use places::{NoPlace, Place, Places};
pub(crate) use table::Clients;
pub(crate) use timed_writes::{Gathers, TimedWrites};
pub(crate) use turns::Turns;
