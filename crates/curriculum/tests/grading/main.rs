//! Each condition: what meets it, what does not, and the verdicts.

mod address;
mod dialogue;
mod page;
mod rhythm;
mod session;
mod values;
mod wire;
