//! The two folds over a session's observations, and the streams that both are tested with.

mod orders;
mod sequence;
mod streams;
mod transcript;
