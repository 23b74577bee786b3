//! The folds over a session's observations, and the streams that both are tested with.

mod aftermath;
mod by_hand;
mod eavesdrop;
mod legs;
mod orders;
mod round_trips;
mod sequence;
mod streams;
mod transcript;
