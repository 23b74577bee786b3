//! Tests of the folds over a session's observations.

mod aftermath;
mod by_hand;
mod eavesdrop;
mod legs;
mod notes;
mod orders;
mod round_trips;
mod rows;
mod sequence;
mod streams;
mod transcript;
