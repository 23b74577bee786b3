//! Each kind of check: what meets it, what does not, and what is said of it.

mod address;
mod page;
mod rhythm;
mod session;
mod values;
mod wire;
