//! How the server behaves on a lab connection, set by the URL's query: `/lab/{session}?fragments=3&ping-every=1s&fault=rsv1@2`.
//!
//! `parse` turns a query into a [`Behaviour`]. `fault` makes the wrong frames. `catalogue` describes every setting, fault and
//! preset for the page and the documentation.

mod catalogue;
mod chance;
mod error;
mod fault;
mod model;
mod parse;
mod presets;
pub(crate) mod script;
#[cfg(test)]
mod tests;

pub(crate) use catalogue::Catalogue;
pub(crate) use chance::{another_order, bytes};
pub(crate) use error::SettingError;
pub(crate) use fault::{Fault, Made, opcode};
pub(crate) use model::{
    AcceptValue, After, Behaviour, ConnectionBehaviour, OpeningAnswer, OpeningBehaviour, Refuse, ScriptSource,
    SubprotocolChoice,
};
pub(crate) use parse::check_query;
